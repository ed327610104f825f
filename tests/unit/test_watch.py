"""`agent watch` against an API that streams. Lost, somebody looks at a quiet screen while everything is down."""

import json
import queue
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.diagnose.engine import Diagnosis
from agent.diagnose.finding import Confidence, Finding, Fix
from agent.diagnose.modes import EXCEPTION, OOM_KILLED, Mode
from agent.health.alerts import Alert, Alerts
from agent.health.changes import CALM, CALM_ALERT, Standing, What, due, step
from agent.operate.watch import Watched
from agent.severity import Severity
from agent.snapshot.record import Ref
from tests.fakes.apiserver import FakeApiServer, Fault, serving
from tests.fakes.executables import Replay, install
from tests.fakes.made import SPACE, Raw, failing_workload, node, running_workload
from tests.fakes.shell import CANARY, COMMAND, ROOT, Shell

PODS = f"/api/v1/namespaces/{SPACE}/pods"
NAMESPACE: Raw = {"kind": "Namespace", "metadata": {"name": SPACE}, "status": {"phase": "Active"}}


@pytest.fixture
def server() -> Iterator[FakeApiServer]:
    found: dict[str, list[Raw]] = {}
    for item in (NAMESPACE, node(), *running_workload("web")):
        found.setdefault(item["kind"], []).append(item)
    with serving(found) as fake:
        fake.streams[PODS] = queue.Queue()
        yield fake


@pytest.fixture
def shell(tmp_path: Path, server: FakeApiServer) -> Shell:
    install(tmp_path / "bin", "helm", {"list": Replay(b"[]"), "": Replay()})
    server.kubeconfig(tmp_path / "kubeconfig", token=CANARY)
    return Shell(tmp_path)


class Screen:
    """`agent watch` in a process of its own, and the lines it writes."""

    def __init__(self, shell: Shell, *more: str) -> None:
        env = shell.env(KUBECONFIG=str(shell.home / "kubeconfig"))
        argv = [*COMMAND, "watch", "-n", SPACE, *more]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(argv, stdout=pipe, stderr=pipe, env=env, cwd=ROOT, text=True, bufsize=1)
        self.lines: list[str] = []

    def until(self, text: str) -> str:
        """Return the first line with that text."""
        assert self.process.stdout is not None
        while line := self.process.stdout.readline():
            self.lines.append(line)
            if text in line:
                return line
        raise AssertionError((self.lines, self.process.stderr.read() if self.process.stderr else ""))

    def stop(self) -> str:
        """End it as a person does, and return what it said beside its lines."""
        self.process.send_signal(signal.SIGINT)
        return self.end()[1]

    def end(self) -> tuple[int, str]:
        out, err = self.process.communicate(timeout=60)
        self.lines += out.splitlines(keepends=True)
        assert "Traceback" not in err
        assert CANARY not in err + "".join(self.lines)
        return self.process.returncode, err


def broken_pod() -> Raw:
    top, below, _ = running_workload("web")
    pod: Raw = failing_workload("web")[2]
    pod["metadata"] |= {"resourceVersion": "7", "ownerReferences": pod["metadata"]["ownerReferences"]}
    assert (top["kind"], below["kind"]) == ("Deployment", "ReplicaSet")
    return pod


def test_what_breaks_is_a_line_as_soon_as_it_does(shell: Shell, server: FakeApiServer) -> None:
    screen = Screen(shell, "--span", "30s")
    screen.until("Watching namespace shop")
    server.told(PODS, "MODIFIED", broken_pod())
    assert "shop: Deployment web" in screen.until("broken")
    server.told(PODS, "MODIFIED", broken_pod())
    code, _ = screen.end()
    assert code == 1
    assert sum("broken     " in line for line in screen.lines) == 1


def test_machines_get_a_document_a_line(shell: Shell, server: FakeApiServer) -> None:
    screen = Screen(shell, "--span", "90s", "-o", "jsonl")
    time.sleep(3)
    server.told(PODS, "MODIFIED", broken_pod())
    told = json.loads(screen.until('"what":"broken"'))
    assert (told["schema"], told["what"], told["subject"]["name"]) == ("bluehelm/watch/v1", "broken", "web")
    screen.stop()


def test_a_version_that_is_too_old_is_listed_anew(shell: Shell, server: FakeApiServer) -> None:
    """The API forgets after minutes; whoever goes on from there would miss what came between."""
    gone = {"kind": "Status", "code": 410, "message": "too old resource version"}
    screen = Screen(shell, "--span", "90s")
    screen.until("Watching")
    server.objects["Pod"] = [broken_pod()]
    server.told(PODS, "ERROR", gone)
    screen.until("broken")
    screen.stop()


def test_a_cluster_that_goes_and_comes_back_is_said_once_each(shell: Shell, server: FakeApiServer) -> None:
    screen = Screen(shell, "--span", "90s")
    screen.until("Watching")
    server.faults[f"watch {PODS}"] = Fault(503, times=2)
    server.streams[PODS].put(None)
    time.sleep(8)
    server.told(PODS, "MODIFIED", broken_pod())
    screen.until("broken")
    err = screen.stop()
    assert err.count("trying again") == 1
    assert err.count("answers again") == 1


def test_lines_that_are_no_objects_end_nothing(shell: Shell, server: FakeApiServer) -> None:
    screen = Screen(shell, "--span", "90s")
    screen.until("Watching")
    for line in (b"{", b"[]", b'{"type": "MODIFIED"}', b'{"type": "MODIFIED", "object": {"metadata": 3}}', b"\xff"):
        server.streams[PODS].put(line)
    for _ in range(12):  # connections that were given up still take lines from this server's queue
        time.sleep(0.5)
        server.told(PODS, "MODIFIED", broken_pod())
    screen.until("broken")
    screen.stop()


def test_what_a_cluster_says_moves_no_cursor(shell: Shell, server: FakeApiServer) -> None:
    pod = broken_pod()
    pod["status"]["containerStatuses"][0]["state"]["waiting"]["message"] = "\x1b[2J\x07evil\r\n"
    screen = Screen(shell, "--span", "90s")
    screen.until("Watching")
    server.told(PODS, "MODIFIED", pod)
    assert "\x1b" not in screen.until("broken")
    screen.stop()


def test_ctrl_c_ends_it_quietly(shell: Shell) -> None:
    screen = Screen(shell)
    screen.until("Watching")
    screen.process.send_signal(signal.SIGINT)
    code, err = screen.end()
    assert (code, err) == (130, "")


@pytest.mark.parametrize("span", ["", "5", "1y", "-1s", "1.5h", "s"])
def test_what_is_no_span_is_refused(shell: Shell, span: str) -> None:
    done = shell.run("watch", f"--span={span}x", KUBECONFIG=str(shell.home / "kubeconfig"))
    assert done.returncode == 2
    assert "a span is written" in done.stderr


AT = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
WEB, CART = Ref("Deployment", SPACE, "web"), Ref("Deployment", SPACE, "cart")


def finding(subject: Ref, mode: Mode = EXCEPTION, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(mode, subject, f"{subject.name} breaks", severity, Confidence.CERTAIN, (), Fix("mend it"))


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def played(*looks: tuple[float, list[Finding]]) -> list[tuple[str, str]]:
    standing, told = Standing(), []
    for seconds, findings in looks:
        standing, changes = step(standing, Diagnosis(findings=tuple(findings)), Alerts(), after(seconds))
        told += [(change.what.value, change.subject.name) for change in changes]
    return told


def test_a_crash_loop_is_one_broken_thing() -> None:
    looks = [(number * 5.0, [finding(WEB)] if number % 2 == 0 else []) for number in range(12)]
    assert played(*looks) == [("broken", "web")]


def test_what_stays_away_has_recovered_and_says_how_long_it_lasted() -> None:
    assert played((0, [finding(WEB)]), (5, []), (12, []), (21, [])) == [("broken", "web"), ("recovered", "web")]


def test_another_cause_of_the_same_object_is_a_change() -> None:
    other = finding(WEB, OOM_KILLED)
    assert played((0, [finding(WEB)]), (5, [other]), (30, [other])) == [("broken", "web"), ("changed", "web")]


def alert() -> Alerts:
    return Alerts((Alert("memory", WEB, "web uses 90 % of its memory", ()),))


def test_memory_around_its_target_is_one_alert() -> None:
    standing, told = Standing(), []
    for number in range(10):
        raised = alert() if number % 2 == 0 else Alerts()
        standing, changes = step(standing, Diagnosis(), raised, after(number * 30))
        told += [change.what for change in changes]
    assert told == [What.ALERT]
    _, changes = step(standing, Diagnosis(), Alerts(), after(9 * 30) + CALM_ALERT)
    assert [change.what for change in changes] == [What.ALERT_OVER]


def test_it_looks_again_when_something_may_be_over() -> None:
    standing, _ = step(Standing(), Diagnosis(findings=(finding(WEB),)), Alerts(), AT)
    standing, _ = step(standing, Diagnosis(), Alerts(), after(5))
    assert due(Diagnosis(), standing, after(5)) == after(5) + CALM


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0.1, 40), st.sets(st.sampled_from([WEB, CART]))), max_size=30))
def test_nothing_is_told_twice_and_everything_that_ends_is_told(looks: list[tuple[float, set[Ref]]]) -> None:
    standing, at, told = Standing(), AT, []
    for gap, subjects in [*looks, (1.0, set[Ref]()), (60.0, set[Ref]())]:
        at += timedelta(seconds=gap)
        found = Diagnosis(findings=tuple(finding(subject) for subject in sorted(subjects)))
        standing, changes = step(standing, found, Alerts(), at)
        told += changes
    for subject in (WEB, CART):
        said = [change.what for change in told if change.subject == subject]
        assert said[::2] == [What.BROKEN] * len(said[::2])
        assert said[1::2] == [What.RECOVERED] * len(said[1::2])
        assert len(said) % 2 == 0
    assert standing == replace(standing, broken={})


def watched() -> list[Watched]:
    """Return answers of `watch`: how it stands at first, and a change of each sort."""
    standing, changes = step(Standing(), Diagnosis(findings=(finding(WEB),)), alert(), AT)
    _, more = step(standing, Diagnosis(), Alerts(), after(5))
    _, over = step(replace(standing), Diagnosis(), Alerts(), after(200))
    return [Watched((), "namespace shop, context kind", 1), Watched((*changes, *more, *over))]
