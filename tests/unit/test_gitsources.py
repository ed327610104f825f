"""Where a GitOps tool takes from what it keeps, by the objects its users write: the right repository, never a login."""

from typing import Any

import pytest

from agent.kube.gitops import keeper_of
from agent.kube.gitsources import Source, chart_reference, inline, of_application, of_kustomization, of_release
from tools.urls import without_login

REPOSITORY = "https://git.example.org/team/shop.git"


def obj(kind: str, **spec: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": "shop", "namespace": "apps"}, "spec": spec}


def test_an_application_of_one_source() -> None:
    source = {
        "repoURL": REPOSITORY,
        "targetRevision": "main",
        "path": "charts/shop",
        "helm": {"valueFiles": ["a.yaml"]},
    }
    assert list(of_application(obj("Application", source=source))) == [
        Source(REPOSITORY, "main", "charts/shop", ("a.yaml",))
    ]
    bare = {"repoURL": REPOSITORY, "path": "."}
    assert [str(item) for item in of_application(obj("Application", source=bare))] == [f"{REPOSITORY} at HEAD, ."]


def test_values_files_of_another_source_are_looked_for_there() -> None:
    """A chart from a registry with its values in the team's own repository: only the latter can be changed."""
    sources = [
        {"repoURL": "https://charts.example.org", "chart": "shop", "targetRevision": "1.2.3",
         "helm": {"valueFiles": ["$ours/env/prod.yaml"]}},
        {"repoURL": REPOSITORY, "targetRevision": "main", "ref": "ours"},
    ]  # fmt: skip
    assert list(of_application(obj("Application", sources=sources))) == [
        Source("https://charts.example.org", "1.2.3", "shop"),
        Source(REPOSITORY, "main", "", ("env/prod.yaml",)),
    ]


def test_a_release_of_a_repository_and_of_a_registry() -> None:
    """A changed values file is not taken up by Flux until Chart.yaml has a new version: people wait for hours."""
    chart = {"spec": {"chart": "charts/shop", "sourceRef": {"kind": "GitRepository", "name": "shop"}}}
    source = {"kind": "GitRepository", "spec": {"url": REPOSITORY, "ref": {"branch": "main"}}}
    (found,) = of_release(obj("HelmRelease", chart=chart), source)
    assert (found.repository, found.revision, found.path) == (REPOSITORY, "main", "charts/shop")
    assert "Chart.yaml" in found.note
    always = {"spec": {**chart["spec"], "reconcileStrategy": "Revision"}}
    assert [item.note for item in of_release(obj("HelmRelease", chart=always), source)] == [""]
    registry = {"kind": "HelmRepository", "spec": {"url": "https://charts.example.org"}}
    pinned = {"spec": {"chart": "shop", "version": "1.2.x"}}
    (other,) = of_release(obj("HelmRelease", chart=pinned), registry)
    assert str(other) == "https://charts.example.org at 1.2.x, shop"


def test_values_from_elsewhere_are_named() -> None:
    given = obj("HelmRelease", valuesFrom=[{"kind": "Secret", "name": "shop-values"}])
    assert [item.holder for item in of_release(given, None)] == ["Secret shop-values, from which values come"]


def test_a_kustomization_and_what_its_source_says_of_the_revision() -> None:
    kustomization = obj("Kustomization", path="./prod", sourceRef={"kind": "GitRepository", "name": "fleet"})
    assert chart_reference(kustomization) == {"kind": "GitRepository", "name": "fleet", "namespace": "apps"}
    for ref, revision in (({}, "master"), ({"tag": "v1"}, "v1"), ({"branch": "main", "commit": "abc"}, "abc")):
        source = {"kind": "GitRepository", "spec": {"url": REPOSITORY, "ref": ref}}
        (found,) = of_kustomization(kustomization, source)
        assert (found.revision, found.path) == (revision, "./prod")


@pytest.mark.parametrize(
    ("given", "path", "holder"),
    [
        (obj("HelmRelease", values={"web": {"tag": "1"}}), "web.tag", "spec.values of HelmRelease shop in apps"),
        (obj("HelmRelease", values={"web": {"tag": "1"}}), "web.image", ""),
        (
            obj("Application", source={"helm": {"parameters": [{"name": "web.tag", "value": "1"}]}}),
            "web.tag",
            "helm.parameters of Application shop in apps",
        ),
        (
            obj("Application", source={"helm": {"values": "web:\n  tag: 1\n"}}),
            "web.tag",
            "helm.values of Application shop in apps",
        ),
        (obj("Application", source={"helm": {"values": "web: [\n"}}), "web.tag", ""),
    ],
)
def test_values_in_the_tools_own_object_win(given: dict[str, Any], path: str, holder: str) -> None:
    """A merged change of the values file that does nothing, because the tool's own object says otherwise."""
    assert next((item.holder for item in inline(given) if item.sets(path)), "") == holder


def test_a_login_in_a_url_is_not_shown() -> None:
    assert without_login("https://bot:s3cret@git.example.org/shop.git") == "https://git.example.org/shop.git"
    assert without_login("git@git.example.org:team/shop.git") == "git@git.example.org:team/shop.git"
    assert without_login("ssh://git@git.example.org/shop.git") == "ssh://git.example.org/shop.git"


def test_an_application_beside_argos_own_namespace_is_found_there() -> None:
    marked = {"kind": "Deployment", "metadata": {"name": "web", "labels": {"argocd.argoproj.io/instance": "team_shop"}}}
    found = keeper_of(marked)
    assert found is not None
    assert (found.namespace, found.name) == ("team", "shop")
