"""get, logs, events, changes, top, tree, releases: what a person asks kubectl and helm, asked of one look."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import UsageError
from agent.kube.belongings import Relation, belongings
from agent.kube.events import happenings
from agent.kube.labelselector import parse
from agent.kube.loads import of_pods
from agent.kube.manifests import changed
from agent.kube.standing import pod_status, standing
from agent.kube.timeline import timeline
from agent.operate.span import span
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object
from tests.fakes.apiserver import FORBIDDEN, FakeApiServer, serving
from tests.fakes.executables import Replay, install
from tests.fakes.made import (  # fmt: skip
    NOW,
    SPACE,
    Raw,
    container,
    ended,
    event,
    failing_workload,
    made,
    node,
    owned,
    pod,
    running_workload,
    service,
    template,
    workload,
)
from tests.fakes.objects import snapshot
from tests.fakes.shell import CANARY, Shell

NAMESPACE: Raw = {"kind": "Namespace", "metadata": {"name": SPACE}, "status": {"phase": "Active"}}
LOG = "listening on 8000\nERROR password=hunter2hunter2 refused\nGET / 200\nERROR timeout of db\n"


def graph(*items: Raw, logs: dict[str, str] | None = None) -> Graph:
    return Graph(snapshot(items, taken_at=NOW, logs=logs))


@pytest.fixture
def server() -> Iterator[FakeApiServer]:
    found: dict[str, list[Raw]] = {}
    for item in (NAMESPACE, node(), *running_workload("web"), *failing_workload("api"), service("web")):
        found.setdefault(item["kind"], []).append(item)
    with serving(found) as fake:
        for item in found["Pod"]:
            fake.logs[f"{SPACE}/{item['metadata']['name']}/web"] = LOG
        yield fake


@pytest.fixture
def shell(tmp_path: Path, server: FakeApiServer) -> Shell:
    install(tmp_path / "bin", "helm", {"list": Replay(b"[]"), "": Replay()})
    server.kubeconfig(tmp_path / "kubeconfig", token=CANARY)
    return Shell(tmp_path)


def asked(shell: Shell, *words: str, code: int = 0) -> str:
    done = shell.run(*words, "-n", SPACE, KUBECONFIG=str(shell.home / "kubeconfig"))
    assert done.returncode == code, (done.stdout, done.stderr)
    return done.stdout


def test_pods_by_what_they_say_of_themselves(shell: Shell) -> None:
    """`--status unwell` is the question at 3 a.m.; a pod that is left out of it is not looked at."""
    assert "2 pods in namespace shop" in asked(shell, "get", "pods")
    unwell = json.loads(asked(shell, "get", "po", "--status", "unwell", "-o", "json"))
    assert [item["name"].partition("-")[0] for item in unwell["objects"]] == ["api"]
    assert unwell["of"] == 2
    assert json.loads(asked(shell, "get", "deploy/web", "-o", "json"))["object"]["kind"] == "Deployment"


def test_a_name_that_is_not_there_is_told_with_what_is(shell: Shell) -> None:
    done = shell.run("get", "deploy", "webb", "-n", SPACE, KUBECONFIG=str(shell.home / "kubeconfig"))
    assert done.returncode == 2
    assert "did you mean web?" in done.stderr
    done = shell.run("tree", "deploy/nothing", "-n", SPACE, KUBECONFIG=str(shell.home / "kubeconfig"))
    assert "there are" in done.stderr


def test_secrets_are_listed_by_name_alone(shell: Shell, server: FakeApiServer) -> None:
    server.objects["Secret"] = [{**made("Secret", "db"), "type": "Opaque", "data": {"password": CANARY}}]
    assert "db" in asked(shell, "get", "secrets")
    assert CANARY not in asked(shell, "get", "secret/db", "-o", "json")


def test_logs_are_the_lines_in_order_redacted_and_counted(shell: Shell) -> None:
    told = asked(shell, "logs", "deploy/web")
    assert told.index("listening on 8000") < told.index("GET / 200") < told.index("timeout of db")
    assert "hunter2" not in told
    found = json.loads(asked(shell, "logs", "deploy/web", "--grep", "error", "--tail", "1", "-o", "json"))
    (log,) = found["logs"]
    assert (log["lines"], log["fitting"], log["read"]) == (["ERROR timeout of db"], 2, 4)
    assert "none of its last 4 lines" in asked(shell, "logs", "deploy/web", "--grep", "nothing says this")


def test_several_words_are_looked_for_at_once(shell: Shell) -> None:
    assert asked(shell, "logs", "deploy/web", "--grep", "LISTENING|get /").count("\n") == 3


def test_since_is_asked_of_the_api(shell: Shell, server: FakeApiServer) -> None:
    asked(shell, "logs", "deploy/web", "--since", "10m")
    assert any(item.query.get("sinceSeconds") == "600" for item in server.asked if item.path.endswith("/log"))
    assert shell.run("logs", "deploy/web", "--since", "soon", KUBECONFIG=str(shell.home / "kubeconfig")).returncode == 2


def test_a_log_that_cannot_be_read_is_no_silent_log(shell: Shell, server: FakeApiServer) -> None:
    """An empty screen would be taken for a program that has nothing to say."""
    pod_name = next(
        item["metadata"]["name"] for item in server.objects["Pod"] if item["metadata"]["name"].startswith("web")
    )
    server.faults[f"/api/v1/namespaces/{SPACE}/pods/{pod_name}/log"] = FORBIDDEN
    assert "not read: container web" in asked(shell, "logs", "deploy/web", code=3)


def test_a_container_that_is_not_there_is_told_with_those_that_are(shell: Shell) -> None:
    done = shell.run("logs", "deploy/web", "-c", "sidecar", "-n", SPACE, KUBECONFIG=str(shell.home / "kubeconfig"))
    assert done.returncode == 2
    assert "there are web" in done.stderr


def test_events_are_put_together_and_the_newest_is_last() -> None:
    first, _, last = (
        event(pod("web-1", {}), "BackOff", "restarting"),
        0,
        event(pod("web-1", {}), "Failed", "no image"),
    )
    found = happenings([last | {"count": 3}, first, {**first, "metadata": {"name": "again"}}])
    assert {item.reason: item.count for item in found} == {"BackOff": 2, "Failed": 3}
    assert all(item.warning for item in found)


def test_what_belongs_to_a_workload_is_told_both_ways() -> None:
    """`Who calls it` and `what does it call` are one question from either end."""
    caller = _with("shop-front", container(env=[{"name": "API", "value": "http://web:8000"}]))
    world = graph(node(), *running_workload("web"), caller, service("web"), made("ConfigMap", "settings"))
    web = world.get("Deployment", SPACE, "web")
    front = world.get("Deployment", SPACE, "shop-front")
    assert web is not None
    assert front is not None
    assert (Relation.CALLER, "shop-front") in {(item.relation, item.ref.name) for item in belongings(web, world)}
    assert (Relation.CALLED, "web") in {(item.relation, item.ref.name) for item in belongings(front, world)}


def test_what_is_named_and_not_there_is_said_so() -> None:
    world = graph(node(), _with("web", container(envFrom=[{"configMapRef": {"name": "gone"}}])))
    (found,) = [item for item in belongings(_deployment(world), world) if item.relation is Relation.USED]
    assert (found.ref.name, found.absent) == ("gone", True)


def _with(name: str, one: Raw) -> Raw:
    return workload(name, template=template({"app": name}, containers=[one]))


def _deployment(world: Graph) -> Object:
    found = world.get("Deployment", SPACE, "web")
    assert found is not None
    return found


def test_use_that_is_not_known_is_no_zero() -> None:
    (load,) = of_pods(
        [item for item in running_workload("web") if item["kind"] == "Pod"], graph(*running_workload("web"))
    )
    assert (load.cpu.used, load.cpu.share) == (None, None)


def test_a_rollout_says_what_it_changed() -> None:
    """`what changed` is asked first of all; `something` is no answer."""
    top = workload("web", {"app": "web"})
    sets = [
        owned(
            made(
                "ReplicaSet", f"web-{number}", {"template": _template(f"web:{number}")}, annotations=_revision(number)
            ),
            top,
        )
        for number in (1, 2)
    ]
    told = [turn.says for turn in timeline(graph(top, *sets)) if turn.subject.kind == "Deployment"]
    assert "revision 2 was rolled out: image of container web is web:2, was web:1" in told


def _revision(number: int) -> dict[str, str]:
    return {"deployment.kubernetes.io/revision": str(number)}


def _template(image: str) -> Raw:
    return {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container(image=image)]}}


def test_a_configuration_that_was_written_later_is_told_by_its_key() -> None:
    note = {"time": "2026-11-24T09:50:00Z", "fieldsV1": {"f:data": {"f:LOG_LEVEL": {}}}}
    config = made("ConfigMap", "settings", managedFields=[note])
    assert any("LOG_LEVEL" in turn.says for turn in timeline(graph(config)))


def test_manifests_differ_by_object_and_field() -> None:
    old = {"kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 1, "template": _template("web:1")}}
    new = {**old, "spec": {"replicas": 3, "template": _template("web:2")}}
    other = {"kind": "Service", "metadata": {"name": "web"}}
    told = [text for _, text in changed([old], [new, other])]
    assert told == ["replicas is 3, was 1", "image of container web is web:2, was web:1", "added"]


STATUSES = {
    "Running": pod("a", {}),
    "CrashLoopBackOff": pod("a", {}, [{**ended(), "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]),
    "Pending": {**pod("a", {}), "status": {"phase": "Pending"}},
    "Completed": {**pod("a", {}), "status": {"phase": "Succeeded"}},
    "Evicted": {**pod("a", {}), "status": {"phase": "Failed", "reason": "Evicted"}},
    "Terminating": {**pod("a", {}), "metadata": {"name": "a", "namespace": SPACE, "deletionTimestamp": NOW}},
    "SchedulingGated": {**pod("a", {}), "spec": {"schedulingGates": [{"name": "x"}]}, "status": {"phase": "Pending"}},
    "Init:0/1": {
        **pod("a", {}),
        "spec": {"initContainers": [container("init")]},
        "status": {"phase": "Pending", "initContainerStatuses": [{"name": "init", "state": {"running": {}}}]},
    },
    "Init:Error": {
        **pod("a", {}),
        "status": {
            "phase": "Pending",
            "initContainerStatuses": [{"name": "init", "state": {"terminated": {"exitCode": 1, "reason": "Error"}}}],
        },
    },
}


@pytest.mark.parametrize("status", STATUSES)
def test_a_pods_status_is_kubectls_word(status: str) -> None:
    """Whoever compares with `kubectl get pods` must not find a second language."""
    assert pod_status(STATUSES[status]) == status


@pytest.mark.parametrize(
    "kind", ["Deployment", "Job", "CronJob", "Service", "Node", "Ingress", "Namespace", "ConfigMap"]
)
def test_an_object_that_says_nothing_has_a_row(kind: str) -> None:
    obj = made(kind, "a")
    assert standing(obj, graph(obj)).restarts == 0


SELECTORS = {
    "app=web": ({"app": "web"}, {"app": "api"}),
    "app==web,tier!=cache": ({"app": "web"}, {"app": "web", "tier": "cache"}),
    "env in (prod, dev)": ({"env": "dev"}, {"env": "test"}),
    "env notin (prod)": ({}, {"env": "prod"}),
    "legacy": ({"legacy": ""}, {}),
    "!legacy": ({}, {"legacy": "yes"}),
    "app.kubernetes.io/name=web": ({"app.kubernetes.io/name": "web"}, {}),
}


@pytest.mark.parametrize("text", SELECTORS)
def test_a_selector_selects_as_kubectls_does(text: str) -> None:
    yes, no = SELECTORS[text]
    found = parse(text)
    assert found is not None
    assert found.selects(yes)
    assert not found.selects(no)


@given(st.text(max_size=40))
def test_no_text_breaks_the_selector(text: str) -> None:
    found = parse(text)
    if found is not None:
        found.selects({"app": "web"})


@given(st.text(max_size=12))
def test_a_span_is_one_or_is_refused(text: str) -> None:
    with suppress(UsageError):
        assert span(text).total_seconds() >= 0


def test_hostile_names_and_lines_are_inert() -> None:
    """A log line must not move the cursor of whoever reads it."""
    from agent.operate.logs import Log, Logged
    from agent.report.logs import as_text
    from agent.report.terminal import Screen

    obj: Any = pod("web-1", {})
    log = Log(
        ref(obj), "web", previous=False, lines=("\x1b[2Jgone \x1b]0;title\x07 [bold]x[/bold]",), fitting=1, read=1
    )
    text = as_text(Logged(ref(obj), (log,), (), 0, "", snapshot([obj], taken_at=NOW)), Screen())
    assert "\x1b" not in text
    assert "[bold]x[/bold]" in text
