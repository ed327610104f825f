"""What is worse in a namespace after a change than before it. Pure: two snapshots in, sentences out.

A workload that lost replicas, ready pods, probes, limits or its disruption budget counts whether the plan touched it or
not; one scaled to zero never counts as recovered.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from agent.change.failing import WORKLOADS, desired, is_failing, pods_of
from agent.kube.fields import number, spec, status
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref, Snapshot

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def regressions(before: Snapshot, after: Snapshot, namespace: str, spared: Container[str] = ()) -> list[str]:
    """Return everything in a namespace that is worse than it was, each in a sentence.

    `spared` are the workloads, by their names, that somebody decided to have worse: those a plan takes back.
    """
    now = Graph(after)
    workloads = [obj for obj in _workloads(before, namespace) if str(ref(obj)) not in spared]
    found = [said for obj in workloads for said in _of_workload(obj, before, after, now)]
    return [*found, *_budgets(before, now, namespace)]


def _workloads(snapshot: Snapshot, namespace: str) -> Iterator[Object]:
    for kind in WORKLOADS:
        yield from (obj for obj in snapshot.objects.get(kind, ()) if ref(obj).namespace == namespace)


def _of_workload(old: Object, before: Snapshot, after: Snapshot, now: Graph) -> Iterator[str]:
    name = ref(old)
    new = now.get(*name)
    if new is None:
        if after.knows(name.kind):
            yield f"{name} is gone"
        return
    yield from _counts(name, old, new)
    yield from _containers(name, old, new)
    restarts, had = _restarts_of(name, after), _restarts_of(name, before)
    more = {pod: count - had.get(pod, 0) for pod, count in restarts.items() if count > had.get(pod, 0)}
    if more and not is_failing(old, before):  # whose containers kept ending may have ended once more meanwhile
        pod, count = max(more.items(), key=lambda item: item[1])
        yield f"a container of {pod} restarted {count} times since"


def _counts(name: Ref, old: Object, new: Object) -> Iterator[str]:
    (wanted, ready), (wants, has) = desired(old), desired(new)
    if wanted and not wants:
        yield f"{name} is asked for no pods any more"
    elif has < min(ready, wants):
        yield f"{name} has {has} of {wants} pods ready, it had {ready}"


def _containers(name: Ref, old: Object, new: Object) -> Iterator[str]:
    after = _by_name(new)
    for container, was in _by_name(old).items():
        now = after.get(container)
        if now is None:
            yield f"{name} has lost its container {container}"
            continue
        yield from (
            f"{name}: container {container} has lost its {probe}"
            for probe in PROBES
            if was.get(probe) and not now.get(probe)
        )
        had, has = ((item.get("resources") or {}).get("limits") or {} for item in (was, now))
        yield from (f"{name}: container {container} has lost its {key} limit" for key in had if key not in has)


def _by_name(obj: Object) -> Mapping[str, Any]:
    found: Sequence[Any] = ((spec(obj).get("template") or {}).get("spec") or {}).get("containers") or ()
    return {str(item.get("name")): item for item in found if isinstance(item, Mapping)}


def _restarts_of(name: Ref, snapshot: Snapshot) -> dict[str, int]:
    """Return pod -> how often its containers restarted."""
    return {str(ref(pod)): _restarts(pod) for pod in pods_of(name, snapshot)}


def _restarts(pod: Object) -> int:
    return sum(number(item.get("restartCount")) for item in status(pod).get("containerStatuses") or ())


def _budgets(before: Snapshot, now: Graph, namespace: str) -> Iterator[str]:
    for old in before.objects.get("PodDisruptionBudget", ()):
        if ref(old).namespace == namespace and now.get(*ref(old)) is None:
            yield f"{ref(old)} is gone"
