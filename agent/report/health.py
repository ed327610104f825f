"""How a report of health reads for a person: the verdict, what to do first, then each part in one line."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from agent.audit.verdict import Outcome
from agent.diagnose.finding import Citation
from agent.health.alerts import Alert
from agent.health.capacity import Capacity, total
from agent.health.certificates import Expiry, unseen
from agent.health.concern import Concern
from agent.health.engine import Health
from agent.health.score import WHOLE, Deduction
from agent.health.system import Part
from agent.health.trend import Trend
from agent.kube.lifecycle import minor
from agent.kube.wording import cores, counted, duration, listed, memory
from agent.operate.health import Cluster, Examined, Reported
from agent.report.terminal import Screen, Terminal
from agent.severity import Severity
from agent.snapshot.evidence import Evidence
from agent.snapshot.record import Snapshot

COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}

MOST = 5
"""Recommendations and nodes that a person is shown of each; `-o json` has all."""

CITED = 2
"""Rows of the blueprints that are shown of one thing."""

COLUMN = 18
"""Where the text of a part's line begins."""


def as_text(result: Reported, screen: Screen) -> str:
    """Return the report for a person. A healthy cluster is one calm screen, several are a line each."""
    terminal = Terminal(screen)
    if len(result.clusters) == 1 and result.reports:
        _report(terminal, result.reports[0])
    else:
        _together(terminal, result)
    return terminal.text()


def _together(terminal: Terminal, result: Reported) -> None:
    """Add a line for each cluster, the worst first, then what is to be done in any of them, the dearest first."""
    terminal.line(f"{counted(len(result.clusters), 'cluster')}:", "bold")
    width = max(len(item.context) for item in result.clusters) + 2
    for item in sorted(result.clusters, key=_points):
        terminal.row(f"   {terminal.cell(item.context, width)}", *_summary(terminal, item))
    every = [(item.context, found) for item in result.clusters if item.report for found in item.report.health.concerns]
    for number, (context, found) in enumerate(sorted(every, key=lambda pair: -pair[1].cost)[:MOST], 1):
        terminal.line()
        terminal.line(f"{context}:", "dim")
        _recommend(terminal, number, found)
    terminal.line()
    terminal.line("agent health --context NAME says all of one.", "dim")


def _points(item: Cluster) -> int:
    return item.report.health.score.points if item.report else -1


def _summary(terminal: Terminal, item: Cluster) -> tuple[str, str]:
    if item.report is None:
        return terminal.cell("?", 5, "red"), terminal.style(item.failure, "red")
    health = item.report.health
    alerts = f"ALERT x{len(health.alerts.raised)}, " if health.alerts.raised else ""
    colour = _colour(health) or "green"
    return terminal.cell(str(health.score.points), 5, colour), terminal.style(f"{alerts}{verdict(health)}", colour)


def _report(terminal: Terminal, result: Examined) -> None:
    health = result.health
    terminal.line(headline(result), _colour(health) if health.concerns or health.alerts.raised else "green")
    _score(terminal, health)
    for alert in health.alerts.raised:
        _alert(terminal, alert)
    _recommended(terminal, health)
    terminal.line()
    _nodes(terminal, health)
    for label, text in parts(result):
        terminal.entry(label, text, column=COLUMN)
    for item in health.diagnosis.unsettled:
        terminal.entry("not settled", f"{item.subject}: {item.says}", "yellow", column=COLUMN)
    for text in health.unknown:
        terminal.entry("not known", text, "yellow", column=COLUMN)
    if result.trend is not None:
        _trend(terminal, result.trend, health)


def _colour(health: Health) -> str:
    worst = [item.severity for item in health.concerns]
    return "red" if health.alerts.raised or Severity.ERROR in worst else "yellow" if Severity.WARNING in worst else ""


def headline(result: Examined) -> str:
    """`Healthy, 100 of 100: all namespaces, context minikube, v1.36.3, at 2026-11-27 08:00:00 UTC`."""
    health, snapshot = result.health, result.snapshot
    place = f"namespace {snapshot.namespace}" if snapshot.namespace else "all namespaces"
    return f"{verdict(health)}, {health.score.points} of {WHOLE}: {place}, {_origin(snapshot)}"


def verdict(health: Health) -> str:
    """Return the first words: health is claimed only where nothing is wrong, unsettled or unknown."""
    broken = sum(item.severity is Severity.ERROR for item in health.concerns)
    doubtful = sum(item.severity is Severity.WARNING for item in health.concerns)
    waiting = len(health.diagnosis.unsettled)
    told = [
        f"{counted(broken, 'thing')} broken" if broken else "",
        f"{counted(doubtful, 'thing')} to look at" if doubtful else "",
        f"{counted(waiting, 'thing')} not settled yet" if waiting else "",
        f"{counted(len(health.unknown), 'thing')} not known" if health.unknown else "",
    ]
    return ", ".join(filter(None, told)) or "Healthy"


def _origin(snapshot: Snapshot) -> str:
    time = f"{snapshot.taken_at:%Y-%m-%d %H:%M:%S} UTC"
    version = f", {snapshot.cluster.version}" if snapshot.cluster.version else ""
    if snapshot.origin != "live":
        return f"from the capture {snapshot.origin}{version} of {time}"
    return f"context {snapshot.cluster.context}{version}, at {time}"


def _alert(terminal: Terminal, alert: Alert) -> None:
    terminal.line()
    terminal.row(terminal.style("ALERT", "red"), " ", terminal.style(str(alert.subject), "bold"))
    terminal.line(f"   {alert.says}")
    _proof(terminal, alert.evidence, alert.citations)


def _proof(terminal: Terminal, evidence: tuple[Evidence, ...], citations: tuple[Citation, ...]) -> None:
    for item in evidence[:1]:
        terminal.entry("evidence", f"{item.where.kind}/{item.where.name} {item.pointer}: {item.text}")
    for cited in citations[:CITED]:
        terminal.entry("blueprint", f"{cited.control} {cited.title}: {cited.says} ({cited.source})", "cyan")


def _score(terminal: Terminal, health: Health) -> None:
    if health.score.deductions:
        terminal.line(f"   {WHOLE} {' '.join(map(_deducted, health.score.deductions))} = {health.score.points}", "dim")


def _deducted(item: Deduction) -> str:
    """`-18 workloads (3)`: what an area costs, and how many things that is."""
    most = ", the most it may" if item.capped else ""
    return f"-{item.points} {item.area} ({len(item.concerns)}{most})"


def _recommended(terminal: Terminal, health: Health) -> None:
    if not health.concerns:
        return
    terminal.line()
    terminal.line("What to do, the dearest first:", "bold")
    for number, concern in enumerate(health.concerns[:MOST], 1):
        _recommend(terminal, number, concern)
    left = len(health.concerns) - MOST
    if left > 0:
        terminal.line(f"   and {left} more: -o json, markdown or html has all", "dim")


def _recommend(terminal: Terminal, number: int, concern: Concern) -> None:
    badge = terminal.style(f"{concern.severity.upper():<7}", COLOURS[concern.severity])
    cost = f" (-{concern.cost})" if concern.cost else ""
    terminal.row(f"{number:>2} {badge} {terminal.style(str(concern.subject), 'bold')}{cost}")
    terminal.line(f"   {concern.says}")
    _proof(terminal, concern.evidence, concern.citations)
    if concern.advice:
        terminal.entry("do", concern.advice)
    if concern.command:
        terminal.entry("run", concern.command, "green")


def _nodes(terminal: Terminal, health: Health) -> None:
    """Add a row for each node, those with something to say first: used, requested and limits of what it has."""
    if not health.nodes:
        return
    shown = sorted(health.nodes, key=_calm)[:MOST]
    many = counted(len(health.nodes), "node")
    width = max(*(len(row.node) for row in shown), len(many), COLUMN - 5) + 2
    head = (
        f"   {'':<{width}}{'CPU used':>8}{'asked':>7}{'limit':>7}{'memory used':>14}{'asked':>7}{'limit':>7}{'pods':>6}"
    )
    terminal.row(head)
    for row in shown:
        terminal.row(f"   {terminal.cell(row.node, width)}{_figures(row)}  {terminal.style(standing(row), _hue(row))}")
    whole = total(health.nodes)
    if len(health.nodes) > 1:
        terminal.row(f"   {many:<{width}}{_figures(whole)}")
    terminal.entry("capacity", _amounts(whole), column=COLUMN)


def _calm(row: Capacity) -> tuple[bool, Decimal]:
    return standing(row) == "ready", -(row.share(row.used, "memory") or Decimal())


def standing(row: Capacity) -> str:
    """Return what a node says of itself: `ready`, `not ready`, `MemoryPressure`, `cordoned`."""
    ready = "says nothing" if row.ready is None else "ready" if row.ready else "not ready"
    more = [*row.pressures, *(["cordoned"] if row.cordoned else [])]
    return ", ".join([ready, *more])


def _hue(row: Capacity) -> str:
    return "" if standing(row) == "ready" else "yellow" if row.ready else "red"


def _figures(row: Capacity) -> str:
    cpu, memory_ = (_shares(row, resource) for resource in ("cpu", "memory"))
    return f"{cpu[0]:>8}{cpu[1]:>7}{cpu[2]:>7}{memory_[0]:>14}{memory_[1]:>7}{memory_[2]:>7}{row.pods:>6}"


def _shares(row: Capacity, resource: str) -> list[str]:
    shares = (row.share(amounts, resource) for amounts in (row.used, row.requested, row.limited))
    return ["?" if share is None else f"{share:.0%}" for share in shares]


def _amounts(row: Capacity) -> str:
    has = f"{cores(row.has.get('cpu', Decimal()))} CPU, {memory(row.has.get('memory', Decimal()))} for pods"
    if row.requested is None:
        return f"{has}; what is requested of it takes a look at all namespaces"
    asked, most = row.requested, row.limited or {}
    said = f"{cores(asked.get('cpu', Decimal()))} and {memory(asked.get('memory', Decimal()))} requested"
    many = f", {counted(row.unlimited, 'pod')} without a memory limit" if row.unlimited else ""
    return f"{has}; {said}; memory limits {memory(most.get('memory', Decimal()))} in all{many}"


def parts(result: Examined) -> Iterator[tuple[str, str]]:
    """Yield a line for each part of the cluster: its name, and how it stands."""
    health = result.health
    yield "control plane", _said(health.control_plane)
    yield "addons", _said(health.addons)
    yield "workloads", _workloads(health)
    yield "restarts", _restarts(health)
    yield "warnings", _warnings(health)
    if health.releases:
        yield "releases", _releases(health)
    yield "quotas", _quotas(health)
    yield "certificates", _certificates(health, result.snapshot)
    yield "API versions", _apis(health, result.snapshot)
    for held in health.held:
        counts = held.audit and ", ".join(f"{held.audit.count(outcome)} {outcome}" for outcome in Outcome)
        yield "blueprint", f"release {held.release} of {held.namespace}: {counts or held.reason}"


def _said(found: Sequence[Part]) -> str:
    return "; ".join(f"{part.name} {part.says}" for part in found) or "nothing of it was seen"


def _workloads(health: Health) -> str:
    counts = [f"{well} of {counted(every, kind)} as asked" for kind, (well, every) in health.workloads.counts.items()]
    pods = ", ".join(f"{count} {phase.lower()}" for phase, count in sorted(health.workloads.phases.items()))
    lacking = [f"{name} has {text}" for name, text in health.workloads.unfinished]
    more = f"; {listed(lacking)}" if lacking else ""
    return f"{', '.join(counts) or 'none'}{more}; pods: {pods or 'none'}"


def _restarts(health: Health) -> str:
    found = health.workloads.restarts
    if not found:
        return "none in 24 h"
    names = listed(f"{item.workload.name} ({item.reason}, {item.count} in all)" for item in found)
    return f"{counted(len(found), 'container')} in 24 h: {names}"


def _warnings(health: Health) -> str:
    count = sum(item.count for item in health.warnings)
    if not count:
        return "none in the last hour"
    loose = [item for item in health.warnings if item.cause is None]
    names = listed(f"{item.reason} of {item.subject.kind} {item.subject.name} ({item.count})" for item in loose)
    of_causes = count - sum(item.count for item in loose)
    told = [
        f"{of_causes} of what is told above" if of_causes else "",
        f"of nothing that is wrong now: {names}" if loose else "",
    ]
    return f"{count} in the last hour, {', '.join(filter(None, told))}"


def _releases(health: Health) -> str:
    odd = [f"{item.name} is {item.status}" for item in health.releases if item.status != "deployed"]
    well = len(health.releases) - len(odd)
    return f"{well} of {counted(len(health.releases), 'release')} deployed{f'; {listed(odd)}' if odd else ''}"


def _quotas(health: Health) -> str:
    if not health.quotas:
        return "none are set"
    first = health.quotas[0]
    return f"the fullest is {first.name.name} of {first.name.namespace}: {first.resource} {first.used} of {first.hard}"


def _certificates(health: Health, snapshot: Snapshot) -> str:
    known = [item for item in health.certificates if item.ends is not None]
    gaps = list(unseen(health.certificates))
    first = f"{counted(len(known), 'certificate')} seen; the first to end, of {_owner(known[0])}, " if known else ""
    left = duration((known[0].ends - snapshot.taken_at).total_seconds()) if known and known[0].ends else ""
    ends = f"has {left} left" if known else "none seen"
    return "; ".join([f"{first}{ends}", *gaps])


def _owner(item: Expiry) -> str:
    names = {"Cluster": "the API server", "User": "this kubeconfig"}
    return names.get(item.subject.kind, f"{item.subject.kind} {item.subject.name}")


def _apis(health: Health, snapshot: Snapshot) -> str:
    now = minor(snapshot.cluster.version)
    if now is None:
        return "the server did not say its version"
    going = [f"{item.api_version} {item.kind} (1.{item.removed})" for item in health.apis if item.removed is not None]
    return f"in use and dropped by a later version: {listed(going)}" if going else f"nothing in use goes by 1.{now + 1}"


def _trend(terminal: Terminal, trend: Trend, health: Health) -> None:
    before = trend.before
    terminal.line()
    points = health.score.points - before.points
    said = "the same score" if not points else f"{points:+d} points, from {before.points}"
    restarts = f", {trend.restarts:+d} restarts" if trend.restarts else ""
    terminal.line(f"Since {before.taken_at:%Y-%m-%d %H:%M:%S} UTC: {said}{restarts}", "bold")
    for item in trend.new:
        terminal.entry("new", item.says, COLOURS[item.severity])
    for gone in trend.gone:
        terminal.entry("gone", gone.says, "green")
