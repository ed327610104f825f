"""Commands that cannot be executed although the image has them: hidden, without x, with Windows line ends."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from agent.diagnose.finding import Finding
from agent.snapshot.record import Snapshot
from tests.fakes.captures import found, world

Raw = dict[str, Any]
NO_FILE = 'failed to start: exec: "{0}": stat {0}: no such file or directory: unknown'


def refused(
    command: Sequence[str],
    volume: Raw | None = None,
    path: str = "",
    *,
    message: str = "",
    log: str = "",
    code: int = 1,
) -> Snapshot:
    """Return the capture of a program that never runs: the runtime's message, or what its log says."""
    base = world("exception-at-start")
    pods = [copy.deepcopy(dict(pod)) for pod in base.objects["Pod"]]
    for pod in pods:
        container = pod["spec"]["containers"][0]
        container |= {"command": list(command), "args": []}
        if volume:
            pod["spec"].setdefault("volumes", []).append({"name": "data", **volume})
            container.setdefault("volumeMounts", []).append({"name": "data", "mountPath": path})
        for state in ("state", "lastState"):
            ended = pod["status"]["containerStatuses"][0].get(state, {}).get("terminated")
            if ended:
                ended |= {"exitCode": code} | ({"reason": "StartError", "message": message} if message else {})
    return replace(base, logs=dict.fromkeys(base.logs, log), objects={**base.objects, "Pod": pods})


def with_script(snapshot: Snapshot, text: str) -> Snapshot:
    namespace = snapshot.objects["Pod"][0]["metadata"]["namespace"]
    config = {"kind": "ConfigMap", "metadata": {"name": "scripts", "namespace": namespace}, "data": {"run.sh": text}}
    return replace(snapshot, objects={**snapshot.objects, "ConfigMap": [*snapshot.objects["ConfigMap"], config]})


def only(snapshot: Snapshot) -> Finding:
    (finding,) = found(snapshot)
    assert finding.mode.code == "command-not-found"
    return finding


def test_a_volume_over_the_program_hides_it() -> None:
    """The image is right; building it anew changes nothing."""
    snapshot = refused(["/app/server"], {"emptyDir": {}}, "/app", message=NO_FILE.format("/app/server"))
    assert "/app/server is hidden by volume data, which is mounted at /app" in only(snapshot).cause


def test_a_volume_beside_the_program_hides_nothing() -> None:
    snapshot = refused(["/app/server"], {"emptyDir": {}}, "/app-data", message=NO_FILE.format("/app/server"))
    assert only(snapshot).cause.endswith("/app/server is not in the image")


SCRIPTS = {"configMap": {"name": "scripts"}}


def test_a_script_in_a_volume_without_x() -> None:
    message = 'exec: "/scripts/run.sh": permission denied: unknown'
    finding = only(refused(["/scripts/run.sh"], SCRIPTS, "/scripts", message=message, code=126))
    assert "volume data gives its files mode 0644, without x" in finding.cause
    executable = {"configMap": {"name": "scripts", "defaultMode": 0o755}}
    finding = only(refused(["/scripts/run.sh"], executable, "/scripts", message=message, code=126))
    assert finding.cause.endswith("/scripts/run.sh may not be executed")


def test_a_script_with_windows_line_ends() -> None:
    for log in ("env: 'bash\\r': No such file or directory", "/bin/sh^M: bad interpreter: No such file or directory"):
        assert "end in CR LF" in only(refused(["/app/run.sh"], log=log, code=127)).cause
    log = "exec /scripts/run.sh: no such file or directory"
    snapshot = refused(["/scripts/run.sh"], SCRIPTS, "/scripts", log=log)
    assert "end in CR LF" in only(with_script(snapshot, "#!/bin/sh\r\necho\r\n")).cause


def test_a_script_whose_interpreter_is_not_there() -> None:
    log = "exec /scripts/run.sh: no such file or directory"
    snapshot = refused(["/scripts/run.sh"], SCRIPTS, "/scripts", log=log)
    assert "is a script for /bin/bash, which is not in the image" in only(with_script(snapshot, "#!/bin/bash\n")).cause
