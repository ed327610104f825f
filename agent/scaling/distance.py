"""How far an autoscaler is from what the blueprints decided for it."""

from collections.abc import Iterator
from dataclasses import dataclass

from agent.audit.expected import expected
from agent.audit.fields import kinds, read
from agent.audit.normalise import text
from agent.blueprint.control import Blueprints, Control, Profile
from agent.diagnose.finding import Citation
from agent.kube.releases import helm_owner
from agent.remedy.ground import bound_to, citation
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object


@dataclass(frozen=True, slots=True)
class Distance:
    """What one row asks of an autoscaler, and what it has."""

    row: Citation
    field: str
    wanted: str
    has: str
    met: bool | None
    """None where the row says another value for each profile and none was named."""


def distances(scaler: Object, blueprints: Blueprints, profile: Profile | None, graph: Graph) -> Iterator[Distance]:
    """Yield each row that decides a field of this autoscaler."""
    binding = bound_to([ref(scaler)], blueprints, helm_owner([ref(scaler)], graph))
    for row in blueprints.controls:
        for field in row.fields:
            fits = binding is not None and row.component == binding.component
            if fits and kinds(field) == ("HorizontalPodAutoscaler",):
                yield from _distance(row, field, scaler, profile)


def _distance(row: Control, field: str, scaler: Object, profile: Profile | None) -> Iterator[Distance]:
    """Yield what a row asks of a field; nothing where it asks for a word that no field holds (`Conservative`)."""
    asked = [found for chosen in ([profile] if profile else row.values) for found in expected(row, chosen)]
    values = {text(item.value) for item in asked}
    for found in read(field, scaler, ""):
        if asked and not isinstance(found.value, dict):
            met = asked[0].met(found.value, found.pointer) if len(values) == 1 else None
            cited = citation(row, next(iter(row.paths), ""), profile)
            yield Distance(cited, field, " / ".join(sorted(values)), text(found.value) or "nothing", met)
