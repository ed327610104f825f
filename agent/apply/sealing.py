"""From a proposal to a sealed plan: rendered, held against the cluster, asked of the server, with its way back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from agent import __version__
from agent.apply.commands import PLAN, Changed, commands, undoing
from agent.apply.inputs import rests_on
from agent.audit.inputs import Inputs, Objects
from agent.audit.verdict import Leg
from agent.change.conflicts import conflicts
from agent.change.failing import failing, held_back
from agent.change.files import Edited, edits, manifest_diff, with_edits
from agent.change.gate import Gate, Wanted
from agent.change.grounds import Refusal
from agent.change.pending import control_of, governed, unexplained, waiting
from agent.change.plan import Action, Change, DryRun, Effects, Elsewhere, FieldChange, Plan, Return, times
from agent.change.profiles import OtherProfile, other
from agent.change.proposal import Proposal, Reapplied
from agent.change.reach import effects, fields, pairs
from agent.change.standing import base, manifest_digest, seen
from agent.config import Settings
from agent.errors import Denied, Indeterminate
from agent.snapshot.record import Object
from agent.world.chart import Chart
from agent.world.identity import Identity
from agent.world.prospect import Prospect, asked, asked_of, hooks, prospect
from agent.world.release import Target
from tools import helm
from tools.failure import Failure
from tools.files import read
from tools.sandbox import Sandbox, sandbox
from tools.upgrade import Upgrade, uninstall

SECONDS = 300
"""How long helm may wait for each thing it waits for, unless a person says otherwise."""

MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Draft:
    """All a plan is made from."""

    proposal: Proposal
    gate: Gate
    chart: Chart
    where: Target
    identity: Identity
    settings: Settings
    action: Action = Action.UPGRADE
    seconds: int = SECONDS
    for_another: bool = False
    blueprints: str = ""
    notes: tuple[str, ...] = ()
    """What a person should know before they approve it, each in a sentence."""
    failing: tuple[str, ...] = ()
    """Of a plan that takes another one back: the workloads that failed before that one, and will fail again."""
    back: tuple[tuple[Edited, ...], tuple[Change, ...]] | None = None
    """Of a plan that takes another one back: the edits and changes, which no row has to justify a second time."""
    elsewhere: Elsewhere | None = None
    """Where the change belongs, of a release that a GitOps tool keeps."""

    @property
    def inputs(self) -> Inputs:
        """Return what the release was audited by."""
        return self.gate.inputs

    @property
    def protected(self) -> bool:
        """Return whether an apply needs a reason and the release's name."""
        contexts = {name.strip() for name in self.settings.protected.split(",")}
        return self.inputs.profile == "prod" or self.identity.access.context in contexts


@dataclass(slots=True)
class _Files:
    """The values files: where they are, what they hold, and what they would."""

    paths: Mapping[str, Path]
    before: Mapping[str, bytes]
    edited: Sequence[Edited] = ()
    after: Mapping[str, bytes] = field(default_factory=dict)


def sealed(draft: Draft) -> Plan:
    """Return the plan of a proposal.

    Raises:
        Denied: it would be something no plan may do; says what.
        Indeterminate: something it needs could not be read.

    """
    files = _files(draft, draft.proposal.wanted)
    access = replace(draft.identity.access, namespace=draft.where.namespace)
    with sandbox(access, path=draft.settings.path) as box:
        made = _prospect(draft, box, files)
        _only_what_controls_say(draft, made.before)
        return _plan(draft, box, files, made)


def housed(draft: Draft) -> Draft:
    """Return a draft without the controls of which a value belongs in no file; each is refused with its reason."""
    contents = {name: _read(path) for name, path in draft.chart.files(draft.inputs.profile)}
    wanted, there = draft.proposal.wanted, _other_profile(draft)
    alone = ((item, edits([item], contents, draft.inputs.profile, there)) for item in wanted)
    refused = (Refusal(item.control.id, why.brief, why.hint) for item, why in alone if isinstance(why, Failure))
    return replace(draft, proposal=draft.proposal.without(refused))


def _files(draft: Draft, wanted: Sequence[Wanted]) -> _Files:
    paths = dict(draft.chart.files(draft.inputs.profile))
    before = {name: _read(path) for name, path in paths.items()}
    edited = list(draft.back[0]) if draft.back else edits(wanted, before, draft.inputs.profile, _other_profile(draft))
    if isinstance(edited, Failure):
        raise Denied(str(edited))
    return _Files(paths, before, edited, with_edits(before, edited))


def _other_profile(draft: Draft) -> OtherProfile:
    profile = other(draft.inputs.profile)
    return OtherProfile(profile, {name: _read(path) for name, path in draft.chart.files(profile)}, draft.gate)


def _read(path: Path) -> bytes:
    try:
        return read(path)
    except OSError as error:
        raise Indeterminate(f"{path}: {error.strerror}") from error


def _prospect(draft: Draft, box: Sandbox, files: _Files) -> Prospect:
    version = draft.inputs.snapshot.cluster.version
    made = prospect(box, draft.chart, files.paths, files.after, draft.where, version)
    if isinstance(made, Failure):
        raise Denied(f"the chart cannot be rendered with the new values: {made}")
    return made


def _only_what_controls_say(draft: Draft, rendered: Sequence[Object]) -> None:
    """Refuse an upgrade that brings something along of which no control of the blueprints speaks."""
    release = draft.inputs.release
    if release is None or draft.elsewhere:  # what is not applied here brings nothing along
        return
    found = waiting(release.manifest or (), rendered, draft.inputs.namespace)
    rules = governed(draft.inputs, rendered)
    stray = unexplained(found, rules)
    if stray:
        named = "; ".join(f"{item.pointer} of {item.object}: {item.old} to {item.new}" for item in stray[:MOST_NAMED])
        more = f" and {len(stray) - MOST_NAMED} more" if len(stray) > MOST_NAMED else ""
        raise Denied(f"the chart was changed since revision {release.revision}, and no control says so: {named}{more}")
    rows = [row for item in found if (row := control_of(item, rules)) is not None]
    for row in dict.fromkeys(row for row in rows if row.id not in draft.proposal.controls and not draft.back):
        said = draft.gate.of_control(row)
        if said:
            why = said.reason if isinstance(said, Refusal) else f"the files say otherwise than {row.source}"
            raise Denied(f"the upgrade would bring along what {row.id} decides, and {why}; plan {row.id} too")


def _plan(draft: Draft, box: Sandbox, files: _Files, made: Prospect) -> Plan:
    inputs, release = draft.inputs, draft.inputs.release
    live = Objects([obj for listed in inputs.snapshot.objects.values() for obj in listed], inputs.namespace)
    whole = pairs(release.manifest or () if release else (), made.after, inputs.namespace)
    changes = _changes(draft, box, files, made)
    stated = [item for change in changes for item in change.fields]
    reach = _reach(effects(whole, live, inputs.profile, stated, back=bool(draft.back)), draft, made)
    names = [*(pair.name for pair in whole), *(item.place[0] for item in draft.proposal.reapplied)]
    standing = base(release, _applied(draft, box), seen(names, live, inputs.snapshot))
    failed = draft.failing if draft.back else _failing(draft, live)
    dry = _asked(draft, box, made)
    now = datetime.now(UTC)
    created, expires = times(inputs.profile, now, for_another=draft.for_another)
    rests = rests_on(box, draft.chart, inputs, draft.settings, [files.paths[item.name] for item in files.edited])
    changed = [Changed(item, files.paths[item.name]) for item in files.edited]
    applier = draft.settings.applier or draft.identity.access.context
    carried = _upgrade(draft, list(files.paths.values()), applier)
    there = replace(carried, waits=not (failed and draft.back))
    back = replace(carried, waits=not failed or bool(draft.back))
    return Plan(
        action=draft.action,
        created=created,
        expires=expires,
        version=__version__,
        profile=inputs.profile,
        target=draft.identity.target(draft.where.namespace, draft.where.name),
        actor=draft.identity.actor,
        applier=draft.settings.applier,
        protected=draft.protected,
        inputs=rests,
        chart=str(draft.chart.path.resolve()),
        values=tuple(str(path.resolve()) for path in draft.chart.given),
        blueprints=draft.blueprints,
        base=standing,
        changes=tuple(changes),
        edits=tuple(item.sealed(str(files.paths[item.name].resolve())) for item in files.edited),
        rendered=manifest_digest(made.after),
        diff=manifest_diff(whole),
        dry_run=dry,
        conflicts=tuple(conflicts(made.after, live, inputs.namespace)) if standing.server_side else (),
        effects=reach,
        argv=() if draft.elsewhere else commands(rests, changed, there, draft.action),
        undo=() if draft.elsewhere else undoing(rests, changed, back, standing.revision),
        seconds=draft.seconds,
        hooks=hooks(made.after),
        rollback=Return(standing.revision, standing.manifest, _way_back(draft, carried)),
        failing=failed,
        notes=(*draft.notes, *_notes(draft, files, reach)),
        for_another=draft.for_another,
        elsewhere=draft.elsewhere,
    )


def _notes(draft: Draft, files: _Files, reach: Effects) -> Iterator[str]:
    """Yield what a person should know besides: what they have to do meanwhile, and what another profile gets."""
    if draft.back:
        return
    yield from held_back(reach.restarted, draft.inputs.snapshot)
    there = _other_profile(draft)
    for item in draft.proposal.wanted:
        name = next(edit.name for edit in files.edited if edit.sets(item.path))
        if there.changes(item, name):
            yield f"{name} is read for {there.profile} too: its next upgrade brings {item.path} along"


def _asked(draft: Draft, box: Sandbox, made: Prospect) -> DryRun:
    if draft.elsewhere and draft.inputs.release is None:
        found = asked_of(box, draft.where.namespace, made.after)
    else:
        planner = _upgrade(draft, made.files, draft.identity.access.context)
        found = asked(box, planner, made.after, install=draft.action is Action.INSTALL)
    if found.refused:
        raise Denied(f"the server refuses it: {found.said}")
    return found


def _failing(draft: Draft, live: Objects) -> tuple[str, ...]:
    release = draft.inputs.release
    manifest = release.manifest or () if release else ()
    return tuple(map(str, failing(manifest, live, draft.inputs.snapshot, draft.inputs.namespace)))


def _reach(found: Effects, draft: Draft, made: Prospect) -> Effects:
    if found.forbidden:
        raise Denied("; ".join(found.forbidden))
    if draft.inputs.rendered is not None and draft.inputs.rendered.unstable:
        name, pointer = min(draft.inputs.rendered.unstable)
        raise Denied(
            f"the chart renders {pointer} of {name} differently each time, so nobody knows what would be applied"
        )
    installs = draft.action is Action.INSTALL
    if (
        not installs
        and not draft.back
        and not draft.proposal.reapplied
        and manifest_digest(made.before) == manifest_digest(made.after)
    ):
        paths = ", ".join(item.path for item in draft.proposal.wanted)
        raise Denied(f"no template of {draft.chart.shown} makes anything of {paths}")
    return found


def _changes(draft: Draft, box: Sandbox, files: _Files, made: Prospect) -> list[Change]:
    """Return every change with the fields that it alone decides."""
    if draft.back:
        return list(draft.back[1])
    wanted = draft.proposal.wanted
    alone = (
        [_fields(made.before, made.after, draft)]
        if len(wanted) == 1
        else [_fields(made.before, _prospect(draft, box, _files(draft, [item])).after, draft) for item in wanted]
    )
    found = [_change(item, fields_of, draft, files) for item, fields_of in zip(wanted, alone, strict=True)]
    return [*found, *(_again(item) for item in draft.proposal.reapplied)]


def _fields(before: Sequence[Object], after: Sequence[Object], draft: Draft) -> tuple[FieldChange, ...]:
    found = pairs(before, after, draft.inputs.namespace)
    return tuple(item for pair in found for item in fields(pair))


def _change(item: Wanted, decides: tuple[FieldChange, ...], draft: Draft, files: _Files) -> Change:
    row = item.control
    file = next(edit for edit in files.edited if edit.sets(item.path))
    line = item.leaf.source.line if item.leaf and item.leaf.source.file == file.name else 0
    return Change(
        row.id, str(row.source), row.raw, row.fingerprint, item.path, file.name, line,
        item.leaf.value if item.leaf else None, item.value, decides,
    )  # fmt: skip


def _again(item: Reapplied) -> Change:
    """Return the change of a field whose value the files state already."""
    row, live = item.control, item.point.reading(Leg.LIVE)
    name, pointer = item.place
    values = item.point.reading(Leg.VALUES)
    wanted = values.normalised or values.raw or row.raw
    decides = FieldChange(*name, pointer, live.raw, wanted)
    return Change(
        row.id, str(row.source), row.raw, row.fingerprint, row.paths[0] if row.paths else "",
        values.where.partition(":")[0], 0, wanted, wanted, (decides,),
    )  # fmt: skip


def _way_back(draft: Draft, carried: Upgrade) -> str:
    """Return what a person types to take it back: from a first revision only a person can, no plan uninstalls."""
    if draft.elsewhere:
        return ""
    return " ".join(uninstall(carried)) if draft.action is Action.INSTALL else f"agent rollback {PLAN}"


def _upgrade(draft: Draft, files: Sequence[Path], context: str) -> Upgrade:
    return Upgrade(draft.where.name, draft.where.namespace, context, draft.chart.path, files, draft.seconds)


def _applied(draft: Draft, box: Sandbox) -> str:
    """Return how the release's last revision was applied."""
    if draft.inputs.release is None:
        return ""
    found = helm.metadata(box, draft.where.name, draft.where.namespace)
    if isinstance(found, Failure):
        raise Indeterminate(str(found))
    return found.applied
