"""Logs that are asked for by name: read from a live cluster, or what a capture holds of them."""

from collections.abc import Mapping, Sequence

from agent.snapshot.logs import NO_LOG
from agent.snapshot.record import LogKey, Snapshot
from agent.world.look import connected
from agent.world.world import World
from tools.failure import Failure, FailureKind

NOT_CAPTURED = Failure(
    FailureKind.NOT_FOUND, "log", "the capture holds none of it", "capture it anew: it keeps every log"
)
GONE = Failure(FailureKind.NOT_FOUND, "log", "the kubelet has thrown it away")


def read(
    wanted: Sequence[LogKey], snapshot: Snapshot, world: World, *, live: bool, seconds: int | None
) -> Mapping[LogKey, str | Failure]:
    """Return each log, or why it could not be read.

    Args:
        wanted: whose.
        snapshot: the look they were found in; of a capture it holds the logs too.
        world: how to connect.
        live: whether the look was at a cluster.
        seconds: how far back, None for as far as the log goes.

    """
    if not live:
        return {key: snapshot.logs.get(key, NOT_CAPTURED) for key in wanted}
    reader = connected(world.settings, world.deadline)
    try:
        return {key: _one(reader.log(*key[:3], previous=key.previous, seconds=seconds)) for key in wanted}
    finally:
        reader.close()


def _one(text: str | Failure) -> str | Failure:
    return GONE if isinstance(text, str) and text.startswith(NO_LOG) else text
