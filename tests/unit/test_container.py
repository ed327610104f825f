"""Containers as an engine tells of them. Lost, a crash is called by another's name, or a healthy one is called ill."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.blueprint.control import Blueprints
from agent.container.calls import calls, failing, of_container
from agent.container.ends import decoded
from agent.container.engine import examine
from agent.container.image import advice, differences
from agent.container.look import Look
from agent.operate.debug import Debugged
from agent.report.debug import as_json, as_text
from agent.report.terminal import Screen
from tests.fakes.containers import IMAGE, NOW, examined, look, running


def codes(seen: Look) -> list[str]:
    return [item.code for item in examined(seen).causes]


def says(seen: Look) -> str:
    return examined(seen).causes[0].says


@pytest.mark.parametrize(
    ("code", "said"),
    [(0, "0"), (3, "3"), (137, "137 (SIGKILL, a kill)"), (139, "139 (SIGSEGV, a segmentation fault)"), (255, "255")],
)
def test_exit_codes_are_decoded(code: int, said: str) -> None:
    assert decoded(code) == said


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ('exec: "app": executable file not found in $PATH: unknown', "program-missing"),
        ('starting container process caused: exec: "/app": permission denied: unknown', "not-executable"),
        ("driver failed: Bind for 0.0.0.0:8080 failed: port is already allocated", "port-taken"),
        ("failed to set up container networking: listen tcp4 0.0.0.0:80: bind: address already in use", "port-taken"),
        ("unable to find user shop: no matching entries in passwd file", "user-missing"),
        ("network 3f2a not found", "network-missing"),
        ("cannot join network of a non running container: 3f2a", "other-container"),
        ("failed to initialize logging driver: dial tcp 10.0.0.9:24224: connect: connection refused", "log-driver"),
        (
            "error while mounting volume '/v': failed to mount local volume: mount :/x:/v: no such device",
            "volume-failed",
        ),
        ("Address already in use", "address-taken"),
        ("error during container init: open /proc/sys/net/nope: no such file or directory: unknown", "kernel-setting"),
        ("error setting rlimits for ready process: error setting rlimit type 7: operation not permitted", "user-limit"),
        ("unable to find group shop: no matching entries in group file", "user-missing"),
        ('chdir to cwd ("/notes.txt") set in config.json failed: not a directory: unknown', "working-dir"),
        ('unable to start container process: exec: "/a/b": stat /a/b: not a directory: unknown', "program-missing"),
        ("unable to find user 0: read /etc/passwd: is a directory: unknown", "start-refused"),
        ('could not select device driver "nvidia" with capabilities: [[gpu]]', "device-missing"),
        ("unknown or invalid runtime name: kata", "runtime-missing"),
        ("invalid mount config for type bind: bind source path does not exist: /srv/data", "mount-source-missing"),
        ("OCI runtime create failed: container init was OOM-killed (memory limit too low?)", "memory-too-small"),
    ],
)
def test_what_the_engine_refuses_is_called_by_its_name(error: str, code: str) -> None:
    assert codes(look(code=128, state={"Error": error, "Status": "created"}))[0] == code


def test_a_refusal_in_words_nobody_knows_is_still_a_refusal() -> None:
    """Lost, a container that cannot start at all is said to have nothing wrong, with exit code 0."""
    words = "failed to create shim task: OCI runtime create failed: write cpu.rt_runtime_us: invalid argument: unknown"
    told = examined(look(code=128, state={"Error": words, "Status": "created"}))
    assert told.failing
    assert told.causes[0].says == "cannot start: write cpu.rt_runtime_us: invalid argument"


def test_a_port_that_is_taken_is_named() -> None:
    told = examined(look(code=128, state={"Error": "Bind for 0.0.0.0:8080 failed: port is already allocated"})).causes[
        0
    ]
    assert "port 8080" in told.says
    assert told.command == "docker ps --filter publish=8080"


@pytest.mark.parametrize(
    ("log", "code"),
    [
        ("OSError: [Errno 30] Read-only file system: '/var/cache/x'", "read-only-root"),
        ("open /data/app.db: permission denied", "file-denied"),
        ("write /var/log/x: no space left on device", "no-space"),
        ("sh: can't fork: Resource temporarily unavailable", "process-limit"),
        ("accept4: too many open files", "file-limit"),
        ("mount: permission denied (are you root?)\nOperation not permitted", "not-permitted"),
        (
            "./app: error while loading shared libraries: libssl.so.1.1: cannot open it",
            "library-missing",
        ),
        ("./app: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found", "library-missing"),
        ("KeyError: 'DATABASE_URL'", "variable-missing"),
        ("Error: listen EADDRINUSE: address already in use :::3000", "port-taken"),
        ("x509: certificate has expired or is not yet valid", "certificate-refused"),
        ("panic: runtime error: index out of range [3] with length 3", "exception"),
    ],
)
def test_the_last_words_of_known_programs_are_known_here_too(log: str, code: str) -> None:
    assert codes(look(log=log))[0] == code


def test_nobody_guesses_where_the_log_says_nothing_known() -> None:
    told = examined(look(code=7, log="starting\nthe moon is in the wrong house")).causes[0]
    assert told.code == "unexplained"
    assert told.confidence == "possible"
    assert "the moon is in the wrong house" in told.says


def test_a_mount_that_may_not_be_opened_is_named_with_its_source() -> None:
    mount = {"Type": "bind", "Source": "/srv/db", "Destination": "/data", "RW": True}
    told = examined(look(log="open /data/app.db: permission denied", config={"User": "1000"}, Mounts=[mount])).causes[0]
    assert (told.code, told.command) == ("mount-denied", "ls -ldn /srv/db")
    assert "as user 1000" in told.says


NEIGHBOUR = {"Names": "db", "State": "running", "Status": "Up 2 hours", "Networks": "shop", "Labels": "", "ID": "d1"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "wrong-port"),
        ({"State": "exited", "Status": "Exited (1)"}, "dependency-down"),
        ({"Names": "other"}, "unreachable"),
        ({"Names": "shop-db-1", "Labels": "a=b,com.docker.compose.service=db"}, "wrong-port"),
    ],
)
def test_a_refused_connection_is_told_by_who_is_there(changes: dict[str, Any], code: str) -> None:
    assert codes(look(log="dial tcp db:5432: connect: connection refused", neighbours=[NEIGHBOUR | changes]))[0] == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Networks": "other"}, "other-network"),
        ({"State": "exited"}, "dependency-down"),
        ({"Names": "dbx"}, "name-unknown"),
    ],
)
def test_a_name_that_does_not_resolve_is_told_by_the_networks(changes: dict[str, Any], code: str) -> None:
    log = "dial tcp: lookup db on 127.0.0.11:53: no such host"
    assert codes(look(log=log, neighbours=[NEIGHBOUR | changes]))[0] == code


def test_killed_from_outside_and_for_memory_are_told_apart() -> None:
    kill = {"Action": "kill", "Actor": {"Attributes": {"signal": "9"}}}
    assert codes(look(code=137, events=[kill])) == ["ended-from-outside"]
    assert codes(look(code=137, state={"OOMKilled": True}, host={"Memory": 64 << 20})) == ["out-of-memory"]
    assert codes(look(code=137)) == ["killed"]


def test_one_that_does_not_hear_sigterm_is_told_how_to() -> None:
    sent = [{"Action": "kill", "Actor": {"Attributes": {"signal": number}}} for number in ("15", "9")]
    assert codes(look(code=137, events=[*sent, {"Action": "stop"}])) == ["ignores-sigterm"]


@pytest.mark.parametrize(
    "seen",
    [
        running(),
        look(code=0),
        running(state={"Health": {"Status": "healthy", "Log": []}}),
        running(state={"Health": {"Status": "starting", "Log": []}}, log="ERROR: connection refused\nready"),
        running(log="Traceback (most recent call last):\nKeyError: 'X'\nrecovered, serving"),
    ],
)
def test_what_is_well_is_called_well(seen: Look) -> None:
    """A log full of errors that somebody got over is no crash."""
    assert codes(seen) == []


def test_a_service_that_ends_with_0_did_not_mean_to() -> None:
    always, short = {"RestartPolicy": {"Name": "always"}}, {"FinishedAt": "2026-11-24T09:58:05Z"}
    assert codes(look(code=0, host=always, state={"Status": "restarting", "Restarting": True})) == ["finished"]
    assert codes(look(code=0, host={"PortBindings": {"80/tcp": [{}]}}, state=short)) == ["finished"]


def test_a_loop_is_told_beside_its_cause() -> None:
    policy = {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}}
    seen = look(log="KeyError: 'DATABASE_URL'", host=policy, RestartCount=3)
    assert codes(seen) == ["variable-missing", "restart-loop"]
    assert "was given up" in examined(seen).causes[1].says


def test_a_dockerfile_is_advised_by_what_its_image_shows() -> None:
    config = {"Cmd": ["/bin/sh", "-c", "node server.js"], "Env": ["DB_PASSWORD=x"]}
    image = {**IMAGE, "Created": "2025-01-01T00:00:00Z", "Size": 2 << 30, "Config": config}
    steps = [
        {"CreatedBy": "RUN apt-get update && apt-get install -y curl"},
        {"CreatedBy": "ADD https://x.example/a /a"},
    ]
    assert {item.code for item in advice(image, steps, "web:latest", NOW)} == {
        "root-user", "moving-tag", "shell-form", "no-healthcheck", "secret-in-image", "add-url", "package-lists",
        "old-image", "large-image",
    }  # fmt: skip
    assert list(advice(IMAGE, [], "web:1.2.3", NOW)) == []


def test_what_changed_between_two_builds_is_said() -> None:
    newer = {**IMAGE, "Size": 20 << 20, "Config": {**IMAGE["Config"], "User": "", "Env": ["PATH=/bin", "MODE=prod"]},
             "RootFS": {"Layers": ["sha256:a", "sha256:c", "sha256:d"]}}  # fmt: skip
    assert list(differences(IMAGE, newer)) == [
        "User: 10001 became nothing",
        "variable MODE: nothing became prod",
        "layers: the first 1 are the same, 1 went, 2 came",
        "size: 12Mi became 20Mi",
    ]


def test_a_container_is_held_against_its_blueprint() -> None:
    seen = running(config={"Image": "registry:5000/todo-backend:latest", "ExposedPorts": {"9000/tcp": {}}},
                   host={"Memory": 256 << 20, "NanoCpus": 500_000_000})  # fmt: skip
    found = {item.row.control: (item.wanted, item.has) for item in examined(seen).differences}
    assert found["SVC-BE-MEM-LIMIT"] == ("512Mi", "256Mi")
    assert found["SVC-BE-PORT"] == ("8000", "9000")
    assert "SVC-BE-CPU-LIMIT" not in found


TREES: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
def test_an_inspection_of_any_shape_is_answered_or_said_to_be_odd(data: st.DataObject) -> None:
    """The engine is somebody else's program, and a newer one says other things."""
    seen = look(log=data.draw(st.text(max_size=60)))
    told = json.loads(json.dumps(seen.container))
    place = data.draw(st.sampled_from(["State", "Config", "HostConfig", "NetworkSettings", "Mounts", "Image"]))
    if isinstance(told.get(place), dict) and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(told[place])))
        told[place][key] = data.draw(TREES)
    else:
        told[place] = data.draw(TREES)
    odd = Look(NOW, seen.engine, told, seen.image, seen.current, seen.log)
    told_of = examine(odd, (), Blueprints((), (), (), ()), None)
    result = Debugged("web", (told_of,), None, "")
    assert as_text(result, Screen(80))
    assert as_json(result, Screen())


SEEN = """\
10 execve("/usr/bin/runc", ["runc", "init"], 0x7ff /* 5 vars */) = 0
11 clone3({flags=CLONE_VM}, 88) = 12
12 execve("/bin/sh", ["sh", "-c", "cat /etc/app.yaml"], 0xc00 /* 3 vars */) = 0
12 openat(AT_FDCWD, "/etc/ld.so.preload", O_RDONLY) = -1 ENOENT (No such file or directory)
12 vfork( <unfinished ...>
13 openat(AT_FDCWD, "/opt/lib/libx.conf", O_RDONLY) = -1 ENOENT (No such file or directory)
13 openat(AT_FDCWD, "/etc/libx.conf", O_RDONLY) = 3
13 openat(AT_FDCWD, "/etc/app.yaml", O_RDONLY) = -1 ENOENT (No such file or directory)
12 <... vfork resumed>) = 13
13 exit_group(1) = ?
13 +++ exited with 1 +++
12 exit_group(1) = ?
12 +++ exited with 1 +++
14 openat(AT_FDCWD, "/run/runc/state.json", O_RDONLY) = -1 EACCES (Permission denied)
"""


def test_the_call_that_failed_is_the_containers_own_and_not_one_it_does_without() -> None:
    every, ended = calls(SEEN)
    own = of_container(every, ["sh", "-c", "cat /etc/app.yaml"])
    assert {call.pid for call in own} == {12, 13}
    found = failing(own, ended)
    assert found is not None
    assert found.said == "openat(/etc/app.yaml) = ENOENT"


def test_a_socket_is_named_by_its_address() -> None:
    address = '{sa_family=AF_INET, sin_port=htons(5432), sin_addr=inet_addr("10.0.0.5")}'
    (call,), _ = calls(f"9 connect(3, {address}, 16) = -1 ECONNREFUSED (Connection refused)")
    assert call.said == "connect(10.0.0.5:5432) = ECONNREFUSED"


@given(st.text())
def test_any_text_is_read_as_calls(text: str) -> None:
    every, ended = calls(text)
    failing(of_container(every, ["sh"]), ended)
