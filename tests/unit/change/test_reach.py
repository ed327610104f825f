"""How far a change reaches: what no plan may do, what others hold, what comes along, and what is worse afterwards."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from agent.audit.inputs import Objects
from agent.blueprint.control import Profile
from agent.change.conflicts import conflicts, said
from agent.change.failing import desired, failing
from agent.change.pending import control_of, unexplained, waiting
from agent.change.plan import Effects, FieldChange
from agent.change.reach import MOST_OBJECTS, effects, pairs
from agent.change.regressions import regressions
from agent.change.standing import base, moved, seen
from agent.snapshot.record import Release, Snapshot, State
from tests.fakes.objects import snapshot
from tests.unit.change.rows import gate, row

Raw = dict[str, Any]
WEB = "Deployment/shop/web"


def container(**more: Any) -> Raw:
    return {
        "name": "web",
        "image": "web:1",
        "livenessProbe": {"httpGet": {"path": "/"}},
        "resources": {"limits": {"memory": "64Mi", "cpu": "1"}},
        **more,
    }


def deployment(ready: int = 2, **more: Any) -> Raw:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container()]}}
    return {
        "kind": "Deployment",
        "metadata": {"namespace": "shop", "name": "web", "uid": "u", "generation": 1},
        "spec": {"replicas": 2, "template": template, **more},
        "status": {"readyReplicas": ready},
    }


def named(kind: str, name: str = "web", /, **spec: Any) -> Raw:
    return {"kind": kind, "metadata": {"namespace": "shop", "name": name}, "spec": spec}


def with_(obj: Raw, change: Callable[[Raw], object]) -> Raw:
    other = deepcopy(obj)
    change(other)
    return other


def template(obj: Raw) -> Raw:
    found: Raw = obj["spec"]["template"]["spec"]
    return found


def of(before: list[Raw], after: list[Raw], profile: Profile = Profile.DEV, **more: Any) -> Effects:
    return effects(pairs(before, after, "shop"), Objects(before, "shop"), profile, **more)


FORBIDDEN: dict[str, tuple[list[Raw], list[Raw], str]] = {
    "a deletion": ([deployment()], [], "deletes Deployment/shop/web"),
    "an account": ([], [named("ServiceAccount")], "who may do what"),
    "a role's change": ([named("Role", rules=[])], [named("Role", rules=["*"])], "who may do what"),
    "privileges": (
        [deployment()],
        [with_(deployment(), lambda obj: template(obj)["containers"][0].update(securityContext={"privileged": True}))],
        "more than its own",
    ),
    "the node's network": (
        [deployment()],
        [with_(deployment(), lambda obj: template(obj).update(hostNetwork=True))],
        "more than its own",
    ),
    "another account": (
        [deployment()],
        [with_(deployment(), lambda obj: template(obj).update(serviceAccountName="admin"))],
        "more than its own",
    ),
    "another repository": (
        [deployment()],
        [with_(deployment(), lambda obj: template(obj)["containers"][0].update(image="evil.io/web:1"))],
        "another repository",
    ),
    "zero": ([deployment()], [deployment(replicas=0)], "to zero"),
    "crowds": ([], [named("ConfigMap", f"c{number}") for number in range(MOST_OBJECTS + 1)], "more than 20"),
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_no_plan_may_do_is_said(name: str) -> None:
    """One approval must not delete, take over, or switch off: a row of a blueprint can say anything."""
    before, after, why = FORBIDDEN[name]
    assert any(why in text for text in of(before, after).forbidden)


def test_a_change_within_bounds_forbids_nothing_and_tells_what_restarts() -> None:
    """Who approves has to know how many pods go: 2 here, none for a change beside the template."""
    after = with_(deployment(), lambda obj: template(obj)["containers"][0].update(image="web:2"))
    found = of([deployment()], [after])
    assert (found.forbidden, found.changed, found.restarted, found.pods) == ((), (WEB,), (WEB,), 2)
    calm = of([deployment()], [deployment(replicas=3)])
    assert (calm.changed, calm.restarted, calm.pods) == ((WEB,), (), 0)
    daemons = named("DaemonSet", template={"spec": {"a": 1}}) | {"status": {"desiredNumberScheduled": 7}}
    other = with_(daemons, lambda obj: obj["spec"]["template"]["spec"].update(a=2))
    assert of([daemons], [other]).pods == 7


@pytest.mark.parametrize(
    ("kind", "field"), [("PodDisruptionBudget", "minAvailable"), ("HorizontalPodAutoscaler", "minReplicas")]
)
def test_prods_guards_are_lowered_only_where_a_control_says_so(kind: str, field: str) -> None:
    """The budget that keeps one pod up goes along with a change of something else."""
    one, other = named(kind, "web", **{field: 2}), named(kind, "web", **{field: 1})
    stated = [FieldChange(kind, "shop", "web", f"/spec/{field}", "2", "1")]
    assert of([one], [other], Profile.PROD).forbidden
    assert not of([one], [other], Profile.PROD, stated=stated).forbidden
    assert not of([one], [other], Profile.DEV).forbidden
    assert not of([other], [one], Profile.PROD).forbidden


def test_zero_is_allowed_on_the_way_back_and_a_stated_repository_too() -> None:
    """What was at zero before could else never be undone; and a row may move an image."""
    assert not of([deployment()], [deployment(replicas=0)], back=True).forbidden
    image = "/spec/template/spec/containers/[name=web]/image"
    moved_to = with_(deployment(), lambda obj: template(obj)["containers"][0].update(image="new.io/web:1"))
    stated = [FieldChange("Deployment", "shop", "web", image, "web:1", "new.io/web:1")]
    assert not of([deployment()], [moved_to], stated=stated).forbidden


# Whose a field is


def managed(manager: str, fields: Raw, operation: str = "Update", subresource: str = "") -> Raw:
    more = {"subresource": subresource} if subresource else {}
    return {"manager": manager, "operation": operation, "fieldsType": "FieldsV1", "fieldsV1": fields, **more}


REPLICAS: Raw = {"f:spec": {"f:replicas": {}}}


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (managed("kube-controller-manager", REPLICAS, subresource="scale"), "an autoscaler sets .spec.replicas"),
        (managed("kubectl-edit", REPLICAS), "kubectl-edit edited .spec.replicas"),
        (managed("kubectl", REPLICAS, "Apply"), "kubectl applied .spec.replicas"),
        (managed("helm", REPLICAS), "helm itself holds .spec.replicas"),
        (managed("helm", REPLICAS, "Apply"), ""),
    ],
)
def test_a_field_that_somebody_else_holds_is_a_conflict_before_helm_meets_it(entry: Raw, why: str) -> None:
    """The upgrade would fail in its middle, with the server's words instead of what ends it."""
    live = deployment()
    live["metadata"]["managedFields"] = [entry]
    found = conflicts([deployment(replicas=5)], Objects([live], "shop"), "shop")
    assert [item.why.startswith(why) for item in found] == ([True] if why else [])
    assert not conflicts([deployment()], Objects([live], "shop"), "shop"), "the same value is no conflict"
    assert not conflicts([deployment(replicas=5)], Objects([], "shop"), "shop"), "nor is an object that is not there"
    if entry.get("subresource"):
        assert said(found) == 'conflict with "kube-controller-manager" with subresource "scale": .spec.replicas'


# What comes along


def test_what_somebody_changed_in_the_chart_does_not_come_along_unexplained() -> None:
    """An approval of a memory limit would roll out a colleague's half-done template as well."""
    other = with_(deployment(), lambda obj: obj["spec"].update(minReadySeconds=5))
    (found,) = waiting([deployment()], [other], "shop")
    control = gate([row("SVC-MEM", "128Mi", "web.memory")], {"v": b"{}"}).inputs.blueprints.controls[0]
    assert unexplained([found], {}) == [found]
    assert not unexplained([found], {(WEB, "/spec/minReadySeconds"): control})
    assert unexplained([found], {("Deployment/shop/api", "/spec/minReadySeconds"): control})
    assert unexplained([found], {(WEB, "/spec/minReadySecondsMore"): control})
    inner = replace(found, pointer="/spec/template/spec/containers/[name=web]/env/[name=A]/value")
    whole = (WEB, "/spec/template/spec/containers/[name=web]/env")
    assert control_of(inner, {whole: control}) is control


def test_a_new_version_of_the_chart_alone_is_nothing_that_waits() -> None:
    """Every release bump would else block every plan by its label."""
    label = with_(deployment(), lambda obj: obj["metadata"].update(labels={"helm.sh/chart": "web-1.1"}))
    assert not waiting(
        [with_(label, lambda obj: obj["metadata"]["labels"].update({"helm.sh/chart": "w"}))], [label], ""
    )


# What is worse


def pod(name: str = "web-1", restarts: int = 0) -> Raw:
    owner = [{"kind": "ReplicaSet", "name": "web-rs"}]
    status = {"containerStatuses": [{"name": "web", "restartCount": restarts}]}
    return {
        "kind": "Pod",
        "metadata": {"namespace": "shop", "name": name, "ownerReferences": owner},
        "status": status,
    }


SET = {
    "kind": "ReplicaSet",
    "metadata": {"namespace": "shop", "name": "web-rs", "ownerReferences": [{"kind": "Deployment", "name": "web"}]},
}

WORSE: dict[str, tuple[list[Raw], str]] = {
    "gone": ([], "Deployment/shop/web is gone"),
    "fewer ready": ([deployment(ready=1)], "has 1 of 2 pods ready, it had 2"),
    "none asked for": ([deployment(ready=0, replicas=0)], "asked for no pods any more"),
    "probe": (
        [with_(deployment(), lambda obj: template(obj)["containers"][0].pop("livenessProbe"))],
        "container web has lost its livenessProbe",
    ),
    "limit": (
        [with_(deployment(), lambda obj: template(obj)["containers"][0]["resources"]["limits"].pop("cpu"))],
        "container web has lost its cpu limit",
    ),
    "container": (
        [with_(deployment(), lambda obj: template(obj).update(containers=[container(name="other")]))],
        "lost its container web",
    ),
    "restarts": ([deployment(), SET, pod(restarts=1)], "a container of Pod/shop/web-1 restarted 1 times since"),
}


def look(*objects: Raw, **more: Any) -> Snapshot:
    return snapshot(objects, taken_at="2026-11-26T07:00:00+00:00", **more)


@pytest.mark.parametrize("name", WORSE)
def test_what_a_workload_has_lost_is_a_regression(name: str) -> None:
    """helm says deployed, and the service is down, unprobed or unbounded."""
    after, why = WORSE[name]
    found = regressions(look(deployment(), SET, pod()), look(*after), "shop")
    assert len(found) == 1
    assert why in found[0]


def test_what_is_no_worse_is_no_regression() -> None:
    """A good change would be taken back for what was so before, is elsewhere, or could not be seen."""
    before = look(deployment(), SET, pod(restarts=3), named("PodDisruptionBudget"))
    assert not regressions(before, before, "shop")
    assert not regressions(before, look(deployment(replicas=1, ready=1), SET, named("PodDisruptionBudget")), "shop")
    assert not regressions(look(deployment(ready=0)), look(deployment(ready=1)), "shop")
    assert not regressions(before, look(), "elsewhere")
    unseen = look(named("PodDisruptionBudget"), incomplete={"Deployment": State.DENIED})
    assert not regressions(before, unseen, "shop")


def test_a_budget_that_is_gone_is_a_regression() -> None:
    """The next drain takes every pod at once."""
    before = look(named("PodDisruptionBudget"))
    assert regressions(before, look(), "shop") == ["PodDisruptionBudget/shop/web is gone"]


def test_only_what_the_release_holds_and_lacks_pods_is_failing() -> None:
    """A plan would wait for what belongs to somebody else, or not say that what it mends fails."""
    live = Objects([deployment(ready=1)], "shop")
    assert [str(name) for name in failing([deployment()], live, look(deployment(ready=1)), "shop")] == [WEB]
    assert not list(failing([named("Deployment", "api")], live, look(), "shop"))
    whole = Objects([deployment()], "shop")
    assert not list(failing([deployment()], whole, look(deployment()), "shop"))
    daemons = named("DaemonSet") | {"status": {"desiredNumberScheduled": 3, "numberReady": 2}}
    assert desired(daemons) == (3, 2)


# How it stands


def release(**more: Any) -> Release:
    usual = {"revision": 3, "status": "deployed", "manifest": [deployment()], "values": {"a": 1}}
    return Release(name="web", namespace="shop", chart="web-1", **{**usual, **more})


STALE: dict[str, tuple[Release, Raw, str]] = {
    "revision": (release(revision=4), deployment(), "revision 4 (deployed)"),
    "status": (release(status="failed"), deployment(), "revision 3 (failed)"),
    "values": (release(values={"a": 2}), deployment(), "is not what it was"),
    "manifest": (release(manifest=[]), deployment(), "is not what it was"),
    "edited": (release(), deployment(minReadySeconds=9), "changed since, by ada"),
    "scaled by hand": (release(), deployment(replicas=9), "changed since, by ada"),
    "made anew": (release(), with_(deployment(), lambda obj: obj["metadata"].update(uid="v")), "made again"),
}


@pytest.mark.parametrize("name", STALE)
def test_what_has_moved_is_named(name: str) -> None:
    """A plan on other ground is another change than the one that was approved."""
    now, obj, why = STALE[name]
    then = base(release(), "ssa", seen([_web()], Objects([deployment()], "shop"), look(deployment())))
    assert moved(then, then, _ada) == ""
    assert why in moved(then, base(now, "ssa", seen([_web()], Objects([obj], "shop"), look(obj))), _ada)
    assert "is gone" in moved(then, base(release(), "ssa", ()), _ada)


def test_what_an_autoscaler_and_the_kubelet_do_is_no_move() -> None:
    """Every plan would be stale by the time it is read."""
    target = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}}
    hpa = named("HorizontalPodAutoscaler", "web", **target)
    one, other = (
        seen([_web()], Objects([obj], "shop"), look(obj, hpa)) for obj in (deployment(), deployment(1, replicas=7))
    )
    assert moved(base(release(), "ssa", one), base(release(), "ssa", other), _ada) == ""


def _ada(_: object) -> str:
    return "ada"


def _web() -> Any:
    return pairs([deployment()], [], "shop")[0].name
