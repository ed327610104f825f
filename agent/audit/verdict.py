"""What an audit says: a verdict a control, with a reading a leg, and every object that is not what its release says."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from agent.blueprint.control import Control, Profile, Source
from agent.diagnose.finding import Severity
from agent.snapshot.record import Ref


class Outcome(StrEnum):
    """Whether a control holds."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    UNKNOWN = "unknown"
    """Something it needs could not be observed. Never a pass."""


class Leg(StrEnum):
    """One of the five places a decision stands in."""

    BLUEPRINT = "blueprint"
    VALUES = "values"
    RELEASE = "release"
    RENDERED = "rendered"
    LIVE = "live"


class Standing(StrEnum):
    """What one leg says of a control."""

    AGREES = "agrees"
    DIFFERS = "differs"
    ABSENT = "absent"
    """Nothing is stated there, and nothing need be: a row without a values path, a field another controller owns."""
    UNKNOWN = "unknown"


class Cause(StrEnum):
    """Which leg is out of step, and how it came to be."""

    NONE = "none"
    VALUES = "values"
    """The file says something else than the blueprint, and that is what runs or will run."""
    LATENT = "latent"
    """What runs is right and the file is wrong: the next upgrade breaks it."""
    CONFLICT = "conflict"
    """Blueprint, file and cluster say three things."""
    CHART = "chart"
    """The file is right, and the chart renders something else."""
    BEHIND = "release-behind"
    """The file is right, and was not applied since."""
    RELEASE_ONLY = "release-only"
    """The release was given a value that stands in no file."""
    EDITED = "edited"
    """The live object was changed by somebody else than Helm."""
    MUTATED = "mutated"
    """The live object was changed on its way in, by a webhook or an admission policy."""
    MISSING = "missing"
    """The release has the object, the cluster does not."""
    RULE = "rule"
    """A rule of governance is broken; the reason says by what."""
    UNSEEN = "unseen"
    """What it needs was not observed."""


class Helm(StrEnum):
    """Will `helm upgrade` with the files as they are fix it?"""

    YES = "yes"
    NO = "no"
    CONFLICT = "conflict"
    """Helm's server-side apply will refuse: somebody else owns the field."""
    NEVER = "never"
    """A controller owns the field."""
    BREAKS = "breaks"
    """It is what breaks it."""
    NONE = ""


class Fidelity(StrEnum):
    """How near to the cluster the observation was."""

    SERVER = "server"
    """Read from the API server."""
    CLIENT = "client"
    """Rendered with helm on this machine."""
    STATIC = "static"
    """Read from files only."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one leg says of one value."""

    leg: Leg
    standing: Standing
    where: str = ""
    """`blueprints/service.md:19`, `values.yaml:18`, `release todo revision 3`, `Deployment/shop/web /spec/replicas`."""
    raw: str = ""
    """As it stands there."""
    normalised: str = ""
    """What was compared, where that is not the raw text."""
    reason: str = ""
    """Why it is unknown or absent, or who put it there."""


@dataclass(frozen=True, slots=True)
class Point:
    """One value a control decides (a probe's period), in all its legs."""

    label: str
    readings: tuple[Reading, ...]
    outcome: Outcome
    cause: Cause = Cause.NONE
    why: str = ""
    helm: Helm = Helm.NONE

    def reading(self, leg: Leg) -> Reading:
        """Return what that leg says."""
        return next((found for found in self.readings if found.leg is leg), Reading(leg, Standing.ABSENT))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one control holds, and the points that show it."""

    control: Control
    outcome: Outcome
    severity: Severity
    points: tuple[Point, ...] = ()
    cause: Cause = Cause.NONE
    why: str = ""
    """One sentence; of a pass, what it rests on where that is not obvious."""
    helm: Helm = Helm.NONE
    fidelity: Fidelity = Fidelity.SERVER


class DriftKind(StrEnum):
    """How a live object differs from its release."""

    CHANGED = "changed"
    ADDED = "added"
    """Only the live object has it. helm upgrade leaves it there."""
    REMOVED = "removed"
    """Only the release has it."""
    IGNORED = "ignored-field"
    """The API server dropped it: a field that does not exist there, a typo."""
    MUTATED = "mutated"
    """Changed at admission."""
    MISSING = "missing"
    """The whole object is gone."""
    OPERATED = "operated"
    """An operation such as a restart left its mark. No drift."""
    COSMETIC = "cosmetic"
    """Labels and checksums of the chart's own version."""
    DUPLICATE = "duplicate"
    """A list names one key twice; the API keeps one of them."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One field of a live object that is not what its release says."""

    object: Ref
    pointer: str
    kind: DriftKind
    desired: str
    live: str
    manager: str = ""
    """Who owns the live field, "" when nobody else than Helm does."""
    helm: Helm = Helm.NONE


@dataclass(frozen=True, slots=True)
class ReleaseOnly:
    """A value the release was given that the files do not state, or state otherwise."""

    path: str
    release: str
    file: str
    """What the files say, "" for nothing."""
    source: Source | None


@dataclass(frozen=True, slots=True)
class Audit:
    """Everything an audit found. Verdicts in the order of the blueprints."""

    profile: Profile
    release: str
    namespace: str
    verdicts: tuple[Verdict, ...]
    drifts: tuple[Drift, ...] = ()
    release_only: tuple[ReleaseOnly, ...] = ()
    notes: tuple[str, ...] = ()
    """What a reader must know of how it was seen: a leg nobody may read, templates that render differently."""
    gaps: tuple[str, ...] = ()
    """What was asked for and could not be read."""

    def count(self, outcome: Outcome) -> int:
        """Return how many controls came out so."""
        return sum(verdict.outcome is outcome for verdict in self.verdicts)


def worst(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the outcome of a whole: one failure fails it, one unknown keeps it from passing."""
    for found in (Outcome.FAIL, Outcome.UNKNOWN):
        if found in outcomes:
            return found
    return Outcome.PASS
