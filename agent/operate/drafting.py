"""What every plan of a release starts from: its gate, its draft, and who else keeps it."""

from dataclasses import replace
from pathlib import Path

from agent.apply.handing import as_patch, on_branch
from agent.apply.sealing import SECONDS, Draft
from agent.audit.inputs import Inputs
from agent.change.gate import Gate
from agent.change.grounds import Refusal
from agent.change.plan import Action
from agent.change.proposal import Proposal
from agent.config import Settings
from agent.errors import Denied, Indeterminate
from agent.events import Emit, Said
from agent.kube.gitops import Keeper, keeper
from agent.operate.arguments.common import Handover
from agent.operate.arguments.plan import Plan
from agent.operate.audit import chosen
from agent.operate.planned import Planned
from agent.resources import blueprint_files
from agent.snapshot.depth import AUDIT
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Snapshot
from agent.world.chart import Chart, open_chart
from agent.world.decides import decides
from agent.world.identity import Identity, identity
from agent.world.inputs import gathered
from agent.world.kept import elsewhere
from agent.world.linting import lints
from agent.world.release import Target, target
from agent.world.scope import Scope
from agent.world.world import World
from tools.deadline import Deadline

PENDING = "pending-"


def handed_over(planned: Planned, asked: Handover, world: World, emit: Emit) -> Planned:
    """Return a plan with its patch or its branch, where one was asked for.

    Raises:
        Denied: it changes no file, or what it changes can be handed over in no such way.

    """
    plan = planned.plan
    if plan is None or not asked.is_asked:
        return planned
    if not plan.edits:
        raise Denied("the files state it already, so no repository has to change: agent plan without it")
    for item in planned.refusals if asked.patch else ():
        emit(Said(f"not planned: {item.subject}: {item.reason}"))
    if asked.branch is not None:
        commit = on_branch(planned.name, plan, asked.branch, world.settings)
        return replace(planned, branch=asked.branch, commit=commit)
    return replace(planned, patch=as_patch(plan))


def gated(args: Plan, world: World, emit: Emit) -> tuple[Gate, Chart, Target]:
    """Return the gate of the release that was named, its chart and where it is."""
    settings = world.settings
    chart = open_chart(args.chart, args.values)
    snapshot = world.look(Scope(cluster=args.cluster), emit, AUDIT)
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


def heeded(proposal: Proposal, inputs: Inputs, chart: Chart, where: Target, world: World) -> Proposal:
    """Return a proposal without the controls whose keys no values file has and no template reads."""
    added = {item.path: item.value for item in proposal.wanted if item.leaf is None}
    found = decides(added, chart, inputs, where, world.settings, world.deadline)
    idle = (item for item in proposal.wanted if item.path in added and not found[item.path])
    said = f"no template of {chart.shown} makes anything of"
    return proposal.without(Refusal(item.control.id, f"{said} {item.path}") for item in idle)


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


def kept_by(inputs: Inputs) -> Keeper | None:
    """Return the GitOps tool's object that keeps the release as a repository has it, None where nobody does."""
    release, rendered = inputs.release, inputs.rendered
    manifest = release.manifest if release else rendered.objects if rendered else ()
    names = [ref(obj)._replace(namespace=ref(obj).namespace or inputs.namespace) for obj in manifest or ()]
    return keeper(names, Graph(inputs.snapshot))


def refuse_what_others_keep(inputs: Inputs) -> None:
    """Refuse to change what a GitOps tool keeps: what is applied here it undoes."""
    found = kept_by(inputs)
    if found is not None:
        raise Denied(f"{found} keeps the release's objects, and would undo it: nothing may be tried here")


def handed(draft: Draft, kept: Keeper, deadline: Deadline) -> Draft:
    """Return a draft whose plan says where the change belongs, in place of one that may be applied."""
    leaves = draft.inputs.values.leaves
    paths = {path for item in draft.proposal.reapplied for path in item.control.paths if path in leaves}
    wanted = {path: leaves[path].value for path in sorted(paths)}
    wanted |= {item.path: item.value for item in draft.proposal.wanted}
    return replace(draft, elsewhere=elsewhere(kept, wanted, draft.identity.access, deadline))


def blueprint_folder(settings: Settings) -> Path:
    """Return the folder of the blueprints in force."""
    return blueprint_files(settings.blueprints)[0].path


def drafted(args: Plan, proposal: Proposal, gate: Gate, chart: Chart, where: Target, world: World) -> Draft:
    """Return all that a plan of a proposal is made from.

    Raises:
        Denied: the release is not there, or helm is at work on it.

    """
    keeps = kept_by(gate.inputs)
    if keeps is None:
        refuse_what_is_under_way(gate.inputs, where, install=args.install)
    who: Identity = identity(world.settings, "", where.namespace, world.deadline)
    action = Action.INSTALL if args.install and keeps is None else Action.UPGRADE
    draft = Draft(proposal, gate, chart, where, who, world.settings, action, int(args.wait or SECONDS))
    draft = replace(draft, for_another=args.second_person, blueprints=str(blueprint_folder(world.settings).resolve()))
    return handed(draft, keeps, world.deadline) if keeps else draft
