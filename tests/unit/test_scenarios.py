"""Scenarios without a cluster: every capture judged as it was when it was taken, and the judge itself judged."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.diagnose.finding import Severity
from tests.cluster.trouble import Trouble
from tests.scenarios.expectation import CAPTURES, Expectation, Scenario, Step, load, names
from tests.scenarios.judge import Said, judge
from tests.scenarios.play import Result, judged
from tests.scenarios.table import summary, table

VERSIONS = [CAPTURES, *sorted(path for path in CAPTURES.glob("v*") if path.is_dir())]
"""The folders of captures: the newest Kubernetes first, then older ones."""

KEPT = [
    pytest.param(path, id=f"{path.parent.name}-{path.stem}") for at in VERSIONS for path in sorted(at.glob("*.tgz"))
]

OOM = Said(65, "Deployment/web", Severity.ERROR, "Its memory limit of 64Mi was hit")
PORT = Said(124, "Ingress/web", Severity.ERROR, "It asks port 80, web has 8080")
RESTARTS = Said(0, "Deployment/web", Severity.WARNING, "It restarted")
NOTE = Said(142, "ConfigMap/web", Severity.INFO, "Changed after the pods started")

EXPECT: dict[str, Any] = {
    "about": "A container needs more memory than its limit.",
    "origin": "rules",
    "until": [{"get": "pods -l app=web", "jsonpath": "{.items[*].status.phase}", "matches": "Running"}],
    "find": [{"mode": 65, "subject": "Deployment/web", "says": ["memory", "64Mi"]}],
}


def expectation(**changes: object) -> Expectation:
    return Expectation.model_validate(EXPECT | changes)


@pytest.mark.parametrize("capture", KEPT)
def test_a_capture_is_judged_right(capture: Path) -> None:
    verdict = judged(load(capture.stem), capture.parent)
    assert verdict.passed, verdict


@pytest.mark.parametrize("name", names())
def test_a_scenario_is_of_the_format_and_has_a_capture(name: str) -> None:
    assert isinstance(load(name), Scenario)
    assert (CAPTURES / f"{name}.tgz").is_file(), f"play it: python -m tests.scenarios {name}"


def test_no_capture_is_without_its_scenario_and_none_is_large() -> None:
    kept = [path for folder in VERSIONS for path in folder.glob("*.tgz")]
    assert {path.stem for path in kept} <= set(names())
    assert max(path.stat().st_size for path in kept) < 100_000


def test_the_expected_cause_alone_is_right() -> None:
    assert judge(expectation(), [OOM]).passed


def test_words_are_found_in_either_case() -> None:
    assert judge(expectation(find=[{"mode": 65, "subject": "Deployment/web", "says": ["MEMORY"]}]), [OOM]).passed


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": 66, "subject": "Deployment/web", "says": []},
        {"mode": 65, "subject": "Deployment/api", "says": []},
        {"mode": 65, "subject": "StatefulSet/web", "says": []},
        {"mode": 65, "subject": "Deployment/web", "says": ["memory", "128Mi"]},
    ],
)
def test_another_mode_subject_or_word_is_not_the_expected_cause(wrong: dict[str, object]) -> None:
    verdict = judge(expectation(find=[wrong]), [OOM])
    assert (verdict.passed, verdict.found, verdict.rank) == (False, 0, 0)
    assert len(verdict.missing) == len(verdict.alarms) == 1


def test_nothing_said_of_a_fault_is_wrong_and_so_is_something_said_of_a_healthy_one() -> None:
    assert not judge(expectation(), []).passed
    assert judge(expectation(find=[]), []).passed
    assert judge(expectation(find=[]), [OOM]).alarms == (str(OOM),)
    assert not judge(expectation(find=[]), [RESTARTS]).passed


def test_an_expected_cause_in_second_place_is_wrong_though_the_first_may_be_reported() -> None:
    verdict = judge(expectation(also=[124]), [PORT, OOM])
    assert (verdict.passed, verdict.found, verdict.rank, verdict.alarms) == (False, 1, 2, ())
    assert judge(expectation(also=[124]), [OOM, PORT]).passed


def test_what_nobody_expects_is_a_false_alarm_unless_it_is_a_note_or_allowed_beside() -> None:
    assert judge(expectation(), [OOM, PORT]).alarms == (str(PORT),)
    assert judge(expectation(), [OOM, NOTE]).passed
    assert judge(expectation(**{"not": [142]}), [OOM, NOTE]).alarms == (str(NOTE),)


def test_a_cause_said_as_a_note_is_not_found() -> None:
    note = Said(OOM.mode, OOM.subject, Severity.INFO, OOM.cause)
    assert not judge(expectation(), [note]).passed


def test_two_causes_need_two_findings() -> None:
    both = expectation(find=[*EXPECT["find"], {"mode": 124, "subject": "Ingress/web", "says": ["8080"]}])
    twice = expectation(find=EXPECT["find"] * 2)
    assert judge(both, [OOM, PORT]).passed
    assert judge(both, [OOM]).found == judge(twice, [OOM]).found == 1
    assert not judge(both, [PORT, OOM]).passed


def test_what_could_not_be_decided_is_not_healthy() -> None:
    assert not judge(expectation(find=[]), [], ["Event: denied"]).passed


@pytest.mark.parametrize(
    "odd",
    [
        {"about": ""},
        {"origin": "somewhere"},
        {"until": []},
        {"until": [{"get": "", "jsonpath": "{}", "matches": "x"}]},
        {"until": [{"get": "pods", "jsonpath": "{}", "matches": "("}]},
        {"timeout": "120"},
        {"timeout": 0},
        {"find": [{"mode": "65", "subject": "Deployment/web", "says": []}]},
        {"find": [{"mode": 65, "subject": "web", "says": []}]},
        {"find": None},
        {"finds": []},
        {"not": ["74"]},
    ],
)
def test_a_file_that_is_not_of_the_format_is_refused(odd: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        expectation(**odd)


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"kubectl": ["get"], "helm": ["list"]},
        {"kubectl": "get pods"},
        {"sleep": 5},
        {"until": EXPECT["until"][0], "fails": True},
    ],
)
def test_a_step_is_one_thing(odd: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Step.model_validate(odd)


def test_a_folder_that_is_no_scenario_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="there is no scenario oom"):
        load("oom", tmp_path)
    (tmp_path / "oom").mkdir()
    (tmp_path / "oom" / "expect.yaml").write_text(yaml.safe_dump(EXPECT))
    with pytest.raises(Trouble, match=r"exactly one of manifest\.yaml and values\.yaml"):
        load("oom", tmp_path)
    (tmp_path / "oom" / "manifest.yaml").write_text("kind: Pod")
    (tmp_path / "oom" / "expect.yaml").write_text(yaml.safe_dump(EXPECT | {"mode": 65}))
    with pytest.raises(Trouble, match=r"oom/expect\.yaml: mode: Extra"):
        load("oom", tmp_path)
    (tmp_path / "oom" / "expect.yaml").write_text("{")
    with pytest.raises(Trouble, match="not readable"):
        load("oom", tmp_path)


def test_the_table_and_the_score_say_what_was_not_judged() -> None:
    results = [
        Result("oom", 9.6, judge(expectation(), [OOM]), (str(OOM),)),
        Result("ingress", 4.2, judge(expectation(), [PORT]), (str(PORT),)),
        Result("lost", 120.0, trouble="not within 120 s: pods\nNAME READY"),
    ]
    lines = table(results).splitlines()
    assert [line.split()[0] for line in lines] == ["scenario", "ingress", "lost", "oom"]
    assert "not judged: not within 120 s: pods" in lines[2]
    assert summary(results) == (
        "1 of 3 scenarios right: 1 of 2 causes found, the expected one first in 1 of 2, 1 false alarms, 1 not judged"
    )
