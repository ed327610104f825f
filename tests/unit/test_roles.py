"""Who bluehelm is in a cluster: the roles of charts/bluehelm, and which of them an identity has."""

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.operate.doctor import only_looks
from agent.world.chart import open_chart
from agent.world.rights import ASKED, Role, rights
from tests.fakes.executables import Replay, install
from tests.fakes.programs import find
from tools.access import Access
from tools.failure import Failure
from tools.kinds import KINDS, MORE
from tools.policy import Permission, decide
from tools.sandbox import Sandbox, sandbox

CHART = Path(__file__).parents[2] / "charts" / "bluehelm"
LOOKS = [f"{kind.plural}.{kind.group}".rstrip(".") for kind in (*KINDS, *MORE) if kind.name != "Secret"]
WARNING = b"warning: the list may be incomplete: webhook authorizer does not support user rule resolution\n"


def helm(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(find("helm")), *args], capture_output=True, text=True, timeout=60)


def rules(role: str, *more: str) -> list[Mapping[str, Any]]:
    """Return what the chart lets a role do, Roles and ClusterRoles bound to its ServiceAccount."""
    given = ["--set=releaseReader.namespaces={shop}", "--set=applier.namespaces={shop}", *more]
    done = helm("template", "b", str(CHART), "--namespace=tools", *given)
    assert done.returncode == 0, done.stderr
    objects = [item for item in yaml.safe_load_all(done.stdout) if item]
    bound = [item["roleRef"]["name"] for item in objects if item["kind"].endswith("Binding") and _binds(item, role)]
    assert bound
    roles = [item for item in objects if item["kind"] in ("Role", "ClusterRole") and item["metadata"]["name"] in bound]
    return [rule for item in roles for rule in item["rules"]]


def _binds(binding: Mapping[str, Any], role: str) -> bool:
    return [(item["name"], item["namespace"]) for item in binding["subjects"]] == [(f"b-{role}", "tools")]


def resources(found: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for rule in found:
        for group in rule.get("apiGroups", ()):
            for resource in rule["resources"]:
                plain, slash, sub = resource.partition("/")
                yield from ((f"{plain}.{group}".rstrip(".") + slash + sub, verb) for verb in rule["verbs"])


def test_an_auditor_reads_every_kind_that_is_looked_at_and_nothing_else() -> None:
    """A kind that is added to the reader and not to the chart is a gap in every audit of those who use it."""
    found = set(resources(rules("auditor")))
    assert {resource for resource, verb in found if verb == "list"} >= set(LOOKS)
    assert {verb for _, verb in found} == {"get", "list", "watch"}
    watched = {f"{kind.plural}.{kind.group}".rstrip(".") for kind in KINDS if kind.name != "Secret"}
    assert {resource for resource, verb in found if verb == "watch" and "/" not in resource} == watched
    assert not {resource for resource, _ in found if resource.startswith("secrets") or "proxy" in resource}


def test_a_release_reader_is_an_auditor_that_may_read_secrets() -> None:
    assert set(resources(rules("release-reader"))) - set(resources(rules("auditor"))) == {
        ("secrets", "get"),
        ("secrets", "list"),
    }


def test_an_applier_cannot_give_itself_more() -> None:
    """A Role, a binding or a token of another account would make cluster administrators of whoever applies."""
    changed = {resource for resource, verb in resources(rules("applier")) if verb not in ("get", "list", "watch")}
    assert "deployments.apps" in changed
    assert not [name for name in changed if "/" in name or "rbac" in name or name in ("nodes", "namespaces")]


def test_an_applier_forwards_a_port_only_where_somebody_said_so() -> None:
    """Behind a port there may be a database without a password: nobody gets to it by an upgrade of this chart."""
    more = set(resources(rules("applier", "--set=applier.drills=true"))) - set(resources(rules("applier")))
    assert more == {("pods/portforward", "create")}


def test_the_chart_refuses_a_wildcard_and_a_name_it_does_not_know() -> None:
    assert helm("lint", "--strict", str(CHART)).returncode == 0
    for given in ("applier.rules[0].apiGroups={*}", "applier.namespace=shop", "releaseReader.namespaces={Shop}"):
        more = (
            ["--set=applier.rules[0].resources={a}", "--set=applier.rules[0].verbs={get}"] if "rules" in given else []
        )
        assert helm("template", "b", str(CHART), f"--set={given}", *more).returncode != 0, given


def test_it_is_not_the_chart_that_is_meant_beside_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be audited in place of the application, or every command would ask which of the two."""
    monkeypatch.chdir(tmp_path)
    for name in ("bluehelm", "web"):
        (tmp_path / "charts" / name).mkdir(parents=True)
        (tmp_path / "charts" / name / "Chart.yaml").write_text(f"name: {name}\n")
    assert open_chart(None).name == "web"
    (tmp_path / "charts" / "web" / "Chart.yaml").unlink()
    assert open_chart(None).name == "bluehelm"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with sandbox(Access("here", "https://127.0.0.1:1", "default"), path=str(tmp_path)) as made:
        yield made


def listed(*lines: str) -> bytes:
    looks = [f"{resource} [] [] [get list]" for resource in LOOKS]
    return "\n".join((*looks, *lines, "")).encode()


@pytest.mark.parametrize(
    ("lines", "role", "named"),
    [
        ((), Role.AUDITOR, ""),
        (("selfsubjectaccessreviews.authorization.k8s.io [] [] [create]",), Role.AUDITOR, ""),
        (("secrets [] [] [get list]",), Role.RELEASE_READER, ""),
        (("secrets [] [one] [get list]",), Role.AUDITOR, ""),
        (("deployments.apps/scale [] [] [patch]",), Role.APPLIER, "patch deployments.apps/scale"),
        (("configmaps [] [one] [update]",), Role.APPLIER, "update configmaps"),
        (("widgets.example.org [] [] [deletecollection]",), Role.APPLIER, "deletecollection widgets.example.org"),
        (("nodes/proxy [] [] [get]",), Role.WIDER, "get nodes/proxy"),
        (("pods/portforward [] [] [create]",), Role.APPLIER, "create pods/portforward"),
        (("pods/portforward [] [] [get]",), Role.WIDER, "get pods/portforward"),
        (("pods/exec [] [] [get]",), Role.WIDER, "get pods/exec"),
        (("*.* [] [] [get list watch]",), Role.WIDER, "get pods/exec"),
        (("* [] [] [get]",), Role.WIDER, "get nodes/proxy"),
        (("*.apps [] [] [get list]",), Role.AUDITOR, ""),
        (("users [] [] [impersonate]",), Role.WIDER, "impersonate users"),
        (("clusterroles.rbac.authorization.k8s.io [] [] [bind]",), Role.WIDER, "bind clusterroles"),
        (("*.* [] [] [*]",), Role.WIDER, "do everything"),
    ],
)
def test_a_role_is_what_it_may_do(tmp_path: Path, box: Sandbox, lines: tuple[str, ...], role: Role, named: str) -> None:
    """Judged by its name, whoever is called auditor would be one."""
    install(tmp_path, "kubectl", {"--namespace=kube-system": Replay(listed()), "": Replay(listed(*lines))})
    found = rights(box, "shop")
    assert not isinstance(found, Failure)
    assert found.role is role
    assert named in ", ".join(found.changes)
    assert bool(named) == bool(found.changes)
    assert found.unread == ()


def test_who_applies_everywhere_is_no_applier_of_one_namespace(tmp_path: Path, box: Sandbox) -> None:
    """Bound by a ClusterRoleBinding the same rules reach the system's own pods."""
    install(tmp_path, "kubectl", Replay(listed("deployments.apps [] [] [patch]")))
    found = rights(box, "shop")
    assert not isinstance(found, Failure)
    assert (found.role, found.wide) == (Role.WIDER, ("patch deployments.apps in kube-system",))


def test_what_an_answer_needs_and_may_not_be_listed_is_named(tmp_path: Path, box: Sandbox) -> None:
    install(tmp_path, "kubectl", Replay(listed().replace(b"nodes [] [] [get list]\n", b"")))
    found = rights(box, "shop")
    assert not isinstance(found, Failure)
    assert found.unread == ("Node",)


def test_where_the_server_lists_only_a_part_the_rest_is_asked_for(tmp_path: Path, box: Sandbox) -> None:
    """On EKS, GKE and AKS an administrator would otherwise be taken for an auditor."""
    install(
        tmp_path,
        "kubectl",
        {"--list": Replay(listed(), WARNING), "patch deployments": Replay(), "": Replay(code=1)},
    )
    found = rights(box, "shop")
    assert not isinstance(found, Failure)
    assert set(found.changes) == {"patch deployments.apps", "patch deployments.apps/scale"}


def test_an_answer_that_fails_makes_nobody_an_auditor(tmp_path: Path, box: Sandbox) -> None:
    refused = Replay(stderr=b"error: the server is currently unable to handle the request\n", code=1)
    install(tmp_path, "kubectl", {"--list": Replay(listed(), WARNING), "": refused})
    assert isinstance(rights(box, "shop"), Failure)
    install(tmp_path, "kubectl", refused)
    assert isinstance(rights(box, "shop"), Failure)


@pytest.mark.parametrize("asked", ASKED)
def test_everything_that_is_asked_may_be_asked(asked: tuple[str, str]) -> None:
    """A question that the policy refuses would be a failure in each doctor's report."""
    verb, what = asked
    plain, _, sub = what.partition("/")
    argv = ["kubectl", "auth", "can-i", verb, plain, "--context=a", "--namespace=b", "--quiet"]
    assert decide([*argv, *([f"--subresource={sub}"] if sub else [])]).permission is Permission.ALLOW


@pytest.mark.parametrize(
    ("name", "applier", "looks"),
    [
        ("system:serviceaccount:tools:bluehelm-auditor", "", True),
        ("system:serviceaccount:tools:bluehelm-release-reader", "", True),
        ("auditor", "", True),
        ("system:serviceaccount:auditor:deployer", "", False),
        ("ada@example.org", "", False),
        ("ada@example.org", "here", False),
        ("ada@example.org", "there", True),
    ],
)
def test_who_says_that_it_only_looks(name: str, applier: str, looks: bool) -> None:
    """The rest may write, and is told so; only whoever claims not to has failed."""
    assert bool(only_looks(name, "here", applier)) == looks
