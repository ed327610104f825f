"""why, trace and init in any chart: what a value decides is found by rendering again, with a real helm."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.audit.pointers import resolve
from agent.blueprint.control import Source
from agent.blueprint.load import parse
from agent.blueprint.values import Leaf, Values
from agent.trace.probe import candidates, gates, merged, overlay
from agent.trace.starter import stated, title
from agent.world.chart import Chart
from agent.world.render import Renderer
from tests.fakes.programs import find
from tools.sandbox import sandbox

ROOT = Path(__file__).parents[2]
CHARTS = {
    "todo-app": ROOT / "charts" / "todo-app",
    "web": ROOT / "tests" / "fixtures" / "charts" / "web",
    "keep": ROOT / "tests" / "fixtures" / "charts" / "keep",
}
INSTALLED = "tests/fixtures/audit/installed.tgz"


@pytest.fixture(scope="module", params=CHARTS)
def renderer(request: pytest.FixtureRequest) -> Iterator[Renderer]:
    chart = Chart(CHARTS[request.param], request.param, ())
    with sandbox(path=str(find("helm").parent)) as box:
        yield Renderer(box, chart, "dev", chart.values("dev"), "shop", "default")


def traced(renderer: Renderer, path: str) -> list[tuple[str, str]]:
    leaf = renderer.values.leaves[path]
    return [(str(item.object), item.pointer) for item in renderer.trace(leaf).fields]


KNOWN = {
    "todo-app": {
        "backend.resources.limits.memory": [
            ("Deployment/default/todo-backend", "/spec/template/spec/containers/[name=backend]/resources/limits/memory")
        ],
        "backend.pdb.minAvailable": [("PodDisruptionBudget/default/todo-backend", "/spec/minAvailable")],
        "backend.replicas": [("Deployment/default/todo-backend", "/spec/replicas")],
        "ingress.host": [("Ingress/default/todo-app", "/spec/rules")],
    },
    "web": {
        "replicaCount": [("Deployment/default/shop-web", "/spec/replicas")],
        "service.type": [("Service/default/shop-web", "/spec/type")],
        "autoscaling.maxReplicas": [("HorizontalPodAutoscaler/default/shop-web", "/spec/maxReplicas")],
        "podSecurityContext.fsGroup": [("Deployment/default/shop-web", "/spec/template/spec/securityContext/fsGroup")],
    },
    "keep": {
        "primary.podAntiAffinityPreset": [
            (
                "StatefulSet/default/shop-keep",
                "/spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution",
            )
        ],
        "architecture": [("StatefulSet/default/shop-keep", "/spec/replicas")],
        "service.ports.keep": [("Service/default/shop-keep", "/spec/ports/[port=5432,protocol=TCP]")],
    },
}


def test_what_a_value_decides_is_found_in_any_chart(renderer: Renderer) -> None:
    for path, places in KNOWN[renderer.chart.name].items():
        assert traced(renderer, path) == places, path


def test_a_value_behind_a_switch_says_which(renderer: Renderer) -> None:
    behind = {"todo-app": "backend.replicas", "web": "ingress.className", "keep": "metrics.image"}[renderer.chart.name]
    found = renderer.trace(renderer.values.leaves[behind])
    assert found.fields
    assert found.behind in ("backend.autoscaling.enabled=false", "ingress.enabled=true", "metrics.enabled=true")


def test_what_renders_differently_each_time_is_no_effect(renderer: Renderer) -> None:
    """keep's StatefulSet carries the time of rendering: every value would seem to decide it."""
    for leaf in list(renderer.values.leaves.values())[:6]:
        assert not [item for item in renderer.trace(leaf).fields if "started" in item.pointer]


def test_a_value_that_only_a_secret_holds_says_so(renderer: Renderer) -> None:
    if renderer.chart.name == "keep":
        found = renderer.trace(renderer.values.leaves["auth.password"])
        assert not found.fields
        assert "Secrets may not" in found.reason


# the pure parts


def leaf(value: Any, path: str = "a.b") -> Leaf:
    return Leaf(path, value, str(value), Source("values.yaml", 1))


@given(st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.lists(st.text(max_size=3), max_size=2))
def test_there_is_always_another_value_to_try(value: Any) -> None:
    found = candidates(leaf(value), {})
    assert found
    assert value not in found or isinstance(value, bool)
    assert json.loads(json.dumps(found)) == found


def test_the_charts_schema_is_asked_first() -> None:
    schema = {"properties": {"a": {"properties": {"b": {"enum": ["x", "y"]}}}}}
    assert candidates(leaf("x"), schema)[0] == "y"


def test_switches_above_are_opened_before_others_are_turned() -> None:
    leaves = [leaf(False, "a.enabled"), leaf(True, "a.fast"), leaf("h", "a.host"), leaf(True, "b.other")]
    found = gates("a.host", Values({item.path: item for item in leaves}))
    assert found == [{"a": {"enabled": True}}, {"a": {"fast": False}}]


def test_a_dot_inside_of_a_key_stays_there() -> None:
    assert overlay("a.b\\.c.d", 1) == {"a": {"b.c": {"d": 1}}}
    assert merged([{"a": {"b": 1}}, {"a": {"c": 2}}]) == {"a": {"b": 1, "c": 2}}


def test_a_pointer_with_keys_is_followed() -> None:
    obj = {"containers": [{"name": "a"}, {"name": "b", "volumeMounts": [{"mountPath": "/x/y", "name": "v"}]}]}
    assert resolve(obj, "/containers/[name=b]/volumeMounts/[mountPath=/x/y]/name") == "v"
    assert resolve(obj, "/containers/[name=c]/image") is None


@given(st.text(max_size=60), st.sampled_from(["image.tag", "probe.version", "cpu", "a.memory", "x.timeoutSeconds"]))
def test_every_row_of_a_starter_can_be_read_back(value: str, path: str) -> None:
    cell = stated(leaf(value, path))
    row = f"| A-B | {title(path, cell)} | {cell} | {path} |"
    table = f"# x\n\n| ID | Parameter | Value | Helm Path |\n|---|---|---|---|\n{row}\n"
    found = parse({"x.md": table.encode()})
    assert not found.unread, (table, found.unread)
    assert [control.raw for control in found.controls] == [cell]


# the commands, as a person runs them


def agent(tmp_path: Path, *argv: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    places = {f"XDG_{kind}_HOME": str(tmp_path / kind) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
    env = {
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        "BLUEHELM_PATH": path or str(find("helm").parent),
        **places,
    }
    command = [sys.executable, "-m", "agent", *argv]
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=ROOT, timeout=120)
    assert "Traceback" not in done.stderr
    return done


def test_why_says_row_reason_template_object_and_live_value(tmp_path: Path) -> None:
    done = agent(tmp_path, "why", "backend.resources.limits.memory", "--bundle", INSTALLED)
    assert done.returncode == 0, done.stderr
    for words in (
        "= 512Mi (profile dev)",
        "charts/todo-app/values.yaml:",
        "SVC-BE-MEM-LIMIT",
        "blueprints/service.md:",
        "a leak is ended before the node suffers",
        "templates/backend.yaml",
        "live: 512Mi",
    ):
        assert words in done.stdout, done.stdout


def test_why_of_no_value_is_a_usage_error_with_what_was_meant(tmp_path: Path) -> None:
    done = agent(tmp_path, "why", "backend.replcas")
    assert done.returncode == 2
    assert "backend.replicas" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_helm_the_row_is_still_said(tmp_path: Path) -> None:
    done = agent(tmp_path, "why", "backend.replicas", path=str(tmp_path / "none"))
    assert done.returncode == 0
    assert "SVC-BE-REPLICAS" in done.stdout
    assert "helm: not installed" in done.stdout


def test_trace_is_the_other_direction(tmp_path: Path) -> None:
    done = agent(tmp_path, "trace", "RES-PDB", "-o", "json")
    found = json.loads(done.stdout)
    assert found["schema"] == "bluehelm/trace/v1"
    assert [item["path"] for item in found["values"]] == ["backend.pdb.minAvailable"]
    assert found["values"][0]["places"][0]["template"] == "templates/pdb-backend.yaml"
    assert agent(tmp_path, "trace", "NO-SUCH").returncode == 2


def test_the_matrix_covers_every_row_and_every_value(tmp_path: Path) -> None:
    done = agent(tmp_path, "trace")
    assert done.stdout.rstrip().endswith("0 without any"), done.stdout[-200:]
    assert " 0 unjustified" in done.stdout


@pytest.mark.parametrize("chart", CHARTS)
def test_a_starter_states_every_value_and_passes_its_own_audit_of_values(chart: str, tmp_path: Path) -> None:
    """A starter that its own chart fails would send a newcomer after faults that are ours."""
    file = tmp_path / "starter.md"
    done = agent(tmp_path, "init", str(CHARTS[chart]), "--release", "shop", "-f", str(file))
    assert done.returncode == 0, done.stderr
    found = parse({"starter.md": file.read_bytes()})
    assert not found.unread
    values = Chart(CHARTS[chart], chart, ()).values("dev")
    assert {path for row in found.controls for path in row.paths} == set(values.leaves)
    assert all(row.rationale.startswith("UNJUSTIFIED") for row in found.controls)
    assert agent(tmp_path, "init", str(CHARTS[chart]), "-f", str(file)).returncode == 2


def test_a_starter_of_a_running_release_passes_its_audit(tmp_path: Path) -> None:
    (tmp_path / "blueprints").mkdir()
    file = tmp_path / "blueprints" / "starter.md"
    assert agent(tmp_path, "init", "--bundle", INSTALLED, "-f", str(file)).returncode == 0
    argv = ("audit", "--bundle", INSTALLED, "--profile=dev", f"--blueprints={file.parent}")
    done = agent(tmp_path, *argv)
    assert done.returncode == 0, done.stdout
    assert re.search(r"\d+ pass, 0 fail, 0 unknown", done.stdout)


def test_a_secret_never_reaches_a_starter(tmp_path: Path) -> None:
    chart = tmp_path / "keep"
    for path in CHARTS["keep"].rglob("*"):
        if path.is_file():
            copy = chart / path.relative_to(CHARTS["keep"])
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(path.read_text().replace('password: ""', "password: canary-hunter2"))
    done = agent(tmp_path, "init", str(chart))
    assert done.returncode == 0, done.stderr
    assert "canary" not in done.stdout
    assert "| a secret |" in done.stdout


ODD = str(ROOT / "tests" / "fixtures" / "charts" / "odd")


def test_a_secret_is_not_shown_wherever_it_sits(tmp_path: Path) -> None:
    """In a URL, a list of variables, a flag's argument, a key file, or copied into a ConfigMap under another name."""
    values = ("databaseUrl", "env", "args", "extra", "replicas")
    said = [agent(tmp_path, "why", name, "--chart", ODD) for name in values]
    said += [agent(tmp_path, "why", "extra", "--chart", ODD, "-o", "json"), agent(tmp_path, "init", ODD)]
    assert [done.returncode for done in said] == [0] * len(said)
    assert not [done.stdout for done in said if "canary" in done.stdout + done.stderr]
    assert "postgres://shop:***@db:5432/shop" in said[0].stdout
    assert "ConfigMap/default/odd-cm /data/k = ***" in said[3].stdout


def test_an_object_with_a_random_name_is_decided_only_by_what_changes_it(tmp_path: Path) -> None:
    """Compared by name it would differ each time, and every value would seem to make it come and go."""
    replicas = agent(tmp_path, "why", "replicas", "--chart", ODD).stdout
    assert "Deployment/default/odd-odd /spec/replicas = 1" in replicas
    assert "Job/" not in replicas
    image = agent(tmp_path, "why", "jobImage", "--chart", ODD, "--bundle", INSTALLED, "-n", "audited").stdout
    assert "Job/audited/(random name 1) /spec/template/spec/containers/[name=j]/image = busybox" in image
    assert "live: unknown: its name is made anew each time" in image


def test_keys_with_dots_and_slashes_get_rows_and_odder_ones_are_named(tmp_path: Path) -> None:
    """Annotations and node selectors are in every public chart's values."""
    done = agent(tmp_path, "init", ODD)
    assert (done.returncode, done.stderr) == (0, "")
    rows = parse({"odd.md": done.stdout.encode()})
    assert not rows.unread
    paths = {path for row in rows.controls for path in row.paths}
    assert {"podAnnotations.prometheus\\.io/scrape", "nodeSelector.kubernetes\\.io/os"} <= paths
    assert re.findall(r"^- .*values\.yaml:(\d+)$", done.stdout, re.MULTILINE) == ["18", "19"]


@pytest.mark.parametrize(
    ("text", "line"), [("a: 1\na: 2\n", 2), ("a:\n\tb: 1\n", 2), ("a: !!python/name:os.system x\n", 1), ("- 1\n", 1)]
)
def test_values_that_could_mislead_are_refused_with_their_line(text: str, line: int, tmp_path: Path) -> None:
    chart = tmp_path / "odd"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: odd\nversion: 0.1.0\n")
    (chart / "values.yaml").write_text(text)
    for argv in (("why", "a"), ("trace",), ("init",), ("audit", "--bundle", INSTALLED, "--profile=dev")):
        where = (str(chart),) if argv[0] == "init" else ("--chart", str(chart), "-n", "audited")
        bundle = () if "--bundle" in argv or argv[0] == "init" else ("--bundle", INSTALLED)
        done = agent(tmp_path, *argv, *where, *bundle)
        assert done.returncode == 2, (argv, done.stdout, done.stderr)
        assert f"values.yaml:{line}:" in done.stderr.splitlines()[-1]


def test_a_chart_is_opened_one_way(tmp_path: Path) -> None:
    from agent.errors import UsageError
    from agent.world.chart import open_chart

    with pytest.raises(UsageError, match=r"Chart\.yaml"):
        open_chart(str(tmp_path))
    with pytest.raises(UsageError, match="no such values file"):
        open_chart(str(CHARTS["web"]), [str(tmp_path / "none.yaml")])
