"""What the operations that change something are asked with."""

from dataclasses import dataclass, field

from agent.argument import arg
from agent.world.scope import Connection


@dataclass(frozen=True)
class Apply:
    """A sealed plan, and what lets it be applied."""

    plan: str = arg("the plan's id, or the first digits of it", positional=True, required=True)
    approval: str | None = arg("a signature of the plan's id by somebody on the list of signers", metavar="FILE")
    reason: str | None = arg("why, for the ledger and the commit; a protected context needs one", metavar="TEXT")
    connection: Connection = field(default_factory=Connection)


@dataclass(frozen=True)
class Freeze:
    """Why nothing may be applied."""

    reason: str = arg("why", metavar="TEXT", required=True)


@dataclass(frozen=True)
class Thaw:
    """Nothing but the wish."""


@dataclass(frozen=True)
class History:
    """How far back."""

    plan: str | None = arg("only the lines of this plan", positional=True)
    last: float = arg("how many lines", default=40.0, metavar="N", above=0, most=1_000_000)


@dataclass(frozen=True)
class VerifyLedger:
    """Nothing: there is one ledger."""
