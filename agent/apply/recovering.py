"""The plan out of a pending release: `helm rollback` to what was in force, or to what was being installed first."""

from datetime import UTC, datetime
from pathlib import Path

from agent import __version__
from agent.apply.commands import PLAN
from agent.apply.inputs import programs
from agent.audit.inputs import Objects
from agent.blueprint.control import Profile
from agent.change.plan import SCHEMA, Action, DryRun, Effects, Inputs, Plan, Return, Target, times
from agent.change.standing import base, seen
from agent.config import Settings
from agent.errors import Denied, Indeterminate
from agent.snapshot.graph import ref
from agent.snapshot.record import Release, Snapshot
from agent.world.identity import Identity
from tools import helm
from tools.failure import Failure
from tools.sandbox import sandbox
from tools.upgrade import Upgrade, rollback

SECONDS = 300


def recovery(
    release: Release, target: Target, who: Identity, profile: Profile, snapshot: Snapshot, settings: Settings
) -> Plan:
    """Return the plan that takes a release back to its last deployed revision."""
    with sandbox(who.access, path=settings.path) as box:
        history = helm.history(box, release.name, release.namespace)
        told = helm.metadata(box, release.name, release.namespace)
        tools = tuple(programs(box))
    if isinstance(history, Failure) or isinstance(told, Failure):
        raise Indeterminate(str(history if isinstance(history, Failure) else told))
    deployed = [item.revision for item in history if item.status in ("deployed", "superseded")]
    if not deployed and release.revision > 1:
        raise Denied(f"no revision of {release.name} was ever deployed; a person has to decide what becomes of it")
    back = deployed[-1] if deployed else release.revision
    live = Objects([obj for listed in snapshot.objects.values() for obj in listed], release.namespace)
    names = [ref(obj)._replace(namespace=ref(obj).namespace or release.namespace) for obj in release.manifest or ()]
    now = seen(names, live, snapshot)
    created, expires = times(profile, datetime.now(UTC))
    upgrade = Upgrade(release.name, release.namespace, settings.applier or who.access.context, Path("/"), (), SECONDS)
    return Plan(
        schema=SCHEMA,
        action=Action.RECOVER,
        created=created,
        expires=expires,
        version=__version__,
        profile=profile,
        target=target,
        actor=who.actor,
        applier=settings.applier,
        protected=profile is Profile.PROD,
        inputs=Inputs("", "", {}, tools),
        chart="",
        values=(),
        blueprints="",
        base=base(release, told.applied, now),
        changes=(),
        edits=(),
        rendered="",
        diff="",
        dry_run=DryRun("client", "helm has no dry run of a rollback"),
        conflicts=(),
        effects=Effects(tuple(map(str, now)), (), (), (), 0, ()),
        argv=(rollback(upgrade, back),),
        undo=(),
        seconds=SECONDS,
        hooks=0,
        rollback=Return(back, "", f"agent history {PLAN}"),
        notes=_notes(release, back, bool(deployed)),
    )


def _notes(release: Release, back: int, was_deployed: bool) -> tuple[str, ...]:
    began = f"{release.status} since {release.updated or 'nobody knows when'}, revision {release.revision}"
    if was_deployed:
        return (
            began,
            f"revision {back} was the last one in force; what the files say is ahead of it until they are applied",
        )
    return (began, "no revision was ever in force: the one that was being installed is installed")
