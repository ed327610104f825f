"""What a plan's commit says: the change, and in its trailers the controls, the plan, who approved it and why."""

from agent.approval.decision import Approval
from agent.change.plan import Plan
from agent.change.sentence import subject
from tools.text import clean

LONGEST = 100

SHORT = 12
"""Digits of a ledger line's digest that helm is told."""


def told(approval: Approval) -> str:
    """Return what a release's revision says of the approval behind it: its line in the ledger, and the reason."""
    line = f"ledger:{approval.line[:SHORT]}" if approval.line else ""
    return " ".join(filter(None, (line, clean(approval.reason, LONGEST))))


def message(name: str, plan: Plan, approval: Approval | None = None, *, undo: bool = False) -> str:
    """Return the message of the commit that carries a plan out, takes it back, or without an approval offers it."""
    first = clean(f"Take back: {subject(plan)}" if undo else subject(plan), LONGEST)
    rows = {change.control: change.fingerprint for change in plan.changes}
    trailers = [f"Spec-Control: {row}" for row in rows]
    trailers += [f"Spec-Fingerprint: {fingerprint}" for fingerprint in rows.values()]
    trailers += [f"Plan: {name}"]
    trailers += [f"Ledger: {approval.line}"] if approval and approval.line else []
    trailers += [f"Approved-By: {clean(approval.by, LONGEST)}"] if approval else []
    trailers += [f"Reason: {clean(approval.reason, LONGEST)}"] if approval and approval.reason else []
    return "\n".join((first, "", *trailers, ""))
