"""What a person says of a plan. Only an Approval of that very plan opens the gate."""

from collections.abc import Callable
from dataclasses import dataclass

from agent.change.plan import Plan


@dataclass(frozen=True, slots=True)
class Approval:
    """A yes to the plan of one id."""

    plan: str
    by: str
    how: str
    """`terminal`, `signature`."""
    reason: str = ""
    screen: str = ""
    """sha256 of what was shown, "" where nothing was."""
    line: str = ""
    """sha256 of the ledger's line that tells of it, "" before there is one."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A no, which the plan does not survive."""

    plan: str
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Later:
    """No decision: the plan stays as it is. `why` is what keeps it from being one, as a sentence."""

    why: str = ""


Decision = Approval | Rejection | Later

Approver = Callable[[str, Plan, str], Decision]
"""Asks a person about a plan: its id, the plan, the reason that was given already ("" for none)."""
