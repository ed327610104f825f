"""What a blueprint asks people to be told of: memory above its target, and an image that cannot be pulled.

An alert never scales and never changes anything (`Backend Mem > 80% → Alert ops team (no auto-scale)`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from agent.audit.fields import WORKLOADS
from agent.audit.mechanisms import Scenario, scenario_of
from agent.blueprint.cells import CellType
from agent.blueprint.control import Blueprints, Control, ControlKind, Profile
from agent.diagnose.finding import Citation
from agent.kube.containers import Container, containers_of, workload_ref
from agent.kube.fields import is_terminal
from agent.kube.releases import helm_owner
from agent.kube.usage import asked, share, used_by_pod
from agent.kube.wording import counted, memory, said
from agent.remedy.ground import bound_to, citation
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref
from agent.snapshot.suspects import is_suspect

MEMORY = "hpa.alert.memory"
"""The field of a row that says at which share of its memory request people are told of a pod."""

UNPULLED = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "RegistryUnavailable")
"""Why a container waits for its image, in the kubelet's words (pkg/kubelet/images/types.go)."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that people are to be told of at once, and the rows that ask for it."""

    code: str
    """`memory` or `image`."""
    subject: Ref
    """The workload."""
    says: str
    evidence: tuple[Evidence, ...]
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Alerts:
    """What people are to be told of, and what nobody can say."""

    raised: tuple[Alert, ...] = ()
    unknown: tuple[str, ...] = ()
    """A line for each target that could not be held against anything: no metrics, no request."""
    unjudged: tuple[Ref, ...] = ()
    """The workloads those lines are of: nobody knows whether an alert about their memory is over."""


def alerts(graph: Graph, blueprints: Blueprints, profile: Profile | None) -> Alerts:
    """Return the alerts in a look, memory first, then images; each workload once of a kind."""
    told = [
        (ref(workload), item)
        for row in blueprints.controls
        if MEMORY in row.fields
        for workload in _workloads(row, blueprints, graph)
        if (item := _memory(row, workload, graph, profile)) is not None
    ]
    asks = tuple(citation(row, "", profile) for row in blueprints.controls if _is_of_images(row))
    images = tuple(_image(waiting, asks, graph) for waiting in _unpulled(graph).values())
    raised = (*(item for _, item in told if isinstance(item, Alert)), *images)
    unknown = {name: item for name, item in told if isinstance(item, str)}
    return Alerts(raised, tuple(item for _, item in told if isinstance(item, str)), tuple(unknown))


def _is_of_images(row: Control) -> bool:
    return row.kind is ControlKind.SCENARIO and scenario_of(row) is Scenario.IMAGE


def _workloads(row: Control, blueprints: Blueprints, graph: Graph) -> Iterator[Object]:
    """Yield the workloads that a row's component is bound to, in whichever namespace."""
    for kind in WORKLOADS:
        for obj in graph.all(kind):
            binding = bound_to([ref(obj)], blueprints, helm_owner([ref(obj)], graph))
            if binding is not None and binding.component == row.component:
                yield obj


def _memory(row: Control, workload: Object, graph: Graph, profile: Profile | None) -> Alert | str | None:
    """Return the alert about a workload's memory; a line where nobody can say; None where it is below the target.

    Each pod is held against its own request: memory ends a pod by itself, and a mean over all hides the one.
    """
    target = _target(row, profile)
    pods = [pod for pod in graph.pods(workload) if not is_terminal(pod)]
    if target is None:
        return f"memory of {ref(workload)}: {row.id} says another share for each profile; name one (--profile)"
    shares = {ref(pod): found for pod in pods if (found := share(pod, "memory", graph)) is not None}
    if pods and not shares:
        return f"memory of {ref(workload)}: {_why_unknown(pods, graph)}, so {row.id} ({target}%) is not judged"
    over = {name: found for name, found in shares.items() if found > target}
    return _full(row, ref(workload), over, len(pods), graph, profile) if over else None


def _target(row: Control, profile: Profile | None) -> Decimal | None:
    cells = [cell for key, cell in row.values.items() if profile in (None, key) and cell.type is CellType.PERCENT]
    said_values = {Decimal(str(cell.value)) for cell in cells}
    return said_values.pop() if len(said_values) == 1 else None


def _why_unknown(pods: Sequence[Object], graph: Graph) -> str:
    unasked = all(asked(pod, "memory") is None for pod in pods)
    return "no memory is requested" if unasked else "its metrics were not read"


def _full(
    row: Control, workload: Ref, over: Mapping[Ref, Decimal], pods: int, graph: Graph, profile: Profile | None
) -> Alert:
    fullest = max(over, key=lambda name: over[name])
    many = f"{len(over)} of {counted(pods, 'pod')} of " if pods > 1 else ""
    uses = "uses" if pods == 1 or len(over) == 1 else "use"
    target = _target(row, profile)
    says = (
        f"{many}{said(workload)} {uses} {over[fullest]:.0f} % of the requested memory, over the {target} % of {row.id}"
    )
    return Alert(
        "memory",
        workload,
        says,
        (_evidence(fullest, graph),),
        (citation(row, row.paths[0] if row.paths else "", profile),),
    )


def _evidence(name: Ref, graph: Graph) -> Evidence:
    pod = graph.get(*name) or {}
    used = used_by_pod(graph)[name.namespace, name.name]["memory"]
    most = asked(pod, "memory", limit=True)
    ends = f", limit {memory(most)}" if most else ", no limit"
    return Evidence(
        name, "metrics", f"uses {memory(used)} of {memory(asked(pod, 'memory') or Decimal())} requested{ends}"
    )


def _unpulled(graph: Graph) -> Mapping[tuple[Ref, str], list[Container]]:
    """Return (workload, image) -> the containers that wait for it."""
    found: dict[tuple[Ref, str], list[Container]] = {}
    for pod in graph.all("Pod"):
        if is_suspect(pod) and not is_terminal(pod):
            for item in containers_of(pod):
                if item.waiting.get("reason") in UNPULLED:
                    image = str(item.spec.get("image") or "")
                    found.setdefault((workload_ref(pod, graph), image), []).append(item)
    return found


def _image(waiting: Sequence[Container], cited: tuple[Citation, ...], graph: Graph) -> Alert:
    first = waiting[0]
    pods = counted(len({ref(item.pod) for item in waiting}), "pod")
    workload = workload_ref(first.pod, graph)
    says = f"{said(workload)} waits for an image that cannot be pulled ({first.spec.get('image')}); {pods} kept as is"
    text = f"{first.waiting.get('reason')}: {first.waiting.get('message') or ''}"
    return Alert("image", workload, says, (Evidence(ref(first.pod), first.status_pointer, text),), cited)
