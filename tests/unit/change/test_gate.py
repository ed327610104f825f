"""The gate: a value goes into a plan only where one committed row states it; a refusal says what has to come first."""

from dataclasses import replace
from typing import Any

import pytest

from agent.audit.inputs import GitFacts
from agent.blueprint.control import ControlKind, Profile, Source
from agent.blueprint.lint.finding import Lint
from agent.change.gate import Gate, Wanted, shown
from agent.change.grounds import Refusal
from agent.severity import Severity
from tests.unit.change.rows import FILE, LINE, gate, row

VALUES = "chart/values.yaml"
MEMORY = row("SVC-MEM", "128Mi", "web.memory")


def asked(
    table: list[str], values: str, name: str = "SVC-MEM", profile: Profile = Profile.DEV, **more: Any
) -> list[Wanted] | Refusal:
    """Return what the gate makes of one row."""
    found = gate(table, {VALUES: values.encode()}, profile, **more)
    control = found.inputs.blueprints.control(name)
    assert control is not None
    return found.of_control(control)


def wanted(*given: Any, **more: Any) -> dict[str, Any]:
    """Return values path -> value of what the gate lets through."""
    found = asked(*given, **more)
    assert isinstance(found, list), found
    return {item.path: item.value for item in found}


STATED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (MEMORY, "web: {memory: 64Mi}", {"web.memory": "128Mi"}),
    (MEMORY, "web: {memory: 0.125Gi}", {}),
    (MEMORY, "web: {}", {"web.memory": "128Mi"}),
    (row("SVC-MEM", "1 (dev) / 2 (prod)", "web.replicas", "Replicas"), "web: {replicas: 3}", {"web.replicas": 1}),
    (row("SVC-MEM", "8000", "web.port", "Port"), 'web: {port: "80"}', {"web.port": "8000"}),
    (row("SVC-MEM", "8000", "web.port", "Port"), "web: {port: 80}", {"web.port": 8000}),
    (row("SVC-MEM", "enabled", "web.hpa", "Autoscaling"), "web: {hpa: false}", {"web.hpa": True}),
    (row("SVC-MEM", "enabled", "web.hpa", "Autoscaling"), "web: {hpa: true}", {}),
    (row("SVC-MEM", "None (dev) / Spread (prod)", "web.wide", "Affinity"), "web: {wide: true}", {"web.wide": False}),
    (
        row("SVC-MEM", "GET /ok, period 30s, 3 failures", "web.live", "Liveness Probe"),
        "web: {live: {path: /no, periodSeconds: 30, failureThreshold: 1}}",
        {"web.live.path": "/ok", "web.live.failureThreshold": 3},
    ),
    (
        row("SVC-MEM", "web:1.2", "web.image.repository + tag", "Image"),
        'web: {image: {repository: web, tag: "1.1"}}',
        {"web.image.tag": "1.2"},
    ),
)  # fmt: skip


@pytest.mark.parametrize(("stated", "values", "expected"), STATED)
def test_what_a_row_states_comes_as_the_file_keeps_it(stated: str, values: str, expected: dict[str, Any]) -> None:
    """A port that was a text becomes a number and a chart fails; a switch that is off counts as met and stays off."""
    found = wanted([stated], values)
    assert found == expected
    assert [type(value) for value in found.values()] == [type(value) for value in expected.values()]


def test_each_profile_gets_its_own_value() -> None:
    """Production's replicas on a laptop, or a laptop's in production."""
    table = [row("SVC-MEM", "1 (dev) / 2 (prod)", "web.replicas", "Replicas")]
    assert wanted(table, "web: {replicas: 3}", profile=Profile.PROD) == {"web.replicas": 2}


def uncommitted(git: GitFacts | None) -> dict[str, Any]:
    return {"git": git, "git_reason": "no repository"}


REFUSED: tuple[tuple[list[str], str, dict[str, Any], str], ...] = (
    ([MEMORY], "web: {}", uncommitted(None), "not committed (no repository)"),
    ([MEMORY], "web: {}", uncommitted(GitFacts({FILE: True}, {FILE: False})), "changes that are not committed"),
    ([MEMORY], "web: {}", uncommitted(GitFacts({FILE: True}, {})), "changes that are not committed"),
    ([MEMORY], "web: {}", uncommitted(GitFacts({}, {}, unread={FILE: "too slow"})), "too slow"),
    ([row("SVC-MEM", "Via Secret mount", "web.secret", "Secrets")], "web: {}", {}, "says how the value comes"),
    ([row("SVC-MEM", "128Mi", "")], "web: {}", {}, "names no values path"),
    ([MEMORY, row("SVC-TWO", "256Mi", "web.memory")], "web: {}", {}, "two values"),
    ([row("SVC-MEM", "128Mi", "web.password")], "web: {password: x}", {}, "secret"),
)  # fmt: skip


@pytest.mark.parametrize(("table", "values", "more", "why"), REFUSED)
def test_what_no_committed_unambiguous_row_justifies_is_refused(
    table: list[str], values: str, more: dict[str, Any], why: str
) -> None:
    """Else anybody who can edit a file unseen, or word a row twice, decides what is applied."""
    found = asked(table, values, **more)
    assert isinstance(found, Refusal), found
    assert why in found.reason
    assert found.subject == "SVC-MEM"


def test_a_row_that_the_blueprints_lint_calls_broken_justifies_nothing() -> None:
    """A row that cannot hold would be carried out, and the audit would fail again; a mere warning stops nobody."""
    broken = Lint("LINT-CONFLICT", Severity.ERROR, "both cannot hold", (Source(FILE, LINE),), ("SVC-MEM",), "drop one")
    found = asked([MEMORY], "web: {}", lints=[broken])
    assert isinstance(found, Refusal)
    assert ("both cannot hold" in found.reason, found.first) == (True, "drop one")
    assert wanted([MEMORY], "web: {}", lints=[replace(broken, severity=Severity.WARNING)])


@pytest.mark.parametrize("kind", [kind for kind in ControlKind if kind is not ControlKind.PARAMETER])
def test_only_a_row_of_a_parameter_justifies_a_value(kind: ControlKind) -> None:
    """A check, a scenario or a rule tells of values in passing: prose must not become a change."""
    found = gate([MEMORY], {VALUES: b"web: {}"})
    control = replace(found.inputs.blueprints.controls[0], kind=kind)
    assert isinstance(found.of_control(control), Refusal)


def of_path(path: str, *table: str) -> list[Wanted] | Refusal:
    found: Gate = gate(table or [MEMORY], {VALUES: b"web: {memory: 64Mi}"})
    return found.of_path(path)


def test_a_path_is_given_what_its_row_states_and_nothing_beside_it() -> None:
    """Who asks for one value must not be shown a plan of its neighbours, nor of a path that only starts alike."""
    cpu = row("SVC-CPU", "100m", "web.cpu", "CPU Limit")
    for path, expected in (("web.memory", ["web.memory"]), ("web.cpu", ["web.cpu"]), ("web.mem", None)):
        found = of_path(path, MEMORY, cpu)
        assert (None if isinstance(found, Refusal) else [item.path for item in found]) == expected


def test_a_path_that_no_row_decides_says_how_to_propose_one() -> None:
    """A dead end without the next step sends people past the tool."""
    found = of_path("web.debug")
    assert isinstance(found, Refusal)
    assert found.first == "agent spec propose web.debug VALUE"


def test_nothing_is_said_as_nothing() -> None:
    assert (shown(None), shown("a"), shown(value=False)) == ("nothing", "a", "false")
