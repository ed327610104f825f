"""What is said to mend something: edits that resolve, patches of their own types, commands that run as they stand."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path as File
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from agent.blueprint.control import Blueprints
from agent.blueprint.load import parse
from agent.diagnose import modes
from agent.diagnose.engine import Diagnosis, diagnose
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.kube.edits import edit, pod_edits, removal
from agent.kube.gitops import keeper
from agent.kube.paths import applied, field, keyed, pointer, shown, value_at
from agent.kube.remedies import END, Command, Edit, Item, NeedsPerson, Op, Path, kubectl
from agent.remedy.ground import ground
from agent.remedy.owned import Proof
from agent.remedy.patch import UNKNOWN, Setting, manifest, patch
from agent.resources import blueprint_files
from agent.snapshot.bundle import load as load_bundle
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref, Release, Snapshot
from tests.fakes.jsonpatch import apply_patch
from tests.fakes.objects import load, snapshot
from tests.scenarios.expectation import CAPTURES

RECORDINGS = sorted((File(__file__).parents[1] / "fixtures" / "modes").glob("*.json.gz"))
BUNDLES = sorted(CAPTURES.glob("*.tgz"))
SHIPPED = parse(blueprint_files("")[1])
NOTHING = Blueprints((), (), (), ())

EITHER = ("port", "targetPort", "maxSurge", "maxUnavailable", "minAvailable")
"""Fields that the API takes as a number or as a text (IntOrString)."""


def web(**metadata: Any) -> Object:
    """A Deployment as the API has it, with what edits usually meet in it."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", **metadata},
        "spec": {
            "replicas": 2,
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {
                    "containers": [
                        {
                            "name": "app",
                            "image": "registry.local/web:1",
                            "env": [{"name": "DB", "value": "db"}, {"name": "LOG", "value": "info"}],
                            "resources": {"limits": {"memory": "64Mi"}},
                        },
                        {"name": "proxy", "image": "envoy:1"},
                    ],
                    "topologySpreadConstraints": [
                        {"topologyKey": "zone", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"},
                        {"topologyKey": "node", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"},
                    ],
                },
            },
        },
    }


POD: Path = ("spec", "template", "spec")
APP: Path = (*POD, "containers", Item("name", "app"))
MEMORY: Path = (*APP, "resources", "limits", "memory")
SOFT: Path = (*POD, "topologySpreadConstraints", Item("topologyKey", "zone"), "whenUnsatisfiable")


def finding(*edits: Edit | Command, subject: Object | None = None, **fields: Any) -> Finding:
    about = ref(subject or web())
    fix = Fix("Do it", edits)
    return Finding(modes.OOM_KILLED, about, "it fails", Severity.ERROR, Confidence.CERTAIN, (), fix, **fields)


def grounded(found: Finding, world: Snapshot, proofs: Any = None, known: Blueprints = NOTHING) -> Finding:
    return ground(Diagnosis((found,)), known, world, None, proofs).findings[0]


def released(obj: Object, chart: str = "web-1.0.0") -> Snapshot:
    """The object as a Helm release made it."""
    world = snapshot([{**obj, "metadata": {**obj["metadata"]}}])
    return replace(world, releases=[Release("shop", "shop", 1, "deployed", chart, values={}, manifest=[obj])])


# --- what every finding of every recording says


def every() -> Iterator[tuple[str, Snapshot, Finding]]:
    for path in (*BUNDLES, *RECORDINGS):
        world = load_bundle(path) if path.suffix == ".tgz" else load(path.name.removesuffix(".json.gz"))
        assert isinstance(world, Snapshot)
        found = diagnose(world)
        assert isinstance(found, Diagnosis)
        for known in (SHIPPED, NOTHING):
            yield from ((path.name, world, one) for one in ground(found, known, world, None).findings)


@pytest.fixture(scope="module")
def findings() -> list[tuple[str, Snapshot, Finding]]:
    return list(every())


def test_every_edit_resolves_in_the_object_it_is_of(findings: list[tuple[str, Snapshot, Finding]]) -> None:
    """An edit of a field that is nowhere is a fix nobody can apply."""
    edits = [(name, world, one) for name, world, found in findings for one in found.fix.edits]
    assert len(edits) > 100
    for name, world, one in edits:
        obj = Graph(world).get(*one.object)
        assert obj is not None, (name, one)
        made = applied(obj, one)
        assert made is not None, (name, one)
        assert value_at(obj, one.path) == one.old, "what it says stands there does"
        if one.op is Op.REMOVE:
            assert value_at(made, one.path) is None
        elif one.path[-1] != END and one.known:
            assert value_at(made, one.path) == one.value, (name, one)


def test_every_value_keeps_the_type_of_its_leaf(findings: list[tuple[str, Snapshot, Finding]]) -> None:
    for name, _, found in findings:
        for one in found.fix.edits:
            if one.old is not None and one.known and one.op is Op.SET and one.path[-1] not in EITHER:
                assert type(one.value) is type(one.old), (name, one)
                assert not isinstance(one.value, list | dict), "one entry, never the whole"


def test_every_command_runs_as_it_stands(findings: list[tuple[str, Snapshot, Finding]]) -> None:
    for name, _, found in findings:
        for run in (found.fix.command, found.remedy.command):
            words = run.argv if run else ("kubectl",)
            assert words[0] in ("kubectl", "helm", "minikube"), (name, run)
            assert not any(mark in word for word in words for mark in ("<", UNKNOWN, "NODE", " | ", "; ")), (name, run)


def test_every_patch_is_yaml_without_prose(findings: list[tuple[str, Snapshot, Finding]]) -> None:
    """`affinity: {podAntiAffinity: preferred}` was one."""
    shown = [(name, found.remedy.patch) for name, _, found in findings if found.remedy.patch]
    assert shown
    for name, text in shown:
        for leaf in leaves(yaml.safe_load(text)):
            assert not isinstance(leaf, str) or " " not in leaf, (name, text)


def test_every_kubectl_patch_makes_exactly_the_edits(findings: list[tuple[str, Snapshot, Finding]]) -> None:
    """The command is tried on the object as the API server would: what is beside stays as it is."""
    tried = 0
    for name, world, found in findings:
        run = found.remedy.command
        if run is None or run.argv[:2] != ("kubectl", "patch"):
            continue
        obj: Any = Graph(world).get(*found.fix.edits[0].object)
        wanted = obj
        for one in found.fix.edits:
            wanted = applied(wanted, one)
        assert apply_patch(obj, json.loads(run.argv[-1])) == wanted, (name, run)
        tried += 1
    assert tried > 20


def leaves(tree: Any) -> Iterator[Any]:
    if isinstance(tree, dict):
        for value in tree.values():
            yield from leaves(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from leaves(value)
    else:
        yield tree


# --- patches keep their types

SCALARS = st.one_of(st.text(max_size=20), st.integers(-(2**63), 2**63 - 1), st.booleans(), st.none())
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)
KEYS = st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=4).map(
    lambda words: ".".join(word.replace(".", "\\.") for word in words)
)


@given(path=KEYS.filter(lambda path: "\\\\" not in path), value=VALUES, old=st.text(max_size=40))
def test_a_patch_read_back_sets_exactly_the_leaf_in_its_type(path: str, value: Any, old: str) -> None:
    from agent.blueprint.values import keys

    wanted = value
    for key in reversed(keys(path)):
        wanted = {key: wanted}
    assert yaml.safe_load(patch([Setting(path, value, old)])) == wanted


@pytest.mark.parametrize(
    "value",
    [
        "no",
        "Yes",
        "1e3",
        "0x1F",
        "0xA",
        "012",
        "1_000",
        "a: b",
        "- x",
        "12:30",
        "null",
        "~",
        ".inf",
        "250m",
        "1Gi",
        "8000",
        "",
        "é\x1b[31m#",
        "2001-01-01",
        "=",
        "<<",
        8000,
        0,
        True,
        False,
        None,
        ["ALL"],
        {"key": "a", "n": 1},
    ],
)
def test_a_value_that_yaml_might_take_for_another_stays_what_it_is(value: Any) -> None:
    found = yaml.safe_load(patch([Setting("a.b", value, "old # text")]))["a"]["b"]
    assert (found, type(found)) == (value, type(value))


def test_a_patch_says_what_a_person_must_give_and_what_stands_there() -> None:
    text = patch([Setting("a.b", NeedsPerson("a size that fits"), "64")])
    assert text == "a:\n  b: CHANGE-ME  # needs a size that fits; now 64\n"


def test_hostile_text_in_a_value_stays_on_its_line() -> None:
    """Cluster text may hold line breaks and terminal codes: neither may end a comment or move a cursor."""
    text = patch([Setting("a", "x\n\x1b[2Jy: z", "now\nb: injected")])
    assert yaml.safe_load(text) == {"a": "x\n\x1b[2Jy: z"}
    assert "\x1b" not in text
    assert text.count("\n") == 1


# --- paths


def test_a_path_names_items_by_what_tells_them_apart() -> None:
    assert keyed(web(), "/spec/template/spec/containers/1/image") == (
        *POD,
        "containers",
        Item("name", "proxy"),
        "image",
    )
    assert keyed(web(), "/spec/template/spec/topologySpreadConstraints/1/maxSkew")[4] == 1
    assert pointer(web(), (*APP, "env", Item("name", "LOG"), "value")).endswith("/containers/0/env/1/value")
    assert field("Deployment", MEMORY) == "containers[].resources.limits.memory"
    assert field("CronJob", ("spec", "jobTemplate", "spec", "template", "spec", "nodeName")) == "nodeName"
    assert field("HorizontalPodAutoscaler", ("spec", "maxReplicas")) == "hpa.maxReplicas"
    assert shown(SOFT) == "spec.template.spec.topologySpreadConstraints[topologyKey=zone].whenUnsatisfiable"


def test_an_edit_of_one_entry_leaves_the_others() -> None:
    made = applied(web(), edit(web(), (*APP, "env", Item("name", "LOG"), "value"), "debug"))
    assert value_at(made, (*APP, "env")) == [{"name": "DB", "value": "db"}, {"name": "LOG", "value": "debug"}]
    more = applied(web(), edit(web(), (*APP, "env", Item("name", "NEW"), "value"), "x"))
    assert value_at(more, (*APP, "env"))[2] == {"name": "NEW", "value": "x"}
    less = applied(web(), removal(web(), (*POD, "topologySpreadConstraints", 0)))
    assert [item["topologyKey"] for item in value_at(less, (*POD, "topologySpreadConstraints"))] == ["node"]
    assert value_at(web(), MEMORY) == "64Mi", "and the object that was seen"


def test_a_pod_whose_controller_is_not_to_be_seen_is_not_edited_in_its_place() -> None:
    """A custom controller's pods, or those of a list that was denied: the change would be gone with the pod."""
    owner = {"kind": "Database", "name": "db", "controller": True, "uid": "1"}
    pod = {"kind": "Pod", "metadata": {"name": "db-0", "namespace": "shop", "ownerReferences": [owner]}, "spec": {}}
    assert pod_edits(pod, Graph(snapshot([pod])), ("nodeName",), "x") == ()
    lone = {"kind": "Pod", "metadata": {"name": "lone", "namespace": "shop"}, "spec": {}}
    assert pod_edits(lone, Graph(snapshot([lone])), ("nodeName",), "x")[0].path == ("spec", "nodeName")


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
