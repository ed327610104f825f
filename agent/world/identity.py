"""Which cluster this is and who we are there, by what cannot be given to another: asked before anything changes."""

import getpass
import hashlib
from dataclasses import dataclass

from agent.change.plan import Actor, Target
from agent.config import Settings
from agent.errors import Indeterminate
from tools import kubectl
from tools.access import Access
from tools.cluster import Reader, connect
from tools.deadline import Deadline
from tools.failure import Failure
from tools.kubeconfig import access
from tools.sandbox import sandbox

SYSTEM = "kube-system"


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """The cluster and the identity there. Never printed: it holds credentials."""

    access: Access
    cluster: str
    """UID of the namespace kube-system or, where that may not be read, of the release's own namespace."""
    actor: Actor

    def target(self, namespace: str, release: str) -> Target:
        """Return a release of this cluster as a plan names it."""
        authority = hashlib.sha256(self.access.ca).hexdigest() if self.access.ca else ""
        return Target(self.access.context, self.access.server, authority, self.cluster, namespace, release)


def identity(settings: Settings, context: str, namespace: str, deadline: Deadline) -> Identity:
    """Return who we are in the cluster of a context, "" for the one in force.

    Raises:
        Indeterminate: the cluster does not say.

    """
    found = access(context or settings.context, settings.kubeconfig, deadline)
    if isinstance(found, Failure):
        raise Indeterminate(str(found))
    return Identity(found, _uid(found, namespace, deadline), _actor(found, settings, deadline))


def _uid(found: Access, namespace: str, deadline: Deadline) -> str:
    reader = connect(found, deadline)
    if isinstance(reader, Failure):
        raise Indeterminate(str(reader))
    try:
        return next(uid for name in (SYSTEM, namespace) if (uid := _uid_of(reader, name)))
    except StopIteration as none:
        raise Indeterminate(
            f"neither namespace {SYSTEM} nor {namespace} says its UID, so nobody knows the cluster"
        ) from none
    finally:
        reader.close()


def _uid_of(reader: Reader, namespace: str) -> str:
    found = reader.json(f"/api/v1/namespaces/{namespace}")
    meta = found.get("metadata") if isinstance(found, dict) else None
    return str(meta.get("uid") or "") if isinstance(meta, dict) else ""


def _actor(found: Access, settings: Settings, deadline: Deadline) -> Actor:
    with sandbox(found, path=settings.path, deadline=deadline) as box:
        said = kubectl.whoami(box)
    if isinstance(said, Failure):
        raise Indeterminate(str(said))
    groups = said.get("groups")
    return Actor(
        getpass.getuser(), str(said.get("username") or ""), tuple(map(str, groups if isinstance(groups, list) else ()))
    )
