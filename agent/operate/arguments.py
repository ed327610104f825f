"""What each operation is asked with. The doc of a field is its help, its schema's description and a form's label."""

from dataclasses import dataclass, field
from typing import Literal

from agent.argument import arg
from agent.world.scope import Cluster, Connection, Scope

ProfileName = Literal["dev", "prod"]


CHART = "the chart (default: the one in ./charts, then ours)"
VALUES = "a values file over the chart's own, as helm's; may be repeated"
BLUEPRINTS = "the blueprints (default: ./blueprints, then your own, then ours)"
PROFILE = "which of the blueprint's values apply"


@dataclass(frozen=True)
class Diagnose:
    """What is wrong, or why one object fails."""

    subject: str | None = arg("only causes that concern this object", positional=True, metavar="KIND/NAME")
    scope: Scope = field(default_factory=Scope)
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")
    profile: ProfileName | None = arg(PROFILE)


@dataclass(frozen=True)
class Audit:
    """A release, and what it is held to."""

    release: str | None = arg("the release (default: the one of this chart)", metavar="NAME")
    all: bool = arg("show the controls that pass, too", default=False)
    chart: str | None = arg(CHART, metavar="DIR")
    values: tuple[str, ...] = arg(VALUES, default=(), short="-f", metavar="FILE")
    scope: Scope = field(default_factory=Scope)
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")
    profile: ProfileName | None = arg(PROFILE)


@dataclass(frozen=True, kw_only=True)
class Traceable:
    """A chart, its blueprints, and where it runs."""

    chart: str | None = arg(CHART, metavar="DIR")
    values: tuple[str, ...] = arg(VALUES, default=(), short="-f", metavar="FILE")
    scope: Scope = field(default_factory=Scope)
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")
    profile: ProfileName | None = arg(PROFILE)


@dataclass(frozen=True)
class Why:
    """One value, or all below a path."""

    value: str = arg(
        "backend.resources.limits.memory, or all below backend",
        positional=True,
        required=True,
        metavar="VALUES.PATH",
    )
    of: Traceable = field(default_factory=Traceable)


@dataclass(frozen=True)
class Trace:
    """One control, or all of them."""

    control: str | None = arg("SVC-BE-MEM-LIMIT (default: the whole matrix)", positional=True, metavar="CONTROL")
    of: Traceable = field(default_factory=Traceable)


@dataclass(frozen=True)
class Init:
    """The chart a starter blueprint is written of."""

    chart: str | None = arg("the chart's folder (default: the one in ./charts)", positional=True, metavar="CHART")
    release: str | None = arg("lay this release's values over the chart's", metavar="NAME")
    file: str | None = arg("where to write it; must not exist (default: stdout)", short="-f", metavar="FILE.md")
    scope: Scope = field(default_factory=Scope)
    profile: ProfileName | None = arg(PROFILE)


@dataclass(frozen=True)
class Verify:
    """The checklists to run, and where."""

    blueprint: str | None = arg("only this one: cluster, service, scaling, resilience", positional=True)
    scope: Scope = field(default_factory=Scope)
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")


@dataclass(frozen=True)
class Capture:
    """What to capture, and into which file."""

    file: str = arg("where to write it; must not exist", required=True, short="-f", metavar="FILE.tgz")
    profile: ProfileName | None = arg(PROFILE)
    cluster: Cluster = field(default_factory=Cluster)


@dataclass(frozen=True)
class ShowBundle:
    """A bundle."""

    bundle: str = arg("a bundle, or `demo`", positional=True, required=True, metavar="FILE.tgz")


@dataclass(frozen=True)
class ListControls:
    """A blueprint, or all of them."""

    blueprint: str | None = arg("only this one: service, scaling, ...", positional=True)
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")


@dataclass(frozen=True)
class ShowControl:
    """A control, or all of a blueprint."""

    name: str = arg("SVC-BE-MEM-LIMIT, or service", positional=True, required=True, metavar="CONTROL|BLUEPRINT")
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")


@dataclass(frozen=True)
class Lint:
    """Blueprints and the chart beside them."""

    chart: str | None = arg("the chart beside them (default: the only one in ./charts, then ours)", metavar="DIR")
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")


@dataclass(frozen=True)
class ShowConfig:
    """Nothing: the settings are where they are."""


@dataclass(frozen=True)
class Doctor:
    """What to check beside the machine itself."""

    connection: Connection = field(default_factory=Connection)
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")


@dataclass(frozen=True)
class Completion:
    """A shell."""

    shell: Literal["bash", "zsh", "tcsh"] = arg("the shell to complete in", positional=True, required=True)
