"""Pods the API server refuses to create for what they are or name. The objects decide; the refusal is the evidence."""

import re
from collections.abc import Iterator, Mapping

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.modes import Mode
from agent.diagnose.registry import Rule, unsatisfied
from agent.kube.edits import container_edits, pod_edits
from agent.kube.fields import CREATORS, containers, spec, template
from agent.kube.paths import joined as path_field
from agent.kube.paths import value_at
from agent.kube.remedies import END, JSON, Edit, NeedsPerson, Path, kubectl
from agent.kube.replicas import Shortfall, refusals
from agent.kube.wording import closest, listed, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, labels, ref
from agent.snapshot.record import Object, Ref

ENFORCE = "pod-security.kubernetes.io/enforce"
LEVELS = ("privileged", "baseline", "restricted")

MOST_WORDS = 300
"""Characters of a policy's own message that are worth repeating."""

_ACCOUNT = re.compile(r'serviceaccounts? "([^"]+)" not found')
_PRIORITY = re.compile(r"no PriorityClass with name (\S+) was found")
_SCOPES = re.compile(r"insufficient quota to match these scopes: \[\{PriorityClass In \[([^\]]*)\]")
_SECURITY = re.compile(r'violates PodSecurity "(\w+):([^"]+)": (.*)', re.DOTALL)
_DENIED = re.compile(r'admission webhook "([^"]+)" denied the request(?: without explanation)?:?\s*(.*)', re.DOTALL)
_POLICY = re.compile(r"ValidatingAdmissionPolicy '([^']+)' with binding '[^']*' denied request:\s*(.*)", re.DOTALL)
_CONSTRAINT = re.compile(r"(unable to validate against any security context constraint): *(.*)", re.DOTALL)
_FAILING = re.compile(
    r'failed calling webhook "([^"]+)": (?:failed to call webhook: )?(?:\w+ "?https?://([\w.-]+)\S*: )?(.*)', re.DOTALL
)

PROFILES: Mapping[str, tuple[Path, JSON | NeedsPerson]] = {
    "allowPrivilegeEscalation": (("allowPrivilegeEscalation",), False),
    "capabilities": (("capabilities", "drop", END), "ALL"),
    "runAsNonRoot": (("runAsNonRoot",), True),
    "runAsUser": (("runAsUser",), NeedsPerson("a user id other than 0 that the image is made for")),
    "seccompProfile": (("seccompProfile", "type"), "RuntimeDefault"),
    "privileged": (("privileged",), False),
}
"""What a Pod Security violation names -> the field of a container's securityContext that mends it, and its value."""

HOST = ("hostNetwork", "hostPID", "hostIPC")
"""The fields behind a violation of `host namespaces`."""


def account_missing(creator: Object, missing: Shortfall, graph: Graph) -> Iterator[Finding]:
    """The pods' ServiceAccount does not exist."""
    named = spec(template(creator)).get("serviceAccountName") or spec(template(creator)).get("serviceAccount")
    name, namespace = named or "default", ref(creator).namespace
    known = graph.exists("ServiceAccount", namespace, name)
    said_so = [item for item in refusals(creator, graph) if name in _ACCOUNT.findall(item.text)]
    if known is True or (known is None and not said_so) or (not named and not said_so):
        return
    workload = ref(graph.workload(creator))
    near = closest(name, (ref(found).name for found in graph.all("ServiceAccount", namespace)))
    yield Finding(
        mode=modes.SERVICE_ACCOUNT_MISSING,
        subject=workload,
        cause=f"{said(workload)} runs as ServiceAccount {name}, which does not exist in namespace {namespace}"
        f"{f' (there is one called {near})' if near else ''}: {missing}",
        severity=Severity.ERROR,
        confidence=Confidence.LIKELY if known is None else Confidence.CERTAIN,
        evidence=(Evidence(ref(creator), "/spec/template/spec/serviceAccountName", name), *said_so),
        fix=Fix(
            summary=f"Create ServiceAccount {name}{f', or run as {near}' if near else ', or name one that exists'}",
            remedies=(
                *(pod_edits(creator, graph, ("serviceAccountName",), near) if near else ()),
                kubectl("create", "serviceaccount", name, namespace=namespace),
            ),
            concerns=("serviceAccountName",),
        ),
        affected=(ref(creator),),
    )


def priority_missing(creator: Object, missing: Shortfall, graph: Graph) -> Iterator[Finding]:
    """The pods' PriorityClass does not exist, or the namespace may not use it."""
    name = spec(template(creator)).get("priorityClassName")
    known = graph.exists("PriorityClass", "", name) if name else True
    said_so = [item for item in refusals(creator, graph) if name in _PRIORITY.findall(item.text)]
    reserved = [item for item in refusals(creator, graph) if name and name in " ".join(_SCOPES.findall(item.text))]
    if not name or not (known is False or said_so or reserved) or (known is True and not reserved):
        return
    near = closest(name, (ref(found).name for found in graph.all("PriorityClass")))
    state = (
        "which only namespaces with a ResourceQuota for it may use"
        if reserved
        else "which does not exist" + (f" (there is one called {near})" if near else "")
    )
    yield _refused(
        creator,
        missing,
        graph,
        modes.PRIORITY_CLASS_MISSING,
        f"asks for PriorityClass {name}, {state}",
        Fix(
            summary=f"Create PriorityClass {name}{f', or use {near}' if near else ', or name one that exists'}",
            remedies=(
                *(pod_edits(creator, graph, ("priorityClassName",), near) if near and not reserved else ()),
                kubectl("get", "priorityclasses"),
            ),
            concerns=("priorityClassName",),
        ),
        (Evidence(ref(creator), "/spec/template/spec/priorityClassName", name), *said_so, *reserved),
        Confidence.LIKELY if known is None else Confidence.CERTAIN,
    )


def security_denied(creator: Object, missing: Shortfall, graph: Graph) -> Iterator[Finding]:
    """Pod Security Admission refuses the pods, and the namespace still enforces that level."""
    for item in refusals(creator, graph):
        found = _SECURITY.search(item.text)
        if found is None or _is_looser(found[1], ref(creator).namespace, graph):
            continue
        violations = list(_violations(found[3]))
        enforced = _enforced(ref(creator).namespace, graph)
        shown = (Evidence(*enforced),) if enforced else ()
        yield _refused(
            creator,
            missing,
            graph,
            modes.POD_SECURITY_DENIED,
            f"breaks the Pod Security level {found[1]} that namespace {ref(creator).namespace} enforces "
            f"({listed(violations, 6)})",
            _security_fix(creator, violations, found[1], graph),
            (item, *shown),
            Confidence.CERTAIN if enforced else Confidence.LIKELY,
        )
        return


def _enforced(namespace: str, graph: Graph) -> tuple[Ref, str, str] | None:
    """Return where a namespace says which level it enforces, None when it does not (or was not read)."""
    found = graph.get("Namespace", "", namespace)
    level = labels(found).get(ENFORCE) if found is not None else None
    return (
        (Ref("Namespace", "", namespace), "/metadata/labels/pod-security.kubernetes.io~1enforce", level)
        if (level is not None)
        else None
    )


def _is_looser(level: str, namespace: str, graph: Graph) -> bool:
    """Return whether the namespace enforces less now than it did when it refused: history."""
    enforced = _enforced(namespace, graph)
    if enforced is None or enforced[2] not in LEVELS or level not in LEVELS:
        return False
    return LEVELS.index(enforced[2]) < LEVELS.index(level)


def _violations(text: str) -> Iterator[str]:
    """Yield the names of the broken rules: what stands between the parentheses is about whom."""
    depth, name = 0, ""
    for letter in f"{text},":
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            yield name.strip(" )")
            name = ""
        elif depth == 0:
            name += letter


def _security_fix(creator: Object, violations: list[str], level: str, graph: Graph) -> Fix:
    named = [entry for key, entry in PROFILES.items() if any(key in found for found in violations)]
    edits = [found for path, value in named for found in _secured(creator, graph, path, value)]
    if any("host namespaces" in found for found in violations):
        shared = [field for field in HOST if spec(template(creator)).get(field)]
        edits += [found for field in shared for found in pod_edits(creator, graph, (field,), value=False)]
    return Fix(
        summary=f"Give the pods the security context the level {level} asks for (existing pods run on until they are "
        "made again), or loosen the namespace's label",
        remedies=(*edits, kubectl("get", "namespace", ref(creator).namespace, "--show-labels")),
        concerns=tuple(f"containers[].{path_field(('securityContext', *path))}" for path, _ in named),
    )


def _secured(creator: Object, graph: Graph, path: Path, value: JSON | NeedsPerson) -> Iterator[Edit]:
    """Yield the edits of the containers that do not say this of themselves; a capability is dropped once."""
    for _, container in containers(template(creator)):
        has = value_at(container.get("securityContext"), path[:-1] if path[-1] == END else path)
        if has != value and not (isinstance(has, list) and value in has):
            yield from container_edits(creator, graph, str(container.get("name")), ("securityContext", *path), value)


def policy_denied(creator: Object, missing: Shortfall, graph: Graph) -> Iterator[Finding]:
    """A webhook, a ValidatingAdmissionPolicy or OpenShift's SecurityContextConstraints say no to the pods."""
    for item in refusals(creator, graph):
        found = next((hit for pattern in (_DENIED, _POLICY, _CONSTRAINT) if (hit := pattern.search(item.text))), None)
        if found is None:
            continue
        words = " ".join(found[2].split())[:MOST_WORDS]
        who, kind = _refuser(found)
        yield _refused(
            creator,
            missing,
            graph,
            modes.POLICY_DENIED,
            f"is refused by {who}: {words or 'it gives no reason'}",
            Fix(
                "Change what the policy objects to, or have the workload exempted from it",
                (kubectl("get", *kind),),
            ),
            (item,),
            Confidence.CERTAIN,
        )
        return


def _refuser(found: re.Match[str]) -> tuple[str, tuple[str, ...]]:
    """Return who said no, and what `kubectl get` shows of it."""
    if found.re is _DENIED:
        return f"admission webhook {found[1]}", ("validatingwebhookconfigurations",)
    if found.re is _POLICY:
        return f"ValidatingAdmissionPolicy {found[1]}", ("validatingadmissionpolicy", found[1])
    return "every SecurityContextConstraint its ServiceAccount may use", ("securitycontextconstraints",)


def webhook_fails(creator: Object, missing: Shortfall, graph: Graph) -> Iterator[Finding]:
    """A webhook that must be asked before pods are created cannot be, and its policy is to fail."""
    for item in refusals(creator, graph):
        found = _FAILING.search(item.text)
        if found is None:
            continue
        name, host, problem = found[1], found[2] or "", " ".join(found[3].split())[:MOST_WORDS]
        service = _service(host)
        if service is not None and _works(service, graph, problem):
            continue
        at = f" (Service {service.name} in {service.namespace})" if service else f" ({host})" if host else ""
        roots = (service, *_behind(service, graph)) if service else ()
        yield _refused(
            creator,
            missing,
            graph,
            modes.WEBHOOK_UNAVAILABLE,
            f"cannot be created because admission webhook {name}{at} does not answer: {_in_words(problem)}",
            Fix(
                summary="Repair the webhook's service or its certificate; to let pods through meanwhile, set its "
                "failurePolicy to Ignore or remove its configuration",
                remedies=(kubectl("get", "validatingwebhookconfigurations,mutatingwebhookconfigurations"),),
            ),
            (item,),
            Confidence.CERTAIN,
            roots,
        )
        return


def _service(host: str) -> Ref | None:
    """Return the Service a webhook's address names: `NAME.NAMESPACE.svc`."""
    parts = host.split(".")
    return Ref("Service", parts[1], parts[0]) if len(parts) > 2 and parts[2] == "svc" else None


def _works(service: Ref, graph: Graph, problem: str) -> bool:
    """Return whether a service that had no endpoints has ready ones now: the refusal is older than that."""
    found = graph.get(*service)
    if found is None or "endpoints available" not in problem:
        return False
    return any(
        (endpoint.get("conditions") or {}).get("ready")
        for item in graph.slices(found)
        for endpoint in item.get("endpoints") or ()
    )


def _behind(service: Ref, graph: Graph) -> Iterator[Ref]:
    found = graph.get(*service)
    for pod in graph.selected(found) if found is not None else ():
        yield ref(graph.workload(pod))


def _in_words(problem: str) -> str:
    """Return why a webhook could not be asked, with what a person looks for first."""
    if "x509" in problem or "certificate" in problem:
        return f"its certificate is not trusted ({problem})"
    if "no endpoints available" in problem:
        return f"no ready pod stands behind it ({problem})"
    if "deadline exceeded" in problem or "timeout" in problem.lower():
        return f"it does not answer in time ({problem})"
    return problem


def _refused(
    creator: Object,
    missing: Shortfall,
    graph: Graph,
    mode: Mode,
    what: str,
    fix: Fix,
    evidence: tuple[Evidence, ...],
    confidence: Confidence,
    roots: tuple[Ref, ...] = (),
) -> Finding:
    workload = ref(graph.workload(creator))
    return Finding(
        mode=mode,
        subject=workload,
        cause=f"{said(workload)} {what}: {missing}",
        severity=Severity.ERROR,
        confidence=confidence,
        evidence=evidence,
        fix=fix,
        affected=(ref(creator),),
        roots=roots,
    )


RULES = tuple(
    Rule(mode, kind, unsatisfied(test))
    for mode, test in (
        (modes.SERVICE_ACCOUNT_MISSING, account_missing),
        (modes.POD_SECURITY_DENIED, security_denied),
        (modes.POLICY_DENIED, policy_denied),
        (modes.WEBHOOK_UNAVAILABLE, webhook_fails),
        (modes.PRIORITY_CLASS_MISSING, priority_missing),
    )
    for kind in CREATORS
)
