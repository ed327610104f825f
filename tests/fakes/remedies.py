"""A workload to edit, findings that edit it, and what a finding's fix would change, short enough to compare."""

from dataclasses import replace
from typing import Any

from agent.blueprint.control import Blueprints
from agent.diagnose import modes
from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.kube.paths import field
from agent.kube.remedies import JSON, Command, Edit, Item, NeedsPerson, Path
from agent.remedy.ground import ground
from agent.snapshot.graph import ref
from agent.snapshot.record import Object, Release, Snapshot
from tests.fakes.objects import snapshot

NOTHING = Blueprints((), (), (), ())

PERSON = "a person"
"""Stands for a value that only a person can know."""


def changes(finding: Finding) -> list[tuple[str, JSON, JSON]]:
    """Return (field as blueprints name it, old value, new value or PERSON) of each edit."""
    return [
        (
            field(edit.object.kind, edit.path),
            edit.old,
            PERSON if isinstance(edit.value, NeedsPerson) else edit.value,
        )
        for edit in finding.fix.edits
    ]


def command(finding: Finding) -> str:
    """Return the rule's own command as a shell takes it, "" for none."""
    return str(finding.fix.command or "")


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
