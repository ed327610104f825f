"""The chart renders what the blueprints ask for, in both profiles, and refuses values it does not know."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fakes.programs import find

CHART = Path(__file__).parents[2] / "charts" / "todo-app"
PROFILES = {"dev": [], "prod": ["--values", str(CHART / "values-prod.yaml")]}
Key = tuple[str, str]


def helm(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(find("helm")), *args], capture_output=True, text=True, timeout=60)


def render(profile: str, *args: str) -> dict[Key, Mapping[str, Any]]:
    done = helm("template", "todo", str(CHART), "--namespace", "todo-app", *PROFILES[profile], *args)
    assert done.returncode == 0, done.stderr
    objects = [document for document in yaml.safe_load_all(done.stdout) if document]
    return {(found["kind"], found["metadata"]["name"]): found for found in objects}


@pytest.mark.parametrize("profile", PROFILES)
def test_lint_has_nothing_to_say(profile: str) -> None:
    done = helm("lint", "--strict", str(CHART), *PROFILES[profile])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("component", ["backend", "frontend"])
def test_replicas_are_the_hpa_s_alone_while_there_is_one(profile: str, component: str) -> None:
    """A fixed number would undo what the HPA decided at every upgrade."""
    objects = render(profile)
    assert "replicas" not in objects["Deployment", f"todo-{component}"]["spec"]
    assert ("HorizontalPodAutoscaler", f"todo-{component}") in objects
    fixed = render(profile, "--set", f"{component}.autoscaling.enabled=false")
    assert fixed["Deployment", f"todo-{component}"]["spec"]["replicas"] == (2 if profile == "prod" else 1)
    assert ("HorizontalPodAutoscaler", f"todo-{component}") not in fixed


@pytest.mark.parametrize("component", ["backend", "frontend"])
def test_a_lost_node_is_left_after_a_minute(component: str) -> None:
    pod = render("prod")["Deployment", f"todo-{component}"]["spec"]["template"]["spec"]
    seconds = {entry["key"]: entry["tolerationSeconds"] for entry in pod["tolerations"]}
    assert seconds == {"node.kubernetes.io/not-ready": 60, "node.kubernetes.io/unreachable": 60}
    assert pod["topologySpreadConstraints"]


@pytest.mark.parametrize("name", ["todo-backend", "backend"])
def test_both_names_of_the_backend_select_its_pods(name: str) -> None:
    objects = render("dev")
    labels = objects["Deployment", "todo-backend"]["spec"]["template"]["metadata"]["labels"]
    service = objects["Service", name]["spec"]
    assert service["selector"].items() <= labels.items()
    assert (service["type"], service["ports"][0]["port"]) == ("ClusterIP", 8000)


def test_memory_alerts_and_scales_nothing() -> None:
    hpa = render("dev")["HorizontalPodAutoscaler", "todo-backend"]
    assert [metric["resource"]["name"] for metric in hpa["spec"]["metrics"]] == ["cpu"]
    assert "80" in hpa["metadata"]["annotations"].values()
    assert hpa["spec"]["behavior"]["scaleUp"]["stabilizationWindowSeconds"] == 0
    assert hpa["spec"]["behavior"]["scaleDown"]["stabilizationWindowSeconds"] == 300


def test_the_environment_may_point_at_a_key_as_a_pod_would() -> None:
    reference = [
        "--set",
        "backend.env.MODE.configMapKeyRef.name=other",
        "--set",
        "backend.env.MODE.configMapKeyRef.key=mode",
    ]
    container = render("dev", *reference)["Deployment", "todo-backend"]["spec"]["template"]["spec"]["containers"][0]
    mode = next(entry for entry in container["env"] if entry["name"] == "MODE")
    assert mode["valueFrom"] == {"configMapKeyRef": {"name": "other", "key": "mode"}}


def test_a_changed_setting_starts_new_pods() -> None:
    one, other = (
        render("dev", "--set", f"config.LOG_LEVEL={level}")["Deployment", "todo-backend"] for level in ("info", "debug")
    )
    assert one["spec"]["template"]["metadata"]["annotations"] != other["spec"]["template"]["metadata"]["annotations"]


@pytest.mark.parametrize(
    "wrong",
    [
        "backend.imagge.tag=1",
        "backnd.replicas=1",
        "backend.replicas=two",
        "backend.image.pullPolicy=Sometimes",
        "secrets.x=1",
    ],
)
def test_a_value_nobody_knows_is_refused(wrong: str) -> None:
    """A misspelt key would change nothing and say nothing."""
    done = helm("template", "todo", str(CHART), "--set", wrong)
    assert done.returncode != 0


def test_every_value_says_which_row_decides_it() -> None:
    for name in ("values.yaml", "values-prod.yaml"):
        text = (CHART / name).read_text()
        assert text.count("SVC-") >= 4


@pytest.mark.parametrize("profile", PROFILES)
def test_no_secret_value_is_in_what_ships(profile: str) -> None:
    assert not any(kind == "Secret" for kind, _ in render(profile))
