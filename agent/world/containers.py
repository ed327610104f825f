"""Containers and images of the Docker engine in use: which one is meant, and everything that is read of it."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from agent.config import Settings
from agent.container.look import SERVICE, Look, Record
from agent.errors import AgentError, Indeterminate, UsageError
from agent.kube.fields import moment
from agent.kube.wording import closest
from tools import docker
from tools.deadline import Deadline
from tools.failure import Failure, FailureKind
from tools.sandbox import Sandbox, sandbox

T = TypeVar("T")

EVENTS = "720h"
"""How far back the engine's events are asked for; it keeps the last 256 of all, so that a longer span costs nothing."""

SLACK = timedelta(seconds=1)
"""How much later than its first words an engine may say that a container began: before 25.0 it took the time last."""

NO_SUCH = (FailureKind.NOT_FOUND, FailureKind.DENIED)
"""Nothing is called so, or nothing can be: our own policy lets no word into a command that is no name."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a name means: containers, or an image of which none was made."""

    looks: tuple[Look, ...]
    steps: tuple[tuple[Record, ...], ...]
    """How the image of each was built, the newest step first."""
    image: Record | None = None
    image_steps: tuple[Record, ...] = ()
    engine: str = ""
    """Its address."""


def found(name: str, settings: Settings, deadline: Deadline) -> Found:
    """Return what a container's, a compose service's or an image's name means on the engine in use.

    Raises:
        UsageError: nothing is called so; says what is near.
        Indeterminate: no engine answers, or what was found is gone again.

    """
    with sandbox(path=settings.path, docker_host=docker.endpoint(), deadline=deadline) as box:
        listed = _or_raise(docker.ps(box))
        meant = _meant(name.removeprefix("/"), listed)
        if not meant:
            return _image(name, listed, box)
        read = [_read(str(item.get("ID") or ""), listed, box) for item in meant]
        return Found(tuple(look for look, _ in read), tuple(steps for _, steps in read), engine=box.docker_host)


def _meant(name: str, listed: Sequence[Record]) -> list[Record]:
    """Return the containers of that name or id, else those of that service of compose."""
    by_name = [item for item in listed if name in str(item.get("Names") or "").split(",")]
    by_id = [item for item in listed if len(name) >= 4 and str(item.get("ID") or "").startswith(name)]
    of_service = [item for item in listed if f"{SERVICE}={name}" in str(item.get("Labels") or "").split(",")]
    return by_name or by_id or of_service


def _image(name: str, listed: Sequence[Record], box: Sandbox) -> Found:
    """Return an image of that name, and the containers that were made of it."""
    image = docker.image(box, name)
    if isinstance(image, Failure):
        if image.kind not in NO_SUCH:
            raise _error(image)
        raise UsageError(_near(name, listed, box))
    return Found((), (), image, tuple(_known(docker.history(box, name), ())), box.docker_host)


def _near(name: str, listed: Sequence[Record], box: Sandbox) -> str:
    names = [str(item.get("Names") or "") for item in listed]
    images = docker.images(box)
    known = [] if isinstance(images, Failure) else [f"{item.get('Repository')}:{item.get('Tag')}" for item in images]
    near = closest(name, [*names, *known, *(text.partition(":")[0] for text in known)])
    hint = f"; did you mean {near}?" if near else ""
    return f"{name}: no container, service of compose or image is called so on {box.docker_host}{hint}"


def _read(container: str, listed: Sequence[Record], box: Sandbox) -> tuple[Look, tuple[Record, ...]]:
    """Return one container with everything around it. What does not depend on anything else is asked at once."""
    gaps, unread = list[str](), list[str]()
    with ThreadPoolExecutor(6) as workers:
        inspection = workers.submit(docker.inspect, box, container)
        engine = workers.submit(docker.info, box)
        log = workers.submit(docker.logs, box, container)
        events = workers.submit(docker.events, box, EVENTS, container)
        told = _or_raise(inspection.result())
        usage = workers.submit(docker.stats, box, container) if (told.get("State") or {}).get("Running") else None
        image = workers.submit(docker.image, box, str(told.get("Image") or ""))
        named = workers.submit(docker.image, box, str((told.get("Config") or {}).get("Image") or ""))
        steps = workers.submit(docker.history, box, str(told.get("Image") or ""))
    look = Look(
        taken_at=datetime.now(UTC),
        engine=_part(engine, {}, gaps, "the engine's machine"),
        container=told,
        image=_part(image, {}, gaps, "its image"),
        current=_known(named.result(), {}),
        log=_of_last_run(_part(log, (), unread, "its log"), told),
        log_gap="".join(unread),
        usage=_first(usage, gaps),
        events=_part(events, (), gaps, "events"),
        neighbours=[item for item in listed if str(item.get("ID") or "") != str(told.get("Id") or "")],
        gaps=(*gaps, *unread),
    )
    return look, tuple(_known(steps.result(), ()))


def _of_last_run(lines: Sequence[docker.Line], told: Record) -> str:
    """Return what it said in its last run: what ended an earlier one is no word about how this one ended.

    Of one that runs all is kept: what it was restarted for is said before.
    """
    state = told.get("State") or {}
    began = moment(state.get("StartedAt"))
    if state.get("Running") or began is None or began.year == 1:
        return "".join(f"{line.text}\n" for line in lines)
    timed = ((moment(line.at) or began, line.text) for line in lines)
    return "".join(f"{text}\n" for at, text in timed if at >= began - SLACK)


def _part(read: "Future[T | Failure]", empty: T, gaps: list[str], what: str) -> T:
    """Return what was read; where it could not be, what there is in its place, and a line that says so."""
    answer = read.result()
    if isinstance(answer, Failure):
        gaps.append(f"{what}: {answer.detail}")
        return empty
    return answer


def _first(read: "Future[Sequence[Record] | Failure] | None", gaps: list[str]) -> Record | None:
    """Return the one record of a container's use, None where it does not run."""
    told: Sequence[Record] = _part(read, (), gaps, "its use") if read is not None else ()
    return next(iter(told), None)


def _known(answer: "T | Failure", empty: T) -> T:
    return empty if isinstance(answer, Failure) else answer


def _or_raise(answer: "T | Failure") -> T:
    if isinstance(answer, Failure):
        raise _error(answer)
    return answer


def _error(failure: Failure) -> AgentError:
    """Return what a person reads where nothing could be looked at."""
    return Indeterminate(f"{failure}; what needs no engine still works: agent diagnose")


def image_of(name: str, settings: Settings, deadline: Deadline) -> Record:
    """Return an image of the engine in use.

    Raises:
        UsageError: there is none of that name.
        Indeterminate: no engine answers.

    """
    with sandbox(path=settings.path, docker_host=docker.endpoint(), deadline=deadline) as box:
        image = docker.image(box, name)
        if isinstance(image, Failure) and image.kind in NO_SUCH:
            raise UsageError(f"{name}: no such image on {box.docker_host}")
        return _or_raise(image)
