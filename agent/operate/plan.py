"""`plan`: what a blueprint justifies, sealed for a person to approve. `plan show`: read it again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from agent.apply import ledger, store
from agent.apply.ledger import Event
from agent.apply.sealing import SECONDS, Draft, sealed
from agent.apply.state import Banner, banner
from agent.apply.unfinished import settle
from agent.audit.engine import audit
from agent.audit.inputs import Inputs
from agent.change.gate import Gate, Refusal
from agent.change.plan import Action, content, digest
from agent.change.plan import Plan as Sealed
from agent.change.proposal import Proposal, from_audit, from_controls, from_paths
from agent.config import Settings
from agent.errors import Denied, Indeterminate, UsageError
from agent.events import Emit, Progress
from agent.exitcode import ExitCode
from agent.kube.gitops import keeper
from agent.operate.arguments.plan import Plan, ShowPlan
from agent.operate.audit import chosen
from agent.resources import blueprint_files
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Snapshot
from agent.world.chart import Chart, open_chart
from agent.world.identity import Identity, identity
from agent.world.inputs import gathered
from agent.world.linting import lints
from agent.world.release import Target, target
from agent.world.scope import Scope
from agent.world.world import World
from tools.failure import Failure

PENDING = "pending-"


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan that was sealed, None where there is none, and what was refused with its reasons."""

    name: str
    """The plan's id, "" for none."""
    plan: Sealed | None
    refusals: Sequence[Refusal]
    banner: Banner = Banner.OPEN


def run(args: Plan, world: World, emit: Emit) -> Planned:
    """Seal a plan of what was asked for, as far as the blueprints justify it."""
    settle(world, emit)
    gate, chart, where = gated(args, world, emit)
    proposal = _proposal(args, gate)
    if not (proposal.wanted or proposal.reapplied or args.install):
        return Planned("", None, proposal.refusals)
    refuse_what_is_under_way(gate.inputs, where, install=args.install)
    refuse_what_others_keep(gate.inputs)
    draft = drafted(args, proposal, gate, chart, where, world)
    emit(Progress("sealing the plan"))
    return kept(sealed(draft), proposal.refusals)


def code(result: Planned) -> ExitCode:
    """Return DENIED where something was asked for and nothing may be planned."""
    return ExitCode.DENIED if result.plan is None and result.refusals else ExitCode.OK


def show(args: ShowPlan, _: World, __: Emit) -> Planned:
    """Return a plan as it was sealed, with how it stands now: also one that is used, expired or overtaken."""
    named = args.plan or next(iter(store.names()), "")
    if not named:
        raise UsageError("no plan was made yet; see `agent plan --help`")
    found = store.load(named)
    if isinstance(found, Failure):
        raise UsageError(str(found))
    name, plan = found
    return Planned(name, plan, (), banner(name, plan))


def kept(plan: Sealed, refusals: Sequence[Refusal]) -> Planned:
    """Keep a plan and note it in the ledger.

    Raises:
        Indeterminate: either cannot be written.

    """
    name = digest(content(plan))
    noted = ledger.append(Event.SEALED, name, plan.actor.name, {"action": plan.action, "controls": plan.summary})
    if isinstance(noted, Failure):
        raise Indeterminate(str(noted))
    saved = store.save(plan)  # behind its line: a plan of which no line tells is a sign that lines were taken away
    if isinstance(saved, Failure):
        raise Indeterminate(str(saved))
    return Planned(name, plan, refusals)


def gated(args: Plan, world: World, emit: Emit) -> tuple[Gate, Chart, Target]:
    """Return the gate of the release that was named, its chart and where it is."""
    settings = world.settings
    chart = open_chart(args.chart, args.values)
    snapshot = world.look(Scope(cluster=args.cluster), emit, owners=True)
    profile = chosen(settings, snapshot.profile)
    where = target(chart, snapshot, args.cluster.namespace, args.release)
    _refuse_gaps(snapshot)
    inputs = gathered(chart, profile, where, snapshot, world, emit)
    folder, files = blueprint_files(settings.blueprints)
    return Gate(inputs, lints(folder, files, inputs.blueprints, chart, world.commands)), chart, where


def _refuse_gaps(snapshot: Snapshot) -> None:
    """Refuse to plan on half a look: what was not read may be what breaks."""
    for part in snapshot.gaps():
        raise Indeterminate(
            "; ".join(text for text in (f"a plan needs to read every {part.name}: {part.reason}", part.hint) if text)
        )


def _proposal(args: Plan, gate: Gate) -> Proposal:
    found = audit(gate.inputs)
    if not args.what:
        return from_audit(found, gate)
    causes = [name for name in args.what if "/" in name]
    if causes:
        raise UsageError(f"{causes[0]}: `agent fix {causes[0]}` finds its cause and plans what mends it")
    ids = {row.id.casefold() for row in gate.inputs.blueprints.controls}
    controls = [name for name in args.what if name.casefold() in ids]
    paths = [name for name in args.what if name.casefold() not in ids]
    one, other = from_controls(controls, found, gate), from_paths(paths, found, gate)
    known = {item.path for item in one.wanted}
    wanted = [*one.wanted, *(item for item in other.wanted if item.path not in known)]
    return Proposal(wanted, [*one.reapplied, *other.reapplied], [*one.refusals, *other.refusals])


def refuse_what_is_under_way(inputs: Inputs, where: Target, *, install: bool) -> None:
    """Refuse to plan on a release that helm is at work on, that is not there, or whose namespace goes away."""
    release = inputs.release
    if release is None and not install:
        raise Denied(f"{where.reason}; agent plan --install plans the first one")
    if release is not None and install:
        raise Denied(f"release {release.name} is there already, at revision {release.revision}")
    if release is not None and release.status.startswith(PENDING):
        since = f" since {release.updated}" if release.updated else ""
        raise Denied(f"release {release.name} is {release.status}{since}; agent recover {release.name} is the way out")
    if release is not None and release.manifest is None:
        raise Indeterminate(where.reason)
    for obj in inputs.snapshot.objects.get("Namespace", ()):
        if ref(obj).name == where.namespace and (obj.get("metadata") or {}).get("deletionTimestamp"):
            raise Denied(f"namespace {where.namespace} is being deleted")


def refuse_what_others_keep(inputs: Inputs) -> None:
    """Refuse to change what a GitOps tool keeps as a repository has it."""
    graph = Graph(inputs.snapshot)
    manifest = inputs.release.manifest if inputs.release else ()
    names = [ref(obj)._replace(namespace=ref(obj).namespace or inputs.namespace) for obj in manifest or ()]
    found = keeper(names, graph)
    if found is not None:
        raise Denied(
            f"{found} keeps the release's objects: make the change in its repository, what is applied here is undone"
        )


def blueprint_folder(settings: Settings) -> Path:
    """Return the folder of the blueprints in force."""
    return blueprint_files(settings.blueprints)[0].path


def drafted(args: Plan, proposal: Proposal, gate: Gate, chart: Chart, where: Target, world: World) -> Draft:
    """Return all that a plan of a proposal is made from."""
    who: Identity = identity(world.settings, "", where.namespace, world.deadline)
    action = Action.INSTALL if args.install else Action.UPGRADE
    draft = Draft(proposal, gate, chart, where, who, world.settings, action, int(args.wait or SECONDS))
    return replace(draft, for_another=args.second_person, blueprints=str(blueprint_folder(world.settings).resolve()))
