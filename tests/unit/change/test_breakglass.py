"""Plans that run kubectl: `rollout undo` past the files, and a pod that is deleted for a drill."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.apply.drill_plan import Drilled, drilled
from agent.apply.undo_plan import undo
from agent.audit.mechanisms import Scenario
from agent.blueprint.control import Control, ControlKind, Profile, Source
from agent.change.drills import Tried
from agent.change.plan import Action, Actor, Plan, Target
from agent.config import Settings
from agent.errors import Denied
from agent.snapshot.record import Ref, Release, Snapshot
from agent.world.chart import Chart
from agent.world.identity import Identity
from agent.world.release import Target as Where
from tests.fakes.executables import Replay, install
from tests.fakes.objects import snapshot
from tests.unit.change.rows import gate
from tools.access import Access

Raw = dict[str, Any]
WEB = Ref("Deployment", "shop", "web")
SCENARIO = Control("S", ControlKind.SCENARIO, "a", "Crash", "", {}, (), "", (), "", Source("a.md", 1), "")
RELEASE = Release("web", "shop", 3, "deployed", "web-1", manifest=())
WHO = Identity(Access("kind", "https://127.0.0.1:1", "shop"), "uid", Actor("ada", "ada", ()))
TARGET = Target("kind", "https://127.0.0.1:1", "", "uid", "shop", "web")
METADATA = {"name": "web", "namespace": "shop", "revision": 3, "status": "deployed", "applyMethod": "server-side apply"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "bin"
    install(folder, "helm", {"metadata": Replay(json.dumps(METADATA).encode()), "version": Replay(b"v4.1.0+g1\n")})
    install(folder, "kubectl", Replay())
    return Settings(path=str(folder))


def revision(number: int, image: str) -> Raw:
    """Return a ReplicaSet of the Deployment."""
    labels = {"app": "web", "pod-template-hash": f"h{number}"}
    return {
        "kind": "ReplicaSet",
        "metadata": {
            "namespace": "shop",
            "name": f"web-h{number}",
            "uid": f"r{number}",
            "labels": labels,
            "annotations": {"deployment.kubernetes.io/revision": str(number)},
            "ownerReferences": [{"kind": "Deployment", "name": "web", "uid": "d", "controller": True}],
        },
        "spec": {"selector": {"matchLabels": labels}, "template": template(image, labels)},
    }


def template(image: str, labels: Raw) -> Raw:
    return {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": image}]}}


def deployment(**more: Any) -> Raw:
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template("web:3", {"app": "web"})}
    return {
        "kind": "Deployment",
        "metadata": {"namespace": "shop", "name": "web", "uid": "d"},
        "spec": {**spec, **more},
        "status": {"readyReplicas": 2},
    }


def pod(name: str, made: str = "2026-11-26T07:00:00Z", *, ready: bool = True) -> Raw:
    return {
        "kind": "Pod",
        "metadata": {
            "namespace": "shop",
            "name": name,
            "creationTimestamp": made,
            "labels": {"app": "web"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": "web-h3", "uid": "r3", "controller": True}],
        },
        "status": {"conditions": [{"type": "Ready", "status": str(ready)}]},
    }


def undone(settings: Settings, *objects: Raw, of: Ref = WEB) -> Plan:
    return undo(of, RELEASE, TARGET, WHO, Profile.DEV, snapshot(objects), settings)


def test_a_break_glass_goes_back_one_revision_and_asks_why(settings: Settings) -> None:
    """The number decides, not the order of a list: else a person approves one template and gets another."""
    made = undone(settings, deployment(), revision(10, "web:3"), revision(9, "web:2"), revision(2, "web:1"))
    assert made.argv == (("kubectl", "rollout", "undo", "deployment/web", "--namespace=shop", "--context=kind"),)
    (text,) = [line for line in made.diff.splitlines() if line.startswith("+") and "image" in line]
    assert "web:2" in text
    assert (made.action, made.protected, made.edits, made.changes) == (Action.UNDO, True, (), ())
    assert "revision 9" in made.notes[0]
    assert "pod-template-hash" not in made.diff


def test_the_kubectl_that_runs_is_the_one_the_plan_was_made_with(settings: Settings) -> None:
    """B2: a plan that names only helm lets any kubectl carry it out."""
    made = undone(settings, deployment(), revision(2, "web:3"), revision(1, "web:2"))
    assert [item.name for item in made.inputs.programs] == ["helm", "kubectl"]


@pytest.mark.parametrize(
    ("objects", "of"),
    [
        ([deployment(), revision(1, "web:3")], WEB),
        ([], WEB),
        ([deployment()], WEB._replace(kind="StatefulSet")),
    ],
)
def test_without_an_earlier_revision_there_is_nothing_to_go_back_to(
    settings: Settings, objects: list[Raw], of: Ref
) -> None:
    """kubectl would fail after the approval, or undo something else."""
    with pytest.raises(Denied):
        undone(settings, *objects, of=of)


def asked(look: Snapshot, settings: Settings, tried: Tried = Scenario.CRASH, **more: Any) -> Drilled:
    """Return what a drill's plan of the web Deployment is made from."""
    profile = more.pop("profile", Profile.DEV)
    inputs = gate([], {"v": b"{}"}, profile).inputs
    row = more.pop("row", SCENARIO)
    usual: Raw = {
        "chart": Chart(Path("/chart"), "chart", ()),
        "where": Where("shop", "web", None),
        "identity": WHO,
        "seconds": 60,
        "outage": False,
        "blueprints": "",
    }
    found = inputs.__class__(inputs.blueprints, profile, inputs.values, (), inputs.chart, look, "shop", release=RELEASE)
    return Drilled(row, tried, WEB, found, RELEASE, settings=settings, **{**usual, **more})


def whole(*pods: Raw, **more: Any) -> Snapshot:
    return snapshot([deployment(**more), revision(3, "web:3"), *pods], taken_at="2026-11-26T07:10:00+00:00")


TWO = (pod("web-a"), pod("web-b", "2026-11-26T07:05:00Z"))


def test_a_drill_deletes_one_pod_by_name_and_nothing_else(settings: Settings) -> None:
    """No selector, no force: the youngest, whose place the others can take."""
    made = drilled(asked(whole(*TWO), settings))
    (words,) = made.argv
    assert words[:4] == ("kubectl", "delete", "pod", "web-b")
    assert words[-2:] == ("--wait", "--timeout=60s")
    assert made.effects.deleted == ("Pod/shop/web-b",)
    assert [item.name for item in made.inputs.programs] == ["helm", "kubectl"]


REFUSED: dict[str, tuple[Callable[[Settings], Drilled], str]] = {
    "prod": (lambda own: asked(whole(*TWO), own, profile=Profile.PROD), "for the profile dev"),
    "protected": (lambda own: asked(whole(*TWO), Settings(path=own.path, protected="a, kind")), "not protected"),
    "absent": (lambda own: asked(snapshot([]), own), "is not there"),
    "not whole": (lambda own: asked(whole(pod("web-a"), pod("web-b", ready=False)), own), "mend it first"),
    "no pods": (lambda own: asked(whole(), own), "mend it first"),
    "one pod": (lambda own: asked(whole(pod("web-a")), own), "--outage"),
    "hang": (lambda own: asked(whole(*TWO), own, Scenario.HANG), "--outage"),
    "recreated": (
        lambda own: asked(whole(*TWO, strategy={"type": "Recreate"}), own, Scenario.IMAGE),
        "--outage",
    ),
    "all at once": (
        lambda own: asked(whole(*TWO, strategy={"rollingUpdate": {"maxUnavailable": "100%"}}), own, Scenario.IMAGE),
        "--outage",
    ),
    "no value": (lambda own: asked(whole(*TWO), own, Scenario.IMAGE), "no row says which value"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_may_not_be_tried_is_refused_with_the_reason(settings: Settings, name: str) -> None:
    """A drill in production, on what is broken already, or without a word that nothing serves meanwhile."""
    made, why = REFUSED[name]
    with pytest.raises(Denied, match=why):
        drilled(made(settings))


def test_an_outage_that_somebody_agreed_to_is_on_the_card(settings: Settings) -> None:
    """Who approves is not always who asked."""
    made = drilled(asked(whole(pod("web-a")), settings, outage=True))
    assert made.notes == ("nothing of it may serve for a while",)
