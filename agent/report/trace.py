"""How an explanation reads: a value and its reason, a control and its values, and the matrix of both."""

from collections.abc import Sequence

from agent.audit.inputs import LineHistory
from agent.audit.legs import shown_value
from agent.audit.orphans import is_below
from agent.blueprint.control import Blueprints, Control, ControlKind
from agent.operate.trace import Explained, Matrix
from agent.report.data import Data, document
from agent.report.terminal import Screen, Terminal
from agent.trace.explain import Explanation, Live, justified

SCHEMA = "bluehelm/trace/v1"


def as_text(result: Explained, screen: Screen) -> str:
    """Return each value with its reason, its objects and its history."""
    terminal = Terminal(screen)
    for number, item in enumerate(result.explanations):
        if number:
            terminal.line()
        terminal.line(f"{item.leaf.path} = {shown_value(item.leaf.value)}  (profile {result.profile})", "bold")
        terminal.entry("stands in", str(item.leaf.source))
        for control in item.controls:
            _control(terminal, control, item.control_history.get(control.id))
        if not item.controls:
            terminal.entry("blueprint", "no row decides it", "yellow")
        _places(terminal, item)
        if item.history:
            terminal.entry("set by", _made(item.history))
    return terminal.text()


def _control(terminal: Terminal, control: Control, made: LineHistory | None) -> None:
    terminal.entry("blueprint", f"{control.id}: {control.title} = {control.raw}  ({control.source})")
    if control.rationale:
        terminal.entry("", f"why: {control.rationale}", "dim")
    if made:
        terminal.entry("", f"row by {_made(made)}", "dim")


def _places(terminal: Terminal, item: Explanation) -> None:
    if item.behind:
        terminal.entry("decides", f"nothing as things are; with {item.behind}:")
    for number, place in enumerate(item.places):
        field = place.field
        label = "decides" if number == 0 and not item.behind else ""
        where = f"{field.object} {field.pointer}".strip()
        terminal.entry(label, f"{where} = {field.now}  ({field.template})")
        terminal.entry("", f"live: {_live(place)}", "dim")
    if item.reason:
        terminal.entry("decides", item.reason, "yellow")


def _live(place: Live) -> str:
    return place.value if place.value is not None else f"unknown: {place.reason}"


def _made(made: LineHistory) -> str:
    return f"{made.author} in {made.commit} at {made.time}: {made.subject}"


def _one_as_text(terminal: Terminal, control: Control, found: Sequence[Explanation]) -> None:
    terminal.line(f"{control.id}: {control.title}", "bold")
    terminal.entry("says", f"{control.raw}  ({control.source})")
    if control.rationale:
        terminal.entry("why", control.rationale)
    if not found:
        terminal.entry("values", "it decides no value of this chart", "yellow")
    for item in found:
        terminal.entry("value", f"{item.leaf.path} = {shown_value(item.leaf.value)}  ({item.leaf.source})")
        _places(terminal, item)
        if item.history:
            terminal.entry("set by", _made(item.history))


def matrix_as_text(result: Matrix, screen: Screen) -> str:
    """Return one control and every value it decides, or both directions for all of them."""
    terminal = Terminal(screen)
    if result.control:
        _one_as_text(terminal, result.control, result.explanations)
    else:
        _all_as_text(terminal, result.explanations, result.blueprints)
    return terminal.text()


def _all_as_text(terminal: Terminal, found: Sequence[Explanation], blueprints: Blueprints) -> None:
    """Add each control with its values and objects, then each value with its controls."""
    terminal.line("Controls and what they decide", "bold")
    rows = [row for row in blueprints.controls if row.kind in (ControlKind.PARAMETER, ControlKind.MAPPING)]
    width = max((len(row.id) for row in rows), default=8) + 2
    for row in rows:
        said, idle = _decided(row, found)
        terminal.row(terminal.cell(row.id, width, "yellow" if idle else ""), terminal.style(said, ""))
    terminal.line()
    terminal.line("Values and what decides them", "bold")
    wide = max((len(item.leaf.path) for item in found), default=8) + 2
    for item in found:
        names = ", ".join(control.id for control in item.controls)
        open_ = not justified(item.leaf.path, blueprints)
        said = "unjustified: no row decides it" if open_ else names
        terminal.row(terminal.cell(item.leaf.path, wide, "yellow" if open_ else ""), terminal.style(said, ""))
    terminal.line()
    terminal.line(_tally(found, blueprints), "bold")


def _decided(row: Control, found: Sequence[Explanation]) -> tuple[str, bool]:
    """Return what a row decides, in one line, and whether it names values and there are none."""
    own = [item for item in found if row in item.controls]
    objects = dict.fromkeys(str(place.field.object) for item in own for place in item.places)
    below = sum(is_below(item.leaf.path, path.removesuffix(".*")) for item in found for path in row.paths)
    if own:
        return f"{', '.join(item.leaf.path for item in own)}  {', '.join(objects)}", False
    if below:
        return f"{', '.join(row.paths)}: {below} values, each with a row of its own", False
    return ("no value: nothing implements it", True) if row.paths else ("-", False)


def _tally(found: Sequence[Explanation], blueprints: Blueprints) -> str:
    rows = [row for row in blueprints.controls if row.kind is ControlKind.PARAMETER and row.paths]
    idle = [row for row in rows if not any(row in item.controls for item in found)]
    loose = [item for item in found if not justified(item.leaf.path, blueprints)]
    return f"{len(found)} values, {len(loose)} unjustified; {len(rows)} rows with values, {len(idle)} without any"


def as_json(result: Explained, screen: Screen) -> str:
    """Return explanations for machines."""
    return document(
        SCHEMA,
        {"profile": result.profile.value, "values": [_explanation(item) for item in result.explanations]},
        screen,
    )


def matrix_as_json(result: Matrix, screen: Screen) -> str:
    """Return one control, or all of them, with the values they decide for machines."""
    values = [_explanation(item) for item in result.explanations]
    if result.control:
        return document(SCHEMA, {"control": _row(result.control), "values": values}, screen)
    rows = [row for row in result.blueprints.controls if row.kind in (ControlKind.PARAMETER, ControlKind.MAPPING)]
    return document(SCHEMA, {"controls": [_row(row) for row in rows], "values": values}, screen)


def _row(control: Control) -> Data:
    return {
        "id": control.id,
        "title": control.title,
        "says": control.raw,
        "paths": list(control.paths),
        "rationale": control.rationale,
        "fingerprint": control.fingerprint,
        "source": str(control.source),
    }


def _explanation(item: Explanation) -> Data:
    return {
        "path": item.leaf.path,
        "value": shown_value(item.leaf.value),
        "source": str(item.leaf.source),
        "controls": [_row(control) for control in item.controls],
        "behind": item.behind,
        "reason": item.reason,
        "places": [
            {
                "template": place.field.template,
                "object": str(place.field.object),
                "pointer": place.field.pointer,
                "rendered": place.field.now,
                "live": place.value,
                "reason": place.reason,
            }
            for place in item.places
        ],
        "history": _history(item.history),
        "control_history": {name: _history(made) for name, made in item.control_history.items()},
    }


def _history(made: LineHistory | None) -> Data | None:
    if made is None:
        return None
    return {"commit": made.commit, "time": made.time, "author": made.author, "subject": made.subject}
