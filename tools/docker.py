"""docker, read only, against the engine the user's active context names: resolved once, then pinned for the run."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tools.failure import Failure, FailureKind
from tools.files import read
from tools.permit import Permit
from tools.run import run, run_json, run_json_lines, run_planned
from tools.sandbox import Sandbox

Records = Sequence[Mapping[str, Any]]

ROOTFUL = "unix:///var/run/docker.sock"

STARTING = 20.0
"""Seconds the engine has to start a container."""

JSON = "--format={{.|json}}"
"""`json` alone is a word of clients since 23: Debian 12's 20.10 prints it as it stands."""


def endpoint() -> str:
    """Return the address of the engine in use: DOCKER_HOST, else the active context's, else the rootful socket.

    The context is read from docker's own files (rootless, Docker Desktop and colima each write one); ssh and TLS
    endpoints are returned as they are, the client refuses what it cannot reach.
    """
    if os.environ.get("DOCKER_HOST"):
        return os.environ["DOCKER_HOST"]
    config = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    name = os.environ.get("DOCKER_CONTEXT") or _json(config / "config.json").get("currentContext")
    if not name or name == "default":
        return ROOTFUL
    metas = [_json(path) for path in sorted((config / "contexts" / "meta").glob("*/meta.json"))]
    found: Any = next((meta for meta in metas if meta.get("Name") == name), {})
    for key in ("Endpoints", "docker", "Host"):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) and found else ROOTFUL


def version(box: Sandbox) -> str | Failure:
    """Return the engine's version: `28.2.2`; a Failure when no engine answers."""
    found = run_json(["docker", "version", JSON], box)
    if isinstance(found, Failure):
        return found
    server = found.get("Server") if isinstance(found, dict) else None
    if not isinstance(server, dict):
        return Failure(FailureKind.UNREACHABLE, "docker version", f"no engine at {box.docker_host or ROOTFUL}")
    return str(server.get("Version") or "")


def info(box: Sandbox) -> Mapping[str, Any] | Failure:
    """Return the engine: its machine, memory, security options."""
    found = run_json(["docker", "info", JSON], box)
    if isinstance(found, Failure):
        return found
    if not isinstance(found, dict) or found.get("ServerErrors") or not found.get("ServerVersion"):
        return Failure(FailureKind.UNREACHABLE, "docker info", f"no engine at {box.docker_host or ROOTFUL}")
    return found


def ps(box: Sandbox) -> Records | Failure:
    """Return every container, running or not, one mapping each, as docker prints them as JSON."""
    return _lines(["docker", "ps", "--all", "--no-trunc", JSON], box)


def inspect(box: Sandbox, container: str) -> Mapping[str, Any] | Failure:
    """Return one container in full, redacted; environment values with telling names are masked."""
    return _one(["docker", "inspect", container, "--type=container"], box)


def image(box: Sandbox, name: str) -> Mapping[str, Any] | Failure:
    """Return one image's record; its environment is masked like a container's."""
    return _one(["docker", "image", "inspect", name], box)


def history(box: Sandbox, name: str) -> Records | Failure:
    """Return the steps an image was built by, the newest first; redacted."""
    return _lines(["docker", "history", name, "--no-trunc", JSON], box)


def images(box: Sandbox) -> Records | Failure:
    """Return every image that has a name, one mapping each."""
    return _lines(["docker", "images", JSON], box)


def start(box: Sandbox, argv: Sequence[str], permit: Permit) -> Failure | None:
    """Start a stopped container as it is: `docker start NAME`, which a person has approved."""
    done = run_planned(argv, box, permit, timeout=STARTING, answers=(0, 1))
    return done if isinstance(done, Failure) else None


class Line(NamedTuple):
    """One line of a container's log."""

    at: str
    """When it was said, as the engine writes times."""
    text: str


def logs(box: Sandbox, container: str, *, lines: int = 500) -> Sequence[Line] | Failure:
    """Return the end of a container's log, redacted: standard output and standard error in the order they were said."""
    found = run(["docker", "logs", container, f"--tail={lines}", "--timestamps"], box)
    if isinstance(found, Failure):
        return found
    said = (line.partition(" ") for line in (found.stdout + found.stderr).split("\n"))
    return sorted((Line(at, text) for at, _, text in said if at), key=lambda line: line.at)


def stats(box: Sandbox, container: str = "") -> Records | Failure:
    """Return resource use of the running containers, or of one, once; the engine measures for a second or two."""
    return _lines(["docker", "stats", *([container] if container else []), "--no-stream", "--no-trunc", JSON], box)


def events(box: Sandbox, since: str, container: str = "") -> Records | Failure:
    """Return the engine's events of a span that ends now, of one container where it is named; `since` is like `10m`."""
    of = [f"--filter=container={container}"] if container else []
    return _lines(["docker", "events", f"--since={since}", "--until=0s", *of, JSON], box)


def _lines(argv: Sequence[str], box: Sandbox) -> Records | Failure:
    found: Records | Failure = run_json_lines(argv, box)
    return found


def _one(argv: Sequence[str], box: Sandbox) -> Mapping[str, Any] | Failure:
    """Return the one record of an inspection, which docker prints as a list."""
    found = run_json(argv, box)
    if isinstance(found, Failure):
        return found
    what = " ".join(argv)
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        return Failure(FailureKind.MALFORMED, what, "printed no list of records")
    return found[0] if found else Failure(FailureKind.NOT_FOUND, what, "no such object")


def _json(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(read(path))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
