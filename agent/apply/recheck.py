"""Whether everything a plan rests on is as it was; what has moved is named: "stale" alone helps nobody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agent.apply import ledger
from agent.apply.inputs import digests, programs, resting_files
from agent.apply.state import Banner, banner, unknown
from agent.audit.inputs import Objects
from agent.audit.owners import written
from agent.change.conflicts import conflicts
from agent.change.drills import overlay
from agent.change.plan import Plan, digest
from agent.change.splice import FileEdit, spliced
from agent.change.standing import base, manifest_digest, moved, seen
from agent.errors import Denied, Indeterminate, Stale
from agent.events import Emit, Progress
from agent.resources import blueprint_paths
from agent.snapshot.depth import AUDIT
from agent.snapshot.record import Object, Ref, Snapshot
from agent.world.chart import Chart, open_chart
from agent.world.identity import Identity, identity
from agent.world.prospect import prospect
from agent.world.release import Target
from agent.world.scope import Cluster, Scope
from agent.world.world import World
from tools import git, helm
from tools.failure import Failure
from tools.files import read
from tools.sandbox import Sandbox, sandbox

MOST_NAMED = 3

STANDING = {
    Banner.USED: "it was used already; plan again",
    Banner.REJECTED: "it was rejected; plan again",
    Banner.EXPIRED: "its time is up; plan again",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """A plan found as it was sealed: the look it was checked by, and what its files hold before and after."""

    snapshot: Snapshot
    identity: Identity
    before: Mapping[Path, bytes]
    after: Mapping[Path, bytes]


def world_of(plan: Plan, world: World) -> World:
    """Return the surroundings a plan was made in, for a new look at them."""
    flags = {"context": plan.target.context, "profile": plan.profile, "blueprints": plan.blueprints}
    return World({**world.flags, **flags}, world.commands, world.looker, approver=world.approver)


def refuse_unless_open(name: str, plan: Plan) -> None:
    """Refuse a plan that was used, rejected, has expired or comes from the future, and any while changes are frozen.

    Raises:
        Stale: the first four.
        Denied: changes are frozen, or a GitOps tool keeps the release.
        Indeterminate: the ledger, which alone says so, is not what was written.

    """
    lines = ledger.entries()
    if isinstance(lines, Failure):
        raise Indeterminate(f"{lines}; without it nothing is applied")
    found = banner(name, plan)
    if plan.elsewhere is not None:
        raise Denied(f"{plan.elsewhere.keeper} would undo it: make the change in its repository")
    if found in STANDING:
        raise Stale(f"plan {name[:12]}: {STANDING[found]}")
    if datetime.fromisoformat(plan.created) > datetime.now(UTC):
        raise Stale(f"plan {name[:12]} was made at {plan.created}, and the clock says that is still to come")
    if found is Banner.FROZEN:
        raise Denied("changes are frozen; agent thaw ends that")
    if unknown([name], lines):
        raise Indeterminate(f"{unknown([name], lines)[0]}; without them nobody knows whether it was used")


def recheck(name: str, plan: Plan, world: World, emit: Emit) -> Checked:
    """Return a plan's surroundings, found to be as they were when it was sealed.

    Raises:
        Stale: something has moved; says what.
        Indeterminate: something cannot be read.

    """
    refuse_unless_open(name, plan)
    emit(Progress("making sure that nothing has moved since the plan was made"))
    settled = world_of(plan, world)
    who = identity(settled.settings, plan.target.context, plan.target.namespace, settled.deadline)
    _same_target(plan, who)
    before, after = contents(plan)
    with sandbox(who.access, path=settled.settings.path) as box:
        same_programs(plan, box)
        snapshot = _looked(plan, settled, emit)
        _same_base(plan, box, snapshot)
        if plan.chart:
            _same_chart(plan, box, snapshot, after)
    return Checked(snapshot, who, before, after)


def _same_target(plan: Plan, who: Identity) -> None:
    now, then = who.target(plan.target.namespace, plan.target.release), plan.target
    for field, what in (("cluster", "cluster"), ("server", "server"), ("authority", "certificate authority")):
        if getattr(now, field) != getattr(then, field):
            raise Stale(f"context {then.context} leads to another {what} than when the plan was made")


def contents(plan: Plan) -> tuple[dict[Path, bytes], dict[Path, bytes]]:
    """Return what the files hold that a plan edits, and what they will."""
    before = {Path(edit.path): _content(edit.path, edit.before) for edit in plan.edits}
    return before, {Path(edit.path): _after(before[Path(edit.path)], edit) for edit in plan.edits}


def _content(path: str, wanted: str) -> bytes:
    try:
        found = read(Path(path))
    except OSError as error:
        raise Stale(f"{path}: {error.strerror}") from error
    if digest(found) != wanted:
        raise Stale(f"{path} was changed since the plan was made")
    return found


def _after(before: bytes, edit: FileEdit) -> bytes:
    found = spliced(before.decode("utf-8"), edit.splices).encode("utf-8")
    if digest(found) != edit.after:
        raise Stale(f"the edit of {edit.path} does not give what was sealed")
    return found


def _same_chart(plan: Plan, box: Sandbox, snapshot: Snapshot, after: Mapping[Path, bytes]) -> None:
    chart = open_chart(plan.chart, plan.values)
    _same_files(plan, chart)
    _same_commits(plan, box)
    _same_rendering(plan, box, chart, snapshot, after)


def _same_files(plan: Plan, chart: Chart) -> None:
    now = digests(resting_files(chart, plan.profile, plan.blueprints))
    for path, then in plan.inputs.files.items():
        if path not in now:
            raise Stale(f"{path} is gone")
        if now[path] != then:
            raise Stale(f"{path} was changed since the plan was made")
    for path in now:
        if path not in plan.inputs.files:
            raise Stale(f"{path} was added since the plan was made")


def same_programs(plan: Plan, box: Sandbox) -> None:
    """Refuse to run another program than the one a plan was made with."""
    now = {item.name: item for item in programs(box, [item.name for item in plan.inputs.programs])}
    for then in plan.inputs.programs:
        if now.get(then.name) != then:
            raise Stale(f"{then.path} is not the {then.name} the plan was made with")


def _looked(plan: Plan, world: World, emit: Emit) -> Snapshot:
    scope = Scope(cluster=Cluster(namespace=plan.target.namespace))
    snapshot = world.look(scope, emit, AUDIT)
    for part in snapshot.gaps():
        raise Indeterminate(f"{part.name} {part.state}: {part.reason}; nothing is changed on half a look")
    return snapshot


def _same_base(plan: Plan, box: Sandbox, snapshot: Snapshot) -> None:
    name, namespace = plan.target.release, plan.target.namespace
    release = next((item for item in snapshot.releases if (item.name, item.namespace) == (name, namespace)), None)
    told = helm.metadata(box, name, namespace) if release is not None else None
    if isinstance(told, Failure):
        raise Indeterminate(str(told))
    live = Objects([obj for listed in snapshot.objects.values() for obj in listed], namespace)
    names = [Ref(item.kind, item.namespace, item.name) for item in plan.base.objects]
    now = base(release, told.applied if told else "", seen(names, live, snapshot))
    said = moved(plan.base, now, lambda item: _writers(live.get(Ref(item.kind, item.namespace, item.name)), plan))
    if said:
        raise Stale(said)


def _writers(obj: Object | None, plan: Plan) -> str:
    """Return who wrote to an object since a plan was made, and to which fields."""
    found = written(obj or {}, plan.created)
    named = (f"{owner.manager} ({', '.join(fields[:MOST_NAMED])})" for owner, fields in found)
    return " and ".join(named) or "somebody"


def _same_commits(plan: Plan, box: Sandbox) -> None:
    """Refuse a plan whose blueprints, or the files it edits, are not committed as they are any more."""
    stated = {Path(change.source.rpartition(":")[0]).name for change in plan.changes}
    files = [path for path in blueprint_paths(plan.blueprints).values() if path.name in stated]
    for path in (*files, *(Path(edit.path) for edit in plan.edits)):
        top = git.root(path)
        if top is None or git.committed(box, top, [path])[path] is not True:
            raise Stale(f"{path} has changes that are not committed")


def _same_rendering(plan: Plan, box: Sandbox, chart: Chart, snapshot: Snapshot, after: Mapping[Path, bytes]) -> None:
    """Render from the plan's own new values: what comes out is what the person was shown, or nothing is applied."""
    files = dict(chart.files(plan.profile))
    fresh = {shown: after.get(path.resolve(), read(path)) for shown, path in files.items()}
    where = Target(plan.target.namespace, plan.target.release, None)
    over = overlay(plan.drill) if plan.drill else b""
    made = prospect(box, chart, files, fresh, where, snapshot.cluster.version, over=over)
    if isinstance(made, Failure):
        raise Stale(f"the chart cannot be rendered any more: {made}")
    if manifest_digest(made.after) != plan.rendered:
        raise Stale("the chart renders something else than when the plan was made")
    if plan.base.server_side:
        _same_owners(plan, made.after, snapshot)


def _same_owners(plan: Plan, wanted: Sequence[Object], snapshot: Snapshot) -> None:
    """Refuse what helm would be refused half-way, and could not take back either: a field that somebody else holds."""
    live = Objects([obj for listed in snapshot.objects.values() for obj in listed], plan.target.namespace)
    found = [item.why for item in conflicts(wanted, live, plan.target.namespace)]
    if found:
        raise Stale(f"helm would be refused: {'; '.join(found[:MOST_NAMED])}")
