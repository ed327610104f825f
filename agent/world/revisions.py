"""A release's revisions, and what the last one changed: asked of helm, on a live cluster."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.kube.manifests import changed
from agent.snapshot.record import Ref, Release
from agent.world.world import World
from tools import helm
from tools.failure import Failure
from tools.kubeconfig import access
from tools.sandbox import Sandbox, sandbox

LAST = 10
"""Revisions that are told of, the newest."""


@dataclass(frozen=True, slots=True)
class Revisions:
    """What helm tells of a release's past."""

    revisions: Sequence[helm.Revision] = ()
    changes: Sequence[tuple[Ref, str]] = ()
    """(object, what the last revision changed of it); nothing of a first revision."""
    reason: str = ""
    """Why some of it is not known, "" where all is."""


def revisions(release: Release, world: World) -> Revisions:
    """Return a release's past."""
    settings = world.settings
    found = access(settings.context, settings.kubeconfig, world.deadline)
    if isinstance(found, Failure):
        return Revisions(reason=str(found))
    with sandbox(found, path=settings.path, deadline=world.deadline) as box:
        listed = helm.history(box, release.name, release.namespace)
        return Revisions(reason=str(listed)) if isinstance(listed, Failure) else _with_changes(release, listed, box)


def _with_changes(release: Release, listed: Sequence[helm.Revision], box: Sandbox) -> Revisions:
    if len(listed) < 2:
        return Revisions(listed)
    manifests = [helm.manifest(box, release.name, release.namespace, item.revision) for item in listed[-2:]]
    failed = next((item for item in manifests if isinstance(item, Failure)), None)
    before, after = ([] if isinstance(item, Failure) else item for item in manifests)
    told = [] if failed else list(changed(before, after))
    return Revisions(listed[-LAST:], told, str(failed) if failed else "")
