"""docker, read only, against the engine the user's active context names: resolved once, then pinned for the run."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.failure import Failure, FailureKind
from tools.redact import MASK, SECRET_NAME, redact
from tools.run import Sandbox, run, run_json

ROOTFUL = "unix:///var/run/docker.sock"


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
    found = next((meta for meta in metas if meta.get("Name") == name), {})
    return str((found.get("Endpoints") or {}).get("docker", {}).get("Host") or ROOTFUL)


def version(box: Sandbox) -> str | Failure:
    """Return the engine's version: `28.2.2`; a Failure when no engine answers."""
    found = run_json(["docker", "version", "--format=json"], box)
    if isinstance(found, Failure):
        return found
    server = found.get("Server")
    if not server:
        return Failure(FailureKind.UNREACHABLE, "docker version", f"no engine at {box.docker_host or ROOTFUL}")
    return str(server.get("Version") or "")


def ps(box: Sandbox) -> Sequence[Mapping[str, Any]] | Failure:
    """Return every container, running or not, one mapping each, as `docker ps --format json` prints them."""
    return _lines(["docker", "ps", "--all", "--no-trunc", "--format=json"], box)


def inspect(box: Sandbox, container: str) -> Mapping[str, Any] | Failure:
    """Return one container in full; environment values and labels with telling names are masked."""
    found = run_json(["docker", "inspect", container, "--type=container", "--format=json"], box)
    if isinstance(found, Failure):
        return found
    if not isinstance(found, list) or not found or not isinstance(found[0], dict):
        return Failure(FailureKind.NOT_FOUND, f"docker inspect {container}", "no such container")
    return _quiet(found[0])


def logs(box: Sandbox, container: str, *, lines: int = 500) -> str | Failure:
    """Return the end of a container's log, both streams, redacted."""
    found = run(["docker", "logs", container, f"--tail={lines}", "--timestamps"], box)
    return found if isinstance(found, Failure) else found.stdout + found.stderr


def stats(box: Sandbox) -> Sequence[Mapping[str, Any]] | Failure:
    """Return resource use of the running containers, once."""
    return _lines(["docker", "stats", "--no-stream", "--no-trunc", "--format=json"], box)


def image(box: Sandbox, name: str) -> Mapping[str, Any] | Failure:
    """Return one image's record; its environment is masked like a container's."""
    found = run_json(["docker", "image", "inspect", name, "--format=json"], box)
    if isinstance(found, Failure):
        return found
    return (
        _quiet(found[0]) if found else Failure(FailureKind.NOT_FOUND, f"docker image inspect {name}", "no such image")
    )


def events(box: Sandbox, since: str) -> Sequence[Mapping[str, Any]] | Failure:
    """Return the engine's events of a span that ends now; `since` is like `10m`."""
    return _lines(["docker", "events", f"--since={since}", "--until=0s", "--format=json"], box)


def _lines(argv: Sequence[str], box: Sandbox) -> Sequence[Mapping[str, Any]] | Failure:
    found = run(argv, box)
    if isinstance(found, Failure):
        return found
    if found.truncated:
        return Failure(FailureKind.TRUNCATED, " ".join(argv[:2]), "more output than the cap")
    try:
        return [json.loads(line) for line in found.stdout.splitlines() if line.strip()]
    except ValueError:
        return Failure(FailureKind.MALFORMED, " ".join(argv[:2]), "a line is no JSON")


def _quiet(record: Mapping[str, Any]) -> Mapping[str, Any]:
    config = dict(record.get("Config") or {})
    config["Env"] = [_variable(str(item)) for item in config.get("Env") or ()]
    config["Labels"] = {key: _value(str(key), str(value)) for key, value in (config.get("Labels") or {}).items()}
    return {**record, "Config": config}


def _variable(item: str) -> str:
    name, equals, value = item.partition("=")
    return f"{name}{equals}{_value(name, value)}"


def _value(name: str, value: str) -> str:
    return MASK if value and SECRET_NAME.search(name) else redact(value)


def _json(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
