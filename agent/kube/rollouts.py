"""Which ReplicaSet of a Deployment is which revision, and what a workload still lacks of what is asked of it."""

from agent.kube.fields import condition_is, metadata, number, spec, status
from agent.kube.wording import counted
from agent.snapshot.graph import Graph
from agent.snapshot.record import Object


def newest_set(deployment: Object, graph: Graph) -> Object | None:
    """Return the ReplicaSet of the current revision."""
    sets = [child for child in graph.children(deployment) if child.get("kind") == "ReplicaSet"]
    return max(sets, key=revision, default=None)


def revision(replicaset: Object) -> int:
    """Return which revision of its Deployment a ReplicaSet is, 0 when nothing says it."""
    annotations = metadata(replicaset).get("annotations") or {}
    text = str(annotations.get("deployment.kubernetes.io/revision") or "0")
    return int(text) if text.isdigit() else 0


def outstanding(workload: Object) -> str:
    """Return in words what a workload still lacks of what is asked of it, "" when it is as asked."""
    observed, wanted = status(workload).get("observedGeneration"), metadata(workload).get("generation")
    if number(observed) < number(wanted) and workload.get("kind") not in ("Job", "CronJob"):
        return "its controller has not seen the newest change yet"
    match workload.get("kind"):
        case "Job":
            return _unfinished(workload)
        case "DaemonSet":
            return _unready_daemon(workload)
        case "Deployment" | "StatefulSet" | "ReplicaSet" | "ReplicationController":
            return _unready_replicas(workload)
        case _:
            return ""


def _unfinished(job: Object) -> str:
    has, wants = status(job), spec(job)
    ended = condition_is(job, "Complete", "True") or condition_is(job, "Failed", "True")
    if ended or wants.get("suspend"):
        return ""
    done, active = number(has.get("succeeded")), counted(number(has.get("active")), "active pod")
    return f"it runs with {active}, {done} of {number(wants.get('completions'), 1)} completed"


def _unready_daemon(daemonset: Object) -> str:
    has = status(daemonset)
    wanted = number(has.get("desiredNumberScheduled"))
    rolling = (spec(daemonset).get("updateStrategy") or {}).get("type") != "OnDelete"
    counts = [("updated", number(has.get("updatedNumberScheduled")))] if rolling else []
    counts += [("ready", number(has.get("numberReady"))), ("available", number(has.get("numberAvailable")))]
    return _short(counts, wanted, "pod")


def _unready_replicas(workload: Object) -> str:
    has, wanted = status(workload), number(spec(workload).get("replicas"), 1)
    counts = [("updated", number(has.get("updatedReplicas")))] if _updates_itself(workload) else []
    counts.append(("ready", number(has.get("readyReplicas"))))
    if workload.get("kind") != "StatefulSet" or has.get("availableReplicas") is not None:
        counts.append(("available", number(has.get("availableReplicas"))))
    left = number(has.get("replicas")) - wanted
    return _short(counts, wanted, "replica") or (f"{counted(left, 'replica')} more than asked" if left > 0 else "")


def _updates_itself(workload: Object) -> bool:
    """Return whether every pod is to be of the newest template: no pause, no partition, no update by hand."""
    if workload.get("kind") not in ("Deployment", "StatefulSet") or spec(workload).get("paused"):
        return False
    strategy = spec(workload).get("updateStrategy") or {}
    return strategy.get("type") != "OnDelete" and not (strategy.get("rollingUpdate") or {}).get("partition")


def _short(counts: list[tuple[str, int]], wanted: int, noun: str) -> str:
    """Return the first count that falls short: `1 of 3 replicas ready`."""
    return next((f"{has} of {counted(wanted, noun)} {what}" for what, has in counts if has < wanted), "")
