"""A report of health for a pull request, an issue or a wiki."""

from collections.abc import Iterator

from agent.health.capacity import RESOURCES, SAID, Capacity, total
from agent.health.engine import Health
from agent.health.score import WHOLE
from agent.health.trend import Trend
from agent.kube.wording import counted
from agent.operate.health import Examined, Reported
from agent.report.health import headline, parts, standing
from agent.report.markdown import cell
from agent.report.terminal import Screen


def as_markdown(result: Reported, _: Screen) -> str:
    """Return the report as Markdown, of several clusters one after another."""
    lost = (f"## {cell(item.context)}: {cell(item.failure)}\n" for item in result.clusters if item.report is None)
    return "\n".join([*map(_report, result.reports), *lost])


def _report(result: Examined) -> str:
    """Return one cluster's: the verdict, what to do, and each part as a table."""
    health = result.health
    lines = [f"## Cluster health: {cell(headline(result))}", *_alerts(health), *_score(health), *_concerns(health)]
    lines += [*_nodes(health), *_parts(result), *_trend(result.trend, health)]
    return "\n".join(lines) + "\n"


def _alerts(health: Health) -> Iterator[str]:
    for alert in health.alerts.raised:
        cited = ", ".join(f"`{item.control}` {cell(str(item.source))}" for item in alert.citations)
        yield from ("", f"> **ALERT** {cell(alert.says)}{f' ({cited})' if cited else ''}")


def _score(health: Health) -> Iterator[str]:
    if health.score.deductions:
        yield from ("", f"| Costs of {WHOLE} | Area | By |", "|---:|---|---|")
        for item in health.score.deductions:
            many = counted(len(item.concerns), "thing")
            yield f"| -{item.points} | {item.area} | {many}, the dearest: {cell(item.concerns[0].says)} |"


def _concerns(health: Health) -> Iterator[str]:
    if health.concerns:
        yield from (
            "",
            "| What to do | Object | What is wrong | Evidence | Blueprint | Command |",
            "|---|---|---|---|---|---|",
        )
        for item in health.concerns:
            proof = "; ".join(f"{shown.pointer}: {shown.text}" for shown in item.evidence[:2])
            cited = ", ".join(f"{found.control} ({found.source})" for found in item.citations)
            cells = (item.advice, str(item.subject), f"{item.severity}: {item.says}", proof, cited, item.command)
            yield f"| {' | '.join(map(cell, cells))} |"


def _nodes(health: Health) -> Iterator[str]:
    if health.nodes:
        yield from ("", "| Node | CPU used / requested / limits of | Memory used / requested / limits of | Pods | |")
        yield "|---|---|---|---:|---|"
        for row in [*health.nodes, *([total(health.nodes)] if len(health.nodes) > 1 else [])]:
            figures = (_amounts(row, resource) for resource in RESOURCES)
            name, says = (cell(row.node), standing(row)) if row.node else ("all of them", "")
            yield f"| {name} | {' | '.join(figures)} | {row.pods} | {says} |"


def _amounts(row: Capacity, resource: str) -> str:
    found = (row.used, row.requested, row.limited, row.has)
    return " / ".join(
        "?" if amounts is None or resource not in amounts else SAID[resource](amounts[resource]) for amounts in found
    )


def _parts(result: Examined) -> Iterator[str]:
    yield from ("", "| Part | How it stands |", "|---|---|")
    yield from (f"| {label} | {cell(text)} |" for label, text in parts(result))
    yield from (f"| not known | {cell(text)} |" for text in result.health.unknown)


def _trend(trend: Trend | None, health: Health) -> Iterator[str]:
    if trend is not None:
        points = health.score.points - trend.before.points
        yield from (
            "",
            f"Since {trend.before.taken_at:%Y-%m-%d %H:%M:%S} UTC: {points:+d} points, {trend.restarts:+d} restarts",
            "",
        )
        yield from (f"- new: {cell(item.says)}" for item in trend.new)
        yield from (f"- gone: {cell(item.says)}" for item in trend.gone)
