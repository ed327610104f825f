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
from agent.blueprint.commands import CommandKind
from agent.blueprint.control import Blueprints, Control, ControlKind, Source
from agent.blueprint.load import parse as parse_blueprints
from agent.snapshot.bundle import load
from agent.snapshot.graph import Graph
from agent.snapshot.record import Part, Snapshot, State
from agent.verify.checks import CHECKS
from agent.verify.engine import checked, verify
from agent.verify.facts import Checked, Facts
from agent.verify.line import parse

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
        if parse(item.control).kind in (CommandKind.CHANGES, CommandKind.OBSERVES):
            assert item.not_run
            assert (item.outcome, item.ran) == (Outcome.UNKNOWN, "")


def scales(obj: Tree) -> None:
    for item in obj["status"]["conditions"]:
        item["status"] = "True"


def no_conditions(obj: Tree) -> None:
    obj["status"]["conditions"] = []


def no_probes(obj: Tree) -> None:
    for item in obj["spec"]["containers"]:
        for name in ("livenessProbe", "readinessProbe"):
            item.pop(name, None)


def other_path(obj: Tree) -> None:
    for item in obj["spec"]["containers"]:
        for name in ("livenessProbe", "readinessProbe"):
            item[name]["httpGet"]["path"] = "/elsewhere"


def waiting(obj: Tree) -> None:
    obj["status"]["containerStatuses"][0]["state"] = {"waiting": {"reason": "CrashLoopBackOff"}}


def ended(obj: Tree) -> None:
    obj["status"]["containerStatuses"][0]["state"] = {"terminated": {"reason": "OOMKilled", "exitCode": 137}}


def without(snapshot: Snapshot, kind: str, prefix: str = "") -> Snapshot:
    kept = [obj for obj in snapshot.objects[kind] if not obj["metadata"]["name"].startswith(prefix)]
    return replace(snapshot, objects={**snapshot.objects, kind: kept})


def unread(snapshot: Snapshot, kind: str, state: State = State.DENIED) -> Snapshot:
    parts = [Part(kind, "", state, reason="403 no") if part.name == kind else part for part in snapshot.parts]
    return replace(snapshot, parts=parts)


HPA = "HorizontalPodAutoscaler"
WELL = changed(capture("installed"), HPA, "", scales)
"""The release as installed, with metrics."""

FAULTS: list[tuple[str, Snapshot, str]] = [
    ("CL-CHK-NODES", changed(WELL, "Node", "", unready), "not Ready: "),
    ("CL-CHK-NODES", without(WELL, "Node"), "there is no Node"),
    (
        "SVC-CHK-PODS",
        changed(WELL, "Pod", "todo-backend", lambda obj: obj["status"].update(phase="Pending")),
        "Pending",
    ),
    ("SVC-CHK-PODS", changed(WELL, "Pod", "todo-backend", waiting), "is CrashLoopBackOff"),
    ("SVC-CHK-PODS", changed(WELL, "Pod", "todo-backend", ended), "is OOMKilled"),
    ("SVC-CHK-PODS", without(WELL, "Pod"), "there is no Pod"),
    ("SVC-CHK-SVC", changed(WELL, "Service", "todo-backend", lambda obj: obj["spec"].update(type="NodePort")), "Node"),
    ("SVC-CHK-SVC", without(WELL, "Service", "backend"), "no Service backend"),
    ("SVC-CHK-LOGS", without(WELL, "Deployment", "todo-backend"), "no deployment/todo-backend in audited"),
    ("SVC-CHK-HEALTH", changed(WELL, "Pod", "todo-backend", unready), "not ready: todo-backend-"),
    ("SVC-CHK-FRONTEND", changed(WELL, "Pod", "todo-frontend", unready), "not ready: todo-frontend-"),
    ("SVC-CHK-FRONTEND", without(WELL, "Service", "todo-frontend"), "no svc/todo-frontend in audited"),
    ("SCL-CHK-HPA", without(WELL, HPA, "todo-frontend"), "no HPA todo-frontend"),
    ("SCL-CHK-STATUS", capture("installed"), "ScalingActive is False, FailedGetResourceMetric"),
    ("SCL-CHK-STATUS", without(WELL, HPA, "todo-frontend"), "no HPA todo-frontend"),
    ("SCL-CHK-STATUS", changed(WELL, HPA, "", no_conditions), "its controller has not said anything"),
]

UNSEEN: list[tuple[str, Snapshot, str]] = [
    ("CL-CHK-NODES", unread(WELL, "Node"), "Node denied: 403 no"),
    ("SVC-CHK-PODS", unread(WELL, "Pod", State.PARTIAL), "Pod partial: 403 no"),
    ("SVC-CHK-PODS", replace(WELL, parts=[]), "Pod was not read"),
    ("SVC-CHK-SVC", unread(WELL, "Service"), "Service denied: 403 no"),
    ("SVC-CHK-LOGS", unread(without(WELL, "Deployment"), "Deployment"), "Deployment denied: 403 no"),
    ("SVC-CHK-LOGS", without(WELL, "Pod"), "no pod stands behind it"),
    ("SVC-CHK-LOGS", replace(WELL, logs={}), "its log was not read"),
    ("SVC-CHK-LOGS", unread(replace(WELL, logs={}), "logs"), "logs denied: 403 no"),
    ("SVC-CHK-LOGS", unread(WELL, "Pod", State.PARTIAL), "Pod partial: 403 no"),
    ("SVC-CHK-HEALTH", unread(WELL, "Pod", State.PARTIAL), "Pod partial: 403 no"),
    ("SVC-CHK-HEALTH", without(WELL, "Pod"), "no pod stands behind it"),
    ("SVC-CHK-HEALTH", changed(WELL, "Pod", "", no_probes), "no probe asks /health"),
    ("SVC-CHK-HEALTH", changed(WELL, "Pod", "", other_path), "no probe asks /health"),
    ("SVC-CHK-FRONTEND", changed(WELL, "Pod", "", no_probes), "no probe asks it"),
    ("SVC-CHK-FRONTEND", unread(without(WELL, "Service"), "Service"), "Service denied: 403 no"),
    ("SCL-CHK-HPA", unread(WELL, HPA), f"{HPA} denied: 403 no"),
    ("SCL-CHK-STATUS", unread(WELL, HPA), f"{HPA} denied: 403 no"),
]


def test_with_metrics_every_line_that_can_be_judged_holds() -> None:
    """A check that cannot pass is switched off by whoever runs it."""
    found = checks(WELL, cluster=MINIKUBE).values()
    assert [item.control.id for item in found if item.outcome is not Outcome.PASS and not item.not_run] == []


@pytest.mark.parametrize(("control", "snapshot", "says"), FAULTS)
def test_a_line_fails_for_what_it_asks(control: str, snapshot: Snapshot, says: str) -> None:
    """A broken cluster would be signed off."""
    found = checks(snapshot)[control]
    assert found.outcome is Outcome.FAIL
    assert says in found.evidence[0]


@pytest.mark.parametrize(("control", "snapshot", "says"), UNSEEN)
def test_what_nobody_could_read_is_unknown_and_says_why(control: str, snapshot: Snapshot, says: str) -> None:
    """A forbidden list taken for an empty one raises an alarm; taken for a healthy one it hides what is broken."""
    found = checks(snapshot)[control]
    assert found.outcome is Outcome.UNKNOWN
    assert says in found.evidence[0]


def test_every_check_has_a_case_that_fails_and_one_that_nobody_can_see() -> None:
    """A check nobody saw fail may be one that cannot."""
    every = {item.control.id for item in checks(WELL, cluster=MINIKUBE).values() if item.ran}
    of_minikube = {"CL-CHK-STATUS", "CL-CHK-ADDONS"}
    assert {row[0] for row in FAULTS} | of_minikube == every
    assert {row[0] for row in UNSEEN} | of_minikube == every


def test_what_is_not_bound_is_unknown_and_not_missing() -> None:
    """Somebody else's blueprint has no binding table: his Services would be called missing."""
    facts = Facts(Graph(WELL), "audited", "todo", ())
    for control in ("SVC-CHK-SVC", "SCL-CHK-HPA", "SCL-CHK-STATUS"):
        (line,) = [item for item in verify(blueprints(), facts) if item.control.id == control]
        assert line.outcome is Outcome.UNKNOWN
        assert "the blueprints bind no" in line.evidence[0]


def test_a_name_that_hangs_on_an_unnamed_release_is_unknown() -> None:
    """With two releases in a namespace there is no `-web` to miss."""
    named = [replace(item, name="{release}-web") for item in blueprints().bindings]
    facts = Facts(Graph(WELL), "audited", "", named)
    (line,) = [item for item in verify(blueprints(), facts) if item.control.id == "SVC-CHK-SVC"]
    assert (line.outcome, line.evidence) == (
        Outcome.UNKNOWN,
        ("its name hangs on a release, and none was named",),
    )


def test_a_service_that_was_deleted_is_named() -> None:
    assert checks(capture("edited"))["SVC-CHK-SVC"].evidence == ("no Service backend",)


def judged(command: str, kind: str = "reads", snapshot: Snapshot = WELL) -> Checked:
    return checked(row(f"{command}; {kind}"), Facts(Graph(snapshot), "audited", "todo", blueprints().bindings))


INSIDE = {
    "kubectl exec pod/todo-backend -- curl localhost:8000/health": Outcome.PASS,
    "kubectl exec -it deploy/todo-backend -- wget -qO- http://127.0.0.1:8000/ready?full=1": Outcome.PASS,
    "kubectl exec pod/todo-backend -- curl localhost:8000/metrics": Outcome.UNKNOWN,
    "kubectl exec pod/todo-frontend -- curl http://backend:8000/health": Outcome.UNKNOWN,
    "kubectl exec pod/todo-backend -- cat /etc/todo/secrets": Outcome.UNKNOWN,
    "kubectl exec pod/todo-backend -- /bin/sh": Outcome.UNKNOWN,
    "kubectl exec pod/todo-backend": Outcome.UNKNOWN,
    "kubectl exec svc/backend -- curl localhost:8000/health": Outcome.PASS,
    "kubectl exec deploy/none -- curl localhost:8000/health": Outcome.FAIL,
    "kubectl exec -- curl localhost:8000/health": Outcome.UNKNOWN,
}


@pytest.mark.parametrize("command", INSIDE)
def test_only_what_a_probe_asks_as_well_is_answered_by_it(command: str) -> None:
    """A ready pod says nothing of a path, a file or a neighbour that no probe looks at."""
    assert judged(command, "interactive").outcome is INSIDE[command]


KINDS = {"deploy/todo-backend", "Deployments/todo-backend", "deployment.apps/todo-backend", "pod/todo-backend"}


@pytest.mark.parametrize("what", sorted(KINDS))
def test_a_log_is_found_however_its_owner_is_written(what: str) -> None:
    assert judged(f"kubectl logs {what}").outcome is Outcome.PASS


def test_a_kind_that_was_named_is_not_another_of_the_same_name() -> None:
    """`kubectl logs sts/todo-backend` fails where it is a Deployment."""
    assert judged("kubectl logs sts/todo-backend").outcome is Outcome.FAIL


STARTED = "INFO:     Started server process [1]\n"

LOGS = {
    "INFO:     Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)\n": Outcome.PASS,
    "  ▲ Next.js 15.1.0\n ✓ Ready in 312ms\n": Outcome.PASS,
    "": Outcome.PASS,  # it is ready, and complains of nothing
    f'{STARTED}Traceback (most recent call last):\n  File "app.py"\nRuntimeError: no table\n': Outcome.FAIL,
    f"{STARTED}ERROR:    Application startup failed. Exiting.\n": Outcome.FAIL,
    "TypeError: Cannot read properties of undefined (reading 'todos')\n    at main\n": Outcome.FAIL,
    "node:events:497\n      throw er;\n\nError: listen EADDRINUSE: address already in use :::3000\n": Outcome.FAIL,
    "Uncaught ReferenceError: db is not defined\n": Outcome.FAIL,
    "[UnhandledPromiseRejection]\nUnhandled rejection in main\n": Outcome.FAIL,
    "panic: runtime error: index out of range\n": Outcome.FAIL,
}


def of_backend(snapshot: Snapshot, text: str) -> Snapshot:
    keys = [key for key in snapshot.logs if key.pod.startswith("todo-backend")]
    assert keys
    return replace(snapshot, logs={**snapshot.logs, **dict.fromkeys(keys, text)})


@pytest.mark.parametrize("text", LOGS)
def test_a_log_tells_how_the_start_went(text: str) -> None:
    """A pod can be ready with its start failed behind it, or fail with a cheerful first line."""
    found = checks(of_backend(WELL, text))["SVC-CHK-LOGS"]
    assert found.outcome is LOGS[text]
    assert "\n" not in found.evidence[0]


def test_a_log_that_says_nothing_of_a_pod_that_is_not_ready_is_unknown() -> None:
    found = checks(of_backend(changed(WELL, "Pod", "todo-backend", unready), "hello\n"))["SVC-CHK-LOGS"]
    assert (found.outcome, "neither" in found.evidence[0]) == (Outcome.UNKNOWN, True)


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
    command = found.command
    assert (command.program, command.verb, command.object) == ("kubectl", "delete", "pod")
    assert found.kind is command.kind is CommandKind.CHANGES
    assert command.flags == {"-n": "todo-app", "-l": "app=todo-backend"}


def test_a_kind_is_read_in_any_case_and_an_odd_one_is_not_run() -> None:
    """`Changes`, or a word nobody knows, taken for one that only reads would be a line run too many."""
    assert parse(row("kubectl delete pod x; Changes")).kind is CommandKind.CHANGES
    assert judged("kubectl get pods", "sometimes").not_run


@pytest.mark.parametrize("word", ["po", "pod", "pods", "no", "node", "svc", "service", "horizontalpodautoscalers"])
def test_a_line_may_call_a_kind_by_any_of_its_names(word: str) -> None:
    """A line nobody understands is unknown, and a checklist full of them checks nothing."""
    assert judged(f"kubectl get {word} -n audited", "reads").evidence != judged("kubectl get x", "reads").evidence


@pytest.mark.parametrize("kind", ["changes", "observes"])
@pytest.mark.parametrize(("program", "verb", "what", "_"), CHECKS)
def test_a_line_that_changes_is_not_judged_whatever_its_command_resembles(
    program: str, verb: str, what: str, _: object, kind: str
) -> None:
    """`kubectl get hpa` behind a load test is true before the load, too."""
    found = judged(f'{program} "{verb}" {what or "deployment/todo-backend"}', kind)
    assert (found.outcome, found.ran, bool(found.not_run)) == (Outcome.UNKNOWN, "", True)


WORDS = st.lists(
    st.sampled_from(
        "kubectl minikube kubectl-ai get logs exec port-forward status addons list pods svc hpa nodes deploy/x pod/ /y"
        " -n -l= -- ' \" ` localhost:8000/health http://[::1]/ https:///x -".split()
    )
    | st.text(max_size=8),
    max_size=9,
).map(" ".join)


@given(WORDS | st.text(max_size=80), st.sampled_from(["reads", "changes", "interactive", "observes", "?", ""]))
def test_no_line_raises_and_none_that_changes_is_judged(command: str, effect: str) -> None:
    facts = Facts(Graph(capture("installed")), "audited", "todo", ())
    found = checked(row(f"{command}; {effect}"), facts)
    assert found.not_run or effect in ("reads", "interactive") or found.outcome is Outcome.UNKNOWN
