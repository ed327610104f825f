"""What the API server forbids a pod, and refusals that are history."""

from typing import Any

from agent.diagnose.finding import Confidence
from agent.snapshot.record import State
from tests.fakes.made import Raw, ended, failing_workload, found, made, modes
from tests.fakes.remedies import command

FORBIDDEN = (
    'Failed to list *v1.Pod: pods is forbidden: User "system:serviceaccount:shop:watcher" cannot list resource "pods" '
    'in API group "" in the namespace "shop"'
)
LOGS = {"watcher-7d9f-x/web": FORBIDDEN}


def watcher(**spec: Any) -> list[Raw]:
    account = made("ServiceAccount", "watcher")
    return [account, *failing_workload("watcher", ended(), **{"serviceAccountName": "watcher", **spec})]


def role(name: str, *verbs: str, resource: str = "pods", group: str = "") -> Raw:
    return made("Role", name) | {"rules": [{"apiGroups": [group], "resources": [resource], "verbs": list(verbs)}]}


def binding(name: str, to: str, account: str, kind: str = "Role") -> Raw:
    subjects = [{"kind": "ServiceAccount", "name": account, "namespace": "shop"}]
    return made("RoleBinding", name) | {"roleRef": {"kind": kind, "name": to}, "subjects": subjects}


def test_a_role_that_allows_other_verbs() -> None:
    (finding,) = found(*watcher(), role("watcher", "get"), binding("watcher", "watcher", "watcher"), logs=LOGS)
    assert (finding.mode.number, finding.confidence) == (128, Confidence.CERTAIN)
    assert "may not list pods in namespace shop" in finding.cause
    assert "Role watcher lets it do other things with them" in finding.cause
    assert "kubectl auth can-i list pods -n shop" in command(finding)


def test_a_role_that_speaks_of_other_things_or_none_at_all() -> None:
    (other,) = found(
        *watcher(), role("watcher", "list", resource="services"), binding("b", "watcher", "watcher"), logs=LOGS
    )
    assert "Role watcher does not grant it" in other.cause
    (none,) = found(*watcher(), logs=LOGS)
    assert "no role is bound to it" in none.cause


def test_a_role_bound_to_another_account() -> None:
    (finding,) = found(*watcher(), role("watcher", "list"), binding("watcher", "watcher", "wacther"), logs=LOGS)
    assert finding.mode.number == 129
    assert "RoleBinding watcher gives Role watcher to wacther instead" in finding.cause


def test_a_binding_of_the_whole_cluster_for_another_namespace_is_no_mistake_of_this_one() -> None:
    admin = made("ClusterRole", "admin") | {"rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}
    far = binding("admins", "admin", "root", "ClusterRole") | {"kind": "ClusterRoleBinding"}
    far["metadata"].pop("namespace")
    far["subjects"] = [{"kind": "ServiceAccount", "name": "root", "namespace": "kube-system"}]
    assert modes(found(*watcher(), admin, far, logs=LOGS)) == [128]


def test_what_is_allowed_by_now_is_history() -> None:
    own = binding("watcher", "watcher", "watcher")
    assert not {128, 129} & set(modes(found(*watcher(), role("watcher", "list"), own, logs=LOGS)))
    everybody = made("RoleBinding", "all") | {
        "roleRef": {"kind": "Role", "name": "watcher"},
        "subjects": [{"kind": "Group", "name": "system:serviceaccounts:shop"}],
    }
    assert not {128, 129} & set(modes(found(*watcher(), role("watcher", "*"), everybody, logs=LOGS)))


def test_roles_nobody_could_list_leave_the_servers_word() -> None:
    unread = dict.fromkeys(("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"), State.DENIED)
    (finding,) = found(*watcher(), logs=LOGS, incomplete=unread)
    assert (finding.mode.number, finding.confidence) == (128, Confidence.LIKELY)


def test_requests_at_cluster_scope_and_of_other_groups() -> None:
    log = (
        'deployments.apps is forbidden: User "system:serviceaccount:shop:watcher" cannot list resource "deployments" '
        'in API group "apps" at the cluster scope'
    )
    (finding,) = found(
        *watcher(),
        role("w", "list", resource="deployments", group="apps"),
        binding("w", "w", "watcher"),
        logs={"watcher-7d9f-x/web": log},
    )
    assert "may not list deployments.apps at the cluster scope" in finding.cause
    old = 'pods is forbidden: User \\"system:serviceaccount:shop:watcher\\" cannot list pods at the cluster scope'
    assert modes(found(*watcher(), logs={"watcher-7d9f-x/web": old})) == [128]


NO_TOKEN = {"watcher-7d9f-x/web": "open /var/run/secrets/kubernetes.io/serviceaccount/token: no such file or directory"}


def test_a_token_that_is_not_mounted() -> None:
    world = watcher()
    world[0]["automountServiceAccountToken"] = False
    (finding,) = found(*world, logs=NO_TOKEN)
    assert finding.mode.number == 130
    assert "automountServiceAccountToken is false in ServiceAccount watcher" in finding.cause
    (own,) = found(*watcher(automountServiceAccountToken=False), logs=NO_TOKEN)
    assert "in its pod template" in own.cause


def test_a_pod_that_overrules_its_account_or_needs_no_token() -> None:
    world = watcher(automountServiceAccountToken=True)
    world[0]["automountServiceAccountToken"] = False
    assert 130 not in modes(found(*world, logs=NO_TOKEN))
    crash = {"watcher-7d9f-x/web": "panic: something else"}
    assert 130 not in modes(found(*watcher(automountServiceAccountToken=False), logs=crash))
