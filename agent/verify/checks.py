"""What each sort of line means, judged on one look at the cluster."""

import re
from collections.abc import Callable, Sequence

from agent.audit.verdict import Outcome, worst
from agent.kube.fields import condition_is, is_terminal, spec, status, statuses
from agent.snapshot.graph import ref
from agent.snapshot.record import Object
from agent.verify.facts import Facts
from agent.verify.line import Line

Answer = tuple[Outcome, tuple[str, ...], str]
"""Outcome, evidence, what was read."""

TROUBLE = re.compile(
    r"Traceback \(most recent|\bFATAL\b|\bpanic:|^(?:Uncaught )?\w*(?:Error|Exception): |\bUnhandled\b|startup failed",
    re.MULTILINE,
)
"""What a log of a start that went wrong holds."""

STARTED = re.compile(
    r"[Ll]istening|[Ss]erving|[Ss]tarted|startup complete|running on|[Rr]eady (?:on|to|in|-)|accepting connections"
)

PARTS = ("Host", "Kubelet", "APIServer")

HPA = "HorizontalPodAutoscaler"

URL = re.compile(
    r"(?=.*(?::\d|/))(?:https?://)?(?P<host>\[[0-9a-f:]+\]|[\w.-]+)(?::\d+)?(?P<path>/[^\s?#]*)?(?:[?#]\S*)?"
)
ITSELF = ("localhost", "127.0.0.1", "0.0.0.0", "[::1]")  # noqa: S104 - as written in a line, nothing binds to it


def nodes(_: Line, facts: Facts) -> Answer:
    """Judge whether every node is Ready."""
    found = facts.graph.all("Node")
    wrong = [ref(node).name for node in found if not condition_is(node, "Ready", "True")]
    said = f"not Ready: {', '.join(wrong)}" if wrong else f"{len(found)} nodes are Ready"
    return _listed("Node", facts, found, wrong, said)


def pods(_: Line, facts: Facts) -> Answer:
    """Judge whether the pods of a namespace run; those that have finished well need not."""
    found = [pod for pod in facts.graph.all("Pod", facts.namespace) if not is_terminal(pod) or _failed(pod)]
    wrong = [f"{ref(pod).name} is {_phase(pod)}" for pod in found if not _is_running(pod)]
    said = "; ".join(wrong[:5]) if wrong else f"{len(found)} pods are Running"
    return _listed("Pod", facts, found, wrong, said)


def services(line: Line, facts: Facts) -> Answer:
    """Judge whether the bound Services are there, of the type the line asks for."""
    if unbound := facts.unbound("Service"):
        return Outcome.UNKNOWN, (unbound,), ""
    asked = re.search(r"\b(ClusterIP|NodePort|LoadBalancer)\b", line.control.title)
    found = [facts.graph.get("Service", facts.namespace, name) for name in facts.bound("Service")]
    missing = [name for name, obj in zip(facts.bound("Service"), found, strict=True) if obj is None]
    odd = [_typed(obj) for obj in found if obj is not None and asked and _type(obj) != asked[1]]
    wrong = [f"no Service {name}" for name in missing] + odd
    said = "; ".join(wrong) if wrong else ", ".join(_typed(obj) for obj in found if obj is not None)
    return _listed("Service", facts, [obj for obj in found if obj], wrong, said)


def autoscalers(_: Line, facts: Facts) -> Answer:
    """Judge whether the bound autoscalers are there."""
    if unbound := facts.unbound(HPA):
        return Outcome.UNKNOWN, (unbound,), ""
    found, wrong = _autoscalers(facts)
    said = "; ".join(wrong) if wrong else ", ".join(map(_scaled, found))
    return _listed(HPA, facts, found, wrong, said)


def scaling(_: Line, facts: Facts) -> Answer:
    """Judge whether every bound autoscaler is there, can scale and has metrics to scale on."""
    if unbound := facts.unbound(HPA):
        return Outcome.UNKNOWN, (unbound,), ""
    found, wrong = _autoscalers(facts)
    wrong += [said for hpa in found for said in _complaints(hpa)]
    said = "; ".join(wrong) if wrong else f"{len(found)} autoscalers can scale and have metrics"
    return _listed(HPA, facts, found, wrong, said)


def _autoscalers(facts: Facts) -> tuple[list[Object], list[str]]:
    """Return the bound autoscalers that are there, and of each that is not that it is not."""
    names = {name: facts.graph.get(HPA, facts.namespace, name) for name in facts.bound(HPA)}
    return [obj for obj in names.values() if obj], [f"no HPA {name}" for name, obj in names.items() if obj is None]


def log(line: Line, facts: Facts) -> Answer:
    """Judge whether a workload's log tells of a start that went well."""
    owner = facts.behind(line.command.object)
    if owner is None or facts.unread("Pod"):
        return _absent(line, facts)
    found = [_log(pod, facts) for pod in facts.graph.pods(owner)]
    outcome = worst([item[0] for item in found]) if found else Outcome.UNKNOWN
    said = tuple(text for result, text in found if result is outcome) or ("no pod stands behind it",)
    return outcome, said[:3], f"the logs of {line.command.object}"


def _log(pod: Object, facts: Facts) -> tuple[Outcome, str]:
    name = ref(pod).name
    texts = facts.logs(pod)
    trouble = next((found for text in texts if (found := TROUBLE.search(text))), None)
    if trouble is not None:
        return Outcome.FAIL, f"{name}: {_line_of(trouble)}"
    if not texts:
        return Outcome.UNKNOWN, f"{name}: {facts.unread('logs') or 'its log was not read'}"
    started = next((found for text in texts if (found := STARTED.search(text))), None)
    if started is not None and _is_running(pod):
        return Outcome.PASS, f"{name}: {_line_of(started)}"
    if _is_ready(pod):
        return Outcome.PASS, f"{name}: no trouble in its log, and it is ready"
    return Outcome.UNKNOWN, f"{name}: its log says neither that it started nor that it failed"


def _line_of(found: re.Match[str]) -> str:
    text = found.string
    start = text.rfind("\n", 0, found.start()) + 1
    end = text.find("\n", found.end())
    return text[start : end if end >= 0 else None].strip()[:200]


def asked_inside(line: Line, facts: Facts) -> Answer:
    """Judge a request from inside a container by the kubelet's own probe of the same path, and nothing else by it."""
    url = next((found for word in line.command.tail[1:] if (found := URL.fullmatch(word))), None)
    if url is None:
        return Outcome.UNKNOWN, ("what it does inside is no request that a probe makes as well",), ""
    if url["host"] not in ITSELF:
        return Outcome.UNKNOWN, (f"it asks {url['host']}, which no probe of {line.command.object} does",), ""
    return _answers(line, facts, url["path"] or "/")


def answers(line: Line, facts: Facts) -> Answer:
    """Judge whether something answers at a port by whichever probe asks it."""
    return _answers(line, facts, "")


def _answers(line: Line, facts: Facts, path: str) -> Answer:
    """Judge a request that would need a shell or a port by the kubelet's own probe.

    The kubelet asks from the node what the line asks from inside; a ready container has just answered.
    """
    owner = facts.behind(line.command.object)
    if owner is None or facts.unread("Pod"):
        return _absent(line, facts)
    found = list(facts.graph.pods(owner))
    if not found:
        return Outcome.UNKNOWN, ("no pod stands behind it",), ""
    wrong = [ref(pod).name for pod in found if not _is_ready(pod)]
    probe = next((text for pod in found if (text := _probe(pod, path))), "")
    if not probe:
        what = f"no probe asks {path or 'it'}"
        return Outcome.UNKNOWN, (f"{what}, so that nobody knows without going inside",), ""
    said = f"not ready: {', '.join(wrong)}" if wrong else f"the kubelet asks {probe}, and {len(found)} pods are ready"
    return Outcome.FAIL if wrong else Outcome.PASS, (said,), "the kubelet's own probe"


def _absent(line: Line, facts: Facts) -> Answer:
    """Say that nothing is there where the lists are whole, and otherwise that nobody knows."""
    unread = next((said for kind in facts.needed(line.command.object) if (said := facts.unread(kind))), "")
    if unread or not line.command.object:
        return Outcome.UNKNOWN, (unread or "it names no object",), ""
    return Outcome.FAIL, (f"no {line.command.object} in {facts.namespace}",), line.command.object


def _probe(pod: Object, path: str) -> str:
    for container in spec(pod).get("containers") or ():
        for kind in ("livenessProbe", "readinessProbe"):
            asked = (container.get(kind) or {}).get("httpGet")
            if asked and path in ("", asked.get("path") or "/"):
                return f"GET {asked.get('path', '/')} on port {asked.get('port')}"
    return ""


def minikube_status(_: Line, facts: Facts) -> Answer:
    """Judge the parts minikube keeps running."""
    if facts.cluster is None:
        return Outcome.UNKNOWN, (facts.cluster_reason,), ""
    states = {part: str(facts.cluster.status.get(part) or "unknown") for part in PARTS}
    outcome = Outcome.PASS if set(states.values()) == {"Running"} else Outcome.FAIL
    return outcome, tuple(f"{part} {state}" for part, state in states.items()), "minikube status"


def addons(line: Line, facts: Facts) -> Answer:
    """Judge whether the addons a line names are enabled."""
    if facts.cluster is None:
        return Outcome.UNKNOWN, (facts.cluster_reason,), ""
    named = [name for name in facts.cluster.addons if re.search(rf"\b{re.escape(name)}\b", line.control.title)]
    off = [name for name in named if not facts.cluster.addons[name]]
    said = f"not enabled: {', '.join(off)}" if off else f"enabled: {', '.join(named) or 'none that the line names'}"
    return (Outcome.FAIL if off else Outcome.PASS if named else Outcome.UNKNOWN), (said,), "minikube addons list"


Check = Callable[[Line, Facts], Answer]

CHECKS: Sequence[tuple[str, str, str, Check]] = (
    ("minikube", "status", "", minikube_status),
    ("kubectl", "get", "addons", addons),
    ("minikube", "addons", "list", addons),
    ("kubectl", "get", "Node", nodes),
    ("kubectl", "get", "Pod", pods),
    ("kubectl", "get", "Service", services),
    ("kubectl", "get", HPA, autoscalers),
    ("kubectl", "logs", "", log),
    ("kubectl-ai", "check scaling status", "", scaling),
    ("kubectl", "exec", "", asked_inside),
    ("kubectl", "port-forward", "", answers),
)
"""Program, verb and object of a line (a kind by its name) -> what it means; "" stands for any."""


def _listed(kind: str, facts: Facts, found: Sequence[Object], wrong: Sequence[str], said: str) -> Answer:
    """Return the answer a list gives: nothing listed is unknown unless the list is whole."""
    if unread := facts.unread(kind):
        return Outcome.UNKNOWN, (unread,), ""
    if not found and not wrong:
        return Outcome.FAIL, (f"there is no {kind}",), f"the list of {kind}"
    return Outcome.FAIL if wrong else Outcome.PASS, (said,), f"the list of {kind}"


def _failed(pod: Object) -> bool:
    return status(pod).get("phase") == "Failed"


def _is_running(pod: Object) -> bool:
    started = all("running" in (item.get("state") or {}) or _finished(item) for _, item in statuses(pod))
    return status(pod).get("phase") == "Running" and started


def _finished(item: Object) -> bool:
    return ((item.get("state") or {}).get("terminated") or {}).get("exitCode") == 0


def _is_ready(pod: Object) -> bool:
    return condition_is(pod, "Ready", "True")


def _phase(pod: Object) -> str:
    """Return the word kubectl shows: why a container waits or ended badly, else the phase."""
    states = [item.get("state") or {} for _, item in statuses(pod) if not _finished(item)]
    told = [(state.get(name) or {}).get("reason") for name in ("waiting", "terminated") for state in states]
    return next((str(reason) for reason in told if reason), str(status(pod).get("phase")))


def _type(service: Object) -> str:
    return str(spec(service).get("type") or "ClusterIP")


def _typed(service: Object) -> str:
    return f"{ref(service).name} {_type(service)}"


def _scaled(hpa: Object) -> str:
    bounds = f"{spec(hpa).get('minReplicas', 1)} to {spec(hpa).get('maxReplicas')}"
    return f"{ref(hpa).name}: {status(hpa).get('currentReplicas', 0)} of {bounds}"


def _complaints(hpa: Object) -> list[str]:
    wanted = ("AbleToScale", "ScalingActive")
    listed = [item for item in status(hpa).get("conditions") or () if item.get("type") in wanted]
    wrong = [item for item in listed if item.get("status") != "True"]
    said = [f"{ref(hpa).name}: {item.get('type')} is {item.get('status')}, {item.get('reason')}" for item in wrong]
    return said if listed else [f"{ref(hpa).name}: its controller has not said anything of it yet"]
