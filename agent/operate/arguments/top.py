"""What `top` is asked with."""

from dataclasses import dataclass, field
from typing import Literal

from agent.argument import arg
from agent.world.scope import Scope


@dataclass(frozen=True)
class Top:
    """Whose use of CPU and memory."""

    what: str = arg(
        "pods, nodes, or only those of KIND/NAME", default="pods", positional=True, metavar="pods|nodes|KIND/NAME"
    )
    sort: Literal["cpu", "memory"] | None = arg("the largest use of it first (default: what is nearest its limit)")
    scope: Scope = field(default_factory=Scope)
