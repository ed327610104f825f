"""The auditor at work by itself: the image, the CronJob, what it keeps, and the Prometheus that scrapes it.

Lost, a team that looks at its dashboards learns of nothing that the terminal would have told it.
"""

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agent.exitcode import ExitCode
from tests.cluster import crowd, own_image, policyreports
from tests.cluster.plugin import Cluster
from tests.cluster.prometheus import prometheus
from tools.deadline import Deadline
from tools.failure import Failure
from tools.metrics import query

pytestmark = pytest.mark.cluster

CHART = Path(__file__).parents[2] / "charts" / "bluehelm"
CRASHING = ("create", "deployment", "web", "--image=registry.local/busybox:1", "--", "sh", "-c", "exit 3")


@dataclass(frozen=True, slots=True)
class Auditor:
    """A release of charts/bluehelm whose CronJob is started by hand: it would not be due for months."""

    cluster: Cluster
    namespace: str
    release: str

    @property
    def account(self) -> str:
        return f"system:serviceaccount:{self.namespace}:{self.release}-auditor"

    def work(self, seconds: int = 240) -> None:
        """Run the CronJob once; what its pods said is what a failure shows."""
        place = f"--namespace={self.namespace}"
        name = f"now-{time.monotonic_ns()}"
        self.cluster.kubectl("create", "job", name, f"--from=cronjob/{self.release}-reports", place)
        done = self.cluster.kubectl(
            "wait", f"job/{name}", "--for=condition=Complete", f"--timeout={seconds}s", place, check=False
        )
        said = self.cluster.kubectl("logs", f"--selector=job-name={name}", "--tail=20", place, check=False).stdout
        assert done.returncode == 0, (done.stderr, said)

    def reports(self, namespace: str) -> dict[str, Any]:
        found: Any = self.cluster.json("get", "policyreports", f"--namespace={namespace}")
        return {item["metadata"]["name"]: item for item in found["items"]}

    def may(self, verb: str, resource: str) -> bool:
        argv = ("auth", "can-i", verb, resource, f"--as={self.account}", f"--namespace={self.namespace}")
        return self.cluster.kubectl(*argv, check=False).stdout.strip() == "yes"


def installed(cluster: Cluster, namespace: str, *more: str) -> Auditor:
    if cluster.provider != "local":
        pytest.skip("the image is given to the local provider's containerd")
    policyreports.define()
    release = namespace.replace("test", "bluehelm")
    values = ("enabled=true", f"image={own_image.load()}", "schedule=0 0 1 1 *", "timeout=60", *more)
    flags = [f"--set=reports.{value}" for value in values]
    cluster.helm("install", release, str(CHART), f"--namespace={namespace}", "--wait", *flags)
    return Auditor(cluster, namespace, release)


@pytest.fixture(scope="module")
def auditor(cluster: Cluster) -> Iterator[Auditor]:
    name = f"test-{uuid.uuid4().hex[:10]}"
    cluster.kubectl("create", "namespace", name)
    found = installed(cluster, name)
    try:
        yield found
    finally:
        cluster.helm("uninstall", found.release, f"--namespace={name}")
        cluster.kubectl("delete", "namespace", name, "--wait=false")


def until(origin: str, asked: str) -> list[Any]:
    """Return what a Prometheus says, once it says anything."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = query(origin, asked, Deadline.after(5))
        if not isinstance(found, Failure) and found:
            return list(found)
        time.sleep(1)
    raise AssertionError(f"nothing of {asked}")


def test_what_is_broken_is_kept_in_its_namespace_and_scraped(auditor: Auditor, namespace: str) -> None:
    cluster, place = auditor.cluster, f"--namespace={namespace}"
    cluster.kubectl(*CRASHING[:4], place, *CRASHING[4:])
    cluster.kubectl("wait", "pod", "--selector=app=web", f"--for={RESTARTED}", "--timeout=90s", place)
    auditor.work()
    results = auditor.reports(namespace)["bluehelm-diagnose"]["results"]
    (failed,) = (item for item in results if item["result"] == "fail")
    assert (failed["resources"][0]["kind"], failed["resources"][0]["name"]) == ("Deployment", "web")
    health: Any = cluster.json("get", "clusterpolicyreport", "bluehelm-health")
    assert int(health["metadata"]["annotations"]["bluehelm/score"]) < 100
    own = f"--namespace={auditor.namespace}"
    service: Any = cluster.json("get", "service", f"{auditor.release}-exporter", own)
    with prometheus(f"{service['spec']['clusterIP']}:9402") as origin:
        rule = f'bluehelm_rule_results{{namespace="{namespace}",result="fail",rule="{failed["rule"]}"}}'
        assert until(origin, rule)[0]["value"][1] == "1"
        assert "namespace" not in until(origin, "bluehelm_health_score")[0]["metric"]  # it is the cluster's


RESTARTED = "jsonpath={.status.containerStatuses[0].state.waiting.reason}=CrashLoopBackOff"


def test_the_identity_changes_nothing_but_reports(auditor: Auditor) -> None:
    """It looks at the whole cluster, unattended: what it could do with that is what an attacker could."""
    assert auditor.may("patch", "policyreports.wgpolicyk8s.io")
    for verb, resource in (
        ("delete", "policyreports.wgpolicyk8s.io"),
        ("list", "secrets"),
        ("create", "pods"),
        ("patch", "deployments"),
        ("create", "pods/exec"),
        ("patch", "validatingwebhookconfigurations"),
    ):
        assert not auditor.may(verb, resource), (verb, resource)


def test_it_is_nobody_on_its_node_and_writes_nothing_there(auditor: Auditor) -> None:
    place = f"--namespace={auditor.namespace}"

    def inside(*argv: str) -> tuple[int, str]:
        done = auditor.cluster.kubectl(
            "exec", f"deployment/{auditor.release}-exporter", place, "--", *argv, check=False
        )
        return done.returncode, done.stdout + done.stderr

    assert inside("id", "-u") == (0, "65532\n")
    code, said = inside("touch", "/opt/bluehelm/x")
    assert (code != 0, "Read-only file system" in said) == (True, True), said


def test_the_same_image_says_who_it_is(auditor: Auditor) -> None:
    """The first thing somebody runs when a report says less than was hoped."""
    place, name = f"--namespace={auditor.namespace}", f"{auditor.release}-exporter"
    done = auditor.cluster.kubectl("exec", f"deployment/{name}", place, "--", "agent", "doctor", check=False)
    assert done.returncode == ExitCode.OK, done.stdout + done.stderr
    assert f"auditor in {auditor.namespace}: " in done.stdout
    assert "it keeps PolicyReports" in done.stdout


def sharded(cluster: Cluster, namespace: str, pods: int) -> None:
    """Let three pods share the namespaces of a crowd: each namespace is in a report, as one look at all has it."""
    cluster.simulate(12)
    prefix = f"{namespace}-"
    auditor = installed(cluster, namespace, "shards=3")
    try:
        crowd.fill(prefix, pods)
        auditor.work(900)
        whole = cluster.agent("report", "-o", "json", "--timeout=120")
        assert whole.returncode == ExitCode.OK, whole.stderr
        for name in crowd.names(prefix, pods):
            kept = auditor.reports(name)["bluehelm-diagnose"]
            (told,) = (
                item
                for item in json.loads(whole.stdout)["reports"]
                if item["metadata"].get("namespace") == name and item["metadata"]["name"] == "bluehelm-diagnose"
            )
            assert kept["summary"]["fail"] == told["summary"]["fail"] == 1
            assert _failing(kept) == _failing(told)
    finally:
        crowd.clear(prefix, pods, wait=False)
        cluster.helm("uninstall", auditor.release, f"--namespace={namespace}")


def _failing(report: Any) -> list[tuple[str, str]]:
    return [(item["rule"], item["resources"][0]["name"]) for item in report["results"] if item["result"] == "fail"]


def test_three_pods_share_the_namespaces(cluster: Cluster, namespace: str) -> None:
    sharded(cluster, namespace, 750)


@pytest.mark.long
def test_three_pods_share_the_namespaces_of_5000_pods(cluster: Cluster, namespace: str) -> None:
    """Each stays below the chart's own memory limit, or the kernel would have ended it and the Job failed."""
    sharded(cluster, namespace, 5_000)
