"""Images that cannot be had: absent, refused, or forbidden to fetch."""

import re
from collections.abc import Iterator

from agent.diagnose.fields import spec
from agent.diagnose.finding import Change, Confidence, Evidence, Finding, Fix, Severity
from agent.diagnose.pods import Part, event_evidence, events_of, newest, parts, workload_ref
from agent.diagnose.registry import rule
from agent.diagnose.wording import listed, said
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object

PULLING = ("ErrImagePull", "ImagePullBackOff")
DOCKER_SECRETS = ("kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg")

RATE_LIMITED = re.compile(r"toomanyrequests|rate limit|429 Too Many", re.IGNORECASE)
UNREACHABLE = re.compile(
    r"no such host|i/o timeout|connection refused|connection reset|dial tcp|x509|tls:|server misbehaving"
    r"|no route to host|network is unreachable|deadline exceeded|name resolution|HTTP response to HTTPS client"
    r"|status code 5\d\d|: EOF"
    r"|5\d\d (?:Internal|Bad Gateway|Service|Gateway)",
    re.IGNORECASE,
)
REFUSED = re.compile(
    r"pull access denied|unauthorized|authentication required|authorization failed|no basic auth|insufficient_scope"
    r"|requested access to the resource is denied|access forbidden|permission denied|401|403|denied:|anonymous token",
    re.IGNORECASE,
)
ABSENT = re.compile(
    r"manifest unknown|manifest_unknown|name unknown|name_unknown|not found|notfound|does not exist|no such image|404",
    re.IGNORECASE,
)
OTHER_PLATFORM = re.compile(r"no match for platform|no matching manifest|exec format", re.IGNORECASE)


@rule(47, "image-not-found", on="Pod")
def image_not_found(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The registry answers, and has no such repository or tag."""
    for part, text, evidence in _failed_pulls(pod, graph):
        if _problem(text) is ABSENT:
            image = str(part.container.get("image") or "")
            cause = f"image {image} of container {part.name} does not exist: the registry has no such {_missing(image)}"
            fix = Fix("Name an image and tag that exist, or push this one", (_image_change(part),))
            yield _finding(47, "image-not-found", part, graph, cause, fix, evidence, Confidence.CERTAIN)


@rule(48, "image-pull-denied", on="Pod")
def image_pull_denied(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The registry refuses: no credentials, or some that are missing, of the wrong type, or not accepted."""
    for part, text, evidence in _failed_pulls(pod, graph):
        if _problem(text) is not REFUSED:
            continue
        why, proof, certain = _credentials(pod, graph)
        image = str(part.container.get("image") or "")
        cause = f"the registry refuses image {image} of container {part.name}: {why}"
        names = listed(_secret_names(pod, graph)) or "none"
        fix = Fix(
            "Give the pod a valid kubernetes.io/dockerconfigjson Secret for that registry, or correct the image's name",
            (Change("imagePullSecrets", names, "", "imagePullSecrets"), _image_change(part)),
        )
        confidence = Confidence.CERTAIN if certain else Confidence.LIKELY
        yield _finding(48, "image-pull-denied", part, graph, cause, fix, (*evidence, *proof), confidence)


@rule(52, "image-never-pulled", on="Pod")
def image_never_pulled(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The pull policy is Never and the image is not on the node."""
    for part in parts(pod):
        if part.waiting.get("reason") != "ErrImageNeverPull":
            continue
        image, node = str(part.container.get("image") or ""), spec(pod).get("nodeName") or "the node"
        cause = (
            f"image {image} of container {part.name} is not on {node}, and its pull policy Never forbids fetching it"
        )
        policy = Change(part.field("imagePullPolicy"), "Never", "IfNotPresent", "image.pullPolicy")
        fix = Fix(f"Load {image} onto the node (minikube image load {image}), or allow pulling", (policy,))
        shown = Evidence(ref(pod), f"{part.status_pointer}/state/waiting", _told(part))
        proof = (shown, Evidence(ref(pod), f"{part.pointer}/imagePullPolicy", "Never"))
        yield _finding(52, "image-never-pulled", part, graph, cause, fix, proof, Confidence.CERTAIN)


def _failed_pulls(pod: Object, graph: Graph) -> Iterator[tuple[Part, str, tuple[Evidence, ...]]]:
    """Yield the containers whose image cannot be pulled now, with all that is said about it."""
    for part in parts(pod):
        if part.waiting.get("reason") not in PULLING:
            continue
        image = str(part.container.get("image") or "")
        events = [event for event in events_of(part, graph, "Failed") if image in (event.get("message") or "")]
        last = newest([event for event in events if "pull" in (event.get("message") or "").lower()])
        state = Evidence(ref(pod), f"{part.status_pointer}/state/waiting", _told(part))
        text = f"{_told(part)} {(last or {}).get('message') or ''}".replace(image, "")
        yield part, text, (state, *([event_evidence(last, pod)] if last else []))


def _problem(text: str) -> "re.Pattern[str] | None":
    """Return which problem the words mean: what keeps from asking before what was answered."""
    if OTHER_PLATFORM.search(text):
        return OTHER_PLATFORM
    order = (RATE_LIMITED, UNREACHABLE, REFUSED, ABSENT)
    return next((pattern for pattern in order if pattern.search(text)), None)


def _credentials(pod: Object, graph: Graph) -> tuple[str, tuple[Evidence, ...], bool]:
    """Return why the pod's credentials do not help, what shows it, and whether that is certain."""
    names = _secret_names(pod, graph)
    if not names:
        return "it is private and the pod has no imagePullSecrets, or it does not exist", (), False
    for name in names:
        secret = graph.get("Secret", ref(pod).namespace, name)
        if secret is None and graph.exists("Secret", ref(pod).namespace, name) is False:
            shown = Evidence(ref(pod), "/spec/imagePullSecrets", name)
            return f"its imagePullSecret {name} does not exist", (shown,), True
        if secret is not None and secret.get("type") not in DOCKER_SECRETS:
            shown = Evidence(ref(secret), "/type", str(secret.get("type")))
            return (
                f"its imagePullSecret {name} is of type {secret.get('type')}, not {DOCKER_SECRETS[0]}",
                (shown,),
                True,
            )
    return f"the credentials in {listed(names)} are not accepted for it, or it does not exist", (), False


def _secret_names(pod: Object, graph: Graph) -> list[str]:
    """Return the pull secrets of the pod; the API server has copied those of its service account into it."""
    return [str(item.get("name")) for item in spec(pod).get("imagePullSecrets") or () if item.get("name")]


def _image_change(part: Part) -> Change:
    return Change(part.field("image"), str(part.container.get("image") or ""), "", "image.tag")


def _missing(image: str) -> str:
    return "digest" if "@" in image else "tag or repository"


def _told(part: Part) -> str:
    return ": ".join(str(text) for text in (part.waiting.get("reason"), part.waiting.get("message")) if text)


def _finding(
    mode: int,
    code: str,
    part: Part,
    graph: Graph,
    cause: str,
    fix: Fix,
    evidence: tuple[Evidence, ...],
    confidence: Confidence,
) -> Finding:
    workload = workload_ref(part.pod, graph)
    return Finding(
        mode=mode,
        code=code,
        subject=workload,
        cause=f"{said(workload)}: {cause}",
        severity=Severity.ERROR,
        confidence=confidence,
        evidence=evidence,
        fix=fix,
        affected=(ref(part.pod),),
        container=part.name,
    )


RULES = (image_not_found, image_pull_denied, image_never_pulled)
