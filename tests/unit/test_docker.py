"""docker, read only: one engine, chosen as docker itself chooses it, and none of its containers' secrets."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.executables import Replay, install
from tools import docker
from tools.failure import Failure, FailureKind
from tools.sandbox import Sandbox, sandbox

PRINTED = Path(__file__).parents[1] / "fakes" / "printed"
ROOTLESS = "unix:///run/user/1000/docker.sock"
CANARY = "canary-hunter2"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with sandbox(path=str(tmp_path), docker_host=ROOTLESS) as made:
        yield made


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".docker").mkdir()
    return tmp_path


def context(home: Path, name: str, host: object) -> None:
    folder = home / ".docker" / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    folder.mkdir(parents=True)
    meta = {"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": host, "SkipTLSVerify": False}}}
    (folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")


def current(home: Path, text: str) -> None:
    (home / ".docker" / "config.json").write_text(text, encoding="utf-8")


def failed(found: object) -> Failure:
    assert isinstance(found, Failure), found
    return found


def test_without_any_configuration_it_is_the_rootful_socket(home: Path) -> None:
    assert docker.endpoint() == docker.ROOTFUL


def test_the_active_context_names_the_engine(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rootless, Docker Desktop and colima each write one; the rootful socket would be another machine's view."""
    context(home, "rootless", ROOTLESS)
    context(home, "colima", "unix:///home/me/.colima/docker.sock")
    current(home, '{"currentContext": "rootless"}')
    assert docker.endpoint() == ROOTLESS
    monkeypatch.setenv("DOCKER_CONTEXT", "colima")
    assert docker.endpoint() == "unix:///home/me/.colima/docker.sock"
    monkeypatch.setenv("DOCKER_HOST", "tcp://10.0.0.1:2376")
    assert docker.endpoint() == "tcp://10.0.0.1:2376"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"currentContext": "gone"}', '{"currentContext": "default"}'])
def test_a_broken_configuration_falls_back(home: Path, text: str) -> None:
    current(home, text)
    assert docker.endpoint() == docker.ROOTFUL


@pytest.mark.parametrize("host", [None, 3, {}, ""])
def test_a_context_without_a_host_falls_back(home: Path, host: object) -> None:
    context(home, "odd", host)
    current(home, '{"currentContext": "odd"}')
    assert docker.endpoint() == docker.ROOTFUL


def test_every_call_goes_to_the_pinned_engine_and_reads_no_user_configuration(tmp_path: Path, box: Sandbox) -> None:
    """A `docker context use` in another terminal must not redirect what is being looked at."""
    program = install(tmp_path, "docker", Replay(b""))
    docker.ps(box)
    (call,) = program.calls()
    assert call.environment["DOCKER_HOST"] == ROOTLESS
    assert call.environment["DOCKER_CONFIG"] == str(box.folder / "empty")
    assert "--no-trunc" in call.argv


def test_the_version_of_an_engine_and_of_none(tmp_path: Path, box: Sandbox) -> None:
    install(tmp_path, "docker", Replay(b'{"Client": {"Version": "28.2.2"}, "Server": {"Version": "28.3.0"}}'))
    assert docker.version(box) == "28.3.0"
    said = b"Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n"
    install(tmp_path, "docker", Replay((PRINTED / "docker-version-no-engine.json").read_bytes(), said, 1))
    assert failed(docker.version(box)).kind is FailureKind.UNREACHABLE
    install(tmp_path, "docker", Replay((PRINTED / "docker-version-no-engine.json").read_bytes()))
    assert failed(docker.version(box)).kind is FailureKind.UNREACHABLE


RECORD = {
    "Id": "0f",
    "Name": "/web-1",
    "Path": "/app",
    "Args": [f"--db-password={CANARY}", "--port=80"],
    "State": {"Status": "exited", "ExitCode": 137, "OOMKilled": True},
    "Config": {
        "Env": [f"DB_PASSWORD={CANARY}", f"STRIPE_KEY={CANARY}", f"URL=postgres://a:{CANARY}@db/x", "MODE=dev", "X"],
        "Labels": {"com.example.token": CANARY, "team": "shop"},
        "Cmd": ["sh", "-c", f"export API_TOKEN={CANARY}; exec app"],
    },
}


def test_an_inspection_keeps_the_facts_and_no_secret(tmp_path: Path, box: Sandbox) -> None:
    install(tmp_path, "docker", Replay(json.dumps([RECORD]).encode()))
    for found in (docker.inspect(box, "web-1"), docker.image(box, "web:1")):
        assert not isinstance(found, Failure)
        assert CANARY not in repr(found)
        assert found["State"] == RECORD["State"]
        assert found["Config"]["Env"][3:] == ["MODE=dev", "X"]
        assert found["Config"]["Labels"]["team"] == "shop"
        assert found["Args"][1] == "--port=80"


@pytest.mark.parametrize("text", [b"", b"{}", b"[3]", b"null", b'[{"Config": 3}', b"[" * 3000])
def test_an_inspection_of_another_shape_is_malformed(tmp_path: Path, box: Sandbox, text: bytes) -> None:
    install(tmp_path, "docker", Replay(text))
    assert failed(docker.inspect(box, "web-1")).kind is FailureKind.MALFORMED


@pytest.mark.parametrize("text", [b'[{"Config": 3}]', b'[{"Config": {"Env": null}}]', b'[{"Config": {"Env": [3]}}]'])
def test_an_odd_configuration_is_no_crash(tmp_path: Path, box: Sandbox, text: bytes) -> None:
    install(tmp_path, "docker", Replay(text))
    assert not isinstance(docker.inspect(box, "web-1"), Failure)


def test_a_container_that_is_gone(tmp_path: Path, box: Sandbox) -> None:
    install(tmp_path, "docker", Replay(b"[]\n", b"Error response from daemon: No such container: web-9\n", 1))
    assert failed(docker.inspect(box, "web-9")).kind is FailureKind.NOT_FOUND
    install(tmp_path, "docker", Replay(b"[]\n"))
    assert failed(docker.inspect(box, "web-9")).kind is FailureKind.NOT_FOUND


def test_lists_are_one_mapping_a_line(tmp_path: Path, box: Sandbox) -> None:
    lines = b'{"ID":"0f","Names":"web-1","State":"running"}\n\n{"ID":"1f","Labels":"token=canary-hunter2,a=b"}\n'
    install(tmp_path, "docker", Replay(lines))
    for found in (docker.ps(box), docker.stats(box), docker.events(box, "10m")):
        assert not isinstance(found, Failure)
        assert [item["ID"] for item in found] == ["0f", "1f"]
        assert CANARY not in repr(found)


def test_a_client_older_than_the_word_json(tmp_path: Path, box: Sandbox) -> None:
    """Debian 12's docker 20.10 takes `--format=json` for a template and prints `json` for every container."""
    lines, records = Replay(b'{"ID":"0f","Server":{"Version":"20.10.24"}}\n'), Replay(json.dumps([RECORD]).encode())
    install(tmp_path, "docker", {"--format=json": Replay(b"json\n"), "inspect": records, "": lines})
    lists = (docker.version(box), docker.ps(box), docker.stats(box), docker.events(box, "10m"))
    single = (docker.inspect(box, "web-1"), docker.image(box, "web:1"))
    assert [found for found in (*lists, *single) if isinstance(found, Failure)] == []


@pytest.mark.parametrize("text", [b'{"ID":"0f"}\n{"ID":', b"progress\n{}", b"3\n"])
def test_a_half_list_is_malformed(tmp_path: Path, box: Sandbox, text: bytes) -> None:
    install(tmp_path, "docker", Replay(text))
    assert failed(docker.ps(box)).kind is FailureKind.MALFORMED


def test_logs_of_both_streams_are_bounded_and_redacted(tmp_path: Path, box: Sandbox) -> None:
    said = b"2026-11-24T10:00:00.1Z first token=abcdefgh\n2026-11-24T10:00:00.3Z third\n"
    program = install(tmp_path, "docker", Replay(said, b"2026-11-24T10:00:00.2Z second\n"))
    found = docker.logs(box, "web-1")
    assert not isinstance(found, Failure)
    assert [line.text for line in found] == ["first token=***", "second", "third"]
    assert "--tail=500" in program.calls()[0].argv
    assert failed(docker.logs(box, "web-1", lines=501)).kind is FailureKind.DENIED


def test_nothing_that_changes_or_enters_is_started(tmp_path: Path, box: Sandbox) -> None:
    program = install(tmp_path, "docker", Replay(b"[]"))
    assert failed(docker.inspect(box, "--format={{.Config.Env}}")).kind is FailureKind.DENIED
    assert failed(docker.events(box, "10m --follow")).kind is FailureKind.DENIED
    assert program.calls() == []
