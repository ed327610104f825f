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

from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.finding import Confidence, Finding, Fix
from agent.diagnose.modes import EXCEPTION, OOM_KILLED, Mode
from agent.diagnose.unsettled import Unsettled
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

    def __enter__(self) -> "Screen":
        return self

    def __exit__(self, *_: object) -> None:
        """Leave no process behind, however a test ended."""
        self.process.kill()
        self.process.communicate()

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
    with Screen(shell, "--span", "12s") as screen:
        screen.until("Watching namespace shop")
        server.told(PODS, "MODIFIED", broken_pod())
        assert "shop: Deployment web" in screen.until("broken  ")
        server.told(PODS, "MODIFIED", broken_pod())
        code, _ = screen.end()
    assert code == 1
    assert sum("broken  " in line for line in screen.lines) == 1
    assert screen.lines[-1] == "The time is up: 1 broken.\n"


def test_what_breaks_in_the_last_moment_decides_the_code(shell: Shell, server: FakeApiServer) -> None:
    """A script that asks for 12 s must not be told 0 because the last second was never judged."""
    with Screen(shell, "--span", "12s") as screen:
        screen.until("Watching")
        time.sleep(10.2)
        server.told(PODS, "MODIFIED", broken_pod())
        code, _ = screen.end()
    assert code == 1


def test_machines_get_a_document_a_line(shell: Shell, server: FakeApiServer) -> None:
    with Screen(shell, "--span", "10s", "-o", "jsonl") as screen:
        screen.until('"watching"')
        server.told(PODS, "MODIFIED", broken_pod())
        told = json.loads(screen.until('"what":"broken"'))
        screen.end()
    assert (told["schema"], told["subject"]["name"]) == ("bluehelm/watch/v1", "web")
    last = json.loads(screen.lines[-1])
    assert (last["what"], last["by"], last["broken"], last["unknown"]) == ("ended", "over", 1, 0)


def test_a_version_that_is_too_old_is_listed_anew(shell: Shell, server: FakeApiServer) -> None:
    """The API forgets after minutes; whoever goes on from there would miss what came between."""
    gone = {"kind": "Status", "code": 410, "message": "too old resource version"}
    with Screen(shell, "--span", "20s") as screen:
        screen.until("Watching")
        server.objects["Pod"] = [broken_pod()]
        server.told(PODS, "ERROR", gone)
        screen.until("broken  ")


def test_a_list_that_fails_after_that_is_asked_for_again(shell: Shell, server: FakeApiServer) -> None:
    """Whoever watched on from nowhere would never hear what was deleted meanwhile."""
    with Screen(shell, "--span", "25s") as screen:
        screen.until("Watching")
        server.objects["Pod"] = [broken_pod()]
        server.faults[PODS] = Fault(503, times=2)
        server.told(PODS, "ERROR", {"kind": "Status", "code": 410})
        screen.until("broken  ")
    asked = [call.query.get("resourceVersion") for call in server.asked if call.path == PODS and "watch" in call.query]
    assert "" not in asked


def outage(server: FakeApiServer, times: int) -> None:
    """Cut every watch, and refuse each so many times; one that is refused already stays so."""
    time.sleep(2)  # until every kind is watched
    for name in server.watched():
        server.faults.setdefault(f"watch {name}", Fault(503, times=times))
        server.streams.setdefault(name, queue.Queue()).put(None)


def test_a_cluster_that_goes_and_comes_back_is_said_once_each(shell: Shell, server: FakeApiServer) -> None:
    with Screen(shell, "--span", "25s") as screen:
        screen.until("Watching")
        outage(server, times=3)
        time.sleep(12)
        server.told(PODS, "MODIFIED", broken_pod())
        screen.until("broken  ")
        _, err = screen.end()
    assert err.count("nothing new is known until then") == 1
    assert err.count("the cluster answers again") == 1
    assert len(err.splitlines()) == 2


def test_a_connection_that_is_lost_for_a_moment_is_nobodys_business(shell: Shell, server: FakeApiServer) -> None:
    with Screen(shell, "--span", "10s") as screen:
        screen.until("Watching")
        outage(server, times=0)
        code, err = screen.end()
    assert (code, err) == (0, "")


def test_a_cluster_that_is_gone_in_the_end_is_not_called_well(shell: Shell, server: FakeApiServer) -> None:
    with Screen(shell, "--span", "12s") as screen:
        screen.until("Watching")
        outage(server, times=1_000)
        code, _ = screen.end()
    assert code == 3


def test_a_watch_that_ends_at_once_is_not_begun_a_thousand_times(shell: Shell, server: FakeApiServer) -> None:
    """A proxy that answers 200 and hangs up must not be the reason why the API server falls over."""
    server.faults[f"watch {PODS}"] = Fault(200, body=b"<html>log in</html>\n")
    with Screen(shell, "--span", "12s") as screen:
        screen.until("Watching")
        code, _ = screen.end()
    assert code == 3  # of pods nothing is known, and that is no health
    assert sum(call.path == PODS and "watch" in call.query for call in server.asked) < 8


def test_a_kind_that_may_not_be_watched_hides_no_other(shell: Shell, server: FakeApiServer) -> None:
    settings_ = f"/api/v1/namespaces/{SPACE}/configmaps"
    server.faults[f"watch {settings_}"] = Fault(403)
    with Screen(shell, "--span", "25s") as screen:
        screen.until("Watching")
        server.told(PODS, "MODIFIED", broken_pod())
        screen.until("broken  ")
        outage(server, times=3)
        _, err = screen.end()
    assert err.count("ConfigMap") == 1
    assert "ask for the right to watch it" in err
    assert err.count("nothing new is known until then") == 1


def test_secrets_are_watched_as_rows_without_data(shell: Shell, server: FakeApiServer) -> None:
    """What is said to be missing must be missing, and nothing of a Secret may enter to know that."""
    with Screen(shell, "--span", "8s") as screen:
        screen.until("Watching")
        screen.end()
    watched = [call for call in server.asked if call.path.endswith("/secrets") and "watch" in call.query]
    assert watched
    for call in watched:
        assert call.query["includeObject"] == "None"
        assert "as=Table" in call.headers["Accept"]


def test_secrets_that_may_only_be_listed_are_listed_gently(shell: Shell, server: FakeApiServer) -> None:
    """The chart's release-reader may not watch them: what it is told must be whole all the same."""
    secrets = f"/api/v1/namespaces/{SPACE}/secrets"
    server.faults[f"watch {secrets}"] = Fault(403)
    with Screen(shell, "--span", "40s") as screen:
        screen.until("Watching")
        outcome = screen.end()
    assert outcome == (0, "")
    assert sum(call.path == secrets and "watch" not in call.query for call in server.asked) == 2


def test_lines_that_are_no_objects_end_nothing(shell: Shell, server: FakeApiServer) -> None:
    with Screen(shell, "--span", "30s") as screen:
        screen.until("Watching")
        for line in (b"{", b"[]", b'{"type": "MODIFIED"}', b'{"type": "MODIFIED", "object": {"metadata": 3}}', b"\xff"):
            server.streams[PODS].put(line)
        for _ in range(24):  # connections that were given up still take lines from this server's queue
            time.sleep(0.5)
            server.told(PODS, "MODIFIED", broken_pod())
        screen.until("broken  ")


def test_what_a_cluster_says_moves_no_cursor(shell: Shell, server: FakeApiServer) -> None:
    pod = broken_pod()
    pod["status"]["containerStatuses"][0]["state"]["waiting"]["message"] = "\x1b[2J\x07evil\r\n"
    with Screen(shell, "--span", "15s") as screen:
        screen.until("Watching")
        server.told(PODS, "MODIFIED", pod)
        assert "\x1b" not in screen.until("broken  ")


def test_ctrl_c_ends_it_quietly(shell: Shell) -> None:
    with Screen(shell) as screen:
        screen.until("Watching")
        screen.process.send_signal(signal.SIGINT)
        code, err = screen.end()
    assert (code, err) == (130, "")
    assert screen.lines[1:] == []


@pytest.mark.parametrize("span", ["", "5", "1y", "-1s", "1.5h", "s"])
def test_what_is_no_span_is_refused(shell: Shell, span: str) -> None:
    done = shell.run("watch", f"--span={span}x", KUBECONFIG=str(shell.home / "kubeconfig"))
    assert done.returncode == 2
    assert "a span is written" in done.stderr


AT = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
WEB, CART = Ref("Deployment", SPACE, "web"), Ref("Deployment", SPACE, "cart")


def finding(subject: Ref, mode: Mode = EXCEPTION, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(mode, subject, f"{subject.name} breaks", severity, Confidence.CERTAIN, (), Fix("mend it"))


def unsettled(subject: Ref) -> Unsettled:
    return Unsettled(subject, "0 of 1 replicas ready", AT, None)


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


def test_two_causes_that_take_turns_are_one_line_each() -> None:
    looks = [(number * 5.0, [finding(WEB, EXCEPTION if number % 2 else OOM_KILLED)]) for number in range(12)]
    told = played(*looks, (90, []), (110, []), (130, []))
    assert told == [("broken", "web"), ("changed", "web"), ("recovered", "web")]


def test_one_of_two_causes_that_is_mended_has_recovered() -> None:
    both, one = [finding(WEB), finding(WEB, OOM_KILLED)], [finding(WEB)]
    told = played((0, both), (5, one), (25, one), (30, []), (50, []))
    assert told == [("broken", "web"), ("broken", "web"), ("recovered", "web"), ("recovered", "web")]


def test_what_nobody_could_see_has_not_recovered() -> None:
    """A lost connection, or a right that was taken away, must not look like a repair."""
    standing, _ = step(Standing(), Diagnosis(findings=(finding(WEB),)), Alerts(), AT)
    blind = Diagnosis(unknown=("Pod: partial, not followed: connection refused",))
    for seconds in (5, 30, 300):
        standing, changes = step(standing, blind, Alerts(), after(seconds))
        assert changes == []
    _, changes = step(standing, Diagnosis(), Alerts(), after(310))
    assert [change.what for change in changes] == [What.RECOVERED]


def test_a_gap_that_was_there_before_hides_no_recovery() -> None:
    """Many may not list nodes: that must not keep them from hearing that their Deployment is well again."""
    gap = ("Node: denied, 403",)
    standing, _ = step(Standing(), Diagnosis(findings=(finding(WEB),), unknown=gap), Alerts(), AT)
    standing, _ = step(standing, Diagnosis(unknown=gap), Alerts(), after(5))
    _, changes = step(standing, Diagnosis(unknown=gap), Alerts(), after(30))
    assert [change.what for change in changes] == [What.RECOVERED]


def test_what_is_broken_is_not_told_of_as_unsettled_between_two_crashes() -> None:
    standing, told = Standing(), []
    for number in range(8):
        found = Diagnosis(findings=(finding(WEB),)) if number % 2 == 0 else Diagnosis(unsettled=(unsettled(WEB),))
        standing, changes = step(standing, found, Alerts(), after(number * 40))
        told += [change.what for change in changes]
    assert told == [What.BROKEN]


def test_what_settles_and_unsettles_within_seconds_is_one_line() -> None:
    standing, told = Standing(), []
    for number in range(8):
        found = Diagnosis(unsettled=(unsettled(WEB),) if number % 2 == 0 else ())
        standing, changes = step(standing, found, Alerts(), after(number * 3))
        told += [change.what for change in changes]
    assert told == [What.UNSETTLED]
    standing, changes = step(standing, Diagnosis(), Alerts(), after(60))
    assert [change.what for change in changes] == [What.SETTLED]


def test_memory_that_nobody_can_say_is_no_alert_that_is_over() -> None:
    """metrics-server fails first where memory is short: silence then would be the worst of all answers."""
    standing, _ = step(Standing(), Diagnosis(), alert(), AT)
    for seconds in (30, 60, 90, 600):
        standing, changes = step(standing, Diagnosis(), Alerts(unjudged=(WEB,)), after(seconds))
        assert changes == []


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


CAUSES = st.sets(st.tuples(st.sampled_from([WEB, CART]), st.sampled_from([EXCEPTION, OOM_KILLED])))


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0.1, 40), CAUSES, st.booleans()), max_size=30))
def test_nothing_is_told_twice_and_everything_that_ends_is_told(
    looks: list[tuple[float, set[tuple[Ref, Mode]], bool]],
) -> None:
    """Whatever comes and goes, seen or not: what was told of as broken ends in a line, and never before it began."""
    standing, at, told = Standing(), AT, []
    seen_blind: dict[tuple[Ref, str], bool] = {}
    for gap, causes, blind in [*looks, *((20.0, set[tuple[Ref, Mode]](), False) for _ in range(3))]:
        at += timedelta(seconds=gap)
        found = tuple(finding(subject, mode) for subject, mode in sorted(causes, key=lambda pair: pair[0]))
        unknown = ("Pod: partial, not followed",) if blind else ()
        standing, changes = step(standing, Diagnosis(findings=found, unknown=unknown), Alerts(), at)
        keys = [(change.subject, change.code, change.what) for change in changes]
        assert len(keys) == len(set(keys))
        over = {(change.subject, change.code) for change in changes if change.what is What.RECOVERED}
        assert not blind or all(seen_blind[key] for key in over)
        seen_blind |= {(item.subject, item.mode.code): blind for item in found}
        told += changes
    assert standing == Standing()
    for subject in (WEB, CART):
        said = [(change.what, change.code) for change in told if change.subject == subject]
        assert not said or (said[0][0], said[-1][0]) == (What.BROKEN, What.RECOVERED)
        _one_after_the_other(said)


def _one_after_the_other(said: list[tuple[What, str]]) -> None:
    """Hold that nothing recovers that is not broken, and nothing breaks anew before it was over or replaced."""
    open_: set[str] = set()
    for what, code in said:
        if what is What.RECOVERED:
            assert open_
            open_.discard(code)
        else:
            open_.add(code)


def watched() -> list[Watched]:
    """Return answers of `watch`: how it stands at first, and a change of each sort."""
    standing, changes = step(Standing(), Diagnosis(findings=(finding(WEB),)), alert(), AT)
    _, more = step(standing, Diagnosis(), Alerts(), after(5))
    _, over = step(replace(standing), Diagnosis(), Alerts(), after(200))
    return [Watched((), "namespace shop, context kind", 1), Watched((*changes, *more, *over))]
