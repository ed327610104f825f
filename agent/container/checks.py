"""A container that runs and is not well: its health check, its restarts, and what it is waiting in."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agent.container.cause import Cause, shown
from agent.container.ends import decoded
from agent.container.look import Look
from agent.kube.fields import number
from agent.kube.wording import counted, duration
from agent.severity import Severity
from tools.text import clean

_NO_PROGRAM = re.compile(r"executable file not found|: not found|No such file or directory", re.IGNORECASE)
_REFUSED = re.compile(r"refused|can't connect|failed to connect", re.IGNORECASE)

NANO = 1_000_000_000


def checks(look: Look) -> Iterator[Cause]:
    """Yield what is not well about a container that was not ended."""
    if look.state.get("Paused"):
        yield Cause("paused", "is paused: none of its processes run", (shown(look.name, "/State/Paused", "true"),),
                    "Let it go on", f"docker unpause {look.name}", Severity.WARNING)  # fmt: skip
    health = look.state.get("Health") or {}
    if look.running and health.get("Status") == "unhealthy":
        yield _unhealthy(health, look)
    if look.never_ran and not look.state.get("Error"):
        says = "was created and never started"
        proof = (shown(look.name, "/State/Status", look.state.get("Status")),)
        yield Cause("never-started", says, proof, "Start it", f"docker start --attach {look.name}", Severity.WARNING)
    if look.state.get("Dead"):
        says = "is dead: the engine could not remove it whole"
        yield Cause(
            "dead", says, (shown(look.name, "/State/Dead", "true"),), "Remove it", f"docker rm --force {look.name}"
        )


def _unhealthy(health: Mapping[str, Any], look: Look) -> Cause:
    """Say why its health check fails: its program is absent, it takes too long, nobody listens, it says no."""
    rounds: Sequence[Mapping[str, Any]] = health.get("Log") or ()
    last = rounds[-1] if rounds else {}
    output, code = clean(str(last.get("Output") or ""), 300), number(last.get("ExitCode"))
    test = " ".join(str(word) for word in (look.config.get("Healthcheck") or {}).get("Test") or ())
    streak = number(health.get("FailingStreak"))
    proof = (
        shown(look.name, "/State/Health/Log", f"exit code {decoded(code)}: {output or 'it printed nothing'}"),
        shown(look.name, "/Config/Healthcheck/Test", test),
    )
    why, fix = _why(output, code, look)
    return Cause("unhealthy", f"is unhealthy: its check failed {streak} times in a row, {why}", proof, fix)


def _why(output: str, code: int, look: Look) -> tuple[str, str]:
    seconds = number((look.config.get("Healthcheck") or {}).get("Timeout")) / NANO or 30
    if "exceeded timeout" in output.lower():
        return (
            f"it took longer than its timeout of {seconds:.0f} s",
            "Raise --timeout of HEALTHCHECK, or see what keeps it from answering",
        )
    if code in (126, 127) or _NO_PROGRAM.search(output):
        return (
            "the program it calls is not in the image",
            "Install what the check calls (curl, wget), or check with a program that is there",
        )
    if _REFUSED.search(output):
        return (
            "nobody listens where it asks",
            "See that the program listens on that port and address, or correct the check",
        )
    return f"it ends with {decoded(code)}", "See what the check asks, and why that fails"


def proof_of_health(look: Look) -> list[str]:
    """Return in sentences why a running container is taken for well."""
    since = look.time("StartedAt")
    lasted = duration((look.taken_at - since).total_seconds()) if since else "an unknown time"
    told = [f"It has been running for {lasted}, restarted {counted(look.restarts, 'time')}."]
    health = str((look.state.get("Health") or {}).get("Status") or "")
    told.append(
        f"Its health check says {health}." if health else "It has no health check, so nobody asks whether it answers."
    )
    return told
