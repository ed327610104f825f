"""How blueprints read: a table of controls, one control in full, and `bluehelm/blueprint/v1`."""

from collections.abc import Sequence
from itertools import groupby

from agent.blueprint.control import Control, Unread
from agent.operate.blueprint import Controls
from agent.report.data import Data, document
from agent.report.terminal import Screen, Terminal

SCHEMA = "bluehelm/blueprint/v1"


def as_json(result: Controls, screen: Screen) -> str:
    """Return controls for machines."""
    return document(
        SCHEMA,
        {
            "from": result.folder.whose,
            "controls": [_control(control) for control in result.controls],
            "unread": [_unread(item) for item in result.unread],
        },
        screen,
    )


def as_table(result: Controls, screen: Screen) -> str:
    """Return one line a control: id, value, what it is, where it stands."""
    terminal = Terminal(screen)
    controls = result.controls
    terminal.line(f"{len(controls)} controls from {_where(result)}", "dim")
    width = max(len(control.id) for control in controls)
    for blueprint, rows in groupby(controls, key=lambda control: control.blueprint):
        terminal.line()
        terminal.line(blueprint, "bold")
        for control in rows:
            terminal.entry(control.id, f"{control.title}: {control.raw}  ({control.source})", column=width + 5)
    _unreadable(terminal, result.unread)
    return terminal.text()


def as_text(result: Controls, screen: Screen) -> str:
    """Return each control with everything the blueprint says of it."""
    terminal = Terminal(screen)
    terminal.line(f"from {_where(result)}", "dim")
    for control in result.controls:
        terminal.line()
        terminal.line(f"{control.id}  {control.title}", "bold")
        for label, text in _facts(control):
            terminal.entry(label, text)
    _unreadable(terminal, result.unread)
    return terminal.text()


def _where(result: Controls) -> str:
    return f"{result.folder.path} ({result.folder.whose})"


def _facts(control: Control) -> list[tuple[str, str]]:
    values = {f"{profile}: {cell.value}" for profile, cell in control.values.items()}
    facts = [
        ("says", control.raw),
        ("why", control.rationale),
        ("read as", "; ".join(sorted(values))),
        ("values", ", ".join(control.paths)),
        ("governs", ", ".join(control.fields)),
        ("stands in", str(control.source)),
    ]
    return [(label, text) for label, text in facts if text]


def _unreadable(terminal: Terminal, unread: Sequence[Unread]) -> None:
    if unread:
        terminal.line()
        terminal.line(f"{len(unread)} could not be read:", "yellow")
        for item in unread:
            terminal.line(f"   {item.source}: {item.problem}: {item.text}")


def _control(control: Control) -> Data:
    return {
        "id": control.id,
        "kind": control.kind.value,
        "blueprint": control.blueprint,
        "title": control.title,
        "says": control.raw,
        "values": {profile.value: str(cell.value) for profile, cell in control.values.items()},
        "paths": list(control.paths),
        "fields": list(control.fields),
        "component": control.component,
        "rationale": control.rationale,
        "file": control.source.file,
        "line": control.source.line,
        "fingerprint": control.fingerprint,
    }


def _unread(item: Unread) -> Data:
    return {
        "file": item.source.file,
        "line": item.source.line,
        "problem": item.problem,
        "text": item.text,
        "control": item.control_id,
    }
