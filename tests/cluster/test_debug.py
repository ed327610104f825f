"""`agent debug` on a real Docker engine: each crash by its own name. Lost, somebody reads logs at 3 a.m."""

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import preflight
from tests.cluster.crashes import CRASHES, Crash
from tests.cluster.engine import Engine, engine
from tests.cluster.images import BUSYBOX
from tests.cluster.trouble import Trouble

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).parents[2]

FILES = {
    "run.sh": b"#!/bin/sh\r\necho hello\r\n",
    "notes.txt": b"no program\n",
    "noise": bytes(range(256)),
    "secret.txt": b"for root alone\n",
}
BUILD = f"""\
FROM {BUSYBOX}
COPY run.sh notes.txt noise secret.txt /
RUN chmod 755 /run.sh /noise && chmod 600 /secret.txt && chmod 644 /notes.txt
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    reason = preflight.unable()
    if reason:
        pytest.skip(reason)
    with engine(networks=True) as found:
        built(found, tmp_path_factory.mktemp("build"))
        for network in ("shop", "lonely"):
            found.docker("network", "create", network)
        found.docker("run", "--detach", "--network=shop", "--name=database", BUSYBOX, "sleep", "3600")
        found.docker("run", "--detach", "--network=shop", "--name=fallen", BUSYBOX, "false")
        found.docker("run", "--detach", "--publish=18080:80", "--name=holder", BUSYBOX, "sleep", "3600")
        yield found


def built(found: Engine, folder: Path) -> None:
    """Make an image with files that cannot be run, and one that says it is for another machine."""
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o755)
    (folder / "Dockerfile").write_text(BUILD, encoding="utf-8")
    env = os.environ | {"DOCKER_BUILDKIT": "0", "DOCKER_HOST": found.host}
    subprocess.run(
        ["docker", "build", "--quiet", "--tag=bluehelm/crlf", str(folder)], check=True, env=env, capture_output=True
    )
    archive = folder / "arm.tar"
    archive.write_bytes(foreign(FILES["noise"]))
    found.docker("load", "--quiet", f"--input={archive}")


def foreign(program: bytes) -> bytes:
    """Return an image, as `docker save` writes one, that says it is for another machine."""
    layer = packed({"noise": program})
    config = {
        "architecture": "arm64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": ["bluehelm/arm:latest"], "Layers": ["layer.tar"]}]
    parts = {"manifest.json": json.dumps(manifest).encode(), "config.json": json.dumps(config).encode()}
    return packed({**parts, "layer.tar": layer})


def packed(files: dict[str, bytes]) -> bytes:
    found = BytesIO()
    with tarfile.open(fileobj=found, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o755
            archive.addfile(info, BytesIO(content))
    return found.getvalue()


def agent(running: Engine, *argv: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"DOCKER_HOST": running.host}
    done = subprocess.run(
        [sys.executable, "-m", "agent", *argv], capture_output=True, text=True, env=env, cwd=ROOT, timeout=90
    )
    assert "Traceback" not in done.stderr
    return done


def told(running: Engine, name: str) -> dict[str, Any]:
    done = agent(running, "debug", name, "-o", "json")
    assert done.returncode in (0, 1), done.stderr
    (only,) = json.loads(done.stdout)["containers"]
    assert isinstance(only, dict)
    return only


def played(running: Engine, crash: Crash) -> str:
    """Make the container and do to it what is to be done; what the engine refuses stays behind as it is."""
    name = f"crash-{crash.name}"
    words = ("sh", "-c", crash.script) if crash.script else crash.command
    verb = ("create",) if crash.then == ("create",) else ("run", "--detach")
    running.docker(*verb, f"--name={name}", *crash.flags, crash.image, *words, check=False)
    for command in crash.then:
        if command != "create":
            running.docker(*command.replace("NAME", name).split()[1:])
    return name


def settled(running: Engine, crash: Crash, name: str) -> dict[str, Any]:
    """Return what is said of it once it is what it was made to be."""
    end = time.monotonic() + 5 + crash.seconds
    while True:
        found = told(running, name)
        codes = [item["code"] for item in found["causes"]]
        if (codes[:1] == [crash.code] if crash.code else not codes) or time.monotonic() > end:
            return found
        time.sleep(0.5)


@pytest.mark.parametrize("crash", CRASHES, ids=lambda crash: crash.name)
def test_each_crash_is_called_by_its_name(running: Engine, crash: Crash) -> None:
    name = played(running, crash)
    try:
        found = settled(running, crash, name)
    finally:
        running.docker("rm", "--force", name, check=False)
    causes = found["causes"]
    assert [item["code"] for item in causes[:1]] == ([crash.code] if crash.code else []), causes
    assert crash.says in (causes[0]["says"] if causes else ""), causes
    assert all(item["evidence"] and item["fix"] for item in causes)


def test_what_is_not_there_is_refused_with_the_nearest(running: Engine) -> None:
    done = agent(running, "debug", "databse")
    assert done.returncode == 2
    assert "did you mean database?" in done.stderr


def test_a_service_of_compose_is_all_its_containers(running: Engine) -> None:
    for number in (1, 2):
        label = "--label=com.docker.compose.service=web"
        running.docker("run", "--detach", f"--name=shop-web-{number}", label, BUSYBOX, "sleep", "600")
    try:
        done = agent(running, "debug", "web", "-o", "json")
        assert {item["name"] for item in json.loads(done.stdout)["containers"]} == {"shop-web-1", "shop-web-2"}
    finally:
        running.docker("rm", "--force", "shop-web-1", "shop-web-2")


def test_an_image_gets_advice_and_two_of_them_a_difference(running: Engine) -> None:
    done = agent(running, "debug", "bluehelm/crlf", "--against", BUSYBOX, "-o", "json")
    image = json.loads(done.stdout)["image"]
    assert {"root-user", "no-healthcheck"} <= {item["code"] for item in image["dockerfile"]}
    assert any(item.startswith("layers: ") for item in image["changes"])


def test_a_log_that_cannot_be_read_is_said_and_not_taken_for_silence(running: Engine) -> None:
    running.docker("run", "--detach", "--log-driver=none", "--name=mute", BUSYBOX, "sleep", "600")
    try:
        done = agent(running, "debug", "mute")
        assert done.returncode == 3
        assert "its log" in done.stdout
    finally:
        running.docker("rm", "--force", "mute")


def test_a_container_that_is_not_as_its_blueprint_says(running: Engine) -> None:
    running.docker("tag", BUSYBOX, "todo-backend:latest")
    argv = ("--memory=256m", "--name=backend-1", "todo-backend:latest", "sleep", "600")
    running.docker("run", "--detach", *argv)
    try:
        found = {item["control"]: item for item in told(running, "backend-1")["blueprint"]}
        assert (found["SVC-BE-MEM-LIMIT"]["wanted"], found["SVC-BE-MEM-LIMIT"]["has"]) == ("512Mi", "256Mi")
        assert "SVC-BE-IMAGE" not in found
    finally:
        running.docker("rm", "--force", "backend-1")


def test_a_container_that_goes_while_it_is_looked_at_is_one_line(running: Engine) -> None:
    """Between the list and the inspection somebody removes it."""
    for _ in range(3):
        running.docker("run", "--detach", "--rm", "--name=brief", BUSYBOX, "sleep", "0.3", check=False)
        done = agent(running, "debug", "brief")
        assert done.returncode in (0, 1, 2, 3)
        assert len(done.stderr.splitlines()) <= 4


def test_binary_logs_are_shown_as_text(running: Engine) -> None:
    running.docker("run", "--detach", "--name=noisy", BUSYBOX, "sh", "-c", "head -c 4000 /dev/urandom; exit 1")
    try:
        time.sleep(1)
        done = agent(running, "debug", "noisy")
        assert done.returncode == 1
        assert "\x1b" not in done.stdout
    finally:
        running.docker("rm", "--force", "noisy")


def test_no_engine_is_one_line_that_says_what_still_works() -> None:
    with pytest.raises(Trouble):
        Engine("unix:///nonexistent.sock").docker("ps")
    done = agent(Engine("unix:///nonexistent.sock"), "debug", "x")
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1
