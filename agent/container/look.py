"""One look at one container: what the engine says of it, of its image and of whoever is beside it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.kube.fields import moment

Record = Mapping[str, Any]
"""One JSON object as docker prints it, redacted."""


SERVICE = "com.docker.compose.service"
"""The label by which compose says which of its services a container is of."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen. Immutable; what could not be read is empty, and named in `gaps`."""

    taken_at: datetime
    engine: Record
    """`docker info`."""
    container: Record
    """`docker inspect`."""
    image: Record
    """The image it was made of, as `docker image inspect` says."""
    current: Record
    """What its image's name stands for now: another one where it was built anew since."""
    log: str = ""
    """Of its last run, where it does not run."""
    usage: Record | None = None
    """`docker stats`, of a running one."""
    events: Sequence[Record] = ()
    """Of this container, the oldest first."""
    neighbours: Sequence[Record] = ()
    """Other containers of the engine, as `docker ps` lists them."""
    gaps: tuple[str, ...] = ()
    log_gap: str = ""
    """Why its log could not be read, "" where it could."""

    @property
    def name(self) -> str:
        """Return the container's name, without the engine's slash."""
        return str(self.container.get("Name") or "").lstrip("/")

    @property
    def state(self) -> Record:
        """Return its state."""
        return _map(self.container.get("State"))

    @property
    def config(self) -> Record:
        """Return what it was told: entrypoint, command, environment, user."""
        return _map(self.container.get("Config"))

    @property
    def host(self) -> Record:
        """Return what the host gives it: limits, ports, restart policy, log driver."""
        return _map(self.container.get("HostConfig"))

    @property
    def running(self) -> bool:
        """Return whether it runs now."""
        return bool(self.state.get("Running")) and not self.state.get("Restarting")

    @property
    def exit_code(self) -> int:
        """Return the status of its last end; 0 too where it never ended."""
        return _count(self.state.get("ExitCode"))

    @property
    def never_ran(self) -> bool:
        """Return whether it never started: the engine made it, and could or did not run it."""
        return str(self.state.get("StartedAt") or "").startswith("0001-") or self.state.get("Status") == "created"

    @property
    def restarts(self) -> int:
        """Return how often its restart policy started it again."""
        return _count(self.container.get("RestartCount"))

    @property
    def command(self) -> Sequence[str]:
        """Return the words it runs: the entrypoint, then the command."""
        words = [*(self.config.get("Entrypoint") or ()), *(self.config.get("Cmd") or ())]
        return [str(word) for word in words]

    @property
    def environment(self) -> Mapping[str, str]:
        """Return its variables; values with telling names are masked."""
        pairs = (str(item).partition("=") for item in self.config.get("Env") or ())
        return {name: value for name, _, value in pairs}

    @property
    def networks(self) -> Sequence[str]:
        """Return the networks it is in."""
        return sorted((self.container.get("NetworkSettings") or {}).get("Networks") or {})

    def mounts(self) -> Iterator[Record]:
        """Yield what is mounted into it."""
        yield from self.container.get("Mounts") or ()

    def mounted(self, path: str) -> Record | None:
        """Return the mount that holds a path, the innermost one."""
        found = [item for item in self.mounts() if _holds(str(item.get("Destination") or ""), path)]
        return max(found, key=lambda item: len(str(item.get("Destination"))), default=None)

    def time(self, key: str) -> datetime | None:
        """Return a time of its state, None where that is not set: the engine then says year 1."""
        found = moment(self.state.get(key))
        return found if found is not None and found.year > 1 else None

    def told(self, action: str) -> Sequence[Record]:
        """Return the engine's events of a kind since its last start; the engine keeps the last 256 of all containers.

        Of an earlier run they say nothing of how this one ended.
        """
        last = max((place for place, item in enumerate(self.events) if action_of(item) == "start"), default=-1)
        return [item for item in self.events[last + 1 :] if action_of(item) == action]

    @property
    def ends_known(self) -> bool:
        """Return whether the engine's events reach back to its end, so that who ended it would be among them."""
        return bool(self.told("die"))

    @property
    def lived(self) -> float | None:
        """Return the seconds of its last run, None where it runs or never did."""
        began, ended = self.time("StartedAt"), self.time("FinishedAt")
        return None if began is None or ended is None or ended < began else (ended - began).total_seconds()


def action_of(event: Record) -> str:
    """Return what an event of the engine says happened: `start`, `die`, `kill`."""
    return str(event.get("Action") or event.get("status") or "")


def attribute_of(event: Record, name: str) -> object:
    """Return an attribute of an event: `exitCode` of an end, `signal` of a kill."""
    return _map(_map(event.get("Actor")).get("Attributes")).get(name)


def _map(value: object) -> Record:
    """Return a mapping, an empty one for anything else: an engine is somebody else's program."""
    return value if isinstance(value, dict) else {}


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0


def _holds(place: str, path: str) -> bool:
    return bool(place) and (path == place or path.startswith(f"{place.rstrip('/')}/"))
