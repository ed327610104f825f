"""What `get` is asked with."""

from dataclasses import dataclass, field

from agent.argument import arg
from agent.world.scope import Scope


@dataclass(frozen=True)
class Get:
    """The objects of a kind, or one of them."""

    kind: str = arg("a kind as kubectl has it, or KIND/NAME: pods, deploy/web", positional=True, required=True)
    name: str | None = arg("one of them", positional=True)
    selector: str | None = arg("with these labels: app=web,tier!=cache", short="-l", metavar="LABELS")
    status: str | None = arg(
        "that say this of themselves: CrashLoopBackOff, pending; or `well`, `unwell`", metavar="TEXT"
    )
    scope: Scope = field(default_factory=Scope)
