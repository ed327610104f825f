"""What a finding's fix would change, short enough to compare."""

from agent.diagnose.finding import Finding
from agent.kube.paths import field
from agent.kube.remedies import JSON, NeedsPerson

PERSON = "a person"
"""Stands for a value that only a person can know."""


def changes(finding: Finding) -> list[tuple[str, JSON, JSON]]:
    """Return (field as blueprints name it, old value, new value or PERSON) of each edit."""
    return [
        (
            field(edit.object.kind, edit.path),
            edit.old,
            PERSON if isinstance(edit.value, NeedsPerson) else edit.value,
        )
        for edit in finding.fix.edits
    ]


def command(finding: Finding) -> str:
    """Return the rule's own command as a shell takes it, "" for none."""
    return str(finding.fix.command or "")
