"""A report of health as one page that needs nothing else: no script, no font, no request of any kind."""

from collections.abc import Iterator, Sequence
from html import escape

from agent.health.capacity import Capacity, total
from agent.health.concern import Concern
from agent.health.engine import Health
from agent.health.score import WHOLE
from agent.health.trend import Trend
from agent.kube.wording import counted
from agent.operate.health import Examined, Reported
from agent.report.health import headline, parts, standing, verdict
from agent.report.plots import Bar, bars, columns, curve
from agent.report.terminal import Screen
from tools.text import clean

STYLE = """
:root{color-scheme:light dark;--ink:#1c2430;--dim:#5d6878;--paper:#fff;--line:#d8dee6;--used:#2f6fde;--asked:#8bb2f2;
--limit:#c9d3e0;--bad:#c22f2f;--warn:#a86a00;--good:#1f7a3d}
@media (prefers-color-scheme:dark){:root{--ink:#e4e9f0;--dim:#97a3b3;--paper:#12171e;--line:#2d3744;--used:#6aa0ff;
--asked:#3b62a8;--limit:#3a4553;--bad:#ff7b7b;--warn:#e3b341;--good:#5fc983}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:70rem;padding:1.5rem;font:15px/1.5 system-ui,sans-serif;color:var(--ink);
background:var(--paper)}
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}
p.sub,.dim{color:var(--dim)}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.35rem .8rem .35rem 0;
border-top:1px solid var(--line);overflow-wrap:anywhere}th{font-weight:600;color:var(--dim)}td.n{text-align:right;
white-space:nowrap}
code{font:13px/1.4 ui-monospace,monospace;overflow-wrap:anywhere}
.alert{border-left:4px solid var(--bad);padding:.4rem .8rem;margin:1rem 0}
.error{color:var(--bad);font-weight:600}.warning{color:var(--warn);font-weight:600}.info{color:var(--dim)}
.well{color:var(--good)}
th,td.error,td.warning,td.info,td.well{white-space:nowrap}
svg{display:block;width:100%;height:auto;margin:.3rem 0 1rem}svg text{font:11px system-ui,sans-serif;fill:var(--dim)}
"""


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>{style}</style></head>
<body>
{body}
</body></html>
"""


def as_html(result: Reported, _: Screen) -> str:
    """Return the report as a page, of several clusters one below another."""
    lost = (f"<h1>{_text(item.context)}: {_text(item.failure)}</h1>" for item in result.clusters if item.report is None)
    body = [*(line for report in result.reports for line in _report(report)), *lost]
    title = headline(result.reports[0]) if len(result.clusters) == 1 and result.reports else "Health of clusters"
    return PAGE.format(title=_text(title), style=STYLE, body="\n".join(body))


def _report(result: Examined) -> Iterator[str]:
    """Yield one cluster's: the verdict, what to do, usage beside requests, restarts over time, each part."""
    health = result.health
    yield f"<h1>{_text(verdict(health))}, {health.score.points} of {WHOLE}</h1>"
    yield f'<p class="sub">{_text(headline(result).partition(": ")[2])}</p>'
    yield from (*_alerts(health), *_score(health), *_concerns(health.concerns), *_nodes(health), *_restarts(result))
    yield from (*_history(result), *_trend(result.trend, health), *_parts(result))


def _text(said: str, longest: int = 500) -> str:
    return escape(clean(said, longest))


def _alerts(health: Health) -> Iterator[str]:
    for alert in health.alerts.raised:
        cited = ", ".join(f"{item.control}, {item.source}" for item in alert.citations)
        said = f'{_text(alert.says)} <span class="dim">{_text(cited)}</span>'
        yield f'<p class="alert"><b class="error">ALERT</b> {said}</p>'


def _score(health: Health) -> Iterator[str]:
    if health.score.deductions:
        yield f"<h2>What costs how much of {WHOLE}</h2><table>"
        for item in health.score.deductions:
            many = counted(len(item.concerns), "thing") + (", all that this area may cost" if item.capped else "")
            what = f"{many}; the dearest: {item.concerns[0].says}"
            yield f'<tr><td class="n">-{item.points}</td><th>{_text(item.area)}</th><td>{_text(what)}</td></tr>'
        yield "</table>"


def _concerns(concerns: Sequence[Concern]) -> Iterator[str]:
    if concerns:
        yield "<h2>What to do, the dearest first</h2><table>"
        yield from map(_concern, concerns)
        yield "</table>"


def _concern(item: Concern) -> str:
    proof = "".join(
        f'<br><span class="dim">{_text(f"{found.pointer}: {found.text}")}</span>' for found in item.evidence[:3]
    )
    cited = "".join(
        f'<br><span class="dim">{_text(f"{row.control} {row.title}: {row.says} ({row.source})")}</span>'
        for row in item.citations
    )
    command = f"<br><code>{_text(item.command)}</code>" if item.command else ""
    badge = f'<td class="{item.severity.value}">{item.severity.value}</td>'
    return f"<tr>{badge}<td>{_text(item.says)}{proof}{cited}</td><td>{_text(item.advice)}{command}</td></tr>"


def _nodes(health: Health) -> Iterator[str]:
    if not health.nodes:
        return
    rows = [*health.nodes, *([total(health.nodes)] if len(health.nodes) > 1 else [])]
    for resource, name in (("cpu", "CPU"), ("memory", "Memory")):
        yield f"<h2>{name} of each node: used, requested, limits</h2>"
        yield bars([Bar(*_bar(row, resource)) for row in rows])


def _bar(row: Capacity, resource: str) -> tuple[str, str, float | None, float | None, float | None]:
    shares = (row.share(amounts, resource) for amounts in (row.used, row.requested, row.limited))
    used, asked, limit = (None if share is None else float(share) for share in shares)
    name = row.node or "all of them"
    return clean(name, 60), standing(row) if row.node else "", used, asked, limit


def _restarts(result: Examined) -> Iterator[str]:
    """Yield the last restart of each container in the hour it came, of the day before the look."""
    restarts = result.health.workloads.restarts
    hours = [0] * 24
    for item in restarts:
        hours[23 - min(int((result.snapshot.taken_at - item.at).total_seconds() // 3600), 23)] += 1
    yield "<h2>Restarts over the last 24 hours</h2>"
    if not restarts:
        yield "<p>None.</p>"
        return
    yield columns([(f"{24 - place} h ago", count) for place, count in enumerate(hours)])
    yield '<p class="dim">A container remembers the last time alone; the table says how often in all.</p><table>'
    for item in restarts[:50]:
        cells = (f"{item.at:%m-%d %H:%M} UTC", str(item.workload), item.container, item.reason, str(item.count))
        yield f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in cells)}</tr>"
    yield "</table>"


def _history(result: Examined) -> Iterator[str]:
    """Yield the score and the restarts of the reports that were kept, where there are any but this one."""
    kept = result.history
    if len(kept) > 1:
        start = kept[0].taken_at
        moments = [(item.taken_at - start).total_seconds() for item in kept]
        ends = (f"{start:%Y-%m-%d %H:%M}", f"{kept[-1].taken_at:%Y-%m-%d %H:%M}")
        yield f"<h2>The score of {counted(len(kept), 'report')}</h2>"
        yield curve(list(zip(moments, [item.points for item in kept], strict=True)), WHOLE, ends)
        yield "<h2>Restarts of all containers, by report</h2>"
        most = max(item.restarts for item in kept)
        yield curve(list(zip(moments, [item.restarts for item in kept], strict=True)), max(most, 1), ends)


def _trend(trend: Trend | None, health: Health) -> Iterator[str]:
    if trend is not None:
        points = health.score.points - trend.before.points
        yield f"<h2>Since {trend.before.taken_at:%Y-%m-%d %H:%M} UTC: {points:+d} points</h2><table>"
        yield from (
            f'<tr><td class="{item.severity.value}">new</td><td>{_text(item.says)}</td></tr>' for item in trend.new
        )
        yield from (f'<tr><td class="well">gone</td><td>{_text(item.says)}</td></tr>' for item in trend.gone)
        yield "</table>"


def _parts(result: Examined) -> Iterator[str]:
    yield "<h2>Each part</h2><table>"
    yield from (f"<tr><th>{_text(label)}</th><td>{_text(text, 2000)}</td></tr>" for label, text in parts(result))
    for text in result.health.unknown:
        yield f'<tr><th>not known</th><td><span class="warning">{_text(text, 2000)}</span></td></tr>'
    yield "</table>"
