"""PolicyReports and their metrics. Lost, a dashboard is green while the terminal says what is broken."""

import json
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.finding import Confidence, Finding, Fix
from agent.diagnose.modes import EXCEPTION
from agent.diagnose.unsettled import Unsettled
from agent.health.held import Held
from agent.policyreport.document import MOST, as_object
from agent.policyreport.metrics import gauges
from agent.policyreport.result import Question, Report, Result, Word
from agent.policyreport.results import of_audits, of_diagnosis
from agent.policyreport.shard import Shard, parse
from agent.severity import Severity
from agent.snapshot.record import Ref
from tests.fakes.apiserver import FakeApiServer, Fault, serving
from tests.fakes.executables import Replay, install
from tests.fakes.made import SPACE, Raw, ended, failing_workload, node, running_workload
from tests.fakes.shell import CANARY, COMMAND, ROOT, Shell
from tools import kubectl
from tools.exposition import exposition
from tools.sandbox import sandbox

AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
NAMESPACES: list[Raw] = [
    {"kind": "Namespace", "metadata": {"name": name}, "status": {"phase": "Active"}} for name in (SPACE, "quiet")
]
WEB = Ref("Deployment", SPACE, "web")


def cause(text: str = "it throws", subject: Ref = WEB) -> Finding:
    return Finding(EXCEPTION, subject, text, Severity.ERROR, Confidence.CERTAIN, (), Fix("mend it"))


# ---- what a report says


def test_a_cause_fails_and_is_about_its_object() -> None:
    (result,) = of_diagnosis(Diagnosis((cause(),)), SPACE, AT).results
    assert (result.word, result.subject, result.rule) == (Word.FAIL, WEB, EXCEPTION.code)
    obj = as_object(Report(Question.DIAGNOSE, SPACE, AT, (result,)))
    assert obj["results"][0]["resources"] == [
        {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "namespace": SPACE}
    ]


def test_a_node_that_breaks_a_namespace_is_in_its_report_and_a_note_about_one_is_not() -> None:
    """Whoever looks only at their namespace must see what is broken there, whoever broke it."""
    node = Ref("Node", "", "node-1")
    note = replace(cause("its kernel is old", node), severity=Severity.INFO)
    found = Diagnosis((cause("is not ready", node), note))
    assert [result.message for result in of_diagnosis(found, SPACE, AT).results] == ["is not ready"]


def test_what_nobody_could_judge_is_an_error_and_never_a_pass() -> None:
    summary = of_diagnosis(Diagnosis(unknown=("Pod: failed, 500",)), SPACE, AT).summary
    assert (summary["error"], summary["pass"]) == (1, 0)


def test_what_an_auditor_may_not_see_or_may_still_become_well_is_skipped() -> None:
    """An error in every report for ever, or one for each rollout, is what nobody looks at any more."""
    waiting = Unsettled(WEB, "1 of 2 ready", None, None)
    found = Diagnosis(unsettled=(waiting,), unknown=("Secret: denied, 403",))
    assert of_diagnosis(found, SPACE, AT).summary == {"pass": 0, "fail": 0, "warn": 0, "error": 0, "skip": 2}


def test_a_release_that_could_not_be_audited_is_an_error() -> None:
    (result,) = of_audits([Held("todo", SPACE, None, "no profile")], SPACE, AT).results
    assert (result.word, result.message, result.properties["release"]) == (Word.ERROR, "no profile", "todo")


def test_thousands_of_causes_fit_into_one_object_and_are_all_counted() -> None:
    """etcd refuses more than 1.5 MB: the report of the worst day would be the one that is not kept."""
    many = tuple(replace(cause("x" * 5_000), subject=Ref("Deployment", SPACE, f"web-{i}")) for i in range(5_000))
    obj = as_object(of_diagnosis(Diagnosis(many), SPACE, AT))
    assert len(json.dumps(obj)) < 1_000_000
    assert len(obj["results"]) == MOST
    assert obj["summary"]["fail"] == 5_000
    assert obj["metadata"]["annotations"]["bluehelm/left-out"] == str(5_000 - MOST)


@given(st.text(), st.text())
def test_no_text_of_a_cluster_reaches_a_terminal_through_kubectl(message: str, says: str) -> None:
    """`kubectl describe policyreport` prints what stands there."""
    result = Result("x", Word.FAIL, message + "\x1b[2J", Severity.ERROR, None, "", {"says": says + "\x9b"})
    said = as_object(Report(Question.AUDIT, SPACE, AT, (result,)))["results"][0]
    assert not {category(letter) for letter in said["message"] + said["properties"]["says"]} & {"Cc", "Cf"}


# ---- parts of the namespaces


@given(st.text(min_size=1, max_size=63), st.integers(min_value=1, max_value=100))
def test_each_namespace_belongs_to_exactly_one_part(namespace: str, of: int) -> None:
    """One that belonged to none would never be looked at, and nobody would know."""
    assert sum(Shard(index, of).holds(namespace) for index in range(of)) == 1


@pytest.mark.parametrize("text", ["", "1", "4/4", "5/4", "-1/4", "0/0", "0/101", "a/b", "0/4/4", "٣/٤"])
def test_what_is_no_part_is_refused(text: str) -> None:
    assert parse(text) is None


# ---- metrics

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.sampled_from(["metadata", "summary", "results", "kind"]), ANYTHING)))
def test_reports_of_other_programs_do_no_harm(reports: list[Any]) -> None:
    """Whoever may write a PolicyReport could otherwise end the metrics of all."""
    for report in reports:
        report["metadata"] = {"labels": {"bluehelm/report": "x"}, "annotations": report.get("metadata")}
    exposition(gauges(reports))
    exposition(gauges([{"kind": "PolicyReport"}]))


def test_metrics_count_and_name_no_object() -> None:
    obj = as_object(
        Report(Question.HEALTH, "", AT, (Result("a", Word.FAIL, "m", Severity.ERROR, WEB),), 87, {"nodes": 13})
    )
    text = exposition(gauges([obj]))
    assert 'bluehelm_rule_results{namespace="",report="health",result="fail",rule="a",severity="high"} 1.0' in text
    assert 'bluehelm_health_score{namespace=""} 87.0' in text
    assert 'bluehelm_health_points_lost{area="nodes",namespace=""} 13.0' in text
    assert "web" not in text


# ---- the commands


@pytest.fixture
def server() -> Iterator[FakeApiServer]:
    found: dict[str, list[Raw]] = {}
    for item in (*NAMESPACES, node(), *running_workload("well"), *failing_workload("web", ended())):
        found.setdefault(item["kind"], []).append(item)
    with serving(found) as fake:
        yield fake


@pytest.fixture
def shell(tmp_path: Path, server: FakeApiServer) -> Shell:
    install(tmp_path / "bin", "helm", {"list": Replay(b"[]"), "": Replay()})
    server.kubeconfig(tmp_path / "kubeconfig", token=CANARY)
    return Shell(tmp_path)


def asked(shell: Shell, *argv: str) -> subprocess.CompletedProcess[str]:
    return shell.run("report", *argv, KUBECONFIG=str(shell.home / "kubeconfig"))


def test_parts_together_are_the_whole(shell: Shell) -> None:
    def seen(*argv: str) -> dict[str, list[str]]:
        reports = json.loads(asked(shell, "-o", "json", *argv).stdout)["reports"]
        named = (item for item in reports if item["metadata"].get("namespace"))
        key = "{namespace}/{name}".format_map
        return {key(item["metadata"]): [result["message"] for result in item["results"]] for item in named}

    parts = [seen(f"--shard={index}/3") for index in range(3)]
    assert sum(map(len, parts)) == 4
    assert parts[0] | parts[1] | parts[2] == seen()
    assert any("web" in message for message in seen()[f"{SPACE}/bluehelm-diagnose"])


def test_a_namespace_that_cannot_be_looked_at_costs_only_itself(shell: Shell, server: FakeApiServer) -> None:
    server.faults["/api/v1/namespaces/quiet"] = Fault(500)
    codes = [asked(shell, f"--shard={index}/2") for index in range(2)]
    assert sorted(done.returncode for done in codes) == [0, 3], [done.stderr for done in codes]
    assert sum(SPACE in done.stdout for done in codes) == 1


def test_findings_are_what_a_report_is_for_and_no_failure_of_it(shell: Shell) -> None:
    """A Job that fails whenever the cluster has a problem is started again and again."""
    assert asked(shell).returncode == 0


def test_the_manifest_is_what_kubectl_takes(shell: Shell) -> None:
    found = json.loads(asked(shell, "-o", "manifest").stdout)
    assert (found["kind"], found["apiVersion"]) == ("List", "v1")
    assert {item["apiVersion"] for item in found["items"]} == {"wgpolicyk8s.io/v1alpha2"}


@pytest.mark.parametrize(
    "argv",
    [("--shard=4/4",), ("--shard=0/2", "-n", SPACE), ("--shard=0/2", "--bundle=demo"), ("--write", "--bundle=demo")],
)
def test_what_cannot_be_meant_is_a_usage_error(shell: Shell, argv: tuple[str, ...]) -> None:
    done = asked(shell, *argv)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_a_cluster_without_such_reports_says_what_to_define(shell: Shell) -> None:
    words = b'error: unable to recognize "x": no matches for kind "PolicyReport" in version "wgpolicyk8s.io/v1alpha2"'
    install(shell.home / "bin", "kubectl", {"": Replay(b"", words, 1)})
    done = asked(shell, "--write")
    assert done.returncode == 3
    assert "CRDs of wgpolicyk8s.io/v1alpha2" in done.stderr


def test_nothing_but_reports_is_written() -> None:
    with sandbox() as box, pytest.raises(ValueError, match="only PolicyReports"):
        kubectl.keep_reports(box, [{"apiVersion": "apps/v1", "kind": "Deployment"}])


class Exporter:
    """`agent exporter` in a process of its own."""

    def __init__(self, shell: Shell) -> None:
        env = shell.env(KUBECONFIG=str(shell.home / "kubeconfig"))
        argv = [*COMMAND, "exporter", "--listen=127.0.0.1:0", "--timeout=3"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(argv, stdout=pipe, stderr=pipe, env=env, cwd=ROOT, text=True, bufsize=1)
        assert self.process.stdout is not None
        self.place = self.process.stdout.readline().split("PolicyReports: ")[1].strip()

    def scrape(self) -> str:
        with urllib.request.urlopen(self.place, timeout=20) as reply:
            text: str = reply.read().decode()
            return text

    def __enter__(self) -> "Exporter":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


def test_metrics_are_of_now_and_old_ones_are_not_repeated(shell: Shell, server: FakeApiServer) -> None:
    """Figures of yesterday in place of none look like a cluster that is as well as yesterday."""
    report = as_object(Report(Question.DIAGNOSE, SPACE, AT, (Result("a", Word.FAIL, "m", Severity.ERROR),)))
    server.objects["PolicyReport"] = [dict(report)]
    with Exporter(shell) as exporter:
        assert "bluehelm_up 1.0" in exporter.scrape()
        assert 'result="fail",rule="a"' in exporter.scrape()
        server.faults["*"] = Fault(503)
        assert "bluehelm_up 0.0" in exporter.scrape()
        assert "bluehelm_rule_results" not in exporter.scrape()
        del server.faults["*"]
        assert "bluehelm_up 1.0" in exporter.scrape()


def test_a_request_to_end_ends_it_at_once(shell: Shell) -> None:
    """A pod that waits for its grace holds up every rollout and every drain."""
    with Exporter(shell) as exporter:
        exporter.process.send_signal(signal.SIGTERM)
        _, said = exporter.process.communicate(timeout=10)
        assert exporter.process.returncode == 130
    assert "Traceback" not in said


@pytest.mark.parametrize("place", ["9402", "x:y", ":9402", "127.0.0.1:70000", "999.1.1.1:9402"])
def test_a_place_nobody_can_listen_at_is_a_usage_error(shell: Shell, place: str) -> None:
    done = shell.run("exporter", f"--listen={place}", KUBECONFIG=str(shell.home / "kubeconfig"))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
