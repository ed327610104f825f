"""What the operations that plan a change are asked with."""

from dataclasses import dataclass, field

from agent.argument import arg
from agent.operate.arguments.common import BLUEPRINTS, CHART, PROFILE, VALUES, Handover, ProfileName
from agent.world.scope import Cluster


@dataclass(frozen=True)
class Plan:
    """What to change, of which release."""

    what: tuple[str, ...] = arg(
        "control ids, values paths, KIND/NAME for what mends its cause, hpa for all of the autoscalers,"
        " or cluster for what minikube has to do (default: everything the audit finds failing)",
        default=(),
        positional=True,
    )
    install: bool = arg("plan the release's first revision", default=False)
    second_person: bool = arg("somebody else will approve it: it lives for hours", default=False)
    wait: float | None = arg(
        "how long helm may wait for each thing (default: 300)", metavar="SECONDS", above=0, most=3600
    )
    release: str | None = arg("the release (default: the one of this chart)", metavar="NAME")
    chart: str | None = arg(CHART, metavar="DIR")
    values: tuple[str, ...] = arg(VALUES, default=(), short="-f", metavar="FILE")
    handover: Handover = field(default_factory=Handover)
    cluster: Cluster = field(default_factory=Cluster)
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")
    profile: ProfileName | None = arg(PROFILE)


@dataclass(frozen=True)
class ShowPlan:
    """A sealed plan."""

    plan: str | None = arg("the plan's id, or the first digits of it (default: the newest)", positional=True)
