"""What several operations ask for in the same words."""

from dataclasses import dataclass
from typing import Literal

from agent.argument import arg

ProfileName = Literal["dev", "prod"]

CHART = "the chart (default: the one in ./charts, then ours)"
VALUES = "a values file over the chart's own, as helm's; may be repeated"
BLUEPRINTS = "the blueprints (default: ./blueprints, then your own, then ours)"
PROFILE = "which of the blueprint's values apply"
WAIT = "how long helm may wait for each thing (default: 300)"


@dataclass(frozen=True)
class Handover:
    """How a change is handed to a repository in place of the cluster, for a team that works by pull request."""

    patch: bool = arg("print what changes in the files, for `git apply`", default=False, one_of="handover")
    branch: str | None = arg("commit it on a new branch; yours stays checked out", metavar="NAME", one_of="handover")

    @property
    def is_asked(self) -> bool:
        """Return whether either was asked for."""
        return self.patch or self.branch is not None
