"""What a report of health leaves for the next ones, and what changed since an earlier one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from agent.health.concern import Concern
from agent.health.engine import Health
from agent.kube.fields import moment, number, statuses
from agent.severity import Severity
from agent.snapshot.record import Ref, Snapshot


class Noted(NamedTuple):
    """One concern of an earlier report."""

    code: str
    subject: Ref
    says: str


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept of a report."""

    taken_at: datetime
    points: int
    restarts: int
    """Of all containers that there were."""
    concerns: tuple[Noted, ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """What changed since an earlier report."""

    before: Record
    new: tuple[Concern, ...]
    gone: tuple[Noted, ...]
    restarts: int
    """How many more there are; fewer where pods have gone."""


def record(health: Health, snapshot: Snapshot) -> Record:
    """Return what is kept of a report."""
    restarts = (
        number(found.get("restartCount")) for pod in snapshot.objects.get("Pod", ()) for _, found in statuses(pod)
    )
    told = [item for item in health.concerns if item.severity is not Severity.INFO]
    noted = tuple(Noted(item.code, item.subject, item.says) for item in told)
    return Record(snapshot.taken_at, health.score.points, sum(restarts), noted)


def trend(before: Record, health: Health, now: Record) -> Trend:
    """Return what changed: a concern is the same one while its code and its subject are."""
    then = {(item.code, item.subject) for item in before.concerns}
    still = {(item.code, item.subject) for item in now.concerns}
    told = (item for item in health.concerns if item.severity is not Severity.INFO)
    new = tuple(item for item in told if (item.code, item.subject) not in then)
    gone = tuple(item for item in before.concerns if (item.code, item.subject) not in still)
    return Trend(before, new, gone, now.restarts - before.restarts)


def as_data(kept: Record) -> Mapping[str, Any]:
    """Return a record as JSON, with the names that `health -o json` has for the same."""
    return {
        "taken_at": kept.taken_at.isoformat(),
        "score": {"points": kept.points},
        "restarts": kept.restarts,
        "concerns": [
            {"code": item.code, "subject": item.subject._asdict(), "says": item.says, "severity": "warning"}
            for item in kept.concerns
        ],
    }


def from_data(told: Mapping[str, Any]) -> Record:
    """Return the record in a JSON document of ours, also in a whole `health -o json`.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: it is none.

    """
    at = moment(told["taken_at"])
    if at is None:
        raise ValueError("it does not say when it was taken")
    noted: Sequence[Noted] = [
        Noted(str(item["code"]), Ref(*(str(item["subject"][part]) for part in Ref._fields)), str(item["says"]))
        for item in told["concerns"]
        if item["severity"] != "info"
    ]
    return Record(at, int(told["score"]["points"]), int(told["restarts"]), tuple(noted))
