"""What an autoscaler measures: each metric beside its target, as its status last said."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from agent.kube.fields import spec, status
from agent.kube.wording import cores, memory
from agent.snapshot.record import Object
from tools.quantity import parse_quantity

DEFAULT: Mapping[str, Any] = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
}
"""What an autoscaler without metrics goes by."""

PERCENT = "averageUtilization"
KINDS = (PERCENT, "averageValue", "value")


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of an autoscaler."""

    type: str
    """`Resource`, `ContainerResource`, `Pods`, `Object` or `External`."""
    name: str
    container: str
    """The container it is of, "" for whole pods."""
    kind: str
    """`averageUtilization` (percent of the request), `averageValue` (of each pod) or `value` (as it is)."""
    target: Decimal
    current: Decimal | None
    """None where nobody told it."""

    @property
    def ratio(self) -> Fraction | None:
        """Return how many times its target a metric is, None where that is not known."""
        return None if self.current is None or not self.target else Fraction(self.current) / Fraction(self.target)

    @property
    def said(self) -> str:
        """`cpu of container app`."""
        return f"{self.name} of container {self.container}" if self.container else self.name

    def amount(self, value: Decimal | None) -> str:
        """Return an amount as people write it: `85 %`, `250m`, `512Mi`."""
        if value is None:
            return "?"
        if self.kind == PERCENT:
            return f"{value} %"
        written = {"cpu": cores, "memory": memory}.get(self.name)
        return written(value) if written else f"{value.normalize():f}"

    @property
    def unit(self) -> str:
        """Return what an amount is of."""
        return {PERCENT: " of the request", "averageValue": " for each pod"}.get(self.kind, "")


def metrics(scaler: Object) -> Sequence[Metric]:
    """Return the metrics of an autoscaler, in their order."""
    return list(_metrics(scaler))


def _metrics(scaler: Object) -> Iterator[Metric]:
    current = {_key(item): _source(item).get("current") or {} for item in status(scaler).get("currentMetrics") or ()}
    for item in spec(scaler).get("metrics") or (DEFAULT,):
        source, now = _source(item), current.get(_key(item), {})
        aim = source.get("target") or {}
        kind = next((kind for kind in KINDS if aim.get(kind) is not None), "")
        target = parse_quantity(str(aim.get(kind) or ""))
        if target is not None:
            found = None if now.get(kind) is None else parse_quantity(str(now[kind]))
            yield Metric(*_key(item), kind, target, found)


def _key(item: Mapping[str, Any]) -> tuple[str, str, str]:
    source = _source(item)
    name = source.get("name") or (source.get("metric") or {}).get("name") or ""
    return str(item.get("type") or ""), str(name), str(source.get("container") or "")


def _source(item: Mapping[str, Any]) -> Mapping[str, Any]:
    kind = str(item.get("type") or "")
    found = item.get(kind[:1].lower() + kind[1:])
    return found if isinstance(found, dict) else {}
