"""Failed pods that are history: whoever made them has what it wants now."""

from agent.kube.fields import condition_is, number, spec, status
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object


def is_history(pod: Object, graph: Graph) -> bool:
    """Return whether a failed pod no longer matters: replaced (evicted, say), or its Job succeeded after it."""
    if status(pod).get("phase") != "Failed":
        return False
    owner = graph.owner(pod)
    if owner is None:
        return False
    return _job_is_over(owner, graph) if owner.get("kind") == "Job" else _is_satisfied(owner)


def _is_satisfied(owner: Object) -> bool:
    has = status(owner)
    if owner.get("kind") == "DaemonSet":
        return number(has.get("numberReady")) >= number(has.get("desiredNumberScheduled"))
    return number(has.get("readyReplicas")) >= number(spec(owner).get("replicas"), 1)


def _job_is_over(job: Object, graph: Graph) -> bool:
    """Return whether the Job succeeded, or its CronJob did with a later one."""
    if condition_is(job, "Complete", "True"):
        return True
    cron = graph.owner(job)
    if cron is None:
        return False
    started = str(status(job).get("startTime") or (job.get("metadata") or {}).get("creationTimestamp") or "")
    return str(status(cron).get("lastSuccessfulTime") or "") > started or ref(job).name != _newest_job(cron, graph)


def _newest_job(cron: Object, graph: Graph) -> str:
    jobs = graph.children(cron)
    newest = max(jobs, key=lambda job: str((job.get("metadata") or {}).get("creationTimestamp") or ""), default=None)
    return ref(newest).name if newest is not None else ""
