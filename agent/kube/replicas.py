"""Controllers that want more pods than they could create: whoever blames admission must still be unsatisfied."""

from collections.abc import Iterator
from dataclasses import dataclass

from agent.kube.fields import condition, condition_is, number, spec, status
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, event_time, ref
from agent.snapshot.record import Object


@dataclass(frozen=True, slots=True)
class Shortfall:
    """How many pods a controller wants and how many exist."""

    wanted: int
    current: int

    def __str__(self) -> str:
        """`1 of 3 pods exist`."""
        return f"{self.current} of {self.wanted} pods exist"


def shortfall(creator: Object) -> Shortfall | None:
    """Return how many pods are missing, None when the controller has all it wants (or is done)."""
    wanted, current = _counts(creator)
    return Shortfall(wanted, current) if current < wanted else None


def _counts(creator: Object) -> tuple[int, int]:
    wants, has = spec(creator), status(creator)
    match creator.get("kind"):
        case "DaemonSet":
            return number(has.get("desiredNumberScheduled")), number(has.get("currentNumberScheduled"))
        case "Job":
            return _job_counts(creator)
        case _:
            return number(wants.get("replicas"), 1), number(has.get("replicas"))


def _job_counts(job: Object) -> tuple[int, int]:
    wants, has = spec(job), status(job)
    ended = condition_is(job, "Complete", "True") or condition_is(job, "Failed", "True")
    if ended or wants.get("suspend"):
        return 0, 0
    succeeded, parallel = number(has.get("succeeded")), number(wants.get("parallelism"), 1)
    left = number(wants.get("completions"), parallel) - succeeded if wants.get("completions") is not None else parallel
    if wants.get("completions") is None and succeeded:
        return 0, 0
    return min(left, parallel), number(has.get("active"))


def refusals(creator: Object, graph: Graph) -> Iterator[Evidence]:
    """Yield what the API server last answered this controller: its ReplicaFailure condition, then its newest event."""
    found = condition(creator, "ReplicaFailure")
    if found is not None and found[1].get("status") == "True" and found[1].get("message"):
        yield Evidence(ref(creator), f"{found[0]}/message", found[1]["message"])
    newest = {event.get("reason"): event for event in graph.events(creator)}  # newest last
    failed, made = newest.get("FailedCreate"), newest.get("SuccessfulCreate")
    if failed is not None and (made is None or event_time(made) <= event_time(failed)):
        yield Evidence(ref(creator), "event FailedCreate", failed.get("message") or "")
