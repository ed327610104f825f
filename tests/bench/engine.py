"""A container of a real Docker engine: `agent debug` beside the docker commands it cannot do without."""

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.measure import Line, cost
from tests.cluster.engine import engine
from tests.cluster.images import BUSYBOX

AGENT = Path(sys.executable).parent / "agent"

CALLS = (
    "docker ps --all --no-trunc --format='{{.|json}}'",
    "docker inspect ended",
    "docker info --format='{{.|json}}'",
    "docker logs ended --tail=500 --timestamps",
    "docker events --since=1h --until=0s --filter=container=ended",
    "docker image inspect registry.local/busybox:1",
    "docker history registry.local/busybox:1",
)
"""One after another, as a person would type them."""


def lines() -> Iterator[Line]:
    """Yield what a diagnosis of an ended container costs, against those commands."""
    with engine() as found:
        found.docker("run", "--network=none", "--name=ended", BUSYBOX, "sh", "-c", "echo no; exit 3", check=False)
        env = {"DOCKER_HOST": found.host}
        floor = cost(["sh", "-c", " && ".join(CALLS)], env=env)
        told = cost([AGENT, "debug", "ended"], env=env, answers=(1,))
        yield Line("agent debug, beside its docker calls", told.seconds, floor.seconds, "s ", 2)
