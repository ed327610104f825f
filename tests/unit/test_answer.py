"""A question about one object is always answered about that object: silence would be read as health."""

from typing import Any

import pytest

from agent.diagnose.diagnosis import Diagnosis
from agent.snapshot.record import Ref
from tests.fakes.made import (
    BEFORE,
    SPACE,
    ago,
    condition,
    container,
    diagnosed,
    endpoints,
    failing_workload,
    made,
    node,
    owned,
    pod,
    running,
    running_workload,
    service,
    workload,
)

WEB = {"app": "web"}


def told(kind: str, name: str, *items: dict[str, Any]) -> str:
    """Return what is answered about one object nothing is wrong with."""
    home = "" if kind in ("Node", "Namespace", "PersistentVolume") else SPACE
    said = diagnosed(*items, subject=Ref(kind, home, name))
    assert said.findings == ()
    assert said.about is not None
    assert said.about.subject == Ref(kind, home, name)
    return ". ".join(said.about.sentences)


def config() -> list[dict[str, Any]]:
    top = workload("web", WEB)
    top["spec"]["template"]["spec"]["containers"] = [container(envFrom=[{"configMapRef": {"name": "settings"}}])]
    return [top, made("ConfigMap", "settings") | {"data": {"HOST": "db", "PORT": "5432"}}]


def claimed() -> list[dict[str, Any]]:
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    status = {"phase": "Bound", "capacity": {"storage": "1Gi"}}
    claim = made("PersistentVolumeClaim", "data", {"volumeName": "pv-1", "storageClassName": "fast"}, status)
    volume = made("PersistentVolume", "pv-1", {"claimRef": {"namespace": SPACE, "name": "data"}}, {"phase": "Bound"})
    volume["metadata"]["namespace"] = ""
    return [node(), pod("db", {"app": "db"}, volumes=volumes), claim, volume]


def scaled() -> list[dict[str, Any]]:
    items = running_workload("web", WEB)
    for spec in (items[0]["spec"]["template"]["spec"], items[-1]["spec"]):
        spec["containers"][0]["resources"] = {"requests": {"cpu": "100m"}}
    wanted = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplicas": 1, "maxReplicas": 4}
    told = condition("ScalingActive", "True", "ValidMetricFound", "the HPA was able to compute the replica count")
    return [*items, made("HorizontalPodAutoscaler", "web", wanted, {"currentReplicas": 1, "conditions": [told]})]


def ingress() -> list[dict[str, Any]]:
    backend = {"service": {"name": "web", "port": {"number": 8000}}}
    rules = [{"http": {"paths": [{"path": "/", "backend": backend}]}}]
    routed = made("Ingress", "shop", {"rules": rules}, {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}})
    return [*running_workload("web", WEB), service("web"), endpoints("web"), routed]


def job() -> dict[str, Any]:
    conditions = [condition("Complete", "True")]
    status = {"succeeded": 1, "failed": 1, "completionTime": BEFORE, "conditions": conditions}
    return made("Job", "load", {"completions": 1, "template": {"spec": {"containers": [container()]}}}, status)


def cron() -> dict[str, Any]:
    wanted = {"schedule": "*/5 * * * *", "jobTemplate": {"spec": {"template": {"spec": {"containers": []}}}}}
    return made("CronJob", "nightly", wanted, {"lastScheduleTime": ago(60), "lastSuccessfulTime": ago(50)})


ONE = running_workload("web", WEB)

ANSWERS = {
    "deployment": (
        ("Deployment", "web", [*ONE, service("web"), endpoints("web")]),
        "Deployment web is as asked: 1 of 1 replica ready, updated and available, no restarts. "
        "Service web has 1 ready endpoint",
    ),
    "pod": (
        ("Pod", "web-7d9f-x", [node(), *ONE]),
        "Pod web-7d9f-x is as asked: Running on node node-1, 1 of 1 container ready, no restarts",
    ),
    "scaled to zero": (
        ("Deployment", "web", [workload("web", WEB, replicas=0)]),
        "Deployment web is as asked: scaled to zero replicas, no restarts",
    ),
    "service": (
        ("Service", "web", [*ONE, service("web"), endpoints("web")]),
        "Service web has 1 ready endpoint; it sends port 8000 to http",
    ),
    "ingress": (
        ("Ingress", "shop", ingress()),
        "Ingress shop sends requests to web. Service web has 1 ready endpoint. Its controller answers at 192.0.2.7",
    ),
    "claim": (
        ("PersistentVolumeClaim", "data", claimed()),
        "PersistentVolumeClaim data of class fast is Bound to volume pv-1, 1Gi. It is mounted by Pod db",
    ),
    "volume": (("PersistentVolume", "pv-1", claimed()), "PersistentVolume pv-1 is Bound to claim shop/data"),
    "autoscaler": (
        ("HorizontalPodAutoscaler", "web", scaled()),
        "HorizontalPodAutoscaler web scales Deployment web: 1 replica now, between 1 and 4. "
        "It is scaling: the HPA was able to compute the replica count",
    ),
    "node": (
        ("Node", "node-1", [node(), *ONE]),
        "Node node-1 is ready, with 1 pod in sight. It reports no pressure on memory, disk or processes",
    ),
    "job": (("Job", "load", [job()]), f"Job load completed at {BEFORE}: 1 of 1 done, after 1 failed pod"),
    "cron job": (
        ("CronJob", "nightly", [cron()]),
        f"CronJob nightly is due by */5 * * * *, last started at {ago(60)}, last succeeded at {ago(50)}",
    ),
    "configmap": (
        ("ConfigMap", "settings", config()),
        "ConfigMap settings exists with 2 keys: HOST and PORT. It is read by Deployment web",
    ),
    "namespace": (
        ("Namespace", SPACE, [made("Namespace", SPACE, status={"phase": "Active"}), *ONE]),
        "Namespace shop is Active, with 1 pod: 1 ready",
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_is_as_asked_is_proved(name: str) -> None:
    (kind, subject, items), expected = ANSWERS[name]
    assert told(kind, subject, *items) == expected


def test_the_restarts_of_what_is_well_now_are_counted() -> None:
    top, below, item = running_workload("web", WEB)
    ended = {"terminated": {"exitCode": 1, "startedAt": ago(3400), "finishedAt": ago(3390)}}
    item["status"]["containerStatuses"] = [running(restartCount=2, lastState=ended)]
    assert f"2 restarts, the last one at {ago(3390)}" in told("Deployment", "web", top, below, item)


def test_what_waits_says_what_it_waits_for() -> None:
    top, below, item = running_workload("web", WEB)
    top["status"] |= {"readyReplicas": 0, "availableReplicas": 0}
    item["status"]["conditions"][1] |= {"status": "False", "lastTransitionTime": ago(5)}
    item["status"]["containerStatuses"] = [running(False, state={"running": {"startedAt": ago(5)}})]
    for kind, name in (("Deployment", "web"), ("Pod", "web-7d9f-x")):
        answer = told(kind, name, node(), top, below, item)
        assert answer.startswith(f"{kind} {name} is not settled yet: ")
        assert "container web runs and is not ready yet" in answer


def about_broken(subject: Ref) -> Diagnosis:
    return diagnosed(node(), *failing_workload("web"), service("web"), endpoints("web", ready=False), subject=subject)


def test_what_a_finding_names_needs_no_other_answer() -> None:
    said = about_broken(Ref("Deployment", SPACE, "web"))
    assert said.findings
    assert said.about is None


def test_what_only_suffers_is_answered_beside_the_cause() -> None:
    said = about_broken(Ref("Service", SPACE, "web"))
    assert said.findings[0].subject.kind == "Deployment"
    assert said.about is not None
    assert said.about.sentences[0].startswith("Service web has 0 ready endpoints, and 1 not ready")


def test_the_evidence_of_a_proof_points_at_what_was_read() -> None:
    said = diagnosed(node(), *ONE, subject=Ref("Pod", SPACE, "web-7d9f-x"))
    assert said.about is not None
    assert [(item.pointer, item.text) for item in said.about.evidence] == [
        ("/status/conditions/1/status", "True"),
        ("/status/phase", "Running"),
    ]


def test_an_evicted_pod_whose_place_was_taken_is_told_as_history() -> None:
    top, below, item = running_workload("web", WEB)
    gone = owned(pod("web-7d9f-old", WEB), below)
    gone["status"] = {"phase": "Failed", "reason": "Evicted"}
    said = told("Pod", "web-7d9f-old", node(), top, below, item, gone)
    assert said == "Pod web-7d9f-old failed (Evicted), and what made it has all the pods it wants now"
