"""What `logs` is asked with."""

from dataclasses import dataclass, field

from agent.argument import arg
from agent.world.scope import Scope


@dataclass(frozen=True)
class Logs:
    """The logs of a pod, or of the pods of a workload."""

    subject: str = arg(
        "a pod, or what has pods: pod/NAME, deploy/NAME", positional=True, required=True, metavar="KIND/NAME"
    )
    container: str | None = arg("only this container (default: all of a pod's)", short="-c", metavar="NAME")
    previous: bool = arg("of the run before the last restart", short="-p", default=False)
    grep: str | None = arg("only lines with this text, in any case; | between several", metavar="TEXT")
    tail: float = arg("how many lines of each container, the newest", default=100.0, metavar="N", above=0, most=500)
    since: str | None = arg("only what was said in this span: 10m, 2h", metavar="SPAN")
    scope: Scope = field(default_factory=Scope)
