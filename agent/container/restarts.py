"""A container that its policy starts again and again: what is to be judged is the run that ended, not the next one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from agent.container.cause import Cause, shown
from agent.container.look import Look, Record, action_of, attribute_of
from agent.kube.fields import number
from agent.kube.wording import counted
from agent.severity import Severity

STEADY = 10.0
"""Seconds after which docker takes a restarted container for well and waits as little again as at first
(restartmanager.go)."""

SETTLED = 600.0
"""Seconds after which nobody has to be told of a restart, as with the kubelet's own back-off."""


def loop(look: Look) -> Cause | None:
    """Return that its policy starts it again and again, None where it does not or where that is long ago."""
    policy = look.host.get("RestartPolicy") or {}
    name, most = str(policy.get("Name") or "no"), number(policy.get("MaximumRetryCount"))
    if not look.restarts or (look.running and _up(look) > SETTLED):
        return None
    gave_up = name == "on-failure" and most and look.restarts >= most and not look.running
    goes_on = "was given up" if gave_up else "goes on" if look.state.get("Restarting") else "is up for now"
    says = (
        f"was started again {counted(look.restarts, 'time')} (policy {name}{f':{most}' if most else ''}), and {goes_on}"
    )
    proof = (shown(look.name, "/RestartCount", look.restarts),)
    fix = "Mend the cause: a policy only repeats it" if not look.running else "Watch it: the cause may come back"
    return Cause("restart-loop", says, proof, fix, severity=Severity.WARNING)


def last_run(look: Look) -> Look:
    """Return the container as its last run left it, where its policy has just begun another; else as it is.

    Between two crashes the engine calls it running and its exit code 0. It has come through only once it has been up
    for longer than the time before.
    """
    if not look.running or not look.restarts:
        return look
    run = _run(look.events)
    began, died = (_at(run[0]), _at(run[-1])) if run else (None, None)
    if began is None or died is None or _up(look) > max(STEADY, (died - began).total_seconds()):
        return look
    return replace(look, container={**look.container, "State": {**look.state, **_left(run, began, died)}}, events=run)


def _left(run: Sequence[Record], began: datetime, died: datetime) -> Record:
    """Return the state that a run left, as the engine states it between two of them."""
    return {
        "Status": "restarting",
        "Running": False,
        "Restarting": True,
        "ExitCode": number(attribute_of(run[-1], "exitCode")),
        "OOMKilled": any(action_of(item) == "oom" for item in run),
        "StartedAt": began.isoformat(),
        "FinishedAt": died.isoformat(),
    }


def _run(events: Sequence[Record]) -> Sequence[Record]:
    """Return the events of the last run that ended, from its start to its end; none where they do not tell of one."""
    told = [action_of(item) for item in events]
    died = max((place for place, action in enumerate(told) if action == "die"), default=0)
    began = max((place for place, action in enumerate(told[:died]) if action == "start"), default=died)
    return events[began : died + 1] if began < died else ()


def _up(look: Look) -> float:
    since = look.time("StartedAt")
    return (look.taken_at - since).total_seconds() if since else 0.0


def _at(event: Record) -> datetime | None:
    """Return when an event was: nanoseconds since 1970."""
    nano = number(event.get("timeNano"))
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=nano // 1000) if nano else None
