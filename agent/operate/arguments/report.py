"""What `report` is asked with."""

from dataclasses import dataclass, field

from agent.argument import arg
from agent.operate.arguments.common import BLUEPRINTS, CHART, PROFILE, ProfileName
from agent.world.scope import Scope


@dataclass(frozen=True)
class Report:
    """Health, diagnoses and audits of a cluster, or of one namespace, as PolicyReports."""

    write: bool = arg("keep them in the cluster, over those of the last time", default=False)
    shard: str | None = arg("only this part of the namespaces, of so many: 0/4 to 3/4", metavar="I/N")
    scope: Scope = field(default_factory=Scope)
    chart: str | None = arg(CHART, metavar="DIR")
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")
    profile: ProfileName | None = arg(PROFILE)
