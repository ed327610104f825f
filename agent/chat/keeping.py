"""One look for one question: whoever asks next about the same place is shown what was seen already."""

import time
from dataclasses import dataclass, field

from agent.config import Settings
from agent.events import Emit
from agent.snapshot.depth import PLAIN, Depth
from agent.snapshot.narrow import narrow
from agent.snapshot.record import Snapshot
from agent.world.look import look
from agent.world.scope import Cluster, Scope
from tools.deadline import Deadline

Key = tuple[str | None, str | None, str | None, str | None, bool]

FRESH = 15.0
"""Seconds a look is shown again for: the operations of one answer, and a follow-up typed at once."""


@dataclass(slots=True)
class Keeper:
    """Takes looks, and keeps each for as long as it is fresh. It is what a World of a conversation looks with."""

    _kept: dict[Key, tuple[float, Depth, Snapshot]] = field(default_factory=dict)

    def __call__(self, scope: Scope, settings: Settings, emit: Emit, deadline: Deadline, depth: Depth) -> Snapshot:
        """Return the look asked for: a kept one, a part of a kept one, or a new one."""
        kept = self._fitting(scope, depth or PLAIN)
        if kept is not None:
            return kept
        found = look(scope, settings, emit, deadline, depth)
        self._kept[_key(scope)] = (time.monotonic(), depth or PLAIN, found)
        return found

    def _fitting(self, scope: Scope, depth: Depth) -> Snapshot | None:
        exact = self._fresh(_key(scope), depth)
        if exact is not None or scope.namespace is None:
            return exact
        cluster = scope.cluster
        every = self._fresh(_key(Scope(scope.bundle, Cluster(None, True, cluster.connection))), depth)
        return narrow(every, scope.namespace) if every is not None else None

    def _fresh(self, key: Key, depth: Depth) -> Snapshot | None:
        at, deep, found = self._kept.get(key, (0.0, PLAIN, None))
        fits = found is not None and deep == depth and time.monotonic() - at < FRESH
        return found if fits else None


def _key(scope: Scope) -> Key:
    cluster, connection = scope.cluster, scope.cluster.connection
    whole = cluster.all_namespaces or (scope.bundle is not None and cluster.namespace is None)
    return (scope.bundle, connection.context, connection.kubeconfig, cluster.namespace, whole)
