"""Everything an audit judges, read beforehand. A leg that could not be read is None beside the reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.audit.verdict import Fidelity
from agent.blueprint.commands import Known
from agent.blueprint.control import Binding, Blueprints, Control, Profile
from agent.blueprint.values import Values
from agent.snapshot.graph import ref
from agent.snapshot.record import Object, Ref, Release, Snapshot
from tools.failure import Failure
from tools.kinds import BY_NAME


@dataclass(frozen=True, slots=True)
class ChartFiles:
    """A chart as its files tell it."""

    name: str
    shown: str
    """Its folder, for a person."""
    templates: frozenset[str]
    """`templates/backend.yaml`, …"""
    lookups: tuple[str, ...] = ()
    """Templates that ask the cluster while they are rendered, which `helm template` cannot answer."""
    keys: frozenset[str] = frozenset()
    """The values its schema knows at the top; empty without a schema."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What the chart makes of the files now."""

    objects: Sequence[Object]
    fidelity: Fidelity
    unstable: frozenset[tuple[Ref, str]] = frozenset()
    """Fields that come out differently each time (random, now): not compared."""


@dataclass(frozen=True, slots=True)
class LineHistory:
    """Who last changed one line: short commit, RFC 3339 time, the author, the commit's first line."""

    commit: str
    time: str
    author: str
    subject: str


@dataclass(frozen=True, slots=True)
class GitFacts:
    """What git says of the blueprints and values files, by the name shown."""

    tracked: Mapping[str, bool]
    clean: Mapping[str, bool]
    stated_then: Mapping[str, bool | None] = field(default_factory=dict)
    """Control id -> whether the blueprint stated its value in the commit that set it; None when there was none yet."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """Files that git would not speak of, and why."""


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """What minikube says of the cluster: its profile's configuration, its addons, the state of its parts."""

    config: Mapping[str, Any]
    addons: Mapping[str, bool]
    status: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inputs:
    """One release, its files, its cluster, and the blueprints it is held to."""

    blueprints: Blueprints
    profile: Profile
    values: Values
    files: tuple[str, ...]
    chart: ChartFiles
    snapshot: Snapshot
    namespace: str
    release: Release | None = None
    release_reason: str = ""
    rendered: Rendered | None = None
    rendered_failure: Failure | None = None
    """Why the chart is not rendered."""
    git: GitFacts | None = None
    git_reason: str = ""
    cluster: ClusterFacts | None = None
    cluster_reason: str = ""
    commands: Known = field(default_factory=dict)
    """The agent's own operations."""
    decides: Mapping[str, Sequence[tuple[Ref, str]]] = field(default_factory=dict)
    """Values path -> the fields (object, pointer) that rendering showed it to decide, where no binding says it."""

    @property
    def release_name(self) -> str:
        """Return the release's name, that of the chart's own default where there is none."""
        return self.release.name if self.release else ""

    @property
    def components(self) -> tuple[str, ...]:
        """Return the components the binding tables name, in their order."""
        return tuple(dict.fromkeys(binding.component for binding in self.blueprints.bindings))


def bound(inputs: Inputs, component: str, kinds: Sequence[str]) -> list[tuple[Binding, Ref]]:
    """Return the objects of those kinds a component is bound to."""
    found = [item for item in inputs.blueprints.bindings if item.component == component and item.kind in kinds]
    return [
        (item, Ref(item.kind, inputs.namespace, item.name.replace("{release}", inputs.release_name))) for item in found
    ]


def components(inputs: Inputs, control: Control) -> tuple[str, ...]:
    """Return whom a control speaks of: its own component, those its values paths name, or all that carry its fields.

    Where the blueprints bind nothing at all it is nobody by name, and the row is judged by what the files say.
    """
    if control.component:
        return (control.component,)
    named = tuple(dict.fromkeys(path.partition(".")[0] for path in control.paths))
    return tuple(name for name in named if name in inputs.components) or inputs.components or ("",)


class Objects:
    """The objects of one leg, by name."""

    def __init__(self, objects: Sequence[Object], namespace: str) -> None:
        self.all = [obj for obj in objects if not is_hook(obj)]
        self._index = {identity(obj, namespace): obj for obj in self.all}

    def get(self, wanted: Ref) -> Object | None:
        """Return one object, None where this leg has none of that name."""
        return self._index.get(wanted)


def identity(obj: Object, namespace: str) -> Ref:
    """Return whose name a manifest's object has: in the release's namespace unless it says another, or has none."""
    named = ref(obj)
    kind = BY_NAME.get(named.kind)
    if kind is not None and not kind.namespaced:
        return Ref(named.kind, "", named.name)
    return Ref(named.kind, named.namespace or namespace, named.name)


def is_hook(obj: Object) -> bool:
    """Return whether Helm runs an object as a hook or test: not part of what a release keeps in place."""
    notes = (obj.get("metadata") or {}).get("annotations") or {}
    return "helm.sh/hook" in notes
