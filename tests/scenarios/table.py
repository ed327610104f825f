"""How a run reads: one line a scenario, and the score."""

from collections.abc import Sequence

from tests.scenarios.play import Result

HEAD = ("scenario", "found", "rank", "false alarms", "seconds", "")


def table(results: Sequence[Result]) -> str:
    """Return the table, in the order of the names."""
    rows = [HEAD, *(_row(result) for result in sorted(results, key=lambda result: result.name))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return "\n".join(_line(row, widths) for row in rows)


def summary(results: Sequence[Result]) -> str:
    """Return the score in one line."""
    verdicts = [result.verdict for result in results if result.verdict]
    right = sum(result.passed and not result.trouble for result in results)
    found, wanted = (sum(getattr(verdict, name) for verdict in verdicts) for name in ("found", "wanted"))
    first = sum(verdict.rank == 1 for verdict in verdicts)
    alarms = sum(len(verdict.alarms) for verdict in verdicts)
    faulty = sum(bool(verdict.wanted) for verdict in verdicts)
    lost = len(results) - len(verdicts)
    return (
        f"{right} of {len(results)} scenarios right: {found} of {wanted} causes found, "
        f"the expected one first in {first} of {faulty}, {alarms} false alarms, {lost} not judged"
    )


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()


def _row(result: Result) -> tuple[str, ...]:
    verdict, seconds = result.verdict, f"{result.seconds:.0f}"
    if verdict is None:
        return (result.name, "-", "-", "-", seconds, "not judged: " + result.trouble.splitlines()[0][:80])
    note = "ok" if result.passed else "NOT"
    note = f"{note}; {result.trouble}" if result.trouble else note
    rank = str(verdict.rank or "-") if verdict.wanted else ""
    return (result.name, f"{verdict.found}/{verdict.wanted}", rank, str(len(verdict.alarms)), seconds, note)
