"""What `explain` is asked with."""

from dataclasses import dataclass

from agent.argument import arg


@dataclass(frozen=True)
class Explain:
    """One failure mode, or the whole catalogue."""

    code: str | None = arg(
        "oom-killed, 65, CrashLoopBackOff or 'exit code 137' (default: every cause there is)",
        positional=True,
        metavar="CODE",
    )
