"""What `strace` is asked with."""

from dataclasses import dataclass

from agent.argument import arg


@dataclass(frozen=True)
class Strace:
    """Which call of a container fails."""

    name: str = arg(
        "a container; one that is stopped is started once more", positional=True, required=True, metavar="CONTAINER"
    )
    copy: bool = arg("follow a throw-away copy: mounts read-only, no ports, gone afterwards", default=False)
    seconds: float | None = arg("follow it for so long at most (default: 5)", metavar="SECONDS", above=0, most=60)
    timeout: float | None = arg("give up on the engine after this long", metavar="SECONDS", above=0, most=3600)
