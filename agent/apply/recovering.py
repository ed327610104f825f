"""The plan out of a pending release: `helm rollback` to what was in force, or to what was being installed first."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from agent import __version__
from agent.apply.inputs import programs
from agent.audit.inputs import Objects, identity
from agent.blueprint.control import Profile
from agent.change.files import manifest_diff
from agent.change.plan import Action, DryRun, Inputs, Plan, Return, Target, times
from agent.change.reach import effects, pairs
from agent.change.standing import base, manifest_digest, seen
from agent.config import Settings
from agent.errors import Denied, known
from agent.snapshot.record import Release, Snapshot
from agent.world.identity import Identity
from tools import helm
from tools.helm import Revision
from tools.sandbox import sandbox
from tools.upgrade import Upgrade, rollback

SECONDS = 300
"""How long helm may wait for what was in force before."""

NEVER_READY = 60
"""How long it may wait for what never was: it may well be what held helm up, and another plan mends it."""


def recovery(
    release: Release, target: Target, who: Identity, profile: Profile, snapshot: Snapshot, settings: Settings
) -> Plan:
    """Return the plan that takes a release back to its last deployed revision."""
    with sandbox(who.access, path=settings.path) as box:
        back = _revision(release, known(helm.history(box, release.name, release.namespace)))
        applied = known(helm.metadata(box, release.name, release.namespace)).applied
        then = known(helm.manifest(box, release.name, release.namespace, back))
        tools = tuple(programs(box))
    live = Objects([obj for listed in snapshot.objects.values() for obj in listed], release.namespace)
    whole = pairs(release.manifest or (), then, release.namespace)
    created, expires = times(profile, datetime.now(UTC))
    seconds = SECONDS if back < release.revision else NEVER_READY
    upgrade = Upgrade(release.name, release.namespace, settings.applier or who.access.context, Path("/"), (), seconds)
    return Plan(
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
        base=base(
            release,
            applied,
            seen([identity(obj, release.namespace) for obj in (*(release.manifest or ()), *then)], live, snapshot),
        ),
        rendered=manifest_digest(then),
        diff=manifest_diff(whole),
        dry_run=DryRun("client", "helm has no dry run of a rollback"),
        effects=effects(whole, live, profile),
        argv=(rollback(upgrade, back),),
        seconds=seconds,
        rollback=Return(back, manifest_digest(then), ""),
        notes=_notes(release, back),
    )


def _revision(release: Release, history: Sequence[Revision]) -> int:
    """Return the revision that was in force last, else the one that was being installed."""
    deployed = [item.revision for item in history if item.status in ("deployed", "superseded")]
    if not deployed and release.revision > 1:
        raise Denied(f"no revision of {release.name} was ever deployed; a person has to decide what becomes of it")
    return deployed[-1] if deployed else release.revision


def _notes(release: Release, back: int) -> tuple[str, ...]:
    began = f"{release.status} since {release.updated or 'nobody knows when'}, revision {release.revision}"
    if back < release.revision:
        return (
            began,
            f"revision {back} was the last one in force; what the files say is ahead of it until they are applied",
        )
    return (began, "no revision was ever in force: the one that was being installed is installed")
