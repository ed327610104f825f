"""`watch`: keep looking, and say what became broken, recovered or unsettled."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from agent.blueprint.control import Blueprints, Profile
from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.engine import diagnose
from agent.events import Emit, Part, Warned
from agent.exitcode import ExitCode
from agent.health.alerts import Alerts, alerts
from agent.health.changes import Change, Standing, due, step
from agent.operate.arguments.watch import Watch
from agent.operate.span import span
from agent.remedy.ground import ground
from agent.severity import Severity
from agent.snapshot.depth import PLAIN
from agent.snapshot.graph import Graph
from agent.snapshot.record import Snapshot, State
from agent.world.blueprints import read
from agent.world.look import warn_of_gaps
from agent.world.scope import Scope
from agent.world.watching import Watching
from agent.world.world import World

BUDGET = 20.0
"""Seconds all rules together may take of one look."""

FOREVER = 10 * 365 * 86_400.0


class End(StrEnum):
    """How a watch ends."""

    OVER = "over"
    """The time it was given is."""
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Watched:
    """What changed at one moment; the first of all says how it stands, the last one what is left."""

    changes: tuple[Change, ...]
    place: str = ""
    """What is watched, "" but in the first."""
    broken: int = 0
    """Of error severity, now."""
    unknown: int = 0
    end: End | None = None
    """How it ended; None while it goes on."""


def run(args: Watch, world: World, emit: Emit) -> Watched:
    """Watch until the time is up or somebody interrupts; each change is a part of the answer as soon as it is known."""
    lasts = _seconds(args.span)
    first = world.look(Scope(cluster=args.cluster), emit, PLAIN)
    warn_of_gaps(first, emit)
    latest = Watched((), _place(first))
    try:
        for latest in _told_of(first, world, emit, time.monotonic() + lasts):
            if latest.changes or latest.place:
                emit(Part(latest))
    except KeyboardInterrupt:
        return replace(latest, changes=(), place="", end=End.INTERRUPTED)
    return replace(latest, changes=(), place="", end=End.OVER)


def _told_of(first: Snapshot, world: World, emit: Emit, until: float) -> Iterator[Watched]:
    """Yield what each look is judged to be; where only metrics are new, the judgement of before holds."""
    blueprints, standing, blind = read(world.settings.blueprints, emit), Standing(), Blindness(emit)
    judged, place = None, _place(first)
    watching = Watching(first, world.settings, emit, until)
    for seen in watching.looks():
        at = seen.look.taken_at
        judged = _judged(seen.look, blueprints, world) if seen.changed or judged is None else judged
        raised = alerts(Graph(seen.look), blueprints, _profile(world))
        blind.see(seen.look, raised)
        standing, changes = step(standing, judged, raised, at)
        watching.wake = due(judged, standing, at)
        yield _told(changes, judged, place)
        place = ""


@dataclass(slots=True)
class Blindness:
    """Whether metrics are read, and what a person was told of it: an alert that cannot be raised is no health."""

    emit: Emit
    told: bool = False

    def see(self, look: Snapshot, raised: Alerts) -> None:
        """Say once what is not judged while metrics are not read, and once that it is again."""
        blind = any(part.name == "metrics" and part.state is not State.COMPLETE for part in look.parts)
        if blind and not self.told:
            for text in raised.unknown:
                self.emit(Warned(text))
            self.told = bool(raised.unknown)
        elif self.told and not blind:
            self.told = False
            self.emit(Warned("metrics are read again, and memory is judged"))


def code(result: Watched) -> ExitCode:
    """Return how it stood in the end."""
    if result.end is End.INTERRUPTED:
        return ExitCode.INTERRUPTED
    if result.unknown:
        return ExitCode.INDETERMINATE
    return ExitCode.FOUND if result.broken else ExitCode.OK


def _seconds(text: str | None) -> float:
    return span(text, "--span").total_seconds() if text else FOREVER


def _judged(look: Snapshot, blueprints: Blueprints, world: World) -> Diagnosis:
    found = diagnose(look, None, BUDGET)
    assert isinstance(found, Diagnosis)  # noqa: S101 - only of a subject is there a Failure
    return ground(found, blueprints, look, world.settings.profile)


def _profile(world: World) -> Profile | None:
    named = world.settings.profile
    return Profile(named) if named in set(Profile) else None


def _told(changes: list[Change], diagnosis: Diagnosis, place: str) -> Watched:
    broken = sum(item.severity is Severity.ERROR for item in diagnosis.findings)
    return Watched(tuple(changes), place, broken, len(diagnosis.unknown))


def _place(first: Snapshot) -> str:
    where = f"namespace {first.namespace}" if first.namespace else "all namespaces"
    return f"{where}, context {first.cluster.context}"
