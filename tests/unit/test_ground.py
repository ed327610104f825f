"""From a finding to the blueprint row, the values patch and the helm command, on a real Helm 4 release."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
import yaml

from agent.blueprint.cells import Cell, CellType
from agent.blueprint.control import Binding, Blueprints, Control, ControlKind, Profile, Source
from agent.blueprint.load import parse
from agent.diagnose import modes
from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.engine import diagnose
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.kube.releases import chart_name
from agent.kube.remedies import END, JSON, Edit, Item, NeedsPerson, Op, Path
from agent.remedy.ground import covers, ground
from agent.resources import blueprint_files
from agent.snapshot.record import Ref, Release
from tests.fakes.objects import load

WORLD = load("helm-cpu-impossible")
WEB = Ref("Deployment", "ra-helm", "shop-web")
SERVICE = Ref("Service", "ra-helm", "shop-web")
CPU = "containers[].resources.requests.cpu"
ASK = NeedsPerson("a value that fits")
POD: Path = ("spec", "template", "spec")


def edit(*path: str | Item, new: JSON | NeedsPerson = ASK, old: JSON = None, obj: Ref = WEB) -> Edit:
    return Edit(obj, path, Op.ADD if old is None else Op.SET, new, old)


def of_container(*path: str | Item, new: JSON | NeedsPerson = ASK, old: JSON = None, obj: Ref = WEB) -> Edit:
    """An edit of the main container."""
    return edit(*POD, "containers", Item("name", "web"), *path, new=new, old=old, obj=obj)  # type: ignore[arg-type]


REQUEST = of_container("resources", "requests", "cpu", old="64")


def blueprints(*controls: Control, name: str = "{release}-web") -> Blueprints:
    bound = Binding("backend", "Deployment", name, "backend", "web", Source("blueprints/helm-mapping.md", 12))
    return Blueprints(controls, (bound,), (), ("service",))


def control(field: str, path: str, dev: str, prod: str = "", kind: CellType = CellType.QUANTITY) -> Control:
    cells = {Profile.DEV: Cell(kind, dev, dev), Profile.PROD: Cell(kind, prod or dev, prod or dev)}
    raw = f"{dev} (dev) / {prod} (prod)" if prod else dev
    source = Source("blueprints/service.md", 23)
    return Control(
        "SVC-BE-X",
        ControlKind.PARAMETER,
        "service",
        "Backend: X",
        raw,
        cells,
        (path,),
        "backend",
        (field,),
        "why",
        source,
        "0",
    )


def grounded(
    known: Blueprints,
    *edits: Edit,
    profile: str | None = None,
    subject: Ref = WEB,
    concerns: tuple[str, ...] = (),
    **fields: object,
) -> Finding:
    fix = Fix("Mend it", edits, concerns)
    one = Finding(modes.OOM_KILLED, subject, "it fails", Severity.ERROR, Confidence.CERTAIN, (), fix, **fields)  # type: ignore[arg-type]
    return ground(Diagnosis((one,)), known, WORLD, profile).findings[0]


def leaves(text: str) -> Mapping[str, object]:
    loaded = yaml.safe_load(text)
    assert isinstance(loaded, dict)
    return loaded


def test_a_value_that_left_the_blueprint_goes_back_to_it() -> None:
    """The cluster's own finding: 64 CPU where the blueprint asks for 250m."""
    found = diagnose(WORLD)
    assert isinstance(found, Diagnosis)
    known = blueprints(control(CPU, "backend.resources.requests.cpu", "250m"))
    (finding,) = ground(found, known, WORLD, None).findings
    assert leaves(finding.remedy.patch) == {"backend": {"resources": {"requests": {"cpu": "250m"}}}}
    assert "# now 64" in finding.remedy.patch
    assert str(finding.citations[0].source) == "blueprints/service.md:23"
    assert "the blueprint asks for 250m (SVC-BE-X)" in finding.fix.summary
    command = "helm upgrade shop ./charts/web --namespace ra-helm --reset-values -f ./charts/web/values.yaml"
    assert str(finding.remedy.command) == f"{command} -f YOUR-VALUES.yaml -f patch.yaml", (
        "else their own values are lost"
    )
    assert not finding.remedy.guessed


def test_a_release_known_to_have_no_values_of_its_own_is_upgraded_without_a_file_of_them() -> None:
    plain = replace(WORLD, releases=[Release("shop", "ra-helm", 1, "deployed", "web-0.1.0", values={})])
    found = diagnose(plain)
    assert isinstance(found, Diagnosis)
    known = blueprints(control(CPU, "backend.resources.requests.cpu", "250m"))
    (finding,) = ground(found, known, plain, None).findings
    assert str(finding.remedy.command).endswith("-f ./charts/web/values.yaml -f patch.yaml")


def test_the_shipped_blueprints_speak_to_the_shipped_chart() -> None:
    """charts/todo-app on the real cluster with 64 CPU requested for the backend."""
    _, files = blueprint_files("")
    world = load("helm-todo-cpu")
    found = diagnose(world)
    assert isinstance(found, Diagnosis)
    (finding,) = ground(found, parse(files), world, None).findings
    assert [citation.control for citation in finding.citations] == ["SVC-BE-CPU-REQ"]
    assert leaves(finding.remedy.patch) == {"backend": {"resources": {"requests": {"cpu": "250m"}}}}
    assert str(finding.remedy.command).startswith(
        "helm upgrade todo ./charts/todo-app --namespace ra-todo --reset-values"
    )


def test_the_blueprint_s_own_limit_is_changed_in_the_blueprint_first() -> None:
    field = "containers[].resources.limits.memory"
    known = blueprints(control(field, "backend.resources.limits.memory", "512Mi"))
    finding = grounded(known, of_container("resources", "limits", "memory", new="768Mi", old="524288Ki"))
    assert finding.fix.summary.startswith("The blueprint itself sets 524288Ki (SVC-BE-X, blueprints/service.md:23)")
    assert "change it there first" in finding.fix.summary
    assert leaves(finding.remedy.patch) == {"backend": {"resources": {"limits": {"memory": "768Mi"}}}}


def test_a_row_that_differs_by_profile_is_cited_with_both_and_proposes_neither() -> None:
    known = blueprints(control("replicas", "backend.replicas", "1", "2", CellType.INTEGER))
    change = edit("spec", "replicas", old=0)
    without, prod = grounded(known, change), grounded(known, change, profile="prod")
    assert without.citations[0].says == "1 (dev) / 2 (prod)"
    assert "the blueprint says 1 / 2" in without.remedy.patch
    assert prod.citations[0].says == "2 (prod)"
    assert leaves(prod.remedy.patch) == {"backend": {"replicas": 2}}
    assert "values-prod.yaml" in str(prod.remedy.command)


def test_without_a_row_the_usual_path_is_called_a_guess() -> None:
    finding = grounded(blueprints(), REQUEST)
    assert finding.remedy.guessed
    assert finding.citations == ()
    assert leaves(finding.remedy.patch) == {"resources": {"requests": {"cpu": "CHANGE-ME"}}}


def test_a_row_of_another_component_or_field_says_nothing() -> None:
    other = replace(control(CPU, "frontend.resources.requests.cpu", "200m"), component="frontend")
    memory = control("containers[].resources.requests.memory", "backend.resources.requests.memory", "256Mi")
    assert grounded(blueprints(other, memory), REQUEST).citations == ()


def test_a_sidecar_is_not_governed_by_the_main_container_s_row() -> None:
    known = blueprints(control(CPU, "backend.resources.requests.cpu", "250m"))
    assert grounded(known, REQUEST, container="istio-proxy").citations == ()
    assert grounded(known, REQUEST, container="web").citations


def test_a_row_for_a_whole_probe_speaks_of_its_port() -> None:
    known = blueprints(
        control("containers[].readinessProbe", "backend.probes.readiness", "GET /ready", kind=CellType.PROBE)
    )
    change = of_container("readinessProbe", "httpGet", "port", new="http", old=9999)
    assert leaves(grounded(known, change).remedy.patch) == {"backend": {"probes": {"readiness": {"port": "http"}}}}


def test_a_row_for_the_environment_governs_a_variable_and_a_variable_s_row_no_other() -> None:
    whole = control("containers[].env", "backend.env", "Via ConfigMap", kind=CellType.TEXT)
    one = replace(whole, id="OTHER", paths=("backend.env.BACKEND_URL",))
    change = of_container("env", Item("name", "DATABASE_URL"), "value")
    finding = grounded(blueprints(whole, one), change)
    assert [citation.control for citation in finding.citations] == ["SVC-BE-X"]
    assert leaves(finding.remedy.patch) == {"backend": {"env": {"DATABASE_URL": "CHANGE-ME"}}}


def test_a_service_s_target_is_the_container_s_port() -> None:
    known = blueprints(control("containers[].ports[].containerPort", "backend.service.port", "8000"))
    finding = grounded(known, edit("spec", "ports", Item("port", 80), "targetPort", new=8000, old=8080, obj=SERVICE))
    assert leaves(finding.remedy.patch) == {"backend": {"service": {"port": 8000}}}


@pytest.mark.parametrize(
    ("kind", "name", "patched"), [("ConfigMap", "todo-config", True), ("Secret", "todo-secrets", False)]
)
def test_a_missing_key_belongs_to_the_mapping_s_values(kind: str, name: str, patched: bool) -> None:
    """A ConfigMap's key is a value of the release; a Secret's never stands in a patch."""
    _, files = blueprint_files("")
    held = Ref(kind, "ra-helm", name)
    edits = [edit("data", "DATABASE_URL", new=NeedsPerson("the URL"), obj=held)] if patched else []
    one = grounded(parse(files), *edits, roots=(held,), concerns=("data.DATABASE_URL",))
    assert [citation.control for citation in one.citations] == ["MAP-CONFIG" if patched else "MAP-SECRETS"]
    assert one.remedy.patch == ("config:\n  DATABASE_URL: CHANGE-ME  # needs the URL\n" if patched else "")


def test_a_row_of_one_number_does_not_decide_a_list() -> None:
    """RES-NODE-LOSS says how long a lost node is tolerated, not which taints are."""
    known = blueprints(replace(control("tolerations", "nodeLossSeconds", "60", kind=CellType.DURATION), component=""))
    change = edit(*POD, "tolerations", END, new={"key": "dedicated"})  # type: ignore[arg-type]
    assert grounded(known, change).citations == ()


def test_a_row_of_both_components_names_the_path_of_this_one() -> None:
    row = control("strategy.rollingUpdate", "backend.rollingUpdate", "maxSurge: 1", kind=CellType.TEXT)
    both = replace(row, component="", paths=("frontend.rollingUpdate", "backend.rollingUpdate"))
    (citation,) = grounded(blueprints(both), concerns=("strategy.rollingUpdate",)).citations
    assert citation.path == "backend.rollingUpdate"


def test_a_row_that_is_only_cited_patches_nothing() -> None:
    known = blueprints(control("hpa.minReplicas", "backend.autoscaling.minReplicas", "1"))
    finding = grounded(known, concerns=("hpa.minReplicas",))
    assert finding.citations
    assert finding.remedy.patch == ""


def test_an_object_no_release_owns_gets_no_helm_command() -> None:
    lone = Ref("Deployment", "elsewhere", "lone")
    lost = of_container("resources", "requests", "cpu", old="64", obj=lone)
    finding = grounded(blueprints(), lost, subject=lone)
    assert finding.remedy.patch == ""
    assert str(finding.remedy.command) == "kubectl edit deployment/lone -n elsewhere"


@pytest.mark.parametrize(
    ("governed", "field", "covered"),
    [
        ("containers[].image", "containers[].image", True),
        ("containers[].readinessProbe", "containers[].readinessProbe.httpGet.port", True),
        ("replicas", "replicasets", False),
        ("containers[].readinessProbe.httpGet.port", "containers[].readinessProbe", False),
    ],
)
def test_a_row_covers_its_field_and_what_is_below(governed: str, field: str, covered: bool) -> None:
    assert covers(governed, field) is covered


@pytest.mark.parametrize(
    ("text", "name"), [("todo-app-0.1.0", "todo-app"), ("web-v1.2.3-rc.1", "web"), ("web", "web"), ("", "")]
)
def test_a_chart_s_name_is_told_from_its_version(text: str, name: str) -> None:
    assert chart_name(text) == name
