"""Why an autoscaler does what it does: its conditions and its metrics, in sentences."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from agent.kube.autoscalers import target
from agent.kube.fields import condition, moment, status
from agent.kube.wording import duration, said
from agent.scaling.algorithm import Change, Rules, limited, wanted
from agent.scaling.metric import Metric
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import ref
from agent.snapshot.record import Object


@dataclass(frozen=True, slots=True)
class Situation:
    """An autoscaler at a look, taken apart."""

    scaler: Object
    replicas: int
    """How many there are, by its own count."""
    metrics: tuple[Metric, ...]
    rules: Rules
    changes: tuple[Change, ...]
    now: datetime

    @property
    def asked(self) -> int | None:
        """Return how many replicas the metrics ask for, None where none is known."""
        known = [item.ratio for item in self.metrics if item.ratio is not None]
        return (
            max((wanted(self.replicas, ratio, self.rules) for ratio in known), default=None) if self.replicas else None
        )

    @property
    def active(self) -> bool:
        """Return whether its controller can tell how many it wants, and can scale to that."""
        told = (self.told(kind).get("status") for kind in ("AbleToScale", "ScalingActive"))
        return "False" not in told

    def told(self, kind: str) -> Mapping[str, Any]:
        """Return a condition of its status, empty where it has none."""
        found = condition(self.scaler, kind)
        return found[1] if found else {}


def why(it: Situation) -> Iterator[str]:
    """Yield why it scales or does not, what keeps it most first."""
    blind = it.told("ScalingActive")
    if it.told("AbleToScale").get("status") == "False":
        yield _plainly("It cannot scale", it.told("AbleToScale"))
    elif blind.get("status") == "False":
        yield from _inactive(it, blind)
    elif not blind:
        yield "Its controller has said nothing of it yet"
    else:
        yield from _of_metrics(it)
        yield from _limits(it)


def _plainly(lead: str, told: Mapping[str, Any]) -> str:
    return f"{lead}: {told.get('message') or told.get('reason') or 'it gives no reason'}"


def _inactive(it: Situation, told: Mapping[str, Any]) -> Iterator[str]:
    if told.get("reason") == "ScalingDisabled":
        aim = said(target(it.scaler))
        yield f"{aim} is scaled to 0, which switches autoscaling off: kubectl scale it to 1 or more to begin again"
    elif "missing request" in str(told.get("message")):
        yield _plainly("A share of a request needs the request", told)
    else:
        yield _plainly("It has no metric to go by, so it scales neither up nor down", told)


def _of_metrics(it: Situation) -> Iterator[str]:
    for item in it.metrics:
        yield _of_metric(item, it)


def _of_metric(item: Metric, it: Situation) -> str:
    """Say what one metric asks for, and by which arithmetic."""
    now = f"{item.said} is at {item.amount(item.current)}{item.unit}, the target is {item.amount(item.target)}"
    if item.ratio is None:
        return f"{item.said} is not known, the target is {item.amount(item.target)}{item.unit}"
    asks = wanted(it.replicas, item.ratio, it.rules)
    if asks != it.replicas or item.ratio == 1:
        return f"{now}: {it.replicas} x {_times(item.ratio)} asks for {asks}"
    up = item.ratio > 1
    span = (it.rules.up if up else it.rules.down).tolerance
    if 1 - it.rules.down.tolerance <= item.ratio <= 1 + it.rules.up.tolerance:
        return f"{now}: within the tolerance of {float(span):.0%}, so {it.replicas} stay"
    return f"{now}: {it.replicas} x {_times(item.ratio)}, rounded up, stays {asks}"


def _times(ratio: Fraction) -> str:
    return f"{float(ratio):.2f}"


def _limits(it: Situation) -> Iterator[str]:
    """Yield what keeps it from what its metrics ask for."""
    stable = str(it.told("AbleToScale").get("reason") or "")
    limit = str(it.told("ScalingLimited").get("reason") or "") if _is_limited(it) else ""
    if stable in STABLE and it.asked != it.replicas:
        yield STABLE[stable](it)
    if limit in LIMITS:
        yield LIMITS[limit](it)


def _is_limited(it: Situation) -> bool:
    return it.told("ScalingLimited").get("status") == "True"


def _waits_down(it: Situation) -> str:
    """Say how long at least: a lower number waits until nothing higher was recommended for the whole window."""
    window, last = it.rules.down.window, moment(status(it.scaler).get("lastScaleTime"))
    passed = (it.now - last).total_seconds() if last else None
    least = f", not before {duration(window - passed)} from now" if passed is not None and passed < window else ""
    return (
        f"It waits to scale down until nothing higher was asked for during {window} s{least}, "
        f"and at most {window} s from the moment the load fell"
    )


def _waits_up(it: Situation) -> str:
    return f"It waits to scale up until nothing lower was asked for during {it.rules.up.window} s"


STABLE: Mapping[str, Callable[[Situation], str]] = {"ScaleDownStabilized": _waits_down, "ScaleUpStabilized": _waits_up}


def _at_most(it: Situation) -> str:
    return f"It is at maxReplicas ({it.rules.most}) and may not go further"


def _at_least(it: Situation) -> str:
    return f"It is at minReplicas ({it.rules.least}) and may not go lower"


def _paced(it: Situation) -> str:
    """Say which policy slows it, and when that allows the next step."""
    up = it.asked is not None and it.asked > it.replicas
    rule = it.rules.up if up else it.rules.down
    if rule.select == "Disabled":
        return f"Its behavior forbids scaling {'up' if up else 'down'} (selectPolicy Disabled)"
    policies = " or ".join(
        f"{item.value}{'%' if item.type == 'Percent' else ''} in {item.seconds} s" for item in rule.policies
    )
    lately = [
        policy.seconds - change.ago for policy in rule.policies for change in it.changes if change.ago < policy.seconds
    ]
    after = f"; the next step may come in {duration(min(lately))}" if lately else ""
    return f"Its behavior paces it: {'up' if up else 'down'} by {policies or 'the default'} at most{after}"


LIMITS: Mapping[str, Callable[[Situation], str]] = {
    "TooManyReplicas": _at_most,
    "TooFewReplicas": _at_least,
    "ScaleUpLimit": _paced,
    "ScaleDownLimit": _paced,
}


def evidence(it: Situation) -> Sequence[Evidence]:
    """Return the conditions that say so, in the controller's own words."""
    found = (condition(it.scaler, kind) for kind in ("AbleToScale", "ScalingActive", "ScalingLimited"))
    return [
        Evidence(ref(it.scaler), place, f"{told.get('reason')}: {told.get('message')}")
        for place, told in filter(None, found)
    ]


def next_step(it: Situation) -> int | None:
    """Return how many replicas the next turn may bring, None where nothing is known."""
    return None if it.asked is None else limited(it.replicas, it.asked, it.rules, it.changes)[0]
