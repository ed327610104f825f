"""The checklists on captures of a real release: what a line means, and that what changes something is never run."""

import copy
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.audit.inputs import ClusterFacts
from agent.audit.verdict import Outcome
from agent.blueprint.control import Blueprints, Control, ControlKind, Source
from agent.blueprint.load import parse as parse_blueprints
from agent.snapshot.bundle import load
from agent.snapshot.graph import Graph
from agent.snapshot.record import LogKey, Part, Snapshot, State
from agent.verify.engine import checked, verify
from agent.verify.facts import Checked, Facts
from agent.verify.line import Effect, parse

ROOT = Path(__file__).parents[2]
Tree = dict[str, Any]
MINIKUBE = ClusterFacts(
    {}, {"ingress": True, "metrics-server": True}, {"Host": "Running", "Kubelet": "Running", "APIServer": "Running"}
)


@cache
def capture(name: str) -> Snapshot:
    found = load(ROOT / "tests" / "fixtures" / "audit" / f"{name}.tgz")
    assert isinstance(found, Snapshot), found
    return found


@cache
def blueprints() -> Blueprints:
    return parse_blueprints({f"blueprints/{p.name}": p.read_bytes() for p in (ROOT / "blueprints").glob("*.md")})


def checks(snapshot: Snapshot, *, cluster: ClusterFacts | None = None, only: str = "") -> dict[str, Checked]:
    facts = Facts(Graph(snapshot), "audited", "todo", blueprints().bindings, cluster, "minikube is not installed")
    return {item.control.id: item for item in verify(blueprints(), facts, only)}


def changed(snapshot: Snapshot, kind: str, prefix: str, change: Callable[[Tree], object]) -> Snapshot:
    objects = []
    for obj in snapshot.objects[kind]:
        fresh = copy.deepcopy(dict(obj))
        if fresh["metadata"]["name"].startswith(prefix):
            change(fresh)
        objects.append(fresh)
    return replace(snapshot, objects={**snapshot.objects, kind: objects})


def unready(obj: Tree) -> None:
    for item in obj["status"]["conditions"]:
        item["status"] = "False"


def test_an_installed_release_passes_every_line_that_reads() -> None:
    found = checks(capture("installed"), only="service")
    assert {item.outcome for item in found.values()} == {Outcome.PASS}
    assert all(item.evidence for item in found.values())


def test_every_line_of_every_checklist_is_answered() -> None:
    """A line left out would be taken for one that holds."""
    rows = {row.id for row in blueprints().controls if row.kind is ControlKind.CHECK}
    assert set(checks(capture("installed"))) == rows


def test_what_changes_or_watches_is_not_run_and_says_what_would_run_it() -> None:
    for item in checks(capture("installed")).values():
        if parse(item.control).effect in (Effect.CHANGES, Effect.OBSERVES):
            assert item.not_run
            assert (item.outcome, item.ran) == (Outcome.UNKNOWN, "")


FAULTS: list[tuple[str, str, str, Callable[[Tree], object], str]] = [
    ("CL-CHK-NODES", "Node", "", unready, "not Ready"),
    ("SVC-CHK-PODS", "Pod", "todo-backend", lambda obj: obj["status"].update(phase="Pending"), "is"),
    ("SVC-CHK-SVC", "Service", "todo-backend", lambda obj: obj["spec"].update(type="NodePort"), "NodePort"),
    ("SVC-CHK-HEALTH", "Pod", "todo-backend", unready, "not ready"),
    ("SVC-CHK-FRONTEND", "Pod", "todo-frontend", unready, "not ready"),
]


@pytest.mark.parametrize(("control", "kind", "prefix", "change", "says"), FAULTS)
def test_a_line_fails_for_what_it_asks(
    control: str, kind: str, prefix: str, change: Callable[[Tree], object], says: str
) -> None:
    found = checks(changed(capture("installed"), kind, prefix, change))[control]
    assert found.outcome is Outcome.FAIL
    assert says in found.evidence[0]


def test_a_service_that_is_gone_is_named() -> None:
    assert checks(capture("edited"))["SVC-CHK-SVC"].evidence == ("no Service backend",)


@pytest.mark.parametrize(("control", "kind"), [("SVC-CHK-PODS", "Pod"), ("SCL-CHK-HPA", "HorizontalPodAutoscaler")])
def test_a_list_nobody_could_read_is_unknown(control: str, kind: str) -> None:
    snapshot = capture("installed")
    parts = [Part(kind, "", State.DENIED, reason="403") if part.name == kind else part for part in snapshot.parts]
    found = checks(replace(snapshot, parts=parts))[control]
    assert found.outcome is Outcome.UNKNOWN
    assert "403" in found.evidence[0]


LOGS = {
    "INFO:     Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)\n": Outcome.PASS,
    'Traceback (most recent call last):\n  File "app.py"\nRuntimeError: no table\n': Outcome.FAIL,
    "TypeError: Cannot read properties of undefined (reading 'todos')\n    at main\n": Outcome.FAIL,
    "panic: runtime error: index out of range\n": Outcome.FAIL,
}


@pytest.mark.parametrize("text", LOGS)
def test_a_log_tells_how_the_start_went(text: str) -> None:
    snapshot = capture("installed")
    keys = [key for key in snapshot.logs if key.pod.startswith("todo-backend")]
    logs = {**snapshot.logs, **dict.fromkeys(keys or [LogKey("audited", "x", "backend", False)], text)}
    assert checks(replace(snapshot, logs=logs))["SVC-CHK-LOGS"].outcome is LOGS[text]


def test_minikube_answers_for_the_cluster() -> None:
    found = checks(capture("installed"), cluster=MINIKUBE, only="cluster")
    assert [found[name].outcome for name in ("CL-CHK-STATUS", "CL-CHK-ADDONS")] == [Outcome.PASS] * 2
    stopped = replace(MINIKUBE, status={"Host": "Stopped"}, addons={"ingress": True, "metrics-server": False})
    less = checks(capture("installed"), cluster=stopped, only="cluster")
    assert [less[name].outcome for name in ("CL-CHK-STATUS", "CL-CHK-ADDONS")] == [Outcome.FAIL] * 2
    none = checks(capture("installed"), only="cluster")["CL-CHK-STATUS"]
    assert (none.outcome, none.evidence) == (Outcome.UNKNOWN, ("minikube is not installed",))


def row(raw: str) -> Control:
    return Control("X-CHK", ControlKind.CHECK, "x", "a check", raw, {}, (), "", (), "", Source("x.md", 1), "")


def test_a_command_is_read_as_kubectl_reads_it() -> None:
    found = parse(row("`kubectl delete pod -n todo-app -l app=todo-backend`; changes"))
    assert (found.program, found.verb, found.object, found.effect) == ("kubectl", "delete", "pod", Effect.CHANGES)
    assert found.flags == {"-n": "todo-app", "-l": "app=todo-backend"}


@given(st.text(max_size=80), st.sampled_from(["reads", "changes", "interactive", "observes", "?"]))
def test_no_line_raises_and_none_that_changes_is_judged(command: str, effect: str) -> None:
    facts = Facts(Graph(capture("installed")), "audited", "todo", ())
    found = checked(row(f"{command}; {effect}"), facts)
    assert found.not_run or effect in ("reads", "interactive") or found.outcome is Outcome.UNKNOWN
