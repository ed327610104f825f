"""How an object stands, in the words `kubectl get` has for it: READY, STATUS, RESTARTS.

The STATUS of a pod is what pkg/printers/internalversion/printers.go makes of it, so that nobody has to learn a second
language for the same thing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.kube.autoscalers import target
from agent.kube.containers import containers_of
from agent.kube.endpoints import addresses, is_ready
from agent.kube.fields import condition_is, metadata, number, spec, status
from agent.kube.rollouts import outstanding
from agent.snapshot.graph import Graph
from agent.snapshot.record import Object


@dataclass(frozen=True, slots=True)
class Standing:
    """One object's row."""

    status: str
    """`Running`, `CrashLoopBackOff`, `1 of 3 replicas ready`; "" where its kind has none."""
    well: bool
    """Whether it is as asked, as far as the object itself tells; what is wrong with it a diagnosis says."""
    ready: str = ""
    """`2/3`: containers of a pod, pods of a workload, endpoints of a Service; "" for what has none."""
    restarts: int = 0


def standing(obj: Object, graph: Graph) -> Standing:
    """Return how an object stands; of a kind that tells nothing, that it exists."""
    return _OF_KIND.get(str(obj.get("kind")), _plain)(obj, graph)


def _pod(pod: Object, _: Graph) -> Standing:
    mains = [item for item in containers_of(pod) if item.kind == "containers"]
    ready = sum(item.ready for item in mains)
    shown = pod_status(pod)
    return Standing(
        shown,
        shown == "Completed" or (shown == "Running" and is_ready(pod)),
        f"{ready}/{len(mains)}",
        sum(item.restarts for item in containers_of(pod)),
    )


def pod_status(pod: Object) -> str:
    """Return kubectl's STATUS of a pod."""
    shown = str(status(pod).get("reason") or status(pod).get("phase") or "Pending")
    if shown == "Succeeded":
        shown = "Completed"
    gates = spec(pod).get("schedulingGates")
    shown = "SchedulingGated" if gates and shown == "Pending" else shown
    shown = _initialising(pod) or _of_containers(pod) or shown
    if metadata(pod).get("deletionTimestamp"):
        return "Unknown" if status(pod).get("reason") == "NodeLost" else "Terminating"
    return shown


def _initialising(pod: Object) -> str:
    """Return what an init container that is not through says, "" when all are."""
    found = _states(pod, "initContainerStatuses")
    for index, item in enumerate(found):
        ended, waits = _part(item, "terminated"), _part(item, "waiting")
        if (ended and number(ended.get("exitCode"), 1) == 0) or item.get("started"):
            continue
        if ended:
            return f"Init:{_end(ended)}"
        reason = str(waits.get("reason") or "")
        return f"Init:{reason}" if reason not in ("", "PodInitializing") else f"Init:{index}/{len(found)}"
    return ""


def _of_containers(pod: Object) -> str:
    """Return what the containers say that outweighs the phase: the first one's word, as kubectl has it."""
    shown, running = "", False
    for item in reversed(_states(pod, "containerStatuses")):
        waits, ended = _part(item, "waiting"), _part(item, "terminated")
        if waits.get("reason"):
            shown = str(waits["reason"])
        elif ended:
            shown = _end(ended)
        running = running or bool(item.get("ready") and _part(item, "running"))
    if shown == "Completed" and running:
        return "Running" if condition_is(pod, "Ready", "True") else "NotReady"
    return shown


def _end(ended: Mapping[str, Any]) -> str:
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{number(ended.get('exitCode'))}"


def _states(pod: Object, field: str) -> Sequence[Mapping[str, Any]]:
    found = status(pod).get(field)
    return [item for item in (found if isinstance(found, list) else ()) if isinstance(item, Mapping)]


def _part(item: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    state = item.get("state")
    found = state.get(name) if isinstance(state, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _workload(workload: Object, graph: Graph) -> Standing:
    has, lacks = status(workload), outstanding(workload)
    wanted = has.get("desiredNumberScheduled") if "numberReady" in has else spec(workload).get("replicas", 1)
    ready = number(has.get("readyReplicas", has.get("numberReady")))
    restarts = sum(item.restarts for pod in graph.pods(workload) for item in containers_of(pod))
    return Standing(lacks or "as asked", not lacks, f"{ready}/{number(wanted)}", restarts)


def _job(job: Object, _: Graph) -> Standing:
    done = f"{number(status(job).get('succeeded'))}/{number(spec(job).get('completions'), 1)}"
    if condition_is(job, "Failed", "True"):
        return Standing("Failed", well=False, ready=done)
    if condition_is(job, "Complete", "True"):
        return Standing("Complete", well=True, ready=done)
    return Standing("Suspended" if spec(job).get("suspend") else "Running", well=True, ready=done)


def _cronjob(cron: Object, _: Graph) -> Standing:
    stopped = "Suspended, " if spec(cron).get("suspend") else ""
    return Standing(f"{stopped}{spec(cron).get('schedule') or 'no schedule'}", well=True)


def _service(service: Object, graph: Graph) -> Standing:
    kind = str(spec(service).get("type") or "ClusterIP")
    if kind == "ExternalName" or not spec(service).get("selector"):
        return Standing(kind, well=True)
    ready, every = addresses(service, graph)
    return Standing(kind, ready > 0, f"{ready}/{every}")


def _node(node: Object, _: Graph) -> Standing:
    ready = condition_is(node, "Ready", "True")
    cordoned = ",SchedulingDisabled" if spec(node).get("unschedulable") else ""
    return Standing(("Ready" if ready else "NotReady") + cordoned, ready)


def _phase(obj: Object, _: Graph) -> Standing:
    phase = str(status(obj).get("phase") or "")
    return Standing(phase, phase in ("Bound", "Active", "Available"))


def _autoscaler(scaler: Object, _: Graph) -> Standing:
    has, wants = status(scaler), spec(scaler)
    able = not condition_is(scaler, "ScalingActive", "False") and not condition_is(scaler, "AbleToScale", "False")
    bounds = f"{number(wants.get('minReplicas'), 1)} to {number(wants.get('maxReplicas'))}"
    about, now = target(scaler), number(has.get("currentReplicas"))
    return Standing(f"{about.kind}/{about.name}: {now} of {bounds}{'' if able else ', cannot scale'}", able)


def _ingress(ingress: Object, _: Graph) -> Standing:
    return Standing(", ".join(_hosts(ingress)) or "*", well=True)


def _hosts(ingress: Object) -> Iterator[str]:
    for rule in spec(ingress).get("rules") or ():
        if isinstance(rule, Mapping) and rule.get("host"):
            yield str(rule["host"])


def _plain(_: Object, __: Graph) -> Standing:
    return Standing("", well=True)


_OF_KIND: Mapping[str, Callable[[Object, Graph], Standing]] = {
    "Pod": _pod,
    **dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"), _workload),
    "Job": _job,
    "CronJob": _cronjob,
    "Service": _service,
    "Node": _node,
    **dict.fromkeys(("Namespace", "PersistentVolumeClaim", "PersistentVolume"), _phase),
    "HorizontalPodAutoscaler": _autoscaler,
    "Ingress": _ingress,
}
