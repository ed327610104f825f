"""Pods refused for what they are or name: Pod Security, policies, webhooks, priority classes, an overloaded API."""

import pytest

from agent.diagnose.finding import Confidence, Finding
from agent.snapshot.record import State
from tests.fakes.made import Raw, condition, endpoints, found, made, modes, owned, service, workload
from tests.fakes.remedies import changes

SECURITY = (
    'pods "web-7d9f-x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false '
    '(container "web" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container '
    '"web" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "web" must set '
    'securityContext.runAsNonRoot=true), seccompProfile (pod or container "web" must set '
    'securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")'
)
KYVERNO = (
    'admission webhook "validate.kyverno.svc-fail" denied the request: \n\nresource Pod/shop/web was blocked due to '
    "the following policies \n\nrequire-labels:\n  check-team: 'validation error: the label team is required'"
)
POLICY = (
    "pods \"web-7d9f-x\" is forbidden: ValidatingAdmissionPolicy 'costs' with binding 'costs' denied request: every "
    "pod needs a cost centre"
)
WEBHOOK = (
    'Internal error occurred: failed calling webhook "policy.example.com": failed to call webhook: Post '
    '"https://policy.guard.svc:443/validate?timeout=10s": '
)


def refused(message: str, **pod: object) -> list[Raw]:
    top = workload("web")
    below = owned(workload("web-7d9f", {"app": "web"}, "ReplicaSet"), top)
    below["spec"]["template"]["spec"] |= pod
    below["status"] = {"conditions": [condition("ReplicaFailure", "True", "FailedCreate", message)]}
    return [top, below]


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


def space(level: str) -> Raw:
    return made("Namespace", "shop", labels={"pod-security.kubernetes.io/enforce": level})


def test_pod_security_names_what_is_broken_and_what_mends_it() -> None:
    finding = only(found(*refused(SECURITY), space("restricted")))
    assert (finding.mode.number, finding.confidence) == (9, Confidence.CERTAIN)
    assert "runAsNonRoot != true" in finding.cause
    new = {name: value for name, _, value in changes(finding)}
    assert (
        new["containers[].securityContext.capabilities.drop[]"],
        new["containers[].securityContext.runAsNonRoot"],
    ) == ("ALL", True)
    assert len(new) == 4


def test_a_namespace_loosened_since_makes_it_history() -> None:
    assert modes(found(*refused(SECURITY), space("baseline"))) == [0]


def test_pod_security_set_for_the_whole_cluster_stands_in_no_label() -> None:
    finding = only(found(*refused(SECURITY), made("Namespace", "shop")))
    assert (finding.mode.number, finding.confidence) == (9, Confidence.LIKELY)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (KYVERNO, "admission webhook validate.kyverno.svc-fail: resource Pod/shop/web was blocked"),
        (POLICY, "ValidatingAdmissionPolicy costs: every pod needs a cost centre"),
    ],
)
def test_a_policy_says_no_in_its_own_words_on_one_line(message: str, words: str) -> None:
    finding = only(found(*refused(message)))
    assert finding.mode.number == 10
    assert words in finding.cause
    assert "\n" not in finding.cause


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        ('no endpoints available for service "policy"', "no ready pod stands behind it"),
        ("x509: certificate signed by unknown authority", "its certificate is not trusted"),
        ("context deadline exceeded", "it does not answer in time"),
        ('service "policy" not found', 'service "policy" not found'),
    ],
)
def test_a_webhook_that_cannot_be_asked(problem: str, words: str) -> None:
    finding = only(found(*refused(WEBHOOK + problem)))
    assert finding.mode.number == 11
    assert "admission webhook policy.example.com (Service policy in guard)" in finding.cause
    assert words in finding.cause


def test_a_webhook_whose_service_has_pods_again_is_history() -> None:
    guard = [service("policy"), endpoints("policy")]
    for item in guard:
        item["metadata"]["namespace"] = "guard"
    world = [*refused(WEBHOOK + 'no endpoints available for service "policy"'), *guard]
    assert 11 not in modes(found(*world))


def test_a_priority_class_that_does_not_exist_is_near_one_that_does() -> None:
    message = 'pods "web-" is forbidden: no PriorityClass with name hihg was found'
    near = made("PriorityClass", "high")
    near["metadata"].pop("namespace")
    finding = only(found(*refused(message, priorityClassName="hihg"), near))
    assert (finding.mode.number, changes(finding)[0][2]) == (13, "high")


def test_a_priority_class_made_since_is_history() -> None:
    message = 'pods "web-" is forbidden: no PriorityClass with name high was found'
    made_since = made("PriorityClass", "high")
    made_since["metadata"].pop("namespace")
    assert 13 not in modes(found(*refused(message, priorityClassName="high"), made_since))
    unread = found(*refused(message, priorityClassName="high"), incomplete={"PriorityClass": State.DENIED})
    assert [(item.mode.number, item.confidence) for item in unread] == [(13, Confidence.LIKELY)]


def test_a_priority_class_reserved_for_some_namespaces() -> None:
    message = (
        "insufficient quota to match these scopes: [{PriorityClass In [system-node-critical system-cluster-critical]}]"
    )
    system = made("PriorityClass", "system-node-critical")
    system["metadata"].pop("namespace")
    finding = only(found(*refused(message, priorityClassName="system-node-critical"), system))
    assert finding.mode.number == 13
    assert "only namespaces with a ResourceQuota for it may use" in finding.cause


@pytest.mark.parametrize(
    "message", ["etcdserver: request timed out", "etcdserver: mvcc: database space exceeded", "Too Many Requests"]
)
def test_a_control_plane_that_cannot_take_pods(message: str) -> None:
    assert modes(found(*refused(message))) == [138]


def test_a_webhook_that_is_too_busy_is_not_the_control_plane() -> None:
    assert modes(found(*refused(WEBHOOK + "Too Many Requests"))) == [11]


def test_refusals_of_a_workload_that_has_its_pods_are_no_finding() -> None:
    for message in (SECURITY, KYVERNO, WEBHOOK + "x509", "etcdserver: request timed out"):
        top, below = refused(message)
        below["status"] |= {"replicas": 1, "readyReplicas": 1}
        assert modes(found(top, below)) == []
