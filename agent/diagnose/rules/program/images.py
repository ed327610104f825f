"""Images that cannot be had: absent, refused, or forbidden to fetch."""

import re
from collections.abc import Iterator

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, finding
from agent.diagnose.registry import rule
from agent.kube.containers import Container, containers_of, events_of, newest
from agent.kube.edits import container_edits, pod_edits
from agent.kube.fields import metadata, spec, status, template
from agent.kube.images import repository, same_repository, short, tag
from agent.kube.remedies import Command, Edit, Item, NeedsPerson
from agent.kube.wording import closest, listed
from agent.snapshot.evidence import Evidence, event_evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object

PULLING = ("ErrImagePull", "ImagePullBackOff", "RegistryUnavailable")
NEVER = "ErrImageNeverPull"
UNSIGNED = "SignatureValidationFailed"
DOCKER_SECRETS = ("kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg")

RATE_LIMITED = re.compile(r"toomanyrequests|rate limit|429 Too Many", re.IGNORECASE)
UNREACHABLE = re.compile(
    r"no such host|i/o timeout|connection refused|connection reset|dial tcp|x509|tls:|TLS handshake|server misbehaving"
    r"|no route to host|network is unreachable|deadline exceeded|name resolution|HTTP response to HTTPS client"
    r"|status(?: code)?:? 5\d\d|: EOF|\b5\d\d (?:Internal|Bad Gateway|Service|Gateway)",
    re.IGNORECASE,
)
REFUSED = re.compile(
    r"pull access denied|unauthorized|unauthenticated|authentication required|authorization failed|no basic auth"
    r"|insufficient_scope|requested access to the resource is denied|\bforbidden\b|permission\b.{0,60}\bdenied"
    r"|\b40[13]\b|denied:|failed to authorize|failed to fetch (?:anonymous|oauth) token",
    re.IGNORECASE,
)
ABSENT = re.compile(
    r"manifest unknown|manifest_unknown|name unknown|name_unknown|not found|notfound|does not exist|no such image"
    r"|not known to registry|\b404\b",
    re.IGNORECASE,
)
OTHER_PLATFORM = re.compile(r"no match for platform|no matching manifest|no image found in .* for architecture", re.I)

INVALID = ("InvalidImageName", "ImageInspectError")

UNKNOWN_HOST = "its name is in no DNS"

WHY_UNREACHABLE = (
    (re.compile(r"no such host|name resolution|server misbehaving|NXDOMAIN", re.I), UNKNOWN_HOST),
    (re.compile(r"x509|tls:|TLS handshake", re.I), "the node does not trust its certificate"),
    (re.compile(r"HTTP response to HTTPS", re.I), "it speaks plain HTTP, and the node asks for HTTPS"),
    (re.compile(r"connection refused", re.I), "nothing listens there"),
    (re.compile(r"\b5\d\d\b", re.I), "it fails itself"),
    (re.compile(r"timeout|timed out|deadline|no route|unreachable", re.I), "no answer comes back"),
)
"""What keeps a node from its registry, and how it is said."""

_HUB_OFFICIAL = re.compile(r"(?:(?:index\.)?docker\.io/)?(?:library/)?[^/]+")
"""Images of Docker Hub's own library, which is public: one that is refused there does not exist."""


@rule(modes.IMAGE_NOT_FOUND, on="Pod")
def image_not_found(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The registry answers, and has no such repository or tag."""
    for container, text, evidence in _failed_pulls(pod, graph):
        if not _is_absent(container, text):
            continue
        image = _image(container)
        near = _known(container, graph)
        hint = f"; {near[1]} {near[0]}" if near else ""
        cause = f"image {image} of {container.said} does not exist: the registry has no such {_missing(image)}{hint}"
        fix = Fix(
            "Name an image and tag that exist, or push this one",
            _image_edits(container, graph, near[0] if near else ""),
        )
        confidence = Confidence.CERTAIN if _problem(text) is ABSENT else Confidence.LIKELY
        yield finding(modes.IMAGE_NOT_FOUND, container, graph, cause, fix, evidence, confidence)


@rule(modes.IMAGE_PULL_DENIED, on="Pod")
def image_pull_denied(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The registry refuses: no credentials, or some that are missing, of the wrong type, or not accepted."""
    for container, text, evidence in _failed_pulls(pod, graph):
        if _problem(text) is not REFUSED or _is_absent(container, text):
            continue
        why, proof, certain = _credentials(pod, graph)
        known = _known(container, graph)
        hint = f"; {known[1]} {known[0]}" if known else ""
        fix = Fix(
            "Give the pod a valid kubernetes.io/dockerconfigjson Secret for that registry, or correct the image's name",
            _secret_edits(pod, graph),
            ("imagePullSecrets",),
        )
        confidence = Confidence.CERTAIN if certain else Confidence.LIKELY
        cause = f"the registry refuses image {_image(container)} of {container.said}: {why}{hint}"
        yield finding(modes.IMAGE_PULL_DENIED, container, graph, cause, fix, (*evidence, *proof), confidence)


@rule(modes.IMAGE_NEVER_PULLED, on="Pod")
def image_never_pulled(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The pull policy is Never and the image is not on the node."""
    for container in containers_of(pod):
        if container.waiting.get("reason") != NEVER:
            continue
        image, node = _image(container), spec(pod).get("nodeName") or "its node"
        known = _known(container, graph)
        hint = f"; {known[1]} {known[0]}" if known else ""
        cause = (
            f"image {image} of {container.said} is not on {node}, and its pull policy Never forbids fetching it{hint}"
        )
        shown = Evidence(ref(pod), f"{container.status_pointer}/state/waiting", _told(container))
        proof = (shown, Evidence(ref(pod), f"{container.pointer}/imagePullPolicy", "Never"))
        fix = _never_fix(container, graph, known[0] if known else "")
        yield finding(modes.IMAGE_NEVER_PULLED, container, graph, cause, fix, proof, Confidence.CERTAIN)


@rule(modes.REGISTRY_UNREACHABLE, on="Pod")
def registry_unreachable(pod: Object, graph: Graph) -> Iterator[Finding]:
    """Nobody answers where the image is to come from: a name nobody knows, no way there, or no trust."""
    for container, text, evidence in _failed_pulls(pod, graph):
        if _problem(text) is not UNREACHABLE:
            continue
        registry = _registry(_image(container))
        why = next((said for pattern, said in WHY_UNREACHABLE if pattern.search(text)), "it does not answer")
        cause = f"image {_image(container)} of {container.said} cannot be fetched from {registry}: {why}"
        if _is_there(container, graph):
            cause += f"; {spec(pod).get('nodeName')} has it, and its pull policy Always asks all the same"
            edits = container_edits(pod, graph, container.name, ("imagePullPolicy",), "IfNotPresent")
            fix = Fix("Take the image that is there, or let the nodes reach its registry", edits)
        else:
            fix = _reach_fix(container, graph, known=why != UNKNOWN_HOST)
        yield finding(modes.REGISTRY_UNREACHABLE, container, graph, cause, fix, evidence, Confidence.LIKELY)


def _reach_fix(container: Container, graph: Graph, *, known: bool) -> Fix:
    other = NeedsPerson("the image in a registry the nodes know")
    edits = () if known else _other_image(container, graph, other)
    return Fix("Correct the registry's name, or let the nodes reach and trust it", edits, (container.field("image"),))


def _is_there(container: Container, graph: Graph) -> bool:
    """Return whether its node has just this image, and only its pull policy has the registry asked."""
    node = graph.get("Node", "", str(spec(container.pod).get("nodeName") or ""))
    held = [name for image in status(node or {}).get("images") or () for name in image.get("names") or ()]
    return container.spec.get("imagePullPolicy") == "Always" and short(_image(container)) in map(short, held)


@rule(modes.REGISTRY_RATE_LIMIT, on="Pod")
def registry_rate_limit(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The registry answers that it was asked too often."""
    for container, text, evidence in _failed_pulls(pod, graph):
        if _problem(text) is not RATE_LIMITED:
            continue
        registry = _registry(_image(container))
        cause = f"image {_image(container)} of {container.said} cannot be fetched now: {registry} was asked too often"
        fix = Fix("Pull with an account (imagePullSecrets), or from your own mirror", _secret_edits(pod, graph))
        yield finding(modes.REGISTRY_RATE_LIMIT, container, graph, cause, fix, evidence, Confidence.CERTAIN)


@rule(modes.IMAGE_NAME_INVALID, on="Pod")
def image_name_invalid(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The image's name is none: capitals, spaces, a colon too many; or what the node has of it cannot be read."""
    for container in containers_of(pod):
        if container.waiting.get("reason") not in INVALID:
            continue
        image = _image(container)
        capitals = repository(image) != repository(image).lower()
        why = (
            "a repository is written in small letters"
            if capitals
            else str(container.waiting.get("message") or "")[:200]
        )
        small = image.replace(repository(image), repository(image).lower(), 1)
        cause = f"image {image} of {container.said} is no valid name: {why}"
        shown = Evidence(ref(pod), f"{container.status_pointer}/state/waiting", _told(container))
        valid = small if capitals else NeedsPerson("a valid name of the image")
        fix = Fix("Correct the image's name", _other_image(container, graph, valid))
        yield finding(modes.IMAGE_NAME_INVALID, container, graph, cause, fix, (shown,), Confidence.CERTAIN)


@rule(modes.IMAGE_FOR_OTHER_PLATFORM, on="Pod")
def image_for_other_platform(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The registry has the image, but not for the node's processor or system."""
    for container, text, evidence in _failed_pulls(pod, graph):
        if _problem(text) is OTHER_PLATFORM:
            node = graph.get("Node", "", str(spec(pod).get("nodeName") or ""))
            machine = ((status(node) if node else {}).get("nodeInfo") or {}).get("architecture") or "node's processor"
            cause = f"image {_image(container)} of {container.said} is not built for the {machine} it is to run on"
            fix = Fix("Build the image for the nodes' platform too, or place the pod on nodes that fit")
            yield finding(modes.IMAGE_FOR_OTHER_PLATFORM, container, graph, cause, fix, evidence, Confidence.CERTAIN)


@rule(modes.POLICY_DENIED, on="Pod")
def image_not_signed(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The node's container runtime accepts signed images only, and this one's signature is missing or another's."""
    for container in containers_of(pod):
        if container.waiting.get("reason") != UNSIGNED:
            continue
        why = " ".join(str(container.waiting.get("message") or "").split())[-200:]
        cause = f"the node's signature policy refuses image {_image(container)} of {container.said}: {why}"
        shown = Evidence(ref(pod), f"{container.status_pointer}/state/waiting", _told(container))
        fix = Fix(
            "Sign the image as the nodes' policy asks, or name one that is signed", (), (container.field("image"),)
        )
        yield finding(modes.POLICY_DENIED, container, graph, cause, fix, (shown,), Confidence.CERTAIN)


def _registry(image: str) -> str:
    """Return the host an image comes from; Docker Hub's where the name says none."""
    first, slash, _ = image.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else "docker.io"


def _never_fix(container: Container, graph: Graph, known: str) -> Fix:
    """Return how the image gets to the node: a name without a registry was built somewhere and must be loaded."""
    image, policy = _image(container), container.field("imagePullPolicy")
    load = Command(("minikube", "image", "load", image))
    if known:
        there = _image_edits(container, graph, known)
        by_hand = () if same_repository(known, image) else (load,)
        return Fix(f"Name an image that is there, or load {image} onto the node", (*there, *by_hand))
    if "/" not in image:
        return Fix(f"Build {image} and load it onto the node", (load,), (policy,))
    pulling = container_edits(container.pod, graph, container.name, ("imagePullPolicy",), "IfNotPresent")
    return Fix(f"Load {image} onto the node ({load}), or allow pulling", pulling)


def _failed_pulls(pod: Object, graph: Graph) -> Iterator[tuple[Container, str, tuple[Evidence, ...]]]:
    """Yield the containers whose image cannot be pulled now, with all that is said about it."""
    for container in containers_of(pod):
        if container.waiting.get("reason") not in PULLING:
            continue
        image = _image(container)
        events = [event for event in events_of(container, graph, "Failed") if image in (event.get("message") or "")]
        last = newest([event for event in events if "pull" in (event.get("message") or "").lower()])
        state = Evidence(ref(pod), f"{container.status_pointer}/state/waiting", _told(container))
        told = _told(container)
        if last is not None and not _problem(told.replace(image, "")):
            told = f"{told} {last.get('message') or ''}"
        yield container, told.replace(image, ""), (state, *([event_evidence(last, pod)] if last else []))


def _problem(text: str) -> "re.Pattern[str] | None":
    """Return which problem the words mean: what keeps from asking before what was answered."""
    order = (OTHER_PLATFORM, RATE_LIMITED, UNREACHABLE, REFUSED, ABSENT)
    return next((pattern for pattern in order if pattern.search(text)), None)


def _is_absent(container: Container, text: str) -> bool:
    """Return whether the image does not exist: said so, or refused where everything that exists is public."""
    problem = _problem(text)
    refused = problem is REFUSED and "repository does not exist" in text
    image = repository(_image(container))
    public = _HUB_OFFICIAL.fullmatch(image) and "." not in image.removeprefix("docker.io/").split("/")[0]
    return problem is ABSENT or bool(refused and public and not spec(container.pod).get("imagePullSecrets"))


def _credentials(pod: Object, graph: Graph) -> tuple[str, tuple[Evidence, ...], bool]:
    """Return why the pod's credentials do not help, what shows it, and whether that is certain."""
    names = _secret_names(pod)
    if not names:
        return "it is private and the pod has no imagePullSecrets, or it does not exist", (), False
    for name in names:
        secret = graph.get("Secret", ref(pod).namespace, name)
        if secret is None and graph.exists("Secret", ref(pod).namespace, name) is False:
            shown = Evidence(ref(pod), "/spec/imagePullSecrets", name)
            return f"its imagePullSecret {name} does not exist", (shown,), True
        if secret is not None and secret.get("type") not in DOCKER_SECRETS:
            shown = Evidence(ref(secret), "/type", str(secret.get("type")))
            why = f"its imagePullSecret {name} is of type {secret.get('type')}, not {DOCKER_SECRETS[0]}"
            return why, (shown,), True
    return f"the credentials in {listed(names)} are not accepted for it, or it does not exist", (), False


def _secret_names(pod: Object) -> list[str]:
    """Return the pull secrets of the pod; the API server has copied those of its service account into it."""
    return [str(item.get("name")) for item in spec(pod).get("imagePullSecrets") or () if item.get("name")]


def _secret_edits(pod: Object, graph: Graph) -> tuple[Edit, ...]:
    """Return the edit that adds the one fitting Secret of the namespace, where there is just one."""
    names = _secret_names(pod)
    fitting = [
        ref(found).name for found in graph.all("Secret", ref(pod).namespace) if found.get("type") in DOCKER_SECRETS
    ]
    other = [name for name in fitting if name not in names]
    if len(other) != 1:
        return ()
    return pod_edits(pod, graph, ("imagePullSecrets", Item("name", other[0])), {"name": other[0]})


def _image(container: Container) -> str:
    return str(container.spec.get("image") or "")


def _image_edits(container: Container, graph: Graph, better: str) -> tuple[Edit, ...]:
    """Return the edit of the image: to a tag that is known of the same repository, never to another program's image."""
    image = _image(container)
    if better and "@" not in better and same_repository(better, image):
        return _other_image(container, graph, f"{repository(image)}:{tag(better)}")
    return _other_image(container, graph, NeedsPerson("an image and tag that exist"))


def _other_image(container: Container, graph: Graph, value: str | NeedsPerson) -> tuple[Edit, ...]:
    return container_edits(container.pod, graph, container.name, ("image",), value)


def _missing(image: str) -> str:
    return "digest" if "@" in image else f"repository or tag {tag(image)}"


def _known(container: Container, graph: Graph) -> tuple[str, str] | None:
    """Return (image, how it is known) of the image that was most likely meant: it ran before, or it is on a node."""
    wanted = _image(container)
    before = _before(container, graph)
    if before:
        return before, "the revision before ran"
    held = sorted({short(name) for name in _on_nodes(graph) if "@" not in name and short(name) != short(wanted)})
    same = [name for name in held if repository(name) == short(repository(wanted))]
    base = short(repository(wanted)).rpartition("/")[2]
    near = closest(base, (repository(name).rpartition("/")[2] for name in held))
    typo = bool(near) and near not in base and base not in near  # `redis-exporter` is another program than `redis`
    alike = same or [name for name in held if typo and repository(name).rpartition("/")[2] == near]
    return (alike[-1], "the cluster's nodes have") if alike else None


def _before(container: Container, graph: Graph) -> str:
    """Return the image of this container in the newest other revision of its Deployment, "" for none."""
    own = graph.owner(container.pod)
    above = graph.owner(own) if own is not None else None
    if own is None or above is None:
        return ""
    siblings = [found for found in graph.children(above) if ref(found) != ref(own)]
    ran = sorted(siblings, key=lambda found: str(metadata(found).get("creationTimestamp") or ""))
    images = [_of(found, container) for found in ran if (status(found).get("readyReplicas") or 0) > 0] or [
        _of(found, container) for found in ran
    ]
    other = [image for image in images if image and image != _image(container)]
    return other[-1] if other else ""


def _of(revision: Object, container: Container) -> str:
    """Return the image a revision gives to the container of the same name."""
    listed_in = spec(template(revision)).get(container.kind) or ()
    return next((str(item.get("image") or "") for item in listed_in if item.get("name") == container.name), "")


def _on_nodes(graph: Graph) -> Iterator[str]:
    for node in graph.all("Node"):
        for image in status(node).get("images") or ():
            yield from image.get("names") or ()


def _told(container: Container) -> str:
    return ": ".join(str(text) for text in (container.waiting.get("reason"), container.waiting.get("message")) if text)


RULES = (
    image_not_found,
    image_pull_denied,
    image_never_pulled,
    registry_unreachable,
    registry_rate_limit,
    image_name_invalid,
    image_for_other_platform,
    image_not_signed,
)
