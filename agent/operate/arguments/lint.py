"""What `blueprint lint` is asked with."""

from dataclasses import dataclass

from agent.argument import arg
from agent.operate.arguments.common import BLUEPRINTS


@dataclass(frozen=True)
class Lint:
    """Blueprints and the chart beside them."""

    chart: str | None = arg("the chart beside them (default: the only one in ./charts, then ours)", metavar="DIR")
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")
