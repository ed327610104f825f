"""What is said to mend something: edits that resolve, patches of their own types, commands that run as they stand."""

import json
from collections.abc import Iterator
from pathlib import Path as File
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from agent.blueprint.load import parse
from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.engine import diagnose
from agent.diagnose.finding import Finding
from agent.kube.edits import edit, pod_edits, removal
from agent.kube.paths import applied, field, keyed, pointer, shown, value_at
from agent.kube.remedies import END, Item, NeedsPerson, Op
from agent.remedy.ground import ground
from agent.remedy.patch import UNKNOWN, Setting, patch
from agent.resources import blueprint_files
from agent.snapshot.bundle import load as load_bundle
from agent.snapshot.graph import Graph
from agent.snapshot.record import Snapshot
from tests.fakes.jsonpatch import apply_patch
from tests.fakes.objects import load, snapshot
from tests.fakes.remedies import APP, MEMORY, NOTHING, POD, SOFT, web
from tests.scenarios.expectation import CAPTURES

RECORDINGS = sorted((File(__file__).parents[1] / "fixtures" / "modes").glob("*.json.gz"))
BUNDLES = sorted(CAPTURES.glob("*.tgz"))
SHIPPED = parse(blueprint_files("")[1])

EITHER = ("port", "targetPort", "maxSurge", "maxUnavailable", "minAvailable")
"""Fields that the API takes as a number or as a text (IntOrString)."""


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
