"""Releases that a GitOps tool keeps, and teams that review every change: it is handed over, never made here."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.exitcode import ExitCode
from tests.cluster.gitops import make, serve, unserve
from tests.cluster.plugin import Cluster
from tests.cluster.shop import MEMORY, Shop, founded

pytestmark = pytest.mark.cluster

KINDS = ("Application", "HelmRelease", "Kustomization", "GitRepository")
REPOSITORY = "https://git.example.org/team/shop.git"


@pytest.fixture
def gitops(cluster: Cluster) -> Iterator[None]:
    """Serve the kinds of both tools while a test runs."""
    serve(cluster, *KINDS)
    yield
    unserve(cluster, *KINDS)


def test_a_patch_is_what_git_applies_and_a_branch_leaves_the_checkout_alone(shop: Shop) -> None:
    """A team that reviews every change gets it as git takes it; somebody's staged work is not swept along."""
    where = ("-n", shop.namespace)
    (shop.repository / "note.txt").write_text("mine\n")
    shop.git("add", "note.txt")
    patched = shop.agent("plan", *where, "--patch")
    assert patched.returncode == ExitCode.OK, patched.stderr
    assert shop.agent("fix", "deployment/todo-backend", *where, "--patch").stdout == patched.stdout
    made = shop.agent("plan", *where, "--branch", "fix/memory", "-o", "json")
    assert made.returncode == ExitCode.OK, made.stderr
    assert shop.git("status", "--short") == "A  note.txt\n"
    assert shop.git("log", "-1", "--format=%P %an", "fix/memory").split() == [
        shop.git("rev-parse", "HEAD").strip(),
        "Ada",
    ]
    assert f"Plan: {json.loads(made.stdout)['id']}" in shop.git("log", "-1", "--format=%B", "fix/memory")
    again = shop.agent("plan", *where, "--branch", "fix/memory")
    assert (again.returncode, "already exists" in again.stderr) == (ExitCode.DENIED, True), again.stderr
    subprocess.run(["git", "apply"], cwd=shop.repository, input=patched.stdout, text=True, check=True)
    assert shop.git("diff", "fix/memory", "--", "charts") == ""
    assert MEMORY in shop.values.read_text()
    assert shop.limit() == "384Mi"


@pytest.mark.usefixtures("gitops")
def test_what_argo_keeps_is_told_where_it_belongs(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    """Argo CD renders charts itself: there is no release, and whatever is applied here it undoes within minutes."""
    shop = founded(cluster, namespace, tmp_path)
    rendered = cluster.helm("template", "todo", str(shop.values.parent), f"--namespace={namespace}").stdout
    shop.cluster.kubectl("apply", f"--namespace={namespace}", "--filename=-", stdin=rendered)
    shop.kubectl("label", "deployment", "--all", "argocd.argoproj.io/instance=shop")
    helm = {"valueFiles": ["values.yaml"]}
    source = {
        "repoURL": REPOSITORY.replace("//", "//bot:s3cret@"),
        "targetRevision": "main",
        "path": "charts/todo",
        "helm": helm,
    }
    make(cluster, "Application", namespace, "shop", {"source": source})
    done = shop.agent("plan", "SVC-BE-MEM-LIMIT", "-n", namespace, "--release=todo")
    assert done.returncode == ExitCode.DENIED, done.stderr + done.stdout
    assert f"Argo CD's Application shop in {namespace} would undo what is changed here" in done.stdout
    assert f"belongs in {REPOSITORY} at main, charts/todo, values file values.yaml" in done.stdout
    assert "+      memory: 512Mi" in done.stdout
    assert "s3cret" not in done.stdout + done.stderr
    name = next(iter(shop.ledger()))["plan"]
    code, shown = shop.typed("apply", "apply", name)
    assert (code, "would undo it" in shown) == (ExitCode.DENIED, True), shown
    patched = shop.agent("plan", "SVC-BE-MEM-LIMIT", "-n", namespace, "--release=todo", "--patch")
    assert patched.returncode == ExitCode.OK, patched.stderr
    subprocess.run(["git", "apply", "--check"], cwd=shop.repository, input=patched.stdout, text=True, check=True)
    source["helm"] = helm | {"valuesObject": {"backend": {"resources": {"limits": {"memory": "384Mi"}}}}}
    make(cluster, "Application", namespace, "shop", {"source": source})
    again = shop.agent("plan", "SVC-BE-MEM-LIMIT", "-n", namespace, "--release=todo").stdout
    assert f"helm.valuesObject of Application shop in {namespace}, which win over the files" in again
    assert shop.limit() == "384Mi"


@pytest.mark.usefixtures("gitops")
def test_what_flux_keeps_is_told_where_it_belongs(shop: Shop) -> None:
    """A HelmRelease is itself kept by a Kustomization: both places are named, and what has to happen beside."""
    cluster, here = shop.cluster, shop.namespace
    marks = {"helm.toolkit.fluxcd.io/name": "todo", "helm.toolkit.fluxcd.io/namespace": here}
    shop.kubectl("label", "deployment", "--all", *(f"{key}={value}" for key, value in marks.items()))
    reference = {"kind": "GitRepository", "name": "shop"}
    chart = {"spec": {"chart": "charts/todo-app", "sourceRef": reference, "valuesFiles": ["values-prod.yaml"]}}
    owner = {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": here}
    make(cluster, "HelmRelease", here, "todo", {"chart": chart}, **owner)
    make(cluster, "Kustomization", here, "apps", {"path": "./clusters/dev", "sourceRef": reference})
    make(cluster, "GitRepository", here, "shop", {"url": REPOSITORY, "ref": {"branch": "main"}})
    done = shop.agent("fix", "deployment/todo-backend", "-n", here)
    assert done.returncode == ExitCode.DENIED, done.stderr + done.stdout
    assert f"belongs in {REPOSITORY} at main, charts/todo-app, values file values-prod.yaml" in done.stdout
    assert "only with a new version in Chart.yaml" in done.stdout
    assert f"itself in {REPOSITORY} at main, ./clusters/dev" in done.stdout
    assert shop.limit() == "384Mi"
    values = {"backend": {"resources": {"limits": {"memory": "384Mi"}}}}
    make(cluster, "HelmRelease", here, "todo", {"chart": chart, "values": values}, **owner)
    again = shop.agent("plan", "SVC-BE-MEM-LIMIT", "-n", here).stdout
    assert f"spec.values of HelmRelease todo in {here}, which win over the files" in again
    assert "memory: 512Mi" in again.partition("which win over")[2]
