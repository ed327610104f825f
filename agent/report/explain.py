"""How the catalogue of failure modes reads: a list, one in full, a page of documentation, `bluehelm/modes/v1`."""

from collections.abc import Iterator
from itertools import groupby

from agent.diagnose.modes import CATALOGUE, Mode
from agent.operate.explain import Explained
from agent.report.data import Data, document
from agent.report.terminal import Screen, Terminal

SCHEMA = "bluehelm/modes/v1"

TITLES = {mode.code: mode.title for mode in CATALOGUE}


def as_json(result: Explained, screen: Screen) -> str:
    """Return the modes for machines."""
    return document(
        SCHEMA,
        {"word": result.word, "means": result.means, "modes": [_mode(mode) for mode in result.modes]},
        screen,
    )


def as_text(result: Explained, screen: Screen) -> str:
    """Return one line a mode, or all that is known of the few that were asked for."""
    terminal = Terminal(screen)
    if result.word:
        terminal.line(f"{result.word}: {result.means}", "bold")
        terminal.line("it may come of", "dim")
    if result.whole:
        terminal.line(
            f"{len(result.modes)} causes and signs a diagnosis can name; `explain CODE` says more of one", "dim"
        )
    if result.whole or result.word:
        _list(terminal, result.modes)
    for mode in () if result.whole or result.word else result.modes:
        _full(terminal, mode)
    return terminal.text()


def as_markdown(result: Explained, _: Screen) -> str:
    """Return the modes as a page, family by family."""
    lines = ["# What a diagnosis can name", "", "Made from the catalogue: `agent explain -o markdown`.", ""]
    for family, modes in _families(result.modes):
        lines += [f"## {family}", "", "| No. | Code | What it is | What it asks of you |", "|---|---|---|---|"]
        lines += [f"| {mode.number} | `{mode.code}` | **{mode.title}.** {mode.means} | {mode.asks} |" for mode in modes]
        lines.append("")
    return "\n".join(lines)


def _list(terminal: Terminal, modes: tuple[Mode, ...]) -> None:
    width = max(len(mode.code) for mode in modes)
    for family, found in _families(modes):
        terminal.line()
        terminal.line(family, "bold")
        for mode in found:
            terminal.entry(mode.code, mode.title, column=width + 5)


def _full(terminal: Terminal, mode: Mode) -> None:
    terminal.line(f"{mode.code}  {mode.title}", "bold")
    terminal.entry("is", mode.means)
    terminal.entry("asks", mode.asks, "green")
    for number, code in enumerate(mode.explains):
        terminal.entry("" if number else "explains", f"{TITLES[code]} ({code})", "dim")


def _families(modes: tuple[Mode, ...]) -> Iterator[tuple[str, list[Mode]]]:
    """Yield (family, its modes by number); what no rule explains stands last."""
    named = sorted(modes, key=lambda mode: (not mode.family, mode.family))
    for family, found in groupby(named, key=lambda mode: mode.family):
        yield family or "unexplained", sorted(found)


def _mode(mode: Mode) -> Data:
    return {
        "mode": mode.number,
        "code": mode.code,
        "family": mode.family,
        "layer": mode.layer.value,
        "title": mode.title,
        "means": mode.means,
        "asks": mode.asks,
        "explains": list(mode.explains),
    }
