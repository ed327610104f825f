"""How autoscalers read: for people, and as `bluehelm/scaling/v1`."""

from collections.abc import Iterator

from agent.diagnose.finding import Finding
from agent.kube.wording import counted, duration, said
from agent.operate.scaling import Scaled
from agent.report.data import Data, document
from agent.report.sparkline import sparkline
from agent.report.terminal import Screen, Terminal
from agent.scaling.algorithm import FACTOR, LEAST, Direction, Policy
from agent.scaling.curve import Curve
from agent.scaling.distance import Distance
from agent.scaling.engine import Autoscaler, Missing
from agent.scaling.history import Rescale
from agent.scaling.metric import Metric
from agent.scaling.whatif import Forecast, Load, at
from agent.severity import Severity
from agent.snapshot.record import Ref, Snapshot

SCHEMA = "bluehelm/scaling/v1"

MOST = 5
"""Changes that a person is shown."""

LIMITS = {
    "TooManyReplicas": "maxReplicas",
    "TooFewReplicas": "minReplicas",
    "ScaleUpLimit": "its behavior",
    "ScaleDownLimit": "its behavior",
}
"""The controller's word for a limit -> what people know it by."""


def as_text(result: Scaled, screen: Screen) -> str:
    """Return the autoscalers for a person: one aligned line each, then what each does and why."""
    terminal = Terminal(screen)
    terminal.line(_headline(result), "bold")
    _table(terminal, result.autoscalers)
    for item in result.autoscalers:
        _show(terminal, item, result)
    for absent in result.missing:
        terminal.line()
        terminal.line(
            f"No {said(Ref('HorizontalPodAutoscaler', '', absent.binding.name))}, which {_asks(absent)}", "yellow"
        )
    for text in result.unknown:
        terminal.entry("not known", text, "yellow")
    if result.past and result.autoscalers:
        terminal.line()
        terminal.line(f"The past: {result.past}.", "dim")
    return terminal.text()


def _asks(absent: Missing) -> str:
    return f"{absent.row.id} asks for: {absent.row.title} = {absent.says} ({absent.row.source})"


def _headline(result: Scaled) -> str:
    snapshot = result.snapshot
    place = f"namespace {snapshot.namespace}" if snapshot.namespace else "all namespaces"
    broken = sum(item.is_broken for item in result.autoscalers)
    many = counted(len(result.autoscalers), "autoscaler") if result.autoscalers else "No autoscaler"
    verdict = f", {broken} of them cannot scale" if broken else ""
    return f"{many}{verdict}: {place}, {_origin(snapshot)}"


def _origin(snapshot: Snapshot) -> str:
    time = f"{snapshot.taken_at:%Y-%m-%d %H:%M:%S} UTC"
    return (
        f"context {snapshot.cluster.context} at {time}"
        if snapshot.origin == "live"
        else f"from {snapshot.origin} of {time}"
    )


def _table(terminal: Terminal, found: tuple[Autoscaler, ...]) -> None:
    if len(found) > 1:
        names = [str(item.name).partition("/")[2] for item in found]
        width = max(map(len, names)) + 2
        terminal.line()
        terminal.row(f"   {'autoscaler':<{width}}{'now':>5}{'wants':>7}{'min':>5}{'max':>5}   metrics")
        for name, item in zip(names, found, strict=True):
            counts = f"{item.replicas:>5}{_shown(item.desired):>7}{item.rules.least:>5}{item.rules.most:>5}"
            terminal.row(f"   {terminal.cell(name, width)}{counts}   {', '.join(map(_beside, item.metrics))}")


def _beside(item: Metric) -> str:
    return f"{item.said} {item.amount(item.current)} of {item.amount(item.target)}"


def _show(terminal: Terminal, item: Autoscaler, result: Scaled) -> None:
    terminal.line()
    where = f" in {item.name.namespace}" if result.snapshot.namespace is None else ""
    colour = "red" if item.is_broken else "bold"
    terminal.line(f"{said(item.name)}{where} scales {said(item.target)}", colour)
    for label, text in _lines(item, result):
        terminal.entry(label, text)
    for finding in item.findings:
        style = "red" if finding.severity is Severity.ERROR else "yellow"
        terminal.entry(finding.severity.value, finding.cause, style)
        terminal.entry("fix", finding.fix.summary, "green")
    for distance in item.distances:
        if distance.met is not True:
            terminal.entry("blueprint", _differs(distance), "yellow")
    if item.distances and all(distance.met for distance in item.distances):
        rows = ", ".join(dict.fromkeys(distance.row.control for distance in item.distances))
        terminal.entry("blueprint", f"as {rows} ask", "green")


def _lines(item: Autoscaler, result: Scaled) -> Iterator[tuple[str, str]]:
    yield "replicas", _replicas(item)
    yield from _labelled("why", item.why)
    yield from _labelled("also", item.others)
    yield "behavior", _behavior(item)
    yield from _labelled(
        "lately", [_rescale(item, place, result.snapshot) for place in range(len(item.rescales))][-MOST:]
    )
    yield from _labelled("past", [_curve(curve) for curve in result.curves.get(item.name, ())])
    for told in item.forecasts:
        yield from _labelled("if", list(_forecast(told, item)))


def _labelled(label: str, texts: "tuple[str, ...] | list[str]") -> list[tuple[str, str]]:
    return [(label if index == 0 else "", text) for index, text in enumerate(texts)]


def _replicas(item: Autoscaler) -> str:
    span = f"between {item.rules.least} and {item.rules.most}"
    moves = item.next not in (None, item.replicas)
    following = f"; its metrics let the next turn bring {item.next}" if moves and item.desired == item.replicas else ""
    return f"{item.replicas} now, {_shown(item.desired)} wanted, {span}{following}"


def _shown(count: int | None) -> str:
    return "?" if count is None else str(count)


def _behavior(item: Autoscaler) -> str:
    up, down = item.rules.up, item.rules.down
    doubling = f"to {FACTOR} times as many, or to {LEAST}, at once"
    return f"up {_direction(up) if up.policies else doubling}; down {_direction(down)}"


def _direction(rule: Direction) -> str:
    if rule.select == "Disabled":
        return "never"
    joint = " and " if rule.select == "Min" else " or "
    paces = joint.join(
        f"{item.value}{' %' if item.type == 'Percent' else ''} in {item.seconds} s" for item in rule.policies
    )
    waits = f" after {rule.window} s" if rule.window else " at once"
    return f"by {paces}{waits}" if paces else f"as far as asked{waits}"


def _rescale(item: Autoscaler, place: int, snapshot: Snapshot) -> str:
    told = item.rescales[place]
    ago = duration((snapshot.taken_at - told.at).total_seconds())
    return f"{'?' if told.before is None else told.before} to {told.size} {ago} ago: {told.why or 'no reason given'}"


def _curve(curve: Curve) -> str:
    amounts = [amount for _, amount in curve.points]
    unit = f" {curve.unit}" if curve.unit else ""
    span = f"{min(amounts):.0f} to {max(amounts):.0f}{unit}, now {amounts[-1]:.0f}{unit}"
    return f"{curve.name:<9}{sparkline(amounts)}  {span}"


def _differs(distance: Distance) -> str:
    asks = f"{distance.row.control} {distance.row.title}: {distance.wanted} ({distance.row.source})"
    return f"{asks}, it has {distance.has}" if distance.met is False else f"{asks}; name a profile"


def _forecast(told: Forecast | Load, item: Autoscaler) -> Iterator[str]:
    if isinstance(told, Load):
        yield f"{told.name}: it does not look at {told.name} as a share of the request, so nothing would change"
        return
    sum_ = f"{item.replicas} x {told.load.percent}/{told.metric.target}"
    asks = "is within the tolerance" if told.tolerated else f"asks for {told.wanted}{_held(told, item)}"
    yield f"{at(told.metric, told.load)}: {sum_} {asks}"
    yield _course(told, item)
    more = f", and {' and '.join(other.name for other in told.others)} as now" if told.others else ""
    yield f"assumed: all replicas are ready, the load in all stays the same{more}"


def _held(told: Forecast, item: Autoscaler) -> str:
    return f", held back by {LIMITS[told.pace]}" if told.pace and told.wanted != item.replicas else ""


def _course(told: Forecast, item: Autoscaler) -> str:
    if not told.steps:
        return f"{item.replicas} would stay{_at_limit(told)}"
    steps = [f"{step.replicas} {'at once' if step.seconds == 0 else f'after {step.seconds} s'}" for step in told.steps]
    shown = steps if len(steps) <= MOST else [*steps[:2], "...", steps[-1]]
    return f"{', '.join(shown)}; it comes to rest at {told.settles}{_at_limit(told)}"


def _at_limit(told: Forecast) -> str:
    return f", its {LIMITS[told.limit]}" if told.limit in ("TooManyReplicas", "TooFewReplicas") else ""


def as_json(result: Scaled, screen: Screen) -> str:
    """Return the autoscalers for machines."""
    snapshot = result.snapshot
    return document(
        SCHEMA,
        {
            "taken_at": snapshot.taken_at.isoformat(),
            "origin": snapshot.origin,
            "cluster": {"context": snapshot.cluster.context, "version": snapshot.cluster.version},
            "namespace": snapshot.namespace,
            "complete": not result.unknown,
            "autoscalers": [_autoscaler(item, result) for item in result.autoscalers],
            "missing": [
                {"name": item.binding.name, "control": item.row.id, "says": item.says} for item in result.missing
            ],
            "unknown": list(result.unknown),
        },
        screen,
    )


def _autoscaler(item: Autoscaler, result: Scaled) -> Data:
    return {
        "name": _ref(item.name),
        "target": _ref(item.target),
        "broken": item.is_broken,
        "replicas": {
            "current": item.replicas,
            "desired": item.desired,
            "next": item.next,
            "min": item.rules.least,
            "max": item.rules.most,
        },
        "metrics": [_metric(found) for found in item.metrics],
        "why": list(item.why),
        "others": list(item.others),
        "behavior": {"up": _rule(item.rules.up), "down": _rule(item.rules.down)},
        "conditions": [{"pointer": found.pointer, "text": found.text} for found in item.evidence],
        "rescales": [_changed(found) for found in item.rescales],
        "blueprint": [
            {
                "control": held.row.control,
                "file": held.row.source.file,
                "line": held.row.source.line,
                "field": held.field,
                "wanted": held.wanted,
                "has": held.has,
                "met": held.met,
            }
            for held in item.distances
        ],
        "findings": [_found(found) for found in item.findings],
        "forecasts": [_foretold(told) for told in item.forecasts],
        "past": [
            {
                "name": curve.name,
                "unit": curve.unit,
                "source": curve.source,
                "points": [[moment.isoformat(), amount] for moment, amount in curve.points],
            }
            for curve in result.curves.get(item.name, ())
        ],
    }


def _changed(found: Rescale) -> Data:
    return {"at": found.at.isoformat(), "from": found.before, "to": found.size, "why": found.why}


def _found(found: Finding) -> Data:
    return {"code": found.mode.code, "severity": found.severity.value, "cause": found.cause}


def _metric(found: Metric) -> Data:
    current = None if found.current is None else float(found.current)
    named = {"type": found.type, "name": found.name, "container": found.container}
    return {**named, "kind": found.kind, "target": float(found.target), "current": current}


def _rule(rule: Direction) -> Data:
    return {
        "window_seconds": rule.window,
        "select": rule.select,
        "tolerance": float(rule.tolerance),
        "policies": [_policy(item) for item in rule.policies],
    }


def _policy(found: Policy) -> Data:
    return {"type": found.type, "value": found.value, "period_seconds": found.seconds}


def _foretold(told: Forecast | Load) -> Data:
    if isinstance(told, Load):
        return {"metric": told.name, "percent": told.percent, "looked_at": False}
    return {
        "metric": told.load.name,
        "percent": told.load.percent,
        "looked_at": True,
        "wanted": told.wanted,
        "steps": [{"seconds": step.seconds, "replicas": step.replicas} for step in told.steps],
        "settles": told.settles,
        "pace": told.pace,
        "limit": told.limit,
    }


def _ref(name: Ref) -> dict[str, str]:
    return {"kind": name.kind, "namespace": name.namespace, "name": name.name}
