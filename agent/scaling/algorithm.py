"""The controller's arithmetic: from a metric to a number of replicas, and how fast that may be reached.

Facts of pkg/controller/podautoscaler/horizontal.go and replica_calculator.go (Kubernetes 1.36) and of
https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/. Replicas that are not ready are
left out here: whoever asks what a load would bring means pods that carry it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any, NamedTuple

from agent.kube.fields import number, spec
from agent.snapshot.record import Object
from tools.quantity import parse_quantity

TOLERANCE = Fraction(1, 10)
"""How far from its target a metric may be before anything is done (--horizontal-pod-autoscaler-tolerance)."""

WINDOW = 300
"""Seconds for which a lower recommendation waits (--horizontal-pod-autoscaler-downscale-stabilization)."""

FACTOR, LEAST = 2, 4
"""Without `behavior` an autoscaler at most doubles what it has, and may always go to four."""


class Policy(NamedTuple):
    """How much may change in a period: `Pods` or `Percent`, an amount of it, and seconds."""

    type: str
    value: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Direction:
    """The rules of one way, up or down."""

    window: int
    """Seconds over which the most cautious recommendation counts."""
    policies: tuple[Policy, ...]
    select: str
    """`Max`, `Min` or `Disabled`."""
    tolerance: Fraction


@dataclass(frozen=True, slots=True)
class Rules:
    """What an autoscaler may do."""

    least: int
    most: int
    up: Direction
    down: Direction


class Change(NamedTuple):
    """A change of replicas, so many seconds before the look; negative where there are fewer since."""

    ago: float
    replicas: int


def rules(scaler: Object) -> Rules:
    """Return the rules in force, the API's and the controller's defaults where the object says nothing."""
    told = spec(scaler).get("behavior")
    whole: Mapping[str, Any] = told if isinstance(told, dict) else {}
    plain = (Policy("Percent", 100, 15), Policy("Pods", 4, 15))
    return Rules(
        least=number(spec(scaler).get("minReplicas"), 1),
        most=number(spec(scaler).get("maxReplicas"), 1),
        up=_direction(whole.get("scaleUp"), 0, plain if told else ()),
        down=_direction(whole.get("scaleDown"), WINDOW, (Policy("Percent", 100, 15),) if told else ()),
    )


def _direction(told: Mapping[str, Any] | None, window: int, policies: tuple[Policy, ...]) -> Direction:
    found = told or {}
    own = tuple(
        Policy(str(item.get("type")), number(item.get("value")), number(item.get("periodSeconds")))
        for item in found.get("policies") or ()
    )
    tolerance = parse_quantity(str(found.get("tolerance") or ""))
    return Direction(
        window=number(found.get("stabilizationWindowSeconds"), window),
        policies=own or policies,
        select=str(found.get("selectPolicy") or "Max"),
        tolerance=TOLERANCE if tolerance is None else Fraction(tolerance),
    )


def wanted(replicas: int, ratio: Fraction, rule: Rules) -> int:
    """Return how many replicas a metric asks for at so many times its target; as many as there are within tolerance."""
    if 1 - rule.down.tolerance <= ratio <= 1 + rule.up.tolerance:
        return replicas
    return ceil(ratio * replicas)


def limited(replicas: int, asked: int, rule: Rules, changes: Sequence[Change] = ()) -> tuple[int, str]:
    """Return how far one step may go, and the controller's reason where that is not all the way (else "").

    Args:
        replicas: how many there are.
        asked: how many the metrics ask for.
        rule: what the autoscaler may do.
        changes: what was changed lately: policies count over their periods.

    """
    if asked > replicas:
        pace = max(_pace(replicas, rule.up, changes, up=True), replicas)
        most, why = (pace, "ScaleUpLimit") if pace < rule.most else (rule.most, "TooManyReplicas")
        return (most, why) if asked > most else (asked, "")
    pace = min(_pace(replicas, rule.down, changes, up=False), replicas)
    least, why = (pace, "ScaleDownLimit") if pace > rule.least else (rule.least, "TooFewReplicas")
    return (least, why) if asked < least else (asked, "")


def _pace(replicas: int, rule: Direction, changes: Sequence[Change], *, up: bool) -> int:
    """Return the number of replicas that the policies allow now."""
    if rule.select == "Disabled":
        return replicas
    if not rule.policies:
        return max(FACTOR * replicas, LEAST) if up else 0
    proposed = [_proposed(policy, replicas, changes, up=up) for policy in rule.policies]
    furthest: Callable[[Sequence[int]], int] = max if up else min
    nearest: Callable[[Sequence[int]], int] = min if up else max
    return (nearest if rule.select == "Min" else furthest)(proposed)


def _proposed(policy: Policy, replicas: int, changes: Sequence[Change], *, up: bool) -> int:
    """Return what one policy allows, counted from what there was when its period began."""
    before = replicas - sum(change.replicas for change in changes if change.ago < policy.seconds)
    if policy.type == "Pods":
        return before + policy.value if up else before - policy.value
    share = Fraction(policy.value, 100)
    return ceil(before * (1 + share)) if up else int(before * (1 - share))
