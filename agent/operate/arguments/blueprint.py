"""What `blueprint list` and `blueprint show` are asked with."""

from dataclasses import dataclass

from agent.argument import arg
from agent.operate.arguments.common import BLUEPRINTS


@dataclass(frozen=True)
class ListControls:
    """A blueprint, or all of them."""

    blueprint: str | None = arg("only this one: service, scaling, ...", positional=True)
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")


@dataclass(frozen=True)
class SearchControls:
    """What rows are looked for by."""

    words: tuple[str, ...] = arg("memory limit backend", default=(), positional=True, metavar="WORD")
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")


@dataclass(frozen=True)
class ShowControl:
    """A control, or all of a blueprint."""

    name: str = arg("SVC-BE-MEM-LIMIT, or service", positional=True, required=True, metavar="CONTROL|BLUEPRINT")
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")
