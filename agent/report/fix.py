"""How `fix` reads: the diagnosis, then the plan or why there is none, then how it ended; and as `bluehelm/fix/v1`."""

import json
from dataclasses import asdict

from agent.operate.fix import Fixed
from agent.report import apply, diagnosis, plan
from agent.report.data import document
from agent.report.terminal import Screen, Terminal

SCHEMA = "bluehelm/fix/v1"

NOTHING = "Nothing to mend: no row of a blueprint asks for anything else here."


def as_text(result: Fixed, screen: Screen) -> str:
    """Return what a person has not seen yet: with an outcome, that; else the cause and what may not be planned."""
    if result.applied is not None:
        return apply.as_text(result.applied, screen)
    if result.planned.patch:
        return plan.as_text(result.planned, screen)
    found = diagnosis.as_text(result.diagnosed, screen)
    if result.planned.plan is None and not result.planned.refusals:
        return f"{found}\n{NOTHING}\n"
    return found + "\n" + plan.as_text(result.planned, screen) + _belongs(result, screen)


def _belongs(result: Fixed, screen: Screen) -> str:
    terminal = Terminal(screen)
    if result.elsewhere is not None:
        terminal.line()
        plan.belongs(terminal, result.elsewhere)
    return terminal.text()


def as_json(result: Fixed, screen: Screen) -> str:
    """Return everything for machines, each part in its own schema."""
    parts = {
        "diagnosis": diagnosis.as_json(result.diagnosed, Screen()),
        "plan": plan.as_json(result.planned, Screen()),
        "apply": apply.as_json(result.applied, Screen()) if result.applied else "null",
    }
    place = asdict(result.elsewhere) if result.elsewhere else None
    return document(SCHEMA, {name: json.loads(text) for name, text in parts.items()} | {"elsewhere": place}, screen)
