"""A fix as whoever owns the object applies it: values of a release, the manifest of a repository, or kubectl."""

import json
from dataclasses import replace
from typing import Any

import pytest
import yaml

from agent.kube.edits import edit
from agent.kube.gitops import keeper
from agent.kube.paths import value_at
from agent.kube.remedies import END, Command, Item, NeedsPerson, Path, kubectl
from agent.remedy.owned import Proof
from agent.remedy.patch import manifest
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Ref
from tests.fakes.jsonpatch import apply_patch
from tests.fakes.objects import snapshot
from tests.fakes.remedies import APP, MEMORY, POD, SOFT, finding, grounded, released, web

# --- who owns it


def test_what_nobody_owns_is_patched_by_exact_pointers() -> None:
    found = grounded(finding(edit(web(), SOFT, "ScheduleAnyway")), snapshot([web()]))
    run = found.remedy.command
    assert run is not None
    assert run.argv[:5] == ("kubectl", "patch", "deployment/web", "-n", "shop")
    made = apply_patch(web(), json.loads(run.argv[-1]))
    assert [item["whenUnsatisfiable"] for item in value_at(made, (*POD, "topologySpreadConstraints"))] == [
        "ScheduleAnyway",
        "DoNotSchedule",
    ]


def test_a_patch_meant_for_another_item_is_refused_by_its_own_test() -> None:
    """Somebody may have put a container before it meanwhile."""
    found = grounded(finding(edit(web(), MEMORY, "128Mi")), snapshot([web()]))
    other: Any = web()
    value_at(other, (*POD, "containers")).insert(0, {"name": "new"})
    assert found.remedy.command is not None
    with pytest.raises(ValueError):
        apply_patch(other, json.loads(found.remedy.command.argv[-1]))


def test_replicas_are_scaled_and_what_a_person_must_say_is_edited() -> None:
    scaled = grounded(finding(edit(web(), ("spec", "replicas"), 3)), snapshot([web()]))
    assert str(scaled.remedy.command) == "kubectl scale deployment/web --replicas=3 -n shop"
    asked = grounded(finding(edit(web(), MEMORY, NeedsPerson("a limit that fits"))), snapshot([web()]))
    assert str(asked.remedy.command) == "kubectl edit deployment/web -n shop"
    assert "to a limit that fits (now 64Mi)" in asked.remedy.advice[0]


def test_what_the_api_lets_nobody_change_gets_no_command() -> None:
    claim = {"kind": "PersistentVolumeClaim", "metadata": {"name": "d", "namespace": "shop"}, "spec": {}}
    claim = {**claim, "spec": {"storageClassName": "gone"}}
    found = grounded(finding(edit(claim, ("spec", "storageClassName"), "disk"), subject=claim), snapshot([claim]))
    assert found.remedy.command is None
    assert "delete it and create it" in found.remedy.advice[0]
    unsaid = {**claim, "spec": {}}
    given = grounded(finding(edit(unsaid, ("spec", "storageClassName"), "disk"), subject=unsaid), snapshot([unsaid]))
    assert str(given.remedy.command).startswith("kubectl patch persistentvolumeclaim/d")


def test_what_a_custom_controller_makes_is_changed_in_its_own_object() -> None:
    """An operator writes its StatefulSet again within seconds."""
    obj = web(ownerReferences=[{"kind": "Database", "name": "db", "controller": True, "uid": "1"}])
    found = grounded(finding(edit(obj, MEMORY, "128Mi")), snapshot([obj]))
    assert found.remedy.command is None
    assert found.remedy.advice[0].startswith("Database db makes Deployment web: make the change there")


def test_a_configmap_that_is_immutable_gets_no_command() -> None:
    config = {
        "kind": "ConfigMap",
        "metadata": {"name": "c", "namespace": "shop"},
        "immutable": True,
        "data": {"a": "b"},
    }
    found = grounded(finding(edit(config, ("data", "a"), "c"), subject=config), snapshot([config]))
    assert found.remedy.command is None


def test_a_release_that_flux_keeps_is_not_rolled_back_by_hand() -> None:
    obj = web(**FLUX_HELM)
    back = Command(("helm", "rollback", "shop", "-n", "shop"))
    stuck = replace(finding(back), subject=Ref("Release", "shop", "shop"))
    found = grounded(stuck, released(obj))
    assert found.fix.command is None
    assert found.remedy.advice[0].startswith("Flux's HelmRelease shop")
    assert grounded(stuck, released(web())).fix.command == back, "nobody keeps that one"


ARGO = {"annotations": {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/web"}}
FLUX = {"labels": {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}}
FLUX_HELM = {
    "labels": {"helm.toolkit.fluxcd.io/name": "shop", "helm.toolkit.fluxcd.io/namespace": "flux-system"},
    "annotations": {"meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": "shop"},
}


@pytest.mark.parametrize(
    ("marks", "owner"),
    [
        (ARGO, "Argo CD's Application shop"),
        ({"labels": {"argocd.argoproj.io/instance": "shop"}}, "Argo CD's Application shop"),
        (FLUX, "Flux's Kustomization apps in flux-system"),
        (FLUX_HELM, "Flux's HelmRelease shop in flux-system"),
    ],
)
def test_what_a_repository_decides_is_changed_there(marks: dict[str, Any], owner: str) -> None:
    """kubectl edit and helm upgrade on such an object are undone within minutes, and nobody sees why."""
    obj = web(**marks)
    hand = kubectl("rollout", "undo", "deployment/web", namespace="shop")
    found = grounded(finding(edit(obj, MEMORY, "128Mi"), edit(obj, SOFT, "ScheduleAnyway"), hand), snapshot([obj]))
    assert (found.remedy.command, found.fix.command) == (None, None)
    assert found.remedy.advice[0].startswith(f"{owner} owns it")
    assert yaml.safe_load(found.remedy.patch) == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "template": {
                "spec": {
                    "containers": [{"name": "app", "resources": {"limits": {"memory": "128Mi"}}}],
                    "topologySpreadConstraints": [{"topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}],
                }
            }
        },
    }


def test_marks_that_were_copied_or_that_others_set_too_own_nothing() -> None:
    """A tracking id of another object, and the instance label that every chart sets."""
    copied = web(annotations={"argocd.argoproj.io/tracking-id": "shop:apps/ReplicaSet:shop/web-1"})
    instance = web(labels={"app.kubernetes.io/instance": "shop"})
    application = {"kind": "Application", "metadata": {"name": "shop", "namespace": "argocd"}}
    assert keeper([ref(copied)], Graph(snapshot([copied]))) is None
    assert keeper([ref(instance)], Graph(snapshot([instance]))) is None
    known = keeper([ref(instance)], Graph(snapshot([instance, application])))
    assert str(known) == "Argo CD's Application shop in argocd"


def test_a_manifest_that_cannot_be_merged_by_key_is_said_in_words() -> None:
    route = {"host": "a", "http": {"paths": [{"backend": {"service": {"name": "wbe"}}}]}}
    ingress = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "web", "namespace": "shop", **FLUX},
        "spec": {"rules": [route]},
    }
    path: Path = ("spec", "rules", 0, "http", "paths", 0, "backend", "service", "name")
    found = grounded(finding(edit(ingress, path, "web"), subject=ingress), snapshot([ingress]))
    assert found.remedy.patch == ""
    assert "spec.rules[0].http.paths[0].backend.service.name" in found.remedy.advice[1]
    assert manifest(ingress, [edit(ingress, ("spec", "ingressClassName"), "nginx")]).endswith("nginx\n")


# --- values of a release whose chart is not at hand


def test_an_entry_of_a_list_is_no_value_to_guess() -> None:
    """`topologySpreadConstraints: ScheduleAnyway` would replace a list by a word, and a list of one item the others."""
    for one in (edit(web(), SOFT, "ScheduleAnyway"), edit(web(), (*APP, "env", Item("name", "DB"), "value"), "other")):
        found = grounded(finding(one), released(web()))
        assert (found.remedy.patch, found.remedy.command) == ("", None)
        assert found.remedy.advice[0].startswith("In the chart of release shop: Set spec.template.spec.")


def test_a_list_that_is_not_there_yet_is_its_first_item() -> None:
    toleration = {"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}
    found = grounded(finding(edit(web(), (*POD, "tolerations", END), toleration)), released(web()))
    assert yaml.safe_load(found.remedy.patch) == {"tolerations": [toleration]}
    assert found.remedy.guessed
    has: Any = web()
    has["spec"]["template"]["spec"]["tolerations"] = [{"key": "old"}]
    beside = grounded(finding(edit(has, (*POD, "tolerations", END), toleration)), released(has))
    assert beside.remedy.patch == "", "it would wipe the one that is there"


def test_the_usual_path_is_about_the_first_container() -> None:
    proxy: Path = (*POD, "containers", Item("name", "proxy"), "resources", "limits", "memory")
    assert grounded(finding(edit(web(), proxy, "1Gi")), released(web())).remedy.patch == ""
    assert grounded(finding(edit(web(), MEMORY, "1Gi")), released(web())).remedy.patch != ""


def test_an_image_is_set_by_the_part_that_changes() -> None:
    image: Path = (*APP, "image")
    tagged = grounded(finding(edit(web(), image, "registry.local/web:2")), released(web()))
    assert yaml.safe_load(tagged.remedy.patch) == {"image": {"tag": "2"}}
    moved = grounded(finding(edit(web(), image, "other.local/web:1")), released(web()))
    assert yaml.safe_load(moved.remedy.patch) == {"image": {"repository": "other.local/web"}}


def test_what_rendering_proved_is_no_guess_and_what_it_refuted_is_not_written() -> None:
    one = edit(web(), MEMORY, "128Mi")
    key = (one.object, one.path)
    proved = grounded(finding(one), released(web()), {key: Proof("server.memory", "128Mi")})
    assert yaml.safe_load(proved.remedy.patch) == {"server": {"memory": "128Mi"}}
    assert (proved.remedy.proved, proved.remedy.guessed) == (True, False)
    refuted = grounded(finding(one), released(web()), {key: None})
    assert (refuted.remedy.patch, refuted.remedy.guessed) == ("", False)
    assert "to 128Mi (now 64Mi)" in refuted.remedy.advice[0]


def test_a_release_s_object_is_never_edited_by_hand() -> None:
    hand = (kubectl("edit", "deployment/web", namespace="shop"), kubectl("patch", "deployment/web", namespace="shop"))
    found = grounded(finding(edit(web(), SOFT, "ScheduleAnyway"), *hand), released(web()))
    assert (found.fix.command, found.remedy.command) == (None, None)


def test_a_release_of_an_unknown_chart_gets_no_command_with_a_hole_in_it() -> None:
    found = grounded(finding(edit(web(), MEMORY, "128Mi")), released(web(), chart=""))
    assert found.remedy.patch
    assert found.remedy.command is None
