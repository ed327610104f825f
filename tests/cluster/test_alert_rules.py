"""The chart's PrometheusRule, tried by promtool. Lost, Prometheus is silent while `agent health` alerts, or not so."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.blueprint.load import parse
from agent.resources import blueprint_files
from tests.cluster import preflight
from tests.fakes.programs import find

pytestmark = pytest.mark.cluster

CHART = Path(__file__).parents[2] / "charts" / "bluehelm"
MI = 1 << 20
BACKEND = "todo-backend-5d9f8-x2k4b"


def rendered(*flags: str) -> list[dict[str, Any]]:
    argv = [str(find("helm")), "template", "ops", str(CHART), *flags]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [item for item in yaml.safe_load_all(done.stdout) if item and item["kind"] == "PrometheusRule"]


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    preflight.install_missing({"promtool": "prometheus"})
    (rule,) = rendered("--set=alerts.enabled=true")
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump(rule["spec"]), encoding="utf-8")
    return file


def promtool(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *argv], capture_output=True, text=True, timeout=60)


def series(metric: str, value: int, **labels: str) -> dict[str, str]:
    said = ",".join(f'{name}="{text}"' for name, text in {"namespace": "todo-app", **labels}.items())
    return {"series": f"{metric}{{{said}}}", "values": f"{value}x10"}


def tried(rules: Path, inputs: Sequence[dict[str, str]], alert: str, fires: Sequence[dict[str, Any]]) -> None:
    """Have promtool play these series for ten minutes, and hold what fires after eight against what should."""
    wanted = [{"eval_time": "8m", "alertname": alert, "exp_alerts": list(fires)}]
    test = {"interval": "1m", "input_series": list(inputs), "alert_rule_test": wanted}
    file = rules.with_name("test.yaml")
    file.write_text(yaml.safe_dump({"rule_files": [str(rules)], "tests": [test]}), encoding="utf-8")
    done = promtool("test", "rules", str(file))
    assert done.returncode == 0, done.stdout + done.stderr


def used(mebibytes: int, pod: str = BACKEND) -> list[dict[str, str]]:
    return [
        series("container_memory_working_set_bytes", mebibytes * MI, pod=pod, container="backend"),
        series("container_memory_working_set_bytes", 900 * MI, pod=pod, container=""),  # the pod's own sum
        series("kube_pod_container_resource_requests", 256 * MI, pod=pod, container="backend", resource="memory"),
    ]


def test_it_is_off_unless_somebody_asks() -> None:
    assert rendered() == []


def test_promtool_takes_it(rules: Path) -> None:
    done = promtool("check", "rules", str(rules))
    assert done.returncode == 0, done.stdout + done.stderr


def test_memory_above_the_target_fires_and_below_it_does_not(rules: Path) -> None:
    fired = {
        "exp_labels": {
            "severity": "warning",
            "control": "SCL-BE-MEM",
            "namespace": "todo-app",
            "pod": "todo-backend-5d9f8-x2k4b",
        },
        "exp_annotations": {
            "summary": "Pod todo-backend-5d9f8-x2k4b of todo-backend uses 90 % of the memory it requests",
            "description": "SCL-BE-MEM tells people at 80 %: nothing is scaled. `agent health -n todo-app` says more.",
        },
    }
    tried(rules, used(230), "MemoryAboveTarget", [fired])
    tried(rules, used(204), "MemoryAboveTarget", [])
    for other in ("todo-frontend-7cd9f-k8x2z", "todo-backend-worker-0", "todo-backend-cache-7cd9f-k8x2z"):
        tried(rules, used(230, other), "MemoryAboveTarget", [])


def test_the_threshold_is_the_one_the_blueprint_states() -> None:
    """A row that says 75 % while Prometheus waits for 80 is two truths."""
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    rows = {row.id: row for row in parse(blueprint_files("")[1]).controls}
    for given in values["alerts"]["memory"]:
        assert {int(str(cell.value)) for cell in rows[given["control"]].values.values()} == {given["percentage"]}
    assert {"RES-SCN-IMAGE", "RES-SCN-CRASH"} <= rows.keys()


def test_an_image_that_cannot_be_pulled_fires_and_a_start_does_not(rules: Path) -> None:
    labels, why = {"pod": "web-1", "container": "web"}, {"reason": "ImagePullBackOff"}
    waiting = series("kube_pod_container_status_waiting_reason", 1, **labels, **why)
    fired = {
        "exp_labels": {"namespace": "todo-app", "severity": "critical", "control": "RES-SCN-IMAGE", **labels},
        "exp_annotations": {
            "summary": "Container web of pod web-1 waits for an image that cannot be pulled",
            "description": "The pod is kept as it is (RES-SCN-IMAGE). `agent diagnose pod/web-1 -n todo-app` says why.",
        },
    }  # fmt: skip
    tried(rules, [waiting], "ImageCannotBePulled", [fired])
    failing = series("kube_pod_container_status_waiting_reason", 1, **labels, reason="ErrImagePull")
    turns = [waiting | {"values": "1 0 1 0 1 0 1 0 1 0 1"}, failing | {"values": "0 1 0 1 0 1 0 1 0 1 0"}]
    tried(rules, turns, "ImageCannotBePulled", [fired])
    starting = series("kube_pod_container_status_waiting_reason", 1, reason="ContainerCreating", **labels)
    tried(rules, [starting], "ImageCannotBePulled", [])


def test_a_crash_loop_fires_also_while_it_runs_and_one_that_was_mended_does_not(rules: Path) -> None:
    labels = {"pod": "web-1", "container": "web"}
    loop = series("kube_pod_container_status_waiting_reason", 1, reason="CrashLoopBackOff", **labels)
    fired = {
        "exp_labels": {"namespace": "todo-app", "severity": "critical", "control": "RES-SCN-CRASH", **labels},
        "exp_annotations": {
            "summary": "Container web of pod web-1 crashes again and again",
            "description": "Restarts have not mended it within the time of RES-SCN-CRASH. "
            "`agent diagnose pod/web-1 -n todo-app` says why.",
        },
    }
    tried(rules, [loop], "CrashLooping", [fired])
    tried(rules, [loop | {"values": "1 0 0 1 0 0 1 0 0 0 0"}], "CrashLooping", [fired])
    tried(rules, [loop | {"values": "1 0x10"}], "CrashLooping", [])
    elsewhere = {**loop, "series": loop["series"].replace("todo-app", "kube-system")}
    tried(rules, [elsewhere], "CrashLooping", [])


def test_reports_that_are_old_or_gone_are_an_alert(tmp_path: Path) -> None:
    """No report of anything wrong is what a cluster looks like that nobody looks at."""
    preflight.install_missing({"promtool": "prometheus"})
    (rule,) = rendered("--set=alerts.enabled=true", "--set=reports.enabled=true")
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump(rule["spec"]), encoding="utf-8")
    text = {
        "summary": "bluehelm's reports of the cluster are old, or cannot be read",
        "description": "`kubectl get jobs -n default` and the logs of the exporter there say why.",
    }
    fired = {"exp_labels": {"severity": "warning"}, "exp_annotations": text}
    read = {"series": "bluehelm_up", "values": "1x10"}
    tried(file, [read, {"series": "bluehelm_report_timestamp_seconds", "values": "0x10"}], "ReportsAreOld", [])
    old = {"series": "bluehelm_report_timestamp_seconds", "values": "-4000x10"}
    tried(file, [read, old], "ReportsAreOld", [fired])
    tried(file, [{"series": "bluehelm_up", "values": "0x10"}], "ReportsAreOld", [fired])
    tried(file, [], "ReportsAreOld", [fired])
