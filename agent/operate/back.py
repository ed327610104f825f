"""`rollback` and `recover`: the ways back, each a sealed plan through the same gate."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.apply import ledger, store
from agent.apply.commands import way_back
from agent.apply.ledger import Event
from agent.apply.lock import is_held
from agent.apply.outcome import Ending
from agent.apply.recheck import world_of
from agent.apply.recovering import recovery
from agent.apply.sealing import Draft, sealed
from agent.apply.undo_plan import undo
from agent.apply.unfinished import settle
from agent.change.files import Edited
from agent.change.plan import Action, Change, FieldChange, Plan, digest
from agent.change.proposal import Proposal
from agent.change.splice import FileEdit, Splice, restored
from agent.errors import Denied, Indeterminate, UsageError
from agent.events import Emit, Progress
from agent.kube.fields import metadata
from agent.kube.names import parse
from agent.operate.arguments.back import Recover, Rollback
from agent.operate.arguments.plan import Plan as Asked
from agent.operate.audit import chosen
from agent.operate.drafting import gated, refuse_what_is_under_way
from agent.operate.planned import Planned, kept
from agent.operate.refusing import noting_refusals
from agent.snapshot.depth import AUDIT
from agent.snapshot.graph import Graph
from agent.snapshot.record import Release
from agent.world.identity import identity
from agent.world.scope import Cluster, Scope
from agent.world.world import World
from tools.alive import at_work
from tools.failure import Failure
from tools.files import read

PENDING = "pending-"

PATIENCE = timedelta(minutes=15)
"""How long whoever began an upgrade is taken to be at work on it, unless a person knows better."""


@noting_refusals
def rollback(args: Rollback, world: World, emit: Emit) -> Planned:
    """Seal a plan that takes an applied one back: its values as they were, and an upgrade with them."""
    settle(world, emit)
    if "/" in args.plan:
        return _undone(args, world, emit)
    name, plan = _applied(args.plan)
    if plan.action is Action.CLUSTER:
        raise Denied(f"no plan stops a cluster or takes an addon away; yours to type: {way_back(plan, name)}")
    if plan.action is Action.INSTALL:
        files = "; git revert takes its values back" if plan.edits else ""
        raise Denied(
            f"plan {name[:12]} made the first revision of {plan.target.release}, and no plan takes a release away:"
            f" {way_back(plan, name)} does{files}"
        )
    if not plan.edits:
        raise Denied(
            f"plan {name[:12]} changed no file, so there is nothing to revert; agent audit says what differs now"
        )
    again = world_of(plan, world)
    cluster = Cluster(namespace=plan.target.namespace)
    asked = Asked(release=plan.target.release, chart=plan.chart, values=plan.values, cluster=cluster)
    gate, chart, where = gated(asked, again, emit)
    refuse_what_is_under_way(gate.inputs, where, install=False)
    names = {str(path.resolve()): shown for shown, path in chart.files(plan.profile)}
    reverted = tuple(_edited(edit, names[edit.path], plan) for edit in plan.edits)
    back = reverted, tuple(_reverse(change, name) for change in plan.changes)
    who = identity(again.settings, "", where.namespace, again.deadline)
    emit(Progress("sealing the plan"))
    draft = Draft(
        Proposal(), gate, chart, where, who, again.settings, Action.REVERT, plan.seconds,
        blueprints=plan.blueprints, notes=_notes(plan, name), failing=plan.failing, back=back,
    )  # fmt: skip
    return kept(sealed(draft), ())


def _undone(args: Rollback, world: World, emit: Emit) -> Planned:
    """Seal a plan that takes a Deployment's rollout back, whatever the files say."""
    snapshot = world.look(Scope(cluster=args.cluster), emit, AUDIT)
    workload = parse(args.plan, snapshot.namespace or args.cluster.namespace or "")
    found = Graph(snapshot).get(*workload)
    if found is None:
        raise UsageError(f"no {workload}: name its namespace with -n")
    owner = str((metadata(found).get("annotations") or {}).get("meta.helm.sh/release-name") or "")
    release = next(
        (item for item in snapshot.releases if (item.name, item.namespace) == (owner, workload.namespace)), None
    )
    if release is None:
        raise Denied(f"{workload} belongs to no release that was read, so nothing here may change it")
    who = identity(world.settings, "", workload.namespace, world.deadline)
    target = who.target(workload.namespace, release.name)
    profile = chosen(world.settings, snapshot.profile)
    return kept(undo(workload, release, target, who, profile, snapshot, world.settings), ())


def _notes(plan: Plan, name: str) -> tuple[str, ...]:
    """Say what will fail again: helm would wait for it in vain."""
    if not plan.failing:
        return ()
    again = ", ".join(plan.failing)
    return (f"{again} failed before plan {name[:12]} and will fail again, so helm does not wait for it",)


def _applied(named: str) -> tuple[str, Plan]:
    found = store.load(named)
    if isinstance(found, Failure):
        raise UsageError(str(found))
    name, plan = found
    lines = ledger.entries()
    if isinstance(lines, Failure):
        raise Indeterminate(str(lines))
    ends = [entry.detail.get("ending") for entry in lines if entry.plan == name and entry.event is Event.OUTCOME]
    if ends[-1:] != [Ending.APPLIED]:
        raise Denied(f"plan {name[:12]} is not in force{f': it was {ends[-1]}' if ends else ', it was never applied'}")
    return name, plan


def _edited(edit: FileEdit, shown: str, plan: Plan) -> Edited:
    """Return the edit that gives a file back what it held; a file that has changed since is a person's to settle."""
    now = read(Path(edit.path))
    if digest(now) != edit.after:
        raise Denied(
            f"{edit.path} was changed since the plan was applied: take the commit back with git revert, then plan"
        )
    text = now.decode("utf-8")
    paths = tuple(change.path for change in plan.changes)
    shift, splices = 0, []
    for item in sorted(edit.splices, key=lambda splice: splice.start):
        start = item.start + shift
        splices.append(Splice(start, start + len(item.text), item.old, item.text))
        shift += len(item.text) - (item.end - item.start)
    return Edited(shown, paths, tuple(splices), now, restored(text, edit.splices).encode("utf-8"))


def _reverse(change: Change, name: str) -> Change:
    fields = tuple(
        FieldChange(item.kind, item.namespace, item.name, item.pointer, item.new, item.old) for item in change.fields
    )
    row = f"{change.row}; taken back with plan {name[:12]}"
    return Change(
        change.control, change.source, row, change.fingerprint, change.path, change.file, change.line,
        change.new, change.old, fields,
    )  # fmt: skip


@noting_refusals
def recover(args: Recover, world: World, emit: Emit) -> Planned:
    """Seal a plan that takes a release out of the middle of an install, upgrade or rollback."""
    settle(world, emit)
    snapshot = world.look(Scope(cluster=args.cluster), emit, AUDIT)
    found = [item for item in snapshot.releases if item.name == args.release]
    if not found:
        raise UsageError(f"no release {args.release} in {snapshot.namespace or 'any namespace'}")
    release = found[0]
    if not release.status.startswith(PENDING):
        raise Denied(f"release {release.name} is {release.status}: there is nothing to recover it from")
    who = identity(world.settings, "", release.namespace, world.deadline)
    target = who.target(release.namespace, release.name)
    _refuse_at_work(release, held=is_held(target), abandoned=args.abandoned)
    profile = chosen(world.settings, snapshot.profile)
    return kept(recovery(release, target, who, profile, snapshot, world.settings), ())


def _refuse_at_work(release: Release, *, held: str, abandoned: bool) -> None:
    """Refuse to step into what somebody is still doing."""
    if held:
        raise Denied(f"release {release.name} is being changed: {held}")
    alive = at_work(release.name, release.namespace)
    if alive:
        raise Denied(f"helm is at work on release {release.name} here, as process {alive}: wait for it, or end it")
    since = _moment(release.updated)
    age = datetime.now(UTC) - since if since else None
    if not abandoned and (age is None or age < PATIENCE):
        said = f"began {age.total_seconds() / 60:.0f} min ago" if age else "does not say when it began"
        raise Denied(
            f"{release.status} {said}, and helm may be at work on it on another machine: wait, or say --abandoned"
        )


def _moment(text: str) -> datetime | None:
    """Return when helm says it was, `2026-11-26 01:04:36.1 +0000 UTC` or RFC 3339."""
    date, _, rest = text.partition(" ")
    clock, _, zone = rest.partition(" ")
    candidates = (text, f"{date}T{clock.partition('.')[0]}{zone.partition(' ')[0]}")
    for candidate in candidates:
        try:
            found = datetime.fromisoformat(candidate)
        except ValueError:
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None
