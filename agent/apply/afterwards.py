"""What the cluster looks like after a change: every workload of the namespace against before, the controls again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from agent.apply.recheck import Checked
from agent.apply.watch import look
from agent.audit.engine import audit
from agent.audit.inputs import Objects
from agent.audit.legs import shown_value
from agent.audit.pointers import resolve
from agent.audit.verdict import Outcome
from agent.change.failing import WORKLOADS, desired, is_failing
from agent.change.plan import Action, Plan
from agent.change.regressions import regressions
from agent.diagnose.engine import diagnose
from agent.errors import AgentError
from agent.kube.fields import metadata
from agent.snapshot.graph import ref
from agent.snapshot.record import Ref, Snapshot
from agent.world.chart import open_chart
from agent.world.inputs import gathered
from agent.world.release import target
from agent.world.world import World
from tools.failure import Failure


@dataclass(frozen=True, slots=True)
class Seen:
    """What is worse than before, and which controls of the plan do not hold all the same."""

    worse: tuple[str, ...]
    still: tuple[str, ...]
    unseen: str = ""
    """Why nobody could look, "" where it was looked at: without a look nothing is taken for done."""


def afterwards(plan: Plan, checked: Checked, world: World) -> Seen:
    """Return what a new look says of a change; what cannot be looked at is said, not passed over."""
    try:
        now = look(plan, world)
    except AgentError as error:
        return Seen((), (), f"the namespace could not be looked at afterwards: {error}")
    spared = plan.effects.changed if plan.action is Action.REVERT else ()
    worse = tuple(regressions(checked.snapshot, now, plan.target.namespace, spared))
    unseen = "; ".join(f"{part.name} could not be read afterwards: {part.reason}" for part in now.gaps())
    still = () if worse or unseen else (*_unmended(plan, now), *_unheld(plan, now, world))
    return Seen(worse, still, "" if worse else unseen)


def _unmended(plan: Plan, now: Snapshot) -> Iterator[str]:
    """Say of each workload that failed before a change and fails after it what its cause is now."""
    if plan.action is not Action.UPGRADE:
        return
    found = diagnose(now)
    findings = () if isinstance(found, Failure) else found.findings
    for obj in (obj for kind in WORKLOADS for obj in now.objects.get(kind, ())):
        name = str(ref(obj))
        if name in plan.failing and is_failing(obj, now, SETTLING):
            wanted, ready = desired(obj)
            causes = (item.cause for item in findings if name in map(str, (item.subject, *item.affected)))
            yield f"{name} fails all the same: {next(causes, f'{ready} of {wanted} pods ready')}"


SETTLING = timedelta(seconds=10)
"""How long a look waits after helm where something failed before: a program that ends at once is ready for a moment."""


def lasts(plan: Plan, world: World) -> bool:
    """Return whether anything of a change is live, or may be: an object it makes, a field as it would have it."""
    try:
        now = look(plan, world)
    except AgentError:
        return True
    live = Objects([obj for listed in now.objects.values() for obj in listed], plan.target.namespace)
    made = {str(ref(obj)) for obj in live.all}.intersection(plan.effects.created)
    decided = (item for change in plan.changes for item in change.fields)
    found = ((item, live.get(Ref(item.kind, item.namespace, item.name))) for item in decided)
    return bool(made) or any(obj and shown_value(resolve(obj, item.pointer)) == item.new for item, obj in found)


PASSING = ("Event", "Lease", "EndpointSlice", "Pod")
"""Kinds that come and go by themselves."""


def left(plan: Plan, checked: Checked, world: World) -> tuple[str, ...]:
    """Return what a failed install left behind: objects that were not there before, that stay, and that nobody owns."""
    try:
        now = look(plan, world)
    except AgentError as error:
        return (f"whether anything of it is left could not be looked at: {error}",)
    before = _lasting(checked.snapshot, plan.target.namespace)
    found = sorted(map(str, _lasting(now, plan.target.namespace) - before))
    return tuple(f"{name} is left of it; whether it may go is yours to decide" for name in found)


def _lasting(snapshot: Snapshot, namespace: str) -> set[Ref]:
    objects = (obj for kind, listed in snapshot.objects.items() if kind not in PASSING for obj in listed)
    return {ref(obj) for obj in objects if ref(obj).namespace == namespace and _lasts(metadata(obj))}


def _lasts(meta: Mapping[str, Any]) -> bool:
    return not (meta.get("deletionTimestamp") or meta.get("ownerReferences"))


def _unheld(plan: Plan, now: Snapshot, world: World) -> tuple[str, ...]:
    """Return the plan's controls that an audit does not pass, each with the reason."""
    if not plan.changes or plan.action is Action.REVERT:  # a value that was taken back is not what its row says
        return ()
    fresh = World(world.flags, world.commands, world.looker)
    chart = open_chart(plan.chart, plan.values)
    where = target(chart, now, plan.target.namespace, plan.target.release)
    try:
        found = audit(gathered(chart, plan.profile, where, now, fresh, lambda _: None))
    except AgentError as error:
        return (f"the controls could not be audited again: {error}",)
    ids = {change.control for change in plan.changes}
    rows = (verdict for verdict in found.verdicts if verdict.control.id in ids)
    return tuple(f"{row.control.id}: {row.why or row.outcome}" for row in rows if row.outcome is not Outcome.PASS)
