"""The command as a person runs it: whatever the world does, one line says it, the exit code means it, nothing leaks."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import apiserver
from tests.fakes.apiserver import FakeApiServer, Fault, path_of, serving
from tests.fakes.executables import Replay, install
from tests.fakes.shell import CANARY, COMMAND, ROOT, Shell


def made(kind: str, name: str, **fields: Any) -> dict[str, Any]:
    place = {} if kind == "Namespace" else {"namespace": "shop"}
    return {"kind": kind, "metadata": {"name": name, "uid": name, **place}, **fields}


READY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}], "containerStatuses": []}
WORLD = {
    "Namespace": [made("Namespace", "shop")],
    "Pod": [made("Pod", f"web-{number}", status=READY, spec={"containers": []}) for number in range(700)],
}


def only_line(done: subprocess.CompletedProcess[str], code: int) -> str:
    """Return the one line on stderr that says why it failed."""
    assert done.returncode == code, (done.returncode, done.stderr)
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("agent: error: ")
    return lines[0]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    home = tmp_path / "home"
    home.mkdir()
    install(home / "bin", "helm", {"list": Replay(b"[]"), "": Replay()})
    yield Shell(home)
    assert [path.name for path in home.glob("bluehelm-*")] == []


@pytest.fixture
def server() -> Iterator[FakeApiServer]:
    with serving(WORLD) as fake:
        yield fake


@pytest.fixture
def config(server: FakeApiServer, tmp_path: Path) -> Path:
    return server.kubeconfig(tmp_path / "kubeconfig", token=CANARY)


def diagnose(shell: Shell, config: Path, *argv: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return shell.run("diagnose", "--kubeconfig", str(config), *argv, **extra)


def test_a_healthy_namespace(shell: Shell, config: Path) -> None:
    done = diagnose(shell, config)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert "metrics" not in done.stderr


def test_no_kubeconfig_says_so_and_what_works_without(shell: Shell) -> None:
    line = only_line(shell.run("diagnose"), 3)
    assert "kubeconfig" in line
    assert "--kubeconfig" in line


def test_an_unknown_context(shell: Shell, config: Path) -> None:
    done = diagnose(shell, config, "--context", "prdo")
    assert done.returncode in (2, 3)
    line = only_line(done, done.returncode)
    assert "prdo" in line
    assert "fake" in line


def test_an_unknown_context_is_a_usage_error(shell: Shell, config: Path) -> None:
    """The issue's table: exit 3, and 2 for a usage error; a context that was typed wrong is one."""
    assert diagnose(shell, config, "--context", "prdo").returncode == 2


@pytest.mark.parametrize("name", ["shpo", "a" * 63])
def test_an_unknown_namespace(shell: Shell, config: Path, name: str) -> None:
    assert name in only_line(diagnose(shell, config, "-n", name), 2)


@pytest.mark.parametrize("name", ["", "Shop", "a/b", "../x", "a b", "a" * 64, "-x", "x\n", "?watch=1", "日本"])
def test_what_cannot_be_a_namespace_is_never_sent(shell: Shell, config: Path, server: FakeApiServer, name: str) -> None:
    done = diagnose(shell, config, f"--namespace={name}")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert server.asked == []


def test_nobody_answers(shell: Shell, config: Path, server: FakeApiServer) -> None:
    gone = json.loads(config.read_text())
    gone["clusters"][0]["cluster"]["server"] = "http://127.0.0.1:1"
    config.write_text(json.dumps(gone))
    began = time.monotonic()
    line = only_line(diagnose(shell, config), 3)
    assert "refused" in line
    assert time.monotonic() - began < 10


ALL = {
    "401": (apiserver.UNAUTHORIZED, "401"),
    "403": (apiserver.FORBIDDEN, "403"),
    "429": (apiserver.too_many("3600"), "429"),
    "500": (Fault(500), "500"),
    "hang": (apiserver.HANG, "no answer within"),
    "drip": (apiserver.DRIP, "no answer within"),
    "half": (apiserver.HALF_JSON, "JSON"),
    "redirect": (apiserver.REDIRECT, "redirect"),
    "reset": (apiserver.RESET, "GET"),
    "login page": (Fault(body=b"<html>log in</html>"), "JSON"),
    "escapes": (Fault(403, body=b'{"message": "\\u001b]0;x\\u0007\\u001b[31mno"}'), "no"),
}


@pytest.mark.parametrize("name", ALL)
def test_a_server_that_gives_nothing_is_one_line_and_exit_3(
    shell: Shell, config: Path, server: FakeApiServer, name: str
) -> None:
    server.faults["*"], said = ALL[name]
    began = time.monotonic()
    line = only_line(diagnose(shell, config, "--timeout=5"), 3)
    assert said in line
    assert time.monotonic() - began < 12


ONE = {
    "403": (apiserver.FORBIDDEN, 3),
    "404": (apiserver.NOT_SERVED, 3),
    "429": (apiserver.too_many("3600"), 3),
    "500": (Fault(500), 3),
    "half": (apiserver.HALF_JSON, 3),
    "hang": (apiserver.HANG, 3),
    "reset": (apiserver.RESET, 3),
}


@pytest.mark.parametrize("name", ONE)
def test_one_kind_that_cannot_be_read_is_said_and_the_rest_reported(
    shell: Shell, config: Path, server: FakeApiServer, name: str
) -> None:
    server.faults[path_of("HorizontalPodAutoscaler", "shop")], code = ONE[name]
    done = diagnose(shell, config, "--timeout=3", "-o", "json")
    assert done.returncode == code, done.stderr
    report = json.loads(done.stdout)
    lines = [line for line in done.stderr.splitlines() if "HorizontalPodAutoscaler" in line]
    assert len(lines) == (1 if code else 0)
    assert "700" in json.dumps(report) or report["examined"]["Pod"] == 700


def test_a_list_that_expires_in_the_middle_is_unknown(shell: Shell, config: Path, server: FakeApiServer) -> None:
    server.faults[path_of("Pod", "shop")] = apiserver.GONE_MID_LIST
    done = diagnose(shell, config)
    assert done.returncode == 3
    assert "Pod partial" in done.stderr


def test_no_helm_and_no_metrics_do_not_make_it_indeterminate(shell: Shell, config: Path) -> None:
    done = diagnose(shell, config, BLUEHELM_PATH=str(shell.home / "none"))
    assert done.returncode == 0, done.stderr
    assert "helm" in done.stderr


HELMS = {
    "hangs": Replay(b"[]", stubborn=True),
    "half": Replay(b"[{"),
    "200 MB": Replay(b"x" * (1 << 20), repeat=200),
    "bytes": Replay(b"\xff\xfe\x00"),
    "escapes": Replay(b"", b"\x1b]52;c;eA==\x07\x1b[31mno\n", 1),
    "killed": Replay(b"[]", signal=9),
}


@pytest.mark.parametrize("name", HELMS)
def test_a_helm_that_misbehaves_costs_bounded_time_and_only_the_releases(
    shell: Shell, config: Path, name: str, tmp_path: Path
) -> None:
    helm = install(tmp_path / "odd", "helm", HELMS[name])
    began = time.monotonic()
    done = diagnose(shell, config, BLUEHELM_PATH=str(tmp_path / "odd"))
    assert done.returncode == 0, done.stderr
    assert "releases" in done.stderr
    assert time.monotonic() - began < 40
    for call in helm.calls():
        assert CANARY not in repr(call)


BUNDLES = {
    "missing": None,
    "empty": b"",
    "text": b"no bundle",
    "folder": b"folder",
}


@pytest.mark.parametrize("name", BUNDLES)
@pytest.mark.parametrize("command", [("diagnose", "--bundle"), ("bundle", "show")])
def test_what_is_no_bundle_is_refused(shell: Shell, tmp_path: Path, name: str, command: Sequence[str]) -> None:
    path, content = tmp_path / "a.tgz", BUNDLES[name]
    if name == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    assert str(path) in only_line(shell.run(*command, str(path)), 2)


@pytest.fixture
def bundle(shell: Shell, config: Path, tmp_path: Path) -> Path:
    path = tmp_path / "shop.tgz"
    done = shell.run("bundle", "capture", "--kubeconfig", str(config), "-f", str(path))
    assert done.returncode == 0, done.stderr
    return path


def test_a_capture_tells_the_same_without_the_cluster(shell: Shell, config: Path, bundle: Path) -> None:
    live, kept = (
        json.loads(done.stdout)
        for done in (
            diagnose(shell, config, "-o", "json"),
            shell.run("diagnose", "--bundle", str(bundle), "-o", "json"),
        )
    )
    assert live["findings"] == kept["findings"]
    assert CANARY.encode() not in bundle.read_bytes()
    assert bundle.stat().st_mode & 0o077 == 0


def test_a_truncated_capture_is_refused(shell: Shell, bundle: Path) -> None:
    bundle.write_bytes(bundle.read_bytes()[:-20])
    assert "not a whole bundle" in only_line(shell.run("diagnose", "--bundle", str(bundle)), 2)


def test_a_capture_does_not_replace_a_file(shell: Shell, config: Path, bundle: Path) -> None:
    before = bundle.read_bytes()
    only_line(shell.run("bundle", "capture", "--kubeconfig", str(config), "-f", str(bundle)), 2)
    assert bundle.read_bytes() == before


def test_a_namespace_the_capture_does_not_hold(shell: Shell, bundle: Path) -> None:
    assert "nowhere" in only_line(shell.run("diagnose", "--bundle", str(bundle), "-n", "nowhere"), 2)


def test_an_object_that_does_not_exist(shell: Shell, bundle: Path) -> None:
    assert "wbe" in only_line(shell.run("diagnose", "deploy/wbe", "--bundle", str(bundle)), 2)


def test_a_malformed_blueprint_is_said_with_file_and_line_and_the_rest_goes_on(
    shell: Shell, bundle: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "blueprints"
    folder.mkdir()
    for path in (ROOT / "blueprints").glob("*.md"):
        (folder / path.name).write_bytes(path.read_bytes())
    table = (
        "\n\n| ID | Parameter | Value |\n|---|---|---|\n| SVC-X-Y | CPU limit | plenty |\n| SVC-X-Y | CPU limit | 1 |\n"
    )
    (folder / "service.md").write_text((folder / "service.md").read_text() + table)
    done = shell.run("blueprint", "list", "--blueprints", str(folder))
    assert done.returncode == 2
    assert done.stdout
    assert f"{folder}/service.md:" in done.stderr
    found = shell.run("diagnose", "--bundle", str(bundle), "--blueprints", str(folder))
    assert f"{folder}/service.md:" in found.stderr
    assert found.stdout


@pytest.mark.parametrize(
    "argv", [("diagnose", "--bundle", "demo"), ("blueprint", "list"), ("--help",), ("config", "show")]
)
def test_a_pipe_that_closes_early_is_no_error(shell: Shell, argv: Sequence[str]) -> None:
    """`agent diagnose | head -1`."""
    read, write = os.pipe()
    os.close(read)
    process = subprocess.Popen([*COMMAND, *argv], stdout=write, stderr=subprocess.PIPE, env=shell.env(), cwd=ROOT)
    os.close(write)
    _, said = process.communicate(timeout=30)
    assert said == b""
    assert process.returncode in (0, 1, 3, -13, 141)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_closed_streams_are_no_error(shell: Shell, stream: str) -> None:
    redirect = {"stdout": ">&-", "stderr": "2>&-"}[stream]
    line = f"{' '.join(COMMAND)} diagnose --bundle demo {redirect}"
    done = subprocess.run(["sh", "-c", line], capture_output=True, env=shell.env(), cwd=ROOT, timeout=30)
    assert b"Traceback" not in done.stdout + done.stderr
    assert b"Exception ignored" not in done.stderr
    assert done.returncode in (0, 1)


def test_a_full_disk_is_said_in_one_line(shell: Shell) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    with Path("/dev/full").open("w") as full:
        process = subprocess.Popen(
            [*COMMAND, "diagnose", "--bundle", "demo"], stdout=full, stderr=subprocess.PIPE, env=shell.env(), cwd=ROOT
        )
        _, said = process.communicate(timeout=30)
    assert b"Traceback" not in said
    assert len(said.splitlines()) == 1
    assert process.returncode in (2, 3)


def test_an_interrupt_is_one_line_and_130(shell: Shell, config: Path, server: FakeApiServer) -> None:
    server.faults["*"] = apiserver.HANG
    argv = [*COMMAND, "diagnose", "--kubeconfig", str(config)]
    heeding = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # who runs these in the background ignores it
    process = subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=shell.env(), cwd=ROOT, preexec_fn=heeding
    )
    while not server.asked:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, said = process.communicate(timeout=30)
    assert (process.returncode, out, said.decode()) == (130, b"", "agent: error: interrupted\n")


def terminal(shell: Shell, *argv: str, **extra: str) -> str:
    """Return what a command writes to a terminal."""
    parent, child = os.openpty()
    process = subprocess.Popen(
        [*COMMAND, *argv], stdout=child, stderr=subprocess.DEVNULL, env=shell.env(**extra), cwd=ROOT
    )
    os.close(child)
    content = bytearray()
    while True:
        try:
            chunk = os.read(parent, 1 << 16)
        except OSError:  # EIO: the other side is closed
            break
        if not chunk:
            break
        content += chunk
    os.close(parent)
    process.wait(30)
    return content.decode()


def test_colour_only_on_a_terminal_and_not_with_no_color(shell: Shell) -> None:
    argv = ("diagnose", "--bundle", "demo")
    assert "\x1b[" in terminal(shell, *argv, TERM="xterm-256color")
    assert "\x1b[" not in terminal(shell, *argv, TERM="xterm-256color", NO_COLOR="1")
    assert "\x1b[" not in terminal(shell, *argv, TERM="dumb")
    assert "\x1b[" not in shell.run(*argv).stdout


@pytest.mark.parametrize(
    "argv",
    [
        ("diagnose", "--bundle", "demo"),
        ("bundle", "show", "demo"),
        ("blueprint", "list"),
        ("blueprint", "show", "service"),
        ("config", "show"),
        ("doctor",),
    ],
)
def test_json_is_valid_and_says_its_schema(shell: Shell, argv: Sequence[str]) -> None:
    done = shell.run(*argv, "-o", "json")
    document = json.loads(done.stdout)
    assert str(document["schema"]).startswith("bluehelm/")


@pytest.mark.parametrize(
    "argv",
    [
        (),
        ("nothing",),
        ("diagnose", "--no-such-flag"),
        ("diagnose", "-o", "yaml"),
        ("diagnose", "--timeout=0"),
        ("diagnose", "--timeout=soon"),
        ("diagnose", "--timeout=nan"),
        ("diagnose", "-n", "a", "-A"),
        ("diagnose", "web", "--bundle", "demo"),
        ("diagnose", "thing/web", "--bundle", "demo"),
        ("blueprint", "show", "no-such-control"),
        ("bundle", "capture"),
        ("diagnose", "--blueprints", "/no/such/folder", "--bundle", "demo"),
    ],
)
def test_a_usage_error_is_one_line_and_exit_2(shell: Shell, argv: Sequence[str]) -> None:
    only_line(shell.run(*argv), 2)


@pytest.mark.parametrize("text", ["timeout: soon\n", "colour: red\n", "[", "3\n", "timeout: [1]\n", "a: &a [*a]\n"])
def test_a_wrong_settings_file_is_one_line_and_names_it(shell: Shell, text: str) -> None:
    path = shell.home / "CONFIG" / "bluehelm" / "config.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert "config.yaml" in only_line(shell.run("diagnose", "--bundle", "demo"), 2)


def test_help_names_every_exit_code(shell: Shell) -> None:
    text = shell.run("--help").stdout
    assert all(f"\n  {code} " in text for code in (0, 1, 2, 3, 4, 5, 6, 7, 130))
