"""What several operations ask for in the same words."""

from typing import Literal

ProfileName = Literal["dev", "prod"]

CHART = "the chart (default: the one in ./charts, then ours)"
VALUES = "a values file over the chart's own, as helm's; may be repeated"
BLUEPRINTS = "the blueprints (default: ./blueprints, then your own, then ours)"
PROFILE = "which of the blueprint's values apply"
WAIT = "how long helm may wait for each thing (default: 300)"
