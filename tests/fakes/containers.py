"""Containers of an engine built by hand, as docker inspects them: for what no engine here does, and near misses."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from agent.blueprint.load import parse
from agent.container.calls import Call
from agent.container.engine import examine
from agent.container.examined import Examined
from agent.container.look import Look
from agent.operate.debug import Debugged, OfImage
from agent.operate.strace import Traced
from agent.resources import blueprint_files
from agent.world.owners import Owner

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
Raw = dict[str, Any]

IMAGE: Raw = {
    "Id": "sha256:1",
    "Os": "linux",
    "Architecture": "amd64",
    "Size": 12 << 20,
    "Created": "2026-11-20T10:00:00Z",
    "Config": {"User": "10001", "Healthcheck": {"Test": ["CMD", "true"]}, "Env": ["PATH=/bin"]},
    "RootFS": {"Layers": ["sha256:a", "sha256:b"]},
}


def look(
    *,
    code: int = 1,
    log: str = "",
    state: Raw | None = None,
    config: Raw | None = None,
    host: Raw | None = None,
    events: Sequence[Mapping[str, Any]] = (),
    neighbours: Sequence[Mapping[str, Any]] = (),
    image: Raw = IMAGE,
    log_gap: str = "",
    **more: Any,
) -> Look:
    """Return a container that ended with that code a minute after it began, unless `state` says otherwise."""
    ended = {"StartedAt": "2026-11-24T09:58:00Z", "FinishedAt": "2026-11-24T09:59:00Z", "Status": "exited"}
    container = {
        "Id": "c1",
        "Name": "/web",
        "Image": "sha256:1",
        "State": {**ended, "ExitCode": code, "Error": "", **(state or {})},
        "Config": {"Image": "web:1.2.3", "Cmd": ["/app"], "Env": ["MODE=dev"], "User": "", **(config or {})},
        "HostConfig": {"RestartPolicy": {"Name": "no"}, **(host or {})},
        "NetworkSettings": {"Networks": {"shop": {}}},
        **more,
    }
    engine = {"Architecture": "x86_64"}
    return Look(NOW, engine, container, image, image, log, None, events, neighbours, log_gap=log_gap)


def running(**more: Any) -> Look:
    """Return a container that runs."""
    state = {"Status": "running", "Running": True, "StartedAt": "2026-11-24T09:00:00Z", **more.pop("state", {})}
    return look(code=0, state=state, **more)


def examined(seen: Look) -> Examined:
    """Return what is said of a container, held against the shipped blueprints."""
    return examine(seen, (), parse(blueprint_files("")[1]), None)


def debugged() -> list[Debugged]:
    """Return answers of `debug`: one of each sort."""
    failing = examined(look(log="FATAL: password authentication failed for user shop"))
    well = examined(running())
    image = OfImage("web:1", "for linux/amd64, 12Mi", (), ("layers: the first 1 are the same, 1 went, 1 came",))
    return [
        Debugged("web", (failing, well), None, "unix:///var/run/docker.sock"),
        Debugged("web:1", (), image, "unix:///var/run/docker.sock"),
    ]


def traced() -> list[Traced]:
    """Return answers of `strace`: a call that failed, none that did, and nothing seen."""
    call = Call(7, "openat", 'AT_FDCWD, "/data/app.db", O_RDWR', "EACCES", "Permission denied")
    commands = (("strace", "--attach=7"), ("docker", "start", "web"))
    owner = Owner("/data", 0, 0o755, is_folder=True)
    return [
        Traced(look(), commands, call, owner, 5, (call.said, "exit_group(1)"), "exit code 1"),
        Traced(look(), commands, None, None, 3, ("exit_group(0)",), ""),
        Traced(look(), commands, None, None, 0, (), ""),
    ]
