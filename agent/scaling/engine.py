"""Every autoscaler of a look: what it measures, what it does and why, what comes next, how far from its blueprint."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.blueprint.control import Binding, Blueprints, Control, Profile
from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.finding import Finding
from agent.kube.autoscalers import target
from agent.kube.fields import number, status
from agent.remedy.ground import citation
from agent.scaling.algorithm import Rules, rules
from agent.scaling.distance import Distance, distances
from agent.scaling.history import Rescale, changes, rescales
from agent.scaling.metric import Metric, metrics
from agent.scaling.others import others
from agent.scaling.reasons import Situation, evidence, next_step, why
from agent.scaling.whatif import Forecast, Load, forecast
from agent.severity import Severity
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref

KIND = "HorizontalPodAutoscaler"


@dataclass(frozen=True, slots=True)
class Autoscaler:
    """One autoscaler, and everything that is to be said of it."""

    name: Ref
    target: Ref
    replicas: int
    desired: int | None
    """What its controller wants, by its own status; None where it cannot say."""
    active: bool
    """Whether its controller can tell how many it wants, and can scale to that."""
    next: int | None
    """What the next turn may bring, by its metrics and its rules; None where nothing is known."""
    rules: Rules
    metrics: tuple[Metric, ...]
    why: tuple[str, ...]
    """Why it does what it does, what keeps it most first."""
    others: tuple[str, ...]
    """Who else has a say."""
    evidence: tuple[Evidence, ...]
    rescales: tuple[Rescale, ...]
    """What it did lately, the oldest first."""
    distances: tuple[Distance, ...]
    findings: tuple[Finding, ...]
    """What is broken about it, or about what it scales."""
    forecasts: tuple[Forecast | Load, ...]
    """What would follow from each load that was asked about; the load itself where it does not look at that."""

    @property
    def is_broken(self) -> bool:
        """Return whether it cannot do its work: what is broken of its target counts where it is blind for it."""
        wrong = [item for item in self.findings if item.severity is Severity.ERROR]
        return any(self.name in (item.subject, *item.affected) for item in wrong) or (bool(wrong) and not self.active)


@dataclass(frozen=True, slots=True)
class Missing:
    """A row that asks for an autoscaler which is not there."""

    binding: Binding
    row: Control
    says: str


def autoscalers(
    graph: Graph, diagnosis: Diagnosis, blueprints: Blueprints, profile: Profile | None, loads: Sequence[Load]
) -> Sequence[Autoscaler]:
    """Return every autoscaler of a look, the broken ones first."""
    found = [_autoscaler(item, graph, diagnosis, blueprints, profile, loads) for item in graph.all(KIND)]
    return sorted(found, key=lambda item: (not item.is_broken, item.name))


def missing(graph: Graph, blueprints: Blueprints, profile: Profile | None) -> Sequence[Missing]:
    """Return the autoscalers that a blueprint binds, of workloads that run here without one."""
    return [
        Missing(item, row, citation(row, "", profile).says)
        for item in blueprints.bindings
        if item.kind == KIND
        for row in _rows(item, blueprints)
        for place in _homes(item, blueprints, graph)
        if graph.exists(KIND, place, item.name) is False
    ]


def _rows(binding: Binding, blueprints: Blueprints) -> Sequence[Control]:
    """Return the row that says there is to be one: the first that decides a value below the binding's own."""
    above = f"{binding.values}."
    decided = [row for row in blueprints.controls if row.values and any(path.startswith(above) for path in row.paths)]
    switched_off = [row for row in decided[:1] if {str(c.value) for c in row.values.values()} <= {"false", "disabled"}]
    return [] if switched_off else decided[:1]


def _homes(binding: Binding, blueprints: Blueprints, graph: Graph) -> Sequence[str]:
    """Return the namespaces in which the component's workload runs."""
    names = [(item.kind, item.name) for item in blueprints.bindings if item.component == binding.component]
    kinds = ("Deployment", "StatefulSet")
    return [ref(obj).namespace for kind in kinds for obj in graph.all(kind) if (kind, ref(obj).name) in names]


def _autoscaler(
    scaler: Object,
    graph: Graph,
    diagnosis: Diagnosis,
    blueprints: Blueprints,
    profile: Profile | None,
    loads: Sequence[Load],
) -> Autoscaler:
    aim, found, rule = target(scaler), tuple(metrics(scaler)), rules(scaler)
    replicas, past = number(status(scaler).get("currentReplicas")), rescales(scaler, graph.get(*target(scaler)), graph)
    lately = tuple(changes(past, graph.snapshot.taken_at))
    it = Situation(scaler, replicas, found, rule, lately, graph.snapshot.taken_at)
    return Autoscaler(
        name=ref(scaler),
        target=aim,
        replicas=replicas,
        desired=number(status(scaler).get("desiredReplicas")) if it.active else None,
        active=it.active,
        next=next_step(it),
        rules=rule,
        metrics=found,
        why=tuple(why(it)),
        others=tuple(others(scaler, found, graph)),
        evidence=tuple(evidence(it)),
        rescales=tuple(past),
        distances=tuple(distances(scaler, blueprints, profile, graph)),
        findings=_findings(ref(scaler), aim, diagnosis),
        forecasts=tuple(forecast(load, found, replicas, rule, lately) or load for load in loads),
    )


def _findings(name: Ref, aim: Ref, diagnosis: Diagnosis) -> tuple[Finding, ...]:
    """Return what names the autoscaler, then what is broken of its target: that is what it cannot scale away."""
    own = [item for item in diagnosis.findings if name in (item.subject, *item.affected)]
    its = [item for item in diagnosis.findings if item not in own and aim in (item.subject, *item.affected)]
    return (*own, *(item for item in its if item.severity is not Severity.INFO))
