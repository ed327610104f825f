"""The one place that starts processes: bounded in time and memory, told nothing of the caller, nothing left behind."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.executables import Executable, Replay, install
from tools.access import Access
from tools.failure import Failure, FailureKind
from tools.programs import find
from tools.run import TRUNCATED, Output, run, run_json
from tools.sandbox import Sandbox, sandbox

VERSION = ["helm", "version", "--short"]
JSON = ["kubectl", "version", "--client", "--output=json"]
ACCESS = Access("here", "https://127.0.0.1:1", "default", token="canary-token")


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    return tmp_path / "bin"


@pytest.fixture
def box(programs: Path) -> Iterator[Sandbox]:
    with sandbox(ACCESS, path=str(programs)) as made:
        yield made


def failed(found: object) -> Failure:
    assert isinstance(found, Failure), found
    assert "\n" not in str(found)
    return found


def gone(pid: int) -> bool:
    """Return whether a process is no more, or only waits for whoever inherited it to take note; soon is soon enough."""
    end = time.monotonic() + 2
    while time.monotonic() < end and not _gone(pid):
        time.sleep(0.01)  # SIGKILL was sent; the kernel delivers it when it next schedules the process
    return _gone(pid)


def _gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_what_it_printed(programs: Path, box: Sandbox) -> None:
    install(programs, "helm", Replay(b"v4.1.4\n", b"a warning\n"))
    found = run(VERSION, box)
    assert isinstance(found, Output)
    assert (found.stdout, found.stderr, found.truncated) == ("v4.1.4\n", "a warning\n", False)


def test_the_environment_is_made_from_nothing(
    programs: Path, box: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A user's HELM_PLUGINS, KUBECTL_EXTERNAL_DIFF or GITHUB_TOKEN would change what a read does, or leak."""
    for name in HOSTILE:
        monkeypatch.setenv(name, "canary")
    program = install(programs, "helm", Replay(b"v4\n"))
    run(VERSION, box)
    (call,) = program.calls()
    assert "canary" not in repr(call.environment)
    named = {name for name in call.environment if not name.startswith(("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"))}
    assert named - {"LC_CTYPE"} <= KNOWN
    assert not [name for name in call.environment if "TOKEN" in name]
    assert call.environment["KUBERC"] == "off"
    assert call.environment["HOME"].startswith(str(box.folder))
    assert call.environment["HOME"] != str(Path.home())
    assert call.folder == str(box.folder / "empty")


HOSTILE = (
    "GITHUB_TOKEN",
    "HELM_KUBETOKEN",
    "HELM_KUBEAPISERVER",
    "HELM_PLUGINS",
    "KUBECTL_EXTERNAL_DIFF",
    "DOCKER_HOST",
    "LD_PRELOAD_X",
    "PYTHONSTARTUP",
    "AWS_SECRET_ACCESS_KEY",
    "KUBECONFIG",
    "HTTPS_PROXY",
    "EDITOR",
)
KNOWN = {
    "GIT_CONFIG_COUNT",
    "GOMEMLIMIT",
    "GIT_CONFIG_GLOBAL",
    "GIT_LITERAL_PATHSPECS",
    "GIT_OPTIONAL_LOCKS",
    "GIT_PAGER",
    "GIT_ALLOW_PROTOCOL",
    "GIT_NO_LAZY_FETCH",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_TERMINAL_PROMPT",
    "PATH",
    "HOME",
    "KUBECONFIG",
    "KUBERC",
    "KUBECTL_KUBERC",
    "HELM_PLUGINS",
    "HELM_CACHE_HOME",
    "HELM_CONFIG_HOME",
    "HELM_DATA_HOME",
    "DOCKER_CONFIG",
    "DOCKER_HOST",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_WORK_TREE",
    "LC_ALL",
    "NO_COLOR",
}


def test_the_kubeconfig_a_process_gets_names_one_context_and_is_private(box: Sandbox) -> None:
    path = box.folder / "kubeconfig"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text(encoding="utf-8").count('"name": "here"') == 3
    assert box.folder.stat().st_mode & 0o077 == 0


def test_nothing_of_the_folder_is_left(programs: Path) -> None:
    with sandbox(ACCESS, path=str(programs)) as box:
        folder = box.folder
    assert not folder.exists()


def test_a_hanging_process_that_ignores_the_request_ends_with_its_children(programs: Path, box: Sandbox) -> None:
    """Left behind they would hold connections and sockets after every diagnosis."""
    program = install(programs, "helm", Replay(b"v4\n", stubborn=True))
    began = time.monotonic()
    found = failed(run(VERSION, box, timeout=1.0))
    assert found.kind is FailureKind.TIMEOUT
    assert time.monotonic() - began < 6
    (call,) = program.calls()
    assert call.child
    assert gone(call.pid)
    assert gone(call.child)


def test_a_child_that_outlives_its_parent_is_ended_too(programs: Path, box: Sandbox) -> None:
    programs.mkdir()
    script = programs / "helm"
    script.write_text("#!/bin/sh\nsleep 3600 >/dev/null 2>&1 &\necho $!\n", encoding="utf-8")
    script.chmod(0o755)
    found = run(VERSION, box)
    assert isinstance(found, Output)
    assert gone(int(found.stdout))


def test_a_child_that_keeps_the_pipe_open_does_not_hold_us(programs: Path, box: Sandbox) -> None:
    programs.mkdir()
    script = programs / "helm"
    script.write_text("#!/bin/sh\nsleep 3600 &\necho v4\n", encoding="utf-8")
    script.chmod(0o755)
    began = time.monotonic()
    run(VERSION, box, timeout=1.0)
    assert time.monotonic() - began < 6


def test_a_child_that_leaves_the_group_holds_us_no_longer_than_the_time_limit(programs: Path, box: Sandbox) -> None:
    programs.mkdir()
    script = programs / "helm"
    script.write_text(f"#!/bin/sh\nsetsid sleep 4 &\necho v4\n", encoding="utf-8")  # noqa: F541
    script.chmod(0o755)
    began = time.monotonic()
    run(VERSION, box, timeout=1.0)
    assert time.monotonic() - began < 4


FLOOD = """
import sys
from tools.run import run
from tools.sandbox import sandbox
with sandbox(path=sys.argv[1]) as box:
    found = run(["helm", "version", "--short"], box, timeout=60)
print(len(found.stdout), found.truncated, found.stdout.endswith("[truncated]"))
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))  # ru_maxrss starts at the parent's
print(int(peak.split()[1]) >> 10)
"""


def test_200_megabytes_are_capped_marked_and_cost_no_memory(programs: Path) -> None:
    install(programs, "helm", Replay(b"x" * (1 << 20), repeat=200))
    argv = [sys.executable, "-c", FLOOD, str(programs)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=90)
    said, peak = done.stdout.splitlines()
    assert said == f"{(1 << 20) + len(TRUNCATED)} True True"
    assert int(peak) < 150


def test_output_that_was_cut_is_never_parsed(programs: Path, box: Sandbox) -> None:
    """The first megabyte of two JSON documents can be a whole one: half a list would pass for all of it."""
    install(programs, "kubectl", Replay(b'{"a": 1}' + b" " * 5000))
    assert failed(run_json(JSON, box, cap=1000)).kind is FailureKind.TRUNCATED


@pytest.mark.parametrize(
    "printed", [b"", b'{"clientVersion": {', b"progress 1%\n{}", b"null x", b'{"a": "\xff"}', b"[" * 2000]
)
def test_half_a_json_is_no_answer(programs: Path, box: Sandbox, printed: bytes) -> None:
    install(programs, "kubectl", Replay(printed))
    found = run_json(JSON, box)
    if printed == b'{"a": "\xff"}':
        assert found == {"a": "\ufffd"}
    else:
        assert failed(found).kind is FailureKind.MALFORMED


def test_bytes_that_are_no_text_do_not_stop_it(programs: Path, box: Sandbox) -> None:
    install(programs, "helm", Replay(b"v4\xff\xfe\x00\xed\xa0\x80\n"))
    found = run(VERSION, box)
    assert isinstance(found, Output)
    found.stdout.encode()


def test_what_a_failing_process_says_is_inert(programs: Path, box: Sandbox) -> None:
    """An escape in an error line could rename the terminal or write the clipboard."""
    install(
        programs,
        "helm",
        Replay(b"", b"\x1b]52;c;ZXZpbA==\x07Error: \x1b[31mno\xe2\x80\xaerelease password=hunter22\n", 1),
    )
    found = failed(run(VERSION, box))
    assert found.kind is FailureKind.EXIT
    assert "Error: no" in found.detail
    assert not [character for character in found.detail if ord(character) < 32 or character == "\u202e"]
    assert "hunter22" not in found.detail


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_death_by_a_signal_is_no_exit_status(programs: Path, box: Sandbox, number: signal.Signals) -> None:
    install(programs, "helm", Replay(b"v4\n", signal=number))
    found = failed(run(VERSION, box))
    assert found.kind is FailureKind.KILLED
    assert number.name in found.detail


def test_death_by_a_realtime_signal_has_no_name_and_is_said_all_the_same(programs: Path, box: Sandbox) -> None:
    install(programs, "helm", Replay(b"v4\n", signal=signal.SIGRTMIN + 3))
    assert failed(run(VERSION, box)).kind is FailureKind.KILLED


def test_a_missing_program_is_said_with_what_to_do(box: Sandbox) -> None:
    found = failed(run(VERSION, box))
    assert found.kind is FailureKind.MISSING
    assert "install helm" in found.hint


def test_a_program_that_cannot_be_started_is_no_crash(programs: Path, box: Sandbox) -> None:
    programs.mkdir()
    for content in (b"", b"\x7fELF broken", b"#!/no/such/interpreter\n"):
        (programs / "helm").write_bytes(content)
        (programs / "helm").chmod(0o755)
        assert failed(run(VERSION, box)).kind in (FailureKind.MISSING, FailureKind.EXIT)


def test_a_program_in_this_folder_or_on_the_callers_path_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`git clone` and `cd` must not choose what runs."""
    planted = install(tmp_path, "helm", Replay(b"owned\n"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:.:")
    for path in ("", ".", ":.", "bin", "./"):
        with sandbox(ACCESS, path=path or "/nonexistent") as box:
            run(VERSION, box)
    assert planted.calls() == []


def test_a_denied_command_is_not_even_looked_for(programs: Path, box: Sandbox) -> None:
    program: Executable = install(programs, "kubectl", Replay(b"{}"))
    for argv in (["kubectl", "delete", "pod", "x"], ["kubectl", "get", "secrets"], ["sh", "-c", "id"], []):
        found = run(argv, box)
        assert isinstance(found, Failure)
        assert found.kind is FailureKind.DENIED
    assert program.calls() == []


def test_a_command_that_needs_a_plan_does_not_run_without_one(programs: Path, box: Sandbox) -> None:
    program = install(programs, "kubectl", Replay(b"restarted\n"))
    argv = ["kubectl", "rollout", "restart", "deployment/web", "--context=here", "--namespace=shop"]
    found = run(argv, box)
    assert isinstance(found, Failure)
    assert found.kind is FailureKind.DENIED
    assert program.calls() == []


def test_it_reads_no_input(programs: Path, box: Sandbox) -> None:
    """A plugin that asks for a password would hang until the time is up."""
    programs.mkdir()
    (programs / "helm").write_text("#!/bin/sh\ncat; echo done\n", encoding="utf-8")
    (programs / "helm").chmod(0o755)
    found = run(VERSION, box)
    assert isinstance(found, Output)
    assert found.stdout == "done\n"


def test_a_folder_or_a_text_file_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "helm").mkdir()
    (tmp_path / "kubectl").write_text("text", encoding="utf-8")
    assert find("helm", str(tmp_path)) is None
    assert find("kubectl", str(tmp_path)) is None or os.getuid() == 0


def test_no_file_stays_open(programs: Path, box: Sandbox) -> None:
    install(programs, "helm", Replay(b"v4\n"))
    run(VERSION, box)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        run(VERSION, box)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
