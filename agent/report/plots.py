"""Plots as SVG inside a page: colours come from the page's own style, so that they follow its light and dark."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, NAME, ROW = 900, 220, 34
"""Pixels: of a plot, of the names before its bars, of one row."""

TALL = 120
"""Pixels of a plot over time."""


class Bar(NamedTuple):
    """One row: shares of a whole (1 is all of it), None where nobody knows."""

    name: str
    note: str
    used: float | None
    asked: float | None
    limit: float | None


def bars(rows: Sequence[Bar]) -> str:
    """Return a bar for each row: used, requested and limits above one another, with a mark at all there is."""
    most = max([1.0, *(share for row in rows for share in (row.used, row.asked, row.limit) if share is not None)])
    scale = (WIDTH - NAME - 110) / min(most, 3.0)
    drawn = [_bar(row, index * ROW + 18, scale) for index, row in enumerate(rows)]
    end, foot = f"{NAME + scale:.0f}", len(rows) * ROW
    mark = f'<line x1="{end}" x2="{end}" y1="14" y2="{foot + 16}" stroke="currentColor" stroke-dasharray="3 3"/>'
    said = f'<text x="{end}" y="10" text-anchor="middle">all there is</text>'
    return _svg(foot + 40, [*drawn, mark, said, _legend(foot + 34)], "used, requested and limits")


def _bar(row: Bar, top: int, scale: float) -> str:
    label = f"{row.name} {row.note}".strip()
    parts = [f'<text x="0" y="{top + 15}">{escape(label[:34])}</text>']
    kinds = ((row.limit, "--limit", 20), (row.asked, "--asked", 14), (row.used, "--used", 8))
    for share, colour, high in kinds:
        if share is not None:
            wide = min(share, 3.0) * scale
            parts.append(_box(NAME, top + (22 - high) / 2, wide, high, colour))
    said = "/".join("?" if share is None else f"{share:.0%}" for share in (row.used, row.asked, row.limit))
    widest = max((share for share in (row.used, row.asked, row.limit) if share is not None), default=0.0)
    parts.append(f'<text x="{NAME + min(widest, 3.0) * scale + 6:.0f}" y="{top + 15}">{said}</text>')
    return "".join(parts)


def _legend(y: int) -> str:
    kinds = (("used", "--used"), ("requested", "--asked"), ("limits", "--limit"))
    places = (NAME + index * 110 for index in range(len(kinds)))
    return "".join(
        _box(x, y - 9, 10, 10, colour) + f'<text x="{x + 15}" y="{y}">{name}</text>'
        for x, (name, colour) in zip(places, kinds, strict=True)
    )


def _box(x: float, y: float, wide: float, high: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" fill="var({colour})"/>'


def columns(counts: Sequence[tuple[str, int]]) -> str:
    """Return a column for each moment, the oldest at the left, with its count above."""
    most, wide = max(count for _, count in counts), WIDTH / len(counts)
    drawn = []
    for index, (_, count) in enumerate(counts):
        high, x = count / most * (TALL - 20), index * wide
        drawn.append(_box(x + 2, TALL - high, wide - 4, high, "--used"))
        if count:
            drawn.append(f'<text x="{x + wide / 2:.1f}" y="{TALL - high - 4:.1f}" text-anchor="middle">{count}</text>')
    return _svg(TALL + 20, [*drawn, *_ends(counts[0][0], "now")], "restarts by hour")


def curve(points: Sequence[tuple[float, float]], most: float, ends: tuple[str, str]) -> str:
    """Return a line through (seconds, amount), from nothing at the bottom to `most` at the top."""
    span = points[-1][0] or 1.0
    placed = " ".join(
        f"{second / span * (WIDTH - 40):.1f},{TALL - amount / most * (TALL - 20):.1f}" for second, amount in points
    )
    line = f'<polyline points="{placed}" fill="none" stroke="var(--used)" stroke-width="2"/>'
    floor = f'<line x1="0" x2="{WIDTH - 40}" y1="{TALL}" y2="{TALL}" stroke="var(--line)"/>'
    last = points[-1][1]
    said = f'<text x="{WIDTH - 34}" y="{TALL - last / most * (TALL - 20) + 4:.1f}">{last:g}</text>'
    return _svg(TALL + 20, [floor, line, said, *_ends(*ends)], "over time")


def _ends(first: str, last: str) -> tuple[str, str]:
    left = f'<text x="0" y="{TALL + 15}">{escape(first)}</text>'
    return left, f'<text x="{WIDTH - 40}" y="{TALL + 15}" text-anchor="end">{escape(last)}</text>'


def _svg(high: int, drawn: Sequence[str], label: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {high}" role="img" aria-label="{escape(label)}">{"".join(drawn)}</svg>'
