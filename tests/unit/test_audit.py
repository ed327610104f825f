"""Audit on captures of a real cluster: what must not be called drift (F) and what must be (N), each by its row.

The rows are those of the catalogue of drift: F1 to F36 are spellings and servants of the cluster that a naive
comparison reports, N1 to N8 are changes that a lenient one overlooks. Either way nobody would believe the report.
"""

import copy
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.audit.defaults import completed
from agent.audit.drift import drifts
from agent.audit.engine import audit
from agent.audit.inputs import ChartFiles, ClusterFacts, GitFacts, Inputs, Rendered
from agent.audit.legs import Legs
from agent.audit.normalise import image, same
from agent.audit.verdict import Audit, Cause, Drift, DriftKind, Fidelity, Helm, Leg, Outcome, Standing, Verdict
from agent.blueprint.control import Blueprints, Profile
from agent.blueprint.load import parse as parse_blueprints
from agent.blueprint.values import merged, parse
from agent.snapshot.bundle import load
from agent.snapshot.record import Part, Ref, Snapshot, State

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "todo-app"
SPACE = "audited"
BACKEND = "Deployment/audited/todo-backend"

TEMPLATES = frozenset(f"templates/{path.name}" for path in (CHART / "templates").iterdir())

Tree = dict[str, Any]

TARGET = {"type": "Utilization", "averageUtilization": 80}
MEMORY = {"type": "Resource", "resource": {"name": "memory", "target": TARGET}}
HPA = "HorizontalPodAutoscaler"


@cache
def capture(name: str) -> Snapshot:
    found = load(ROOT / "tests" / "fixtures" / "audit" / f"{name}.tgz")
    assert isinstance(found, Snapshot), found
    return found


@cache
def blueprints() -> Blueprints:
    return parse_blueprints({f"blueprints/{p.name}": p.read_bytes() for p in (ROOT / "blueprints").glob("*.md")})


def inputs(snapshot: Snapshot, *, profile: Profile = Profile.DEV, values: str = "", **more: Any) -> Inputs:
    """Return what an audit of the todo release gets; `values` is a values file laid over the chart's own."""
    names = ["values.yaml", *(["values-prod.yaml"] if profile is Profile.PROD else [])]
    files = [parse(name, (CHART / name).read_bytes()) for name in names]
    files += [parse("mine.yaml", values.encode())] if values else []
    (release,) = snapshot.releases
    usual = {
        "release": release,
        "rendered": Rendered(list(release.manifest or ()), Fidelity.CLIENT),
        "chart": ChartFiles("todo-app", "charts/todo-app", TEMPLATES),
        "snapshot": snapshot,
        "namespace": SPACE,
    }
    return Inputs(blueprints(), profile, merged(files), tuple(names), **{**usual, **more})


def changed(
    snapshot: Snapshot, kind: str, name: str, change: Callable[[Tree], object], *, live: bool = True
) -> Snapshot:
    """Return the snapshot with one object changed: the live one, or the release's."""
    if live:
        objects = [_one(obj, kind, name, change) for obj in snapshot.objects[kind]]
        return replace(snapshot, objects={**snapshot.objects, kind: objects})
    (release,) = snapshot.releases
    manifest = [_one(obj, kind, name, change) for obj in release.manifest or ()]
    return replace(snapshot, releases=[replace(release, manifest=manifest)])


def _one(obj: Any, kind: str, name: str, change: Callable[[Tree], object]) -> Any:
    if (obj["kind"], obj["metadata"]["name"]) != (kind, name):
        return obj
    fresh = copy.deepcopy(obj)
    change(fresh)
    return fresh


def container(obj: Tree) -> Tree:
    found: Tree = obj["spec"]["template"]["spec"]["containers"][0]
    return found


def verdict(found: Audit, control: str) -> Verdict:
    return next(item for item in found.verdicts if item.control.id == control)


def differences(snapshot: Snapshot, **more: Any) -> list[Drift]:
    legs = Legs(inputs(snapshot, **more))
    return [found for obj in (legs.release.all if legs.release else ()) for found in drifts(obj, legs)]


def client_side(obj: Tree) -> None:
    """Make of an object what Helm's client-side apply leaves: everything is Helm's Update."""
    for entry in obj["metadata"]["managedFields"]:
        entry["operation"] = "Update"


def installed(change: Callable[[Tree], object], *, kind: str = "Deployment", name: str = "todo-backend") -> list[Drift]:
    """Return the drift after a change of a live object of a release that had none, applied from the client's side."""
    return differences(changed(changed(capture("installed"), kind, name, client_side), kind, name, change))


def asked(change: Callable[[Tree], object], *, kind: str = "Deployment", name: str = "todo-backend") -> list[Drift]:
    """Return the drift after the release asks for something in other words."""
    return differences(changed(capture("installed"), kind, name, change, live=False))


# what a real release is: nothing is drift, every row of the chart passes


def test_a_release_as_installed_has_no_drift_and_no_failure() -> None:
    found = audit(inputs(capture("installed")))
    assert found.drifts == ()
    assert [item.control.id for item in found.verdicts if item.outcome is Outcome.FAIL] == []
    assert verdict(found, "SVC-BE-MEM-LIMIT").outcome is Outcome.PASS
    assert {reading.leg for reading in verdict(found, "SVC-BE-MEM-LIMIT").points[0].readings} == set(Leg)


def test_every_row_has_a_verdict() -> None:
    """A row that is skipped would be taken for one that holds."""
    judged = {item.control.id for item in audit(inputs(capture("installed"))).verdicts}
    rows = {row.id for row in blueprints().controls if row.kind.value != "check"}
    assert rows - judged == set()


def test_edits_by_hand_are_found_with_who_made_them_and_what_helm_would_do() -> None:
    found = audit(inputs(capture("edited")))
    seen = {(str(item.object), item.kind, item.manager, item.helm) for item in found.drifts}
    assert (BACKEND, DriftKind.CHANGED, "kubectl-set", Helm.CONFLICT) in seen
    assert ("Deployment/audited/todo-frontend", DriftKind.ADDED, "kubectl-set", Helm.NO) in seen
    assert ("PodDisruptionBudget/audited/todo-backend", DriftKind.CHANGED, "kubectl-patch", Helm.CONFLICT) in seen
    assert ("Service/audited/backend", DriftKind.MISSING, "", Helm.YES) in seen
    limit = verdict(found, "SVC-BE-MEM-LIMIT")
    assert (limit.outcome, limit.cause, limit.helm) == (Outcome.FAIL, Cause.EDITED, Helm.CONFLICT)
    assert "kubectl-set" in limit.why
    assert verdict(found, "RES-PDB").cause is Cause.EDITED
    assert verdict(found, "SVC-BE-PORT").cause is Cause.MISSING
    assert "ConfigMap/audited/stray" in verdict(found, "GOV-TRACE-ADHOC").why
    assert verdict(found, "GOV-SPEC-DIRECT").outcome is Outcome.FAIL
    assert verdict(found, "GOV-VALUES").outcome is Outcome.FAIL


# F: must not be reported


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("250m", "0.25"),
        (".25", "250m"),
        ("1000m", 1),
        ("1", 1),
        ("1Gi", "1024Mi"),
        ("1024Mi", 1073741824),
        ("1000M", "1G"),
    ],
)
def test_f1_a_quantity_is_its_amount(one: object, other: object) -> None:
    assert same(one, other, "/resources/limits/memory")
    assert not asked(lambda obj: container(obj)["resources"]["limits"].update(memory="0.5Gi"))


@pytest.mark.parametrize(("one", "other"), [("256M", "256Mi"), ("512m", "512Mi"), ("1", "1Mi")])
def test_f2_si_and_binary_are_two_amounts(one: str, other: str) -> None:
    assert not same(one, other, "/resources/limits/memory")


@pytest.mark.parametrize(("one", "other"), [(1, "1"), (8000, "8000"), (8000.0, 8000), (True, "true"), ("25%", "25%")])
def test_f3_a_number_and_its_text_are_one(one: object, other: object) -> None:
    assert same(one, other, "/spec/strategy/rollingUpdate/maxSurge")


def test_f4_what_the_server_fills_in_is_no_drift_but_a_named_value_is_compared() -> None:
    """The capture is full of defaults already; a default's place with another value is somebody's doing."""
    assert not installed(lambda obj: container(obj)["livenessProbe"].update(timeoutSeconds=1))
    (found,) = installed(lambda obj: container(obj)["livenessProbe"].update(timeoutSeconds=7))
    assert found.live == "7"
    (named,) = asked(lambda obj: container(obj)["livenessProbe"].update(timeoutSeconds=5))
    assert (named.desired, named.live) == ("5", "1")


@pytest.mark.parametrize("nothing", [None, {}, [], ""])
def test_f5_absent_null_and_empty_are_one(nothing: object) -> None:
    assert not asked(lambda obj: obj["spec"]["template"]["spec"].update(nodeSelector=nothing, hostAliases=nothing))


def test_f6_f7_f8_what_the_server_and_helm_write_of_themselves_is_no_drift() -> None:
    def scribble(obj: Tree) -> None:
        obj["metadata"].update(creationTimestamp=None, uid="x", resourceVersion="9", generation=4)
        obj["metadata"].setdefault("annotations", {}).update(
            {
                "deployment.kubernetes.io/revision": "9",
                "kubernetes.io/change-cause": "x",
                "meta.helm.sh/release-name": "y",
            }
        )

    assert not installed(scribble)


def test_f9_a_restart_is_an_operation() -> None:
    found = differences(capture("edited"))
    restarts = [item for item in found if "restartedAt" in item.pointer]
    assert [item.kind for item in restarts] == [DriftKind.OPERATED]


def test_f10_the_autoscaler_owns_the_number_within_its_bounds_and_nothing_else() -> None:
    live = changed(capture("installed"), "Deployment", "todo-backend", lambda obj: obj["spec"].update(replicas=4))
    found = audit(inputs(live))
    assert verdict(found, "SVC-BE-REPLICAS").outcome is Outcome.PASS
    assert "todo-backend owns the number: 4 of 1 to 5" in verdict(found, "SVC-BE-REPLICAS").why
    assert found.drifts == ()
    beyond = changed(live, "Deployment", "todo-backend", lambda obj: obj["spec"].update(replicas=9))
    assert verdict(audit(inputs(beyond)), "SVC-BE-REPLICAS").outcome is Outcome.FAIL


def test_f11_the_order_of_an_autoscalers_metrics_says_nothing() -> None:
    both = changed(
        capture("installed"),
        HPA,
        "todo-backend",
        lambda obj: obj["spec"]["metrics"].append(MEMORY),
    )
    turned = changed(
        both,
        HPA,
        "todo-backend",
        lambda obj: obj["spec"]["metrics"].insert(0, copy.deepcopy(MEMORY)),
        live=False,
    )
    assert not differences(turned)


def test_f12_behaviour_that_the_server_filled_in_is_no_drift() -> None:
    def bare(obj: Tree) -> None:
        obj["spec"].pop("behavior", None)

    assert not asked(bare, kind="HorizontalPodAutoscaler")


def mutated(obj: Tree) -> None:
    """Put in a field as admission does under server-side apply: nobody owns it."""
    container(obj)["env"].append({"name": "INJECTED", "value": "1"})


def test_f13_what_a_webhook_put_in_is_told_apart_from_an_edit() -> None:
    (found,) = differences(changed(capture("installed"), "Deployment", "todo-backend", mutated))
    assert (found.kind, found.helm) == (DriftKind.MUTATED, Helm.NO)


RULES = [{"ports": [{"port": 8080}]}]
FILLED = [{"ports": [{"port": 8080, "protocol": "TCP"}]}]


@pytest.mark.parametrize(
    ("found", "same"),
    [(FILLED, True), ([{"ports": [{"port": 9090, "protocol": "TCP"}]}], False), ([*FILLED, {}], False)],
)
def test_f13_a_default_inside_a_list_is_nobodys(found: list[Tree], *, same: bool) -> None:
    """A NetworkPolicy that is as the chart has it was said to be changed by a webhook."""
    assert completed(RULES, found, "/spec/ingress") is same


def test_f14_fields_that_render_differently_each_time_are_not_compared() -> None:
    snapshot = changed(capture("installed"), "ConfigMap", "todo-config", lambda obj: obj["data"].update(LOG_LEVEL="x"))
    name = (Ref("ConfigMap", SPACE, "todo-config"), "/data/LOG_LEVEL")
    (release,) = snapshot.releases
    rendered = Rendered(list(release.manifest or ()), Fidelity.CLIENT, frozenset((name,)))
    assert len(differences(snapshot)) == 1
    found = audit(inputs(snapshot, rendered=rendered))
    assert found.drifts == ()
    assert any("differently each time" in note for note in found.notes)


def test_f15_a_template_that_asks_the_cluster_is_named() -> None:
    chart = replace(inputs(capture("installed")).chart, lookups=("templates/secrets.yaml",))
    assert any("templates/secrets.yaml" in note for note in audit(inputs(capture("installed"), chart=chart)).notes)


def test_f17_f34_keyed_lists_have_no_order_and_duplicates_are_said() -> None:
    def turn(obj: Tree) -> None:
        container(obj)["env"].reverse()
        container(obj)["ports"].insert(0, {"name": "dns", "containerPort": 8000, "protocol": "UDP"})

    (found,) = installed(turn)
    assert "protocol=UDP" in found.pointer
    twice = asked(lambda obj: container(obj)["env"].append({"name": "PORT", "value": "8000"}))
    assert [item.kind for item in twice] == [DriftKind.DUPLICATE]


def test_f18_secrets_are_neither_compared_nor_shown() -> None:
    hidden = changed(capture("installed"), "ConfigMap", "todo-config", lambda obj: obj["data"].update(LOG_LEVEL="***"))
    assert not differences(hidden)


def test_f21_hooks_are_no_part_of_what_runs() -> None:
    hook = {"kind": "Job", "metadata": {"name": "migrate", "annotations": {"helm.sh/hook": "pre-install"}}}
    snapshot = capture("installed")
    (release,) = snapshot.releases
    with_hook = replace(release, manifest=[*(release.manifest or ()), hook])
    assert not differences(replace(snapshot, releases=[with_hook]))


def test_f22_an_object_without_a_namespace_is_in_its_releases() -> None:
    assert not asked(lambda obj: obj["metadata"].pop("namespace", None))
    assert not asked(lambda obj: obj["metadata"].update(namespace=SPACE))


def test_f23_a_release_that_failed_is_said() -> None:
    (release,) = capture("installed").releases
    found = audit(inputs(capture("installed"), release=replace(release, status="failed")))
    assert any("failed" in note for note in found.notes)


def test_f24_values_that_only_the_release_has_are_said() -> None:
    (release,) = capture("installed").releases
    given_then = replace(release, values={"backend": {"env": {"DEBUG": "1"}, "replicas": 1}})
    found = audit(inputs(capture("installed"), release=given_then))
    assert [item.path for item in found.release_only] == ["backend.env.DEBUG"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("todo-backend", "docker.io/library/todo-backend:latest"),
        ("nginx:1.27", "index.docker.io/library/nginx:1.27"),
        ("docker.io/grafana/loki:3", "grafana/loki:3"),
    ],
)
def test_f26_an_image_has_several_spellings(one: str, other: str) -> None:
    assert image(one) == image(other)
    assert same(one, other, "/spec/template/spec/containers/0/image")


def test_f26_a_tag_that_moves_proves_no_content() -> None:
    found = verdict(audit(inputs(capture("installed"))), "SVC-BE-IMAGE")
    assert "unproven" in found.points[0].reading(Leg.LIVE).reason
    assert image("localhost:5000/web") == ("localhost:5000/web", "latest")


def test_f28_what_the_server_allocates_is_no_drift() -> None:
    assert not installed(lambda obj: obj["spec"].update(clusterIP="10.96.0.9"), kind="Service")


def test_f29_a_field_the_server_dropped_is_a_typo_and_no_drift() -> None:
    (found,) = asked(lambda obj: obj["spec"].update(replicaz=3))
    assert (found.kind, found.helm) == (DriftKind.IGNORED, Helm.NO)


def test_f30_the_charts_own_version_is_cosmetic() -> None:
    found = asked(lambda obj: obj["metadata"]["labels"].update({"helm.sh/chart": "todo-app-9.9.9"}))
    assert {item.kind for item in found} == {DriftKind.COSMETIC}


def test_f31_what_its_controller_has_not_seen_yet_is_unknown() -> None:
    def moving(obj: Tree) -> None:
        container(obj)["resources"]["limits"]["memory"] = "1Gi"
        obj["metadata"]["generation"] = obj["status"]["observedGeneration"] + 1

    found = audit(inputs(changed(capture("installed"), "Deployment", "todo-backend", moving)))
    assert verdict(found, "SVC-BE-MEM-LIMIT").outcome is Outcome.UNKNOWN


def test_f32_what_could_not_be_read_is_unknown_and_never_a_pass() -> None:
    snapshot = capture("installed")
    kind = "HorizontalPodAutoscaler"
    parts = [Part(kind, "", State.DENIED, reason="403") if part.name == kind else part for part in snapshot.parts]
    objects = {name: listed for name, listed in snapshot.objects.items() if name != kind}
    found = audit(inputs(replace(snapshot, parts=parts, objects=objects)))
    assert verdict(found, "SCL-BE-MAX").outcome is Outcome.UNKNOWN
    assert "403" in verdict(found, "SCL-BE-MAX").why
    assert verdict(found, "SVC-BE-MEM-LIMIT").outcome is Outcome.PASS
    assert found.gaps


@pytest.mark.parametrize("odd", [3, "x", [1], [{}], {"a": "b"}, True])
@pytest.mark.parametrize(
    ("kind", "name", "path"),
    [
        ("Deployment", "todo-backend", "spec"),
        ("Deployment", "todo-backend", "spec/template"),
        ("Deployment", "todo-backend", "spec/template/spec/containers"),
        ("Deployment", "todo-backend", "spec/template/spec/tolerations"),
        ("Deployment", "todo-backend", "spec/template/spec/volumes"),
        ("HorizontalPodAutoscaler", "todo-backend", "spec/behavior"),
        ("HorizontalPodAutoscaler", "todo-backend", "spec/behavior/scaleDown"),
        ("HorizontalPodAutoscaler", "todo-backend", "spec/metrics"),
    ],
)
def test_a_manifest_of_an_odd_shape_fails_no_audit(kind: str, name: str, path: str, odd: object) -> None:
    """A chart is what its author wrote, and no API server has looked at it: the other rows are judged all the same."""

    def damage(obj: Tree) -> None:
        *above, last = path.split("/")
        for step in above:
            obj = obj[step]
        obj[last] = odd

    broken = changed(capture("installed"), kind, name, damage, live=False)
    found = audit(inputs(broken))
    assert any(item.outcome is Outcome.UNKNOWN and not item.points for item in found.verdicts) or found.drifts
    assert verdict(found, "SVC-FE-MEM-LIMIT").outcome is Outcome.PASS


def test_an_object_nested_without_end_is_named_and_the_rest_is_compared() -> None:
    """Otherwise one label of a capture that somebody sent in ends the whole audit."""
    deep: Any = "x"
    for _ in range(900):
        deep = [deep]
    broken = changed(capture("installed"), "Service", "todo-backend", lambda obj: obj.update(spec=deep), live=False)
    found = audit(inputs(broken))
    assert any(f"Service/{SPACE}/todo-backend" in line for line in found.gaps)


def test_f35_a_component_that_is_bound_to_nothing_is_unknown() -> None:
    unbound = replace(
        blueprints(), bindings=tuple(item for item in blueprints().bindings if item.component != "frontend")
    )
    found = audit(replace(inputs(capture("installed")), blueprints=unbound))
    said = verdict(found, "SVC-FE-MEM-LIMIT")
    assert said.outcome is Outcome.UNKNOWN
    assert "bind frontend to no object" in said.why


@given(
    st.sampled_from(["installed", "edited"]),
    st.sampled_from(["replicas", "paused", "minReadySeconds"]),
    st.integers(0, 9),
)
def test_f36_a_failure_always_shows_what_differs(name: str, field: str, value: int) -> None:
    live = changed(capture(name), "Deployment", "todo-backend", lambda obj: obj["spec"].update({field: value}))
    for item in audit(inputs(live)).verdicts:
        failing = [point for point in item.points if point.outcome is Outcome.FAIL]
        assert bool(item.points) is False or (item.outcome is Outcome.FAIL) == bool(failing)
        assert all(point.why for point in failing), item.control.id


# N: must be reported


def test_n1_a_webhooks_field_does_not_hide_an_edit_beside_it() -> None:
    live = changed(capture("edited"), "Deployment", "todo-backend", mutated)
    found = [
        item.kind
        for item in differences(live)
        if item.object.name == "todo-backend" and "/spec/template" in item.pointer
    ]
    assert sorted(found) == [DriftKind.CHANGED, DriftKind.MUTATED]


def test_n2_n3_additions_and_removals_are_seen_and_additions_stay() -> None:
    added = installed(lambda obj: obj["spec"]["template"]["spec"].update(volumes=[{"name": "x", "emptyDir": {}}]))
    assert [(item.kind, item.helm) for item in added] == [(DriftKind.ADDED, Helm.NO)]
    removed = installed(lambda obj: container(obj)["env"].clear())
    assert {item.kind for item in removed} <= {DriftKind.REMOVED, DriftKind.IGNORED}
    assert removed


def test_n5_n8_an_edit_of_what_the_chart_states_is_seen_though_the_chart_did_not_change() -> None:
    (found,) = installed(lambda obj: container(obj)["resources"]["limits"].update(memory="1Gi"))
    assert (found.desired, found.live, found.helm) == ("512Mi", "1Gi", Helm.YES)


def test_n6_a_deleted_deployment_is_noticed() -> None:
    snapshot = capture("installed")
    gone = [obj for obj in snapshot.objects["Deployment"] if obj["metadata"]["name"] != "todo-backend"]
    found = audit(inputs(replace(snapshot, objects={**snapshot.objects, "Deployment": gone})))
    assert DriftKind.MISSING in {item.kind for item in found.drifts}
    assert verdict(found, "SVC-BE-MEM-LIMIT").cause is Cause.MISSING


def test_n7_the_autoscalers_field_is_the_only_one_it_excuses() -> None:
    def scaled(obj: Tree) -> None:
        obj["spec"]["replicas"] = 4
        obj["spec"]["minReadySeconds"] = 9

    (found,) = installed(scaled)
    assert found.pointer == "/spec/minReadySeconds"


# the matrix: which leg is out of step


def limit(snapshot: Snapshot, **more: Any) -> Verdict:
    return verdict(audit(inputs(snapshot, **more)), "SVC-BE-MEM-LIMIT")


WRONG = "backend: {resources: {limits: {memory: 1Gi}}}"


def remember(memory: str) -> Callable[[Tree], object]:
    return lambda obj: container(obj)["resources"]["limits"].update(memory=memory)


def test_a_file_that_is_wrong_while_the_cluster_is_right_is_latent() -> None:
    """The next upgrade breaks what the blueprint asks for, and nothing else would say so beforehand."""
    found = limit(capture("installed"), values=WRONG)
    assert (found.cause, found.helm) == (Cause.LATENT, Helm.BREAKS)
    assert "mine.yaml:1" in found.points[0].reading(Leg.VALUES).where


def test_a_file_that_is_wrong_and_in_force() -> None:
    live = changed(capture("installed"), "Deployment", "todo-backend", remember("1Gi"))
    assert limit(live, values=WRONG).cause is Cause.VALUES


def test_three_opinions_are_a_conflict() -> None:
    live = changed(capture("installed"), "Deployment", "todo-backend", remember("2Gi"))
    assert limit(live, values=WRONG).cause is Cause.CONFLICT


def test_a_chart_that_ignores_its_values() -> None:
    (release,) = capture("installed").releases
    manifest = [_one(obj, "Deployment", "todo-backend", remember("1Gi")) for obj in release.manifest or ()]
    found = limit(capture("installed"), rendered=Rendered(manifest, Fidelity.CLIENT))
    assert (found.cause, found.helm) == (Cause.CHART, Helm.NO)


def behind(values: Tree) -> Verdict:
    old = changed(capture("installed"), "Deployment", "todo-backend", remember("256Mi"), live=False)
    both = changed(old, "Deployment", "todo-backend", remember("256Mi"))
    (release,) = capture("installed").releases
    (stored,) = both.releases
    return limit(
        both, release=replace(stored, values=values), rendered=Rendered(list(release.manifest or ()), Fidelity.CLIENT)
    )


def test_a_release_that_was_not_upgraded_since() -> None:
    found = behind({})
    assert (found.cause, found.helm) == (Cause.BEHIND, Helm.YES)


def test_a_release_that_was_given_a_value_of_its_own() -> None:
    assert behind({"backend": {"resources": {"limits": {"memory": "256Mi"}}}}).cause is Cause.RELEASE_ONLY


def test_a_release_nobody_may_read_is_said_once_and_the_rest_is_judged() -> None:
    (release,) = capture("installed").releases
    hidden = replace(release, values=None, manifest=None)
    found = audit(inputs(capture("installed"), release=hidden, release_reason="may not read Secrets"))
    assert sum("may not read Secrets" in note for note in found.notes) == 1
    assert verdict(found, "SVC-BE-MEM-LIMIT").outcome is Outcome.PASS
    assert verdict(found, "SVC-BE-MEM-LIMIT").points[0].reading(Leg.RELEASE).standing is Standing.UNKNOWN


def test_the_profile_decides_which_value_is_asked_for() -> None:
    found = verdict(audit(inputs(capture("installed"), profile=Profile.PROD)), "SVC-BE-PULL")
    assert found.outcome is Outcome.FAIL
    assert found.points[0].reading(Leg.BLUEPRINT).normalised == "Always"


# rows that are no values


MINIKUBE = ClusterFacts({"Driver": "docker", "CPUs": 4, "Memory": 8192}, {"ingress": True, "metrics-server": True})


def test_the_clusters_rows_are_judged_by_minikube() -> None:
    found = audit(inputs(capture("installed"), cluster=MINIKUBE))
    assert [verdict(found, name).outcome for name in ("CL-DRIVER", "CL-CPUS", "CL-MEMORY", "CL-ADDONS", "CL-K8S")] == [
        Outcome.PASS
    ] * 5
    small = replace(MINIKUBE, config={"Driver": "kvm2", "CPUs": 2, "Memory": 4096}, addons={"ingress": True})
    less = audit(inputs(capture("installed"), cluster=small))
    assert [verdict(less, name).outcome for name in ("CL-DRIVER", "CL-CPUS", "CL-MEMORY", "CL-ADDONS")] == [
        Outcome.FAIL
    ] * 4


def test_without_minikube_they_are_unknown_with_the_reason() -> None:
    found = verdict(audit(inputs(capture("installed"), cluster_reason="minikube is not installed")), "CL-CPUS")
    assert (found.outcome, found.why) == (Outcome.UNKNOWN, "minikube is not installed")


def scenario(change: Callable[[Tree], object], control: str) -> Verdict:
    live = changed(capture("installed"), "Deployment", "todo-backend", change)
    return verdict(audit(inputs(live)), control)


def tolerate(seconds: int) -> Callable[[Tree], object]:
    def change(obj: Tree) -> None:
        for item in obj["spec"]["template"]["spec"]["tolerations"]:
            item["tolerationSeconds"] = seconds

    return change


@pytest.mark.parametrize(
    ("change", "control", "says"),
    [
        (tolerate(300), "RES-SCN-NODE", "50 + 300"),
        (lambda obj: obj["spec"]["template"]["spec"].pop("tolerations"), "RES-SCN-NODE", "300"),
        (lambda obj: container(obj).pop("livenessProbe"), "RES-SCN-HEALTH", "no liveness probe"),
        (lambda obj: container(obj)["livenessProbe"].update(failureThreshold=9), "RES-SCN-HEALTH", "270 s"),
        (lambda obj: container(obj)["resources"].pop("limits"), "RES-SCN-OOM", "no memory limit"),
        (lambda obj: container(obj).pop("readinessProbe"), "RES-SCN-CONFIG", "no readiness probe"),
        (lambda obj: container(obj).update(imagePullPolicy="Always"), "RES-SCN-IMAGE", "Always"),
    ],
)
def test_a_failure_scenario_rests_on_its_mechanism(change: Callable[[Tree], object], control: str, says: str) -> None:
    assert scenario(lambda _: None, control).outcome is Outcome.PASS
    found = scenario(change, control)
    assert found.outcome is Outcome.FAIL
    assert says in found.why


def test_a_memory_metric_breaks_the_trigger_that_only_tells_people() -> None:
    live = changed(
        capture("installed"),
        HPA,
        "todo-backend",
        lambda obj: obj["spec"]["metrics"].append(MEMORY),
    )
    assert verdict(audit(inputs(capture("installed"))), "SCL-TRG-MEM").outcome is Outcome.PASS
    assert verdict(audit(inputs(live)), "SCL-TRG-MEM").outcome is Outcome.FAIL


def test_a_value_without_a_row_and_a_row_without_a_value_break_traceability() -> None:
    assert verdict(audit(inputs(capture("installed"))), "GOV-TRACE").outcome is Outcome.PASS
    found = verdict(audit(inputs(capture("installed"), values="backend: {turbo: true}")), "GOV-TRACE")
    assert "backend.turbo" in found.why
    gone = replace(inputs(capture("installed")), values=merged([parse("v", b"backend: {replicas: 1}")]))
    assert "no file states the values of SVC-BE-IMAGE" in verdict(audit(gone), "GOV-TRACE").why


def test_the_rules_that_git_answers() -> None:
    files = (*blueprints().files, "values.yaml")
    good = GitFacts(dict.fromkeys(files, True), dict.fromkeys(files, True), stated_then={"SVC-BE-PORT": True})
    found = audit(inputs(capture("installed"), git=good))
    names = ("GOV-VALUES-GIT", "GOV-VERSIONED", "GOV-SPEC-FIRST", "GOV-TRACE-FIRST")
    assert [verdict(found, name).outcome for name in names] == [Outcome.PASS] * 4
    bad = GitFacts({}, {}, stated_then={"SVC-BE-PORT": False})
    assert [verdict(audit(inputs(capture("installed"), git=bad)), name).outcome for name in names] == [Outcome.FAIL] * 4
    unread = audit(
        inputs(capture("installed"), git=replace(bad, stated_then={}, unread=dict.fromkeys(files, "no git")))
    )
    assert [verdict(unread, name).outcome for name in names] == [Outcome.UNKNOWN] * 4
    none = audit(inputs(capture("installed"), git_reason="not a git repository"))
    assert [verdict(none, name).why for name in names] == ["not a git repository"] * 4


def test_a_rollback_by_helm_is_found() -> None:
    (release,) = capture("installed").releases
    found = audit(inputs(capture("installed"), release=replace(release, description="Rollback to 3")))
    assert verdict(found, "GOV-VERSIONED-ROLLBACK").outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("key", "value", "whose"),
    [
        ("argocd.argoproj.io/tracking-id", "shop:apps/Deployment", "Argo CD"),
        ("helm.toolkit.fluxcd.io/name", "shop", "Flux"),
    ],
)
def test_a_gitops_owner_is_said(key: str, value: str, whose: str) -> None:
    live = changed(
        capture("installed"),
        "Deployment",
        "todo-backend",
        lambda obj: obj["metadata"].setdefault("annotations", {}).update({key: value}),
    )
    assert any(whose in note and "shop" in note for note in audit(inputs(live)).notes)


def test_a_row_that_cannot_be_read_is_unknown_with_its_line() -> None:
    head = b"## Backend\n\n| ID | Parameter | Value | Helm Path |\n|---|---|---|---|\n"
    table = head + b"| X-CPU | CPU Limit | plenty | a.b |\n"
    broken = parse_blueprints({"mine.md": table})
    found = verdict(audit(replace(inputs(capture("installed")), blueprints=broken)), "X-CPU")
    assert (found.outcome, str(found.control.source)) == (Outcome.UNKNOWN, "mine.md:5")
