"""How PolicyReports read: for people, as `bluehelm/report/v1`, as a manifest, and as metrics for a Prometheus."""

from agent.kube.wording import counted
from agent.operate.report import Reported
from agent.policyreport.document import as_object
from agent.policyreport.metrics import gauges
from agent.policyreport.result import Report
from agent.report.data import Data, document
from agent.report.terminal import Screen, Terminal
from tools.exposition import exposition

SCHEMA = "bluehelm/report/v1"

HEADS = ("PASS", "FAIL", "WARN", "ERROR", "SKIP")


def as_text(result: Reported, screen: Screen) -> str:
    """Return one line a report, as `kubectl get policyreports` has it."""
    terminal = Terminal(screen)
    terminal.line(_headline(result), "bold")
    width = max((9, *(len(report.namespace) for report in result.reports))) + 3
    terminal.line()
    heads = "".join(f"{head:>7}" for head in HEADS)
    terminal.row(terminal.cell("NAMESPACE", width, "dim"), terminal.style(f"{'NAME':<20}{heads}", "dim"))
    for report in result.reports:
        terminal.row(terminal.cell(report.namespace or "-", width), _counts(report))
    for text in result.failures:
        terminal.entry("failed", text, "red")
    return terminal.text()


def _headline(result: Reported) -> str:
    kept = "kept in the cluster" if result.written else "printed only (--write keeps them in the cluster)"
    part = "" if result.shard.is_all else f" of part {result.shard} of the namespaces"
    failed = f", {len(result.failures)} failed" if result.failures else ""
    return f"{counted(len(result.reports), 'PolicyReport')}{part}, {kept}{failed}"


def _counts(report: Report) -> str:
    score = "" if report.score is None else f"   {report.score} of 100"
    return f"{report.name:<20}" + "".join(f"{report.summary[head.casefold()]:>7}" for head in HEADS) + score


def as_json(result: Reported, screen: Screen) -> str:
    """Return what was looked at, what failed, and each report as the API takes it."""
    data: Data = {
        "part": str(result.shard),
        "written": result.written,
        "failures": result.failures,
        "reports": [as_object(report) for report in result.reports],
    }
    return document(SCHEMA, data, screen)


def as_manifest(result: Reported, screen: Screen) -> str:
    """Return the objects alone, as one `List`: `agent report -o manifest | kubectl apply --server-side -f -`."""
    import orjson

    options = orjson.OPT_INDENT_2 if screen.is_terminal else 0
    items = [as_object(report) for report in result.reports]
    return orjson.dumps({"apiVersion": "v1", "kind": "List", "items": items}, option=options).decode() + "\n"


def as_metrics(result: Reported, _: Screen) -> str:
    """Return the metrics of these reports: for the textfile collector of a node_exporter, where nothing may be kept."""
    return exposition(gauges([as_object(report) for report in result.reports]))
