"""One run of the checklists."""

from agent.audit.verdict import Outcome
from agent.blueprint.commands import CommandKind
from agent.blueprint.control import Blueprints, Control, ControlKind
from agent.verify.checks import CHECKS, Check
from agent.verify.facts import Checked, Facts
from agent.verify.line import Line, parse
from tools.kinds import kind_called

NOT_RUN = {
    CommandKind.CHANGES: "it changes the cluster; run it by hand, or `make test-cluster` on a disposable one",
    CommandKind.OBSERVES: "it watches what a line that changes something sets off;"
    " it is measured by `make test-cluster`",
    CommandKind.INTERACTIVE: "it opens a shell or a port",
}


def verify(blueprints: Blueprints, facts: Facts, only: str = "") -> list[Checked]:
    """Return every line of the checklists (of one blueprint when named), in their order."""
    return [checked(row, facts) for row in asked(blueprints, only)]


def asked(blueprints: Blueprints, only: str = "") -> list[Control]:
    """Return the rows of the checklists, of one blueprint when named."""
    return [row for row in blueprints.controls if row.kind is ControlKind.CHECK and only in ("", row.blueprint)]


def checked(row: Control, facts: Facts) -> Checked:
    """Judge one line: by what was read where it only reads, or where something that was read answers it as well."""
    line = parse(row)
    check = _check(line)
    if line.kind in (CommandKind.CHANGES, CommandKind.OBSERVES):
        return Checked(row, Outcome.UNKNOWN, (), not_run=NOT_RUN[line.kind])
    if check is None:
        return Checked(row, Outcome.UNKNOWN, ("nothing here knows what this line means",))
    outcome, evidence, ran = check(line, facts)
    instead = NOT_RUN[CommandKind.INTERACTIVE] if line.kind is CommandKind.INTERACTIVE else ""
    return Checked(row, outcome, evidence, ran, instead)


def _check(line: Line) -> Check | None:
    command, kind = line.command, kind_called(line.command.object)
    asked = ("", command.object, kind.name if kind else "")
    for program, verb, what, check in CHECKS:
        if (program, verb) == (command.program, command.verb) and what in asked:
            return check
    return None
