"""The three identities of charts/bluehelm on a real cluster: what each can do with the product, and what it cannot."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.exitcode import ExitCode
from tests.cluster.plugin import Cluster
from tests.cluster.shop import Shop

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).parents[2]
ROLES = ("auditor", "release-reader", "applier")


@dataclass
class Roles:
    """A shop, and a kubeconfig with a context for each role."""

    shop: Shop
    kubeconfig: Path
    release: str

    def env(self, role: str, **more: str) -> dict[str, str]:
        return {"BLUEHELM_KUBECONFIG": str(self.kubeconfig), "BLUEHELM_CONTEXT": role, **more}

    def agent(self, role: str, *argv: str, **more: str) -> tuple[int, str]:
        """Run a command as a role; return its code and everything it said."""
        done = self.shop.agent(*argv, **self.env(role, **more))
        return done.returncode, done.stdout + done.stderr

    def planned(self, role: str, **more: str) -> dict[str, object]:
        argv = ("plan", "SVC-BE-MEM-LIMIT", "-n", self.shop.namespace, "--wait=60", "-o", "json")
        done = self.shop.agent(*argv, **self.env(role, **more))
        assert done.returncode == ExitCode.OK, done.stderr
        found: dict[str, object] = json.loads(done.stdout)
        return found

    def applied(self, name: object, role: str, **more: str) -> tuple[int, str]:
        return self.shop.typed("apply", "apply", str(name), meanwhile=None, **self.env(role, **more))

    def account(self, role: str) -> str:
        return f"system:serviceaccount:{self.shop.namespace}:{self.release}-{role}"


@pytest.fixture
def roles(shop: Shop, tmp_path: Path) -> Iterator[Roles]:
    """Return the shop with the chart's three identities beside it."""
    cluster, namespace = shop.cluster, shop.namespace
    release = namespace.replace("test", "bluehelm")
    given = [f"--set={key}.namespaces={{{namespace}}}" for key in ("releaseReader", "applier")]
    where = f"--namespace={namespace}"
    cluster.helm("install", release, str(ROOT / "charts" / "bluehelm"), where, *given)
    file = tmp_path / "kubeconfig"
    file.write_bytes(cluster.kubeconfig.read_bytes())
    entry = json.loads(cluster.kubectl("config", "view", "--output=json").stdout)["contexts"]
    name = next(item["context"]["cluster"] for item in entry if item["name"] == cluster.context)
    for role in ROLES:
        token = cluster.kubectl("create", "token", f"{release}-{role}", where).stdout.strip()
        cluster.kubectl("config", "set-credentials", role, f"--token={token}", f"--kubeconfig={file}")
        cluster.kubectl(
            "config", "set-context", role, f"--user={role}", f"--cluster={name}", where, f"--kubeconfig={file}"
        )
    try:
        yield Roles(shop, file, release)
    finally:
        cluster.helm("uninstall", release, where)


def test_each_role_is_told_what_it_is(roles: Roles) -> None:
    """Who runs this should know what the identity could do by mistake."""
    for role in ROLES:
        code, said = roles.agent(role, "doctor")
        assert code == ExitCode.OK, said
        assert f"role: {role} in {roles.shop.namespace}: " in said
        assert roles.account(role) in said


@pytest.mark.parametrize(
    ("verb", "resource"),
    [("patch", "deployments.apps"), ("create", "pods/exec"), ("get", "nodes/proxy"), ("impersonate", "users")],
)
def test_an_auditor_that_can_write_fails(roles: Roles, verb: str, resource: str) -> None:
    """What is called read-only and is not is worse than what never was: people hand it out."""
    cluster, name = roles.shop.cluster, f"{roles.release}-more"
    cluster.kubectl("create", "clusterrole", name, f"--verb={verb}", f"--resource={resource}")
    whom = f"--serviceaccount={roles.account('auditor').removeprefix('system:serviceaccount:')}"
    cluster.kubectl("create", "clusterrolebinding", name, f"--clusterrole={name}", whom)
    try:
        code, said = roles.agent("auditor", "doctor")
    finally:
        cluster.kubectl("delete", "clusterrole,clusterrolebinding", name)
    assert code == ExitCode.FOUND, said
    assert f"it may {verb} {resource}" in said


def test_who_leaves_changes_to_an_applier_must_not_be_able_to_make_them(roles: Roles) -> None:
    """Two identities of which the first can do everything are one."""
    code, said = roles.agent(roles.shop.cluster.context, "doctor", BLUEHELM_APPLIER="applier")
    assert (code, "it may do everything" in said) == (ExitCode.FOUND, True), said
    code, said = roles.agent("release-reader", "doctor", BLUEHELM_APPLIER="applier")
    assert (code, "only an apply loads its credential" in said) == (ExitCode.OK, True), said
    code, said = roles.agent("release-reader", "doctor", BLUEHELM_APPLIER="nobody")
    assert (code, "not in the kubeconfig" in said) == (ExitCode.FOUND, True), said


def test_an_auditor_looks_and_says_once_what_it_cannot_see(roles: Roles) -> None:
    """With less than a release-reader the rest of the audit still stands, and nobody takes the gap for a pass."""
    code, said = roles.agent("auditor", "diagnose")
    assert (code, "No cause found in what could be read" in said) == (ExitCode.INDETERMINATE, True), said
    code, said = roles.agent("auditor", "audit")
    assert code == ExitCode.INDETERMINATE
    assert said.count("the release leg is unknown: ") == 1
    assert "FAIL SVC-BE-MEM-LIMIT" in said
    code, said = roles.agent("auditor", "plan", "SVC-BE-MEM-LIMIT")
    assert code == ExitCode.INDETERMINATE
    assert "a plan needs to read every Secret" in said
    assert "release-reader of charts/bluehelm" in said


def test_a_release_reader_plans_and_the_applier_applies(roles: Roles) -> None:
    """Whoever plans cannot change anything, and the credential that can is loaded by the apply alone."""
    code, said = roles.agent("release-reader", "audit")
    assert (code, f"Audit of release todo in namespace {roles.shop.namespace}" in said) == (ExitCode.FOUND, True), said
    card = roles.planned("release-reader", BLUEHELM_APPLIER="applier")
    plan = card["plan"]
    assert isinstance(plan, dict)
    assert plan["dry_run"]["by"] == "client"
    assert "may not ask the server" in plan["dry_run"]["said"]
    assert (plan["target"]["context"], plan["applier"]) == ("release-reader", "applier")
    alone = roles.planned("release-reader")
    code, said = roles.applied(alone["id"], "release-reader")
    assert code in (ExitCode.ROLLED_BACK, ExitCode.UNKNOWN_OUTCOME), said
    assert roles.shop.limit() == "384Mi"
    assert roles.shop.git("status", "--short") == ""
    again = roles.planned("release-reader", BLUEHELM_APPLIER="applier")
    code, said = roles.applied(again["id"], "release-reader", BLUEHELM_APPLIER="applier")
    assert code == ExitCode.OK, said
    assert roles.shop.limit() == "512Mi"


def test_an_applier_alone_plans_and_applies(roles: Roles) -> None:
    """A team with one identity has the whole way; the server is asked, since it may."""
    card = roles.planned("applier")
    plan = card["plan"]
    assert isinstance(plan, dict)
    assert (plan["dry_run"]["by"], plan["dry_run"]["said"]) == ("server", "")
    code, said = roles.applied(card["id"], "applier")
    assert code == ExitCode.OK, said
    assert roles.shop.limit() == "512Mi"


def test_no_role_reaches_what_its_name_does_not_say(roles: Roles, cluster: Cluster) -> None:
    """The chart's own promise: no Secret to an auditor, no way into a pod or node, nothing outside of the namespace."""
    where = f"--namespace={roles.shop.namespace}"
    asked = {
        ("get", "secrets", where): {"release-reader", "applier"},
        ("get", "secrets", "--namespace=kube-system"): set(),
        ("patch", "deployments", where): {"applier"},
        ("patch", "deployments", "--namespace=kube-system"): set(),
        ("create", "pods", "--subresource=exec", where): set(),
        ("get", "nodes", "--subresource=proxy"): set(),
        ("create", "serviceaccounts", "--subresource=token", where): set(),
        ("create", "rolebindings", where): set(),
        ("impersonate", "users"): set(),
    }
    for words, may in asked.items():
        for role in ROLES:
            done = cluster.kubectl("auth", "can-i", *words, f"--as={roles.account(role)}", check=False)
            assert (done.returncode == 0) == (role in may), (words, role)
