"""Values found by rendering, with a real helm: only what moves exactly the field that is meant becomes a patch."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path as File
from typing import Any

import pytest

from agent.audit.inputs import identity
from agent.config import Settings
from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.engine import diagnose
from agent.kube.edits import edit, removal
from agent.kube.paths import value_at
from agent.kube.remedies import END, JSON, Item, NeedsPerson, Path
from agent.remedy.owned import Proof
from agent.snapshot.bundle import load
from agent.snapshot.record import Object, Snapshot
from agent.world.chart import Chart
from agent.world.proof import at_hand, proof, prove
from agent.world.render import Renderer
from tests.fakes.programs import find
from tests.scenarios.expectation import CAPTURES
from tools.failure import Failure
from tools.sandbox import sandbox

ROOT = File(__file__).parents[2]
ASK = NeedsPerson("a value that fits")
POD: Path = ("spec", "template", "spec")


def opened(path: File) -> Iterator[Renderer]:
    chart = Chart(path, path.name, ())
    with sandbox(path=str(find("helm").parent)) as box:
        yield Renderer(box, chart, "", chart.values(""), "shop", "default")


@pytest.fixture(scope="module")
def todo() -> Iterator[Renderer]:
    yield from opened(ROOT / "charts" / "todo-app")


@pytest.fixture(scope="module")
def web() -> Iterator[Renderer]:
    yield from opened(ROOT / "tests" / "fixtures" / "charts" / "web")


def made(renderer: Renderer, kind: str, name: str) -> Object:
    assert not isinstance(renderer.base, Failure), renderer.base
    return next(obj for _, obj in renderer.base if (obj["kind"], obj["metadata"]["name"]) == (kind, name))


def shown(renderer: Renderer, obj: Object, path: Path, value: JSON | NeedsPerson) -> Proof | None:
    made_of = edit(obj, path, value)
    return proof(replace(made_of, object=identity(obj, "default")), obj, renderer)


def of(name: str, *path: str | Item) -> Path:
    return (*POD, "containers", Item("name", name), *path)


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        (of("backend", "resources", "limits", "memory"), "768Mi", "backend.resources.limits.memory"),
        (of("backend", "resources", "requests", "cpu"), ASK, "backend.resources.requests.cpu"),
        (of("backend", "readinessProbe", "httpGet", "path"), "/up", "backend.probes.readiness.path"),
        (of("backend", "imagePullPolicy"), "IfNotPresent", "backend.image.pullPolicy"),
        (of("backend", "env", Item("name", "LOG_LEVEL"), "value"), "debug", "backend.env.LOG_LEVEL"),
        (("spec", "strategy", "rollingUpdate", "maxUnavailable"), 1, "backend.rollingUpdate.maxUnavailable"),
    ],
)
def test_the_value_behind_a_field_of_the_shipped_chart(
    todo: Renderer, path: Path, value: JSON | NeedsPerson, found: str
) -> None:
    assert shown(todo, made(todo, "Deployment", "todo-backend"), path, value) == Proof(found, value)


def test_an_image_is_found_by_its_tag_and_the_other_component_s_is_not_taken(todo: Renderer) -> None:
    backend, frontend = (made(todo, "Deployment", f"todo-{name}") for name in ("backend", "frontend"))
    assert shown(todo, backend, of("backend", "image"), "todo-backend:v2") == Proof("backend.image.tag", "v2")
    assert shown(todo, frontend, of("frontend", "image"), ASK) == Proof("frontend.image.tag", ASK)


def test_a_value_that_moves_other_fields_too_is_no_proof(todo: Renderer) -> None:
    """backend.service.port decides where the container listens, where the Service sends to, and what probes ask."""
    backend = made(todo, "Deployment", "todo-backend")
    port = next(item for item in backend["spec"]["template"]["spec"]["containers"][0]["ports"])
    path = (*of("backend", "ports", Item("containerPort", port["containerPort"])), "containerPort")
    assert shown(todo, backend, path, 8001) is None


@pytest.mark.parametrize(
    ("kind", "path", "value", "found"),
    [
        ("Deployment", ("spec", "replicas"), 4, "replicaCount"),
        ("Deployment", of("web", "resources", "limits", "memory"), "256Mi", "resources.limits.memory"),
        ("Deployment", (*POD, "nodeSelector", "disk"), "ssd", "nodeSelector.disk"),
        ("Deployment", (*POD, "securityContext", "fsGroup"), 1000, "podSecurityContext.fsGroup"),
        ("Service", ("spec", "type"), "NodePort", "service.type"),
    ],
)
def test_the_value_behind_a_field_of_a_chart_made_by_helm_create(
    web: Renderer, kind: str, path: Path, value: JSON, found: str
) -> None:
    obj = made(web, kind, "shop-web")
    containers = value_at(obj, (*POD, "containers")) or [{"name": "web"}]
    named = tuple(Item("name", containers[0]["name"]) if isinstance(step, Item) else step for step in path)
    assert shown(web, obj, named, value) == Proof(found, value)


def test_a_toleration_is_added_to_the_list_the_chart_has(web: Renderer) -> None:
    toleration = {"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}
    found = shown(web, made(web, "Deployment", "shop-web"), (*POD, "tolerations", END), toleration)
    assert found == Proof("tolerations", [toleration])


def test_a_field_no_value_decides_has_no_proof(web: Renderer) -> None:
    deployment = made(web, "Deployment", "shop-web")
    assert shown(web, deployment, (*POD, "schedulerName"), "other") is None
    assert shown(web, deployment, ("spec", "strategy", "rollingUpdate", "maxSurge"), 0) is None


def test_an_object_the_chart_does_not_make_has_no_proof(web: Renderer) -> None:
    scaler = {"kind": "HorizontalPodAutoscaler", "metadata": {"name": "shop-web"}, "spec": {"maxReplicas": 4}}
    assert shown(web, scaler, ("spec", "maxReplicas"), ASK) is None, "autoscaling is off"


CHART = {
    "Chart.yaml": "apiVersion: v2\nname: odd\nversion: 1.0.0\n",
    "values.yaml": "resources: {limits: {memory: 64Mi}}\nsizing: {ram: 64Mi}\nquoted: 8080\npin: node-1\n",
    "templates/all.yaml": """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      {{- with .Values.pin }}
      nodeName: {{ . }}
      {{- end }}
      containers:
        - name: web
          env: [{name: PORT, value: {{ .Values.quoted }}}]
          resources: {limits: {memory: {{ .Values.sizing.ram }}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
data: {memory: {{ .Values.resources.limits.memory }}}
""",
}


@pytest.fixture
def odd(tmp_path: File) -> Iterator[Renderer]:
    for name, text in CHART.items():
        file = tmp_path / "odd" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    yield from opened(tmp_path / "odd")


def test_a_value_is_found_by_what_it_holds_where_its_name_misleads(odd: Renderer) -> None:
    """resources.limits.memory is called like the field, and decides something else."""
    path = of("web", "resources", "limits", "memory")
    assert shown(odd, made(odd, "Deployment", "web"), path, "128Mi") == Proof("sizing.ram", "128Mi")


def test_a_value_that_loses_its_type_on_the_way_is_no_proof(odd: Renderer) -> None:
    """An unquoted number in `env` is refused by the API server, though it prints alike."""
    path = of("web", "env", Item("name", "PORT"), "value")
    assert shown(odd, made(odd, "Deployment", "web"), path, "9090") is None


def test_a_field_is_taken_away_by_a_value_that_is_null(odd: Renderer) -> None:
    pod = made(odd, "Deployment", "web")
    gone = replace(removal(pod, (*POD, "nodeName")), object=identity(pod, "default"))
    assert proof(gone, pod, odd) == Proof("pin", None)


# --- in a diagnosis


def judged(name: str) -> tuple[Snapshot, Diagnosis]:
    world = load(CAPTURES / f"{name}.tgz")
    assert isinstance(world, Snapshot)
    found = diagnose(world)
    assert isinstance(found, Diagnosis)
    return world, found


def test_a_diagnosis_proves_the_values_of_a_release_whose_chart_is_at_hand() -> None:
    world, found = judged("todo-app-backend-tag-typo")
    proofs = prove(found.findings, world, Settings(path=str(find("helm").parent)))
    assert list(proofs.values()) == [Proof("backend.image.tag", "latest")]


def test_without_helm_or_without_a_chart_nothing_is_known_and_nothing_fails(tmp_path: File) -> None:
    world, found = judged("todo-app-backend-tag-typo")
    assert prove(found.findings, world, Settings(path=str(tmp_path))) == {}
    other = replace(world, releases=[replace(one, chart="another-1.0.0") for one in world.releases])
    assert prove(found.findings, other, Settings(path=str(find("helm").parent))) == {}
    assert at_hand("another") is None
    assert at_hand("") is None


def test_findings_that_edit_nothing_start_no_helm(monkeypatch: pytest.MonkeyPatch) -> None:
    """A diagnosis without findings is not slowed."""
    started: list[Any] = []
    monkeypatch.setattr("agent.world.proof.sandbox", lambda **_: started.append(1))
    world, _ = judged("todo-app-backend-tag-typo")
    assert prove([], world, Settings()) == {}
    assert not started
