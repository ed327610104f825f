"""How what belongs together reads: a line each under how it belongs, and `bluehelm/tree/v1`."""

from agent.operate.tree import Branch, Grown
from agent.report.data import Data, document
from agent.report.terminal import Screen, Terminal
from agent.snapshot.record import Ref

SCHEMA = "bluehelm/tree/v1"

MOST = 12
"""Objects of one relation that a person is shown; machines get all."""


def as_text(result: Grown, screen: Screen) -> str:
    """Return the object, and what belongs to it by how it does."""
    terminal = Terminal(screen)
    terminal.line(f"{result.subject}{_told(result.standing.ready, result.standing.status)}", "bold")
    for relation in dict.fromkeys(branch.belonging.relation for branch in result.branches):
        group = [branch for branch in result.branches if branch.belonging.relation is relation]
        for place, branch in enumerate(group[:MOST]):
            terminal.entry(
                relation.value if not place else "", _line(branch, result.subject), _style(branch), column=16
            )
        if len(group) > MOST:
            terminal.entry("", f"and {len(group) - MOST} more (-o json)", "dim", column=16)
    if not result.branches:
        terminal.line("   nothing belongs to it, as far as the cluster's own objects tell", "dim")
    return terminal.text()


def _line(branch: Branch, subject: Ref) -> str:
    name, found = branch.belonging.ref, branch.standing
    shown = f"{name.kind} {name.name}" + (
        f" in {name.namespace}" if name.namespace not in ("", subject.namespace) else ""
    )
    if branch.belonging.absent:
        return f"{shown}, which is not there"
    return shown + (_told(found.ready, found.status) if found else "")


def _told(ready: str, status: str) -> str:
    return "".join(f"  {text}" for text in (ready, status) if text)


def _style(branch: Branch) -> str:
    if branch.belonging.absent:
        return "red"
    return "yellow" if branch.standing is not None and not branch.standing.well else ""


def as_json(result: Grown, screen: Screen) -> str:
    """Return every object for machines."""
    data: Data = {"subject": _ref(result.subject), "belongings": [_branch(branch) for branch in result.branches]}
    return document(SCHEMA, data, screen)


def _branch(branch: Branch) -> Data:
    found = branch.standing
    return {
        "relation": branch.belonging.relation.value,
        **_ref(branch.belonging.ref),
        "absent": branch.belonging.absent,
        "ready": found.ready if found else None,
        "status": found.status if found else None,
        "well": found.well if found else None,
    }


def _ref(name: Ref) -> dict[str, str]:
    return {"kind": name.kind, "namespace": name.namespace, "name": name.name}
