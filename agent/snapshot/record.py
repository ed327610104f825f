"""The record of one look at the world. Immutable; everything downstream reads only this.

Kubernetes objects stay the plain dicts the API gave, minus managed fields; Secrets carry no data, only
their name, type and number of keys (`{"kind": "Secret", "type": …, "keys": 3, "metadata": {…}}`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

Object = Mapping[str, Any]
"""One Kubernetes object as the API gave it."""


class Ref(NamedTuple):
    """The name of an object: kind as the API spells it (`Deployment`), namespace ("" for cluster-scoped), name."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """`Pod/todo-app/web-1`; without namespace `Node/worker-1`."""
        return "/".join(part for part in self if part)


class State(StrEnum):
    """How whole one part of a snapshot is."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    """Cut short: what is there is true, what is absent proves nothing."""
    DENIED = "denied"
    """401 or 403."""
    FAILED = "failed"
    """Unreachable, timed out, malformed."""
    NOT_SERVED = "not-served"
    """The cluster has no such API (no metrics-server, say); absence is a fact here, not a gap."""


@dataclass(frozen=True, slots=True)
class Part:
    """Where one part came from and how whole it is.

    `name` is the kind for lists (`Pod`), `logs/NS/POD/CONTAINER` for a log, `releases`, `metrics/pods`, `containers`.
    `source` is the API path or the argv. `reason` is one cleaned line, "" when complete; `hint` what to do about it.
    """

    name: str
    source: str
    state: State
    count: int = 0
    reason: str = ""
    hint: str = ""
    needed: bool = True
    """Whether an answer is indeterminate without it. Releases, metrics and logs only sharpen what objects say."""


class LogKey(NamedTuple):
    """One container's log; `previous` is the instance before the last restart."""

    namespace: str
    pod: str
    container: str
    previous: bool


@dataclass(frozen=True, slots=True)
class Usage:
    """One container's use at one moment: CPU in cores, memory (working set) in bytes."""

    namespace: str
    pod: str
    container: str
    cpu: float
    memory: int


@dataclass(frozen=True, slots=True)
class NodeUsage:
    """One node's use at one moment, its system's included: CPU in cores, memory (working set) in bytes."""

    node: str
    cpu: float
    memory: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A certificate as whoever connects is shown it: its public part, and no Secret."""

    subject: Ref
    """Whose it is: a Node (its kubelet's), an Ingress, a webhook's configuration; `User` and `Cluster` are this look's
    own client certificate and API server."""
    door: str
    """Where it was shown: `10.0.0.5:443 (shop.example)`."""
    begins: datetime | None
    ends: datetime | None
    reason: str = ""
    """Why nobody knows when it ends."""


@dataclass(frozen=True, slots=True)
class Requested:
    """An API version that somebody asked the API server for since it started, and that will go."""

    group: str
    version: str
    resource: str
    removed: str
    """The minor version without it: `1.38`, "" where none is set."""


@dataclass(frozen=True, slots=True)
class Serving:
    """How the control plane stands. Only a report of the cluster's health asks, and a bundle keeps it."""

    checks: Mapping[str, bool] = field(default_factory=dict)
    """Each of the API server's own checks (`etcd`, `informer-sync`, ...) -> whether it passes."""
    nodes: Sequence[NodeUsage] = ()
    certificates: Sequence[Shown] = ()
    requested: Sequence[Requested] = ()


@dataclass(frozen=True, slots=True)
class Release:
    """A Helm release as `helm list` and `helm get` tell it.

    `values` are the user-supplied values (redacted), `manifest` the objects of the stored manifest without
    Secrets; both None when they could not be read.
    """

    name: str
    namespace: str
    revision: int
    status: str
    chart: str
    app_version: str = ""
    updated: str = ""
    values: Mapping[str, Any] | None = None
    manifest: Sequence[Object] | None = None
    description: str = ""
    """What Helm notes of the revision (`Upgrade complete`, `Rollback to 3`), "" where it was not asked."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Which cluster was looked at. `server` is the URL, `version` the API server's gitVersion; "" when unknown."""

    context: str = ""
    server: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One look at the world. `namespace` is None when all namespaces were asked for."""

    taken_at: datetime
    cluster: Cluster
    namespace: str | None
    objects: Mapping[str, Sequence[Object]]
    """kind -> objects of that kind, in the order the API gave them. A kind that was not read has no entry."""
    parts: Sequence[Part] = ()
    logs: Mapping[LogKey, str] = field(default_factory=dict)
    usage: Sequence[Usage] = ()
    releases: Sequence[Release] = ()
    containers: Sequence[Object] = ()
    """`docker inspect` records, when a Docker engine was asked."""
    origin: str = "live"
    """`live`, or the path of the bundle it was read from."""
    serving: Serving | None = None
    """None where nobody asked."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Kind -> its list's resourceVersion, for whoever watches on from here; a bundle has none."""
    profile: str | None = None
    """The blueprint profile a bundle was captured for (`dev`, `prod`), when it says so."""

    def gaps(self) -> list[Part]:
        """Return the needed parts that are not whole, so that nobody takes absence for health."""
        return [part for part in self.incomplete() if part.needed]

    def incomplete(self) -> list[Part]:
        """Return every part that is not whole, needed or not."""
        return [part for part in self.parts if part.state not in (State.COMPLETE, State.NOT_SERVED)]

    def knows(self, kind: str) -> bool:
        """Return whether the list of `kind` is whole: only then does a missing object mean anything."""
        return any(part.name == kind and part.state is State.COMPLETE for part in self.parts)
