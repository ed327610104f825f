"""A diagnosis compared with what a scenario expects. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.finding import Finding, Severity
from tests.scenarios.expectation import Expectation, Expected


@dataclass(frozen=True, slots=True)
class Said:
    """One finding as far as a scenario speaks of it."""

    mode: int
    subject: str
    """`Deployment/web`, without its namespace."""
    severity: Severity
    cause: str

    def __str__(self) -> str:
        return f"{self.severity} {self.mode} {self.subject}: {self.cause}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a diagnosis did: `rank` is the place of the first expected cause, 0 where it is absent."""

    wanted: int
    found: int
    rank: int
    alarms: tuple[str, ...] = ()
    """What was reported and must not be, one line each."""
    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    """What the diagnosis could not decide: unknown is not healthy."""

    @property
    def passed(self) -> bool:
        """Return whether every cause was found, the first one first, and nothing else was said."""
        in_place = self.rank == 1 or not self.wanted
        return self.found == self.wanted and in_place and not self.alarms and not self.unknown


def said(diagnosis: Diagnosis) -> list[Said]:
    """Return the findings in their order."""
    return [_said(finding) for finding in diagnosis.findings]


def judge(expect: Expectation, findings: Sequence[Said], unknown: Sequence[str] = ()) -> Verdict:
    """Compare what was said, in its order, with what is expected."""
    meant: list[int | None] = []
    for wanted in expect.find:
        meant.append(_place(wanted, findings, taken=meant))
    explained = {place for place in meant if place is not None}
    rest = [finding for place, finding in enumerate(findings) if place not in explained]
    return Verdict(
        wanted=len(expect.find),
        found=sum(place is not None for place in meant),
        rank=meant[0] + 1 if meant and meant[0] is not None else 0,
        alarms=tuple(str(finding) for finding in rest if _is_alarm(finding, expect)),
        missing=tuple(_line(want) for want, place in zip(expect.find, meant, strict=True) if place is None),
        unknown=tuple(unknown),
    )


def _place(wanted: Expected, findings: Sequence[Said], taken: Sequence[int | None]) -> int | None:
    """Return where the expected cause stands; one finding is not two causes."""
    places = (place for place, finding in enumerate(findings) if place not in taken and _is_meant(wanted, finding))
    return next(places, None)


def _is_meant(wanted: Expected, finding: Said) -> bool:
    """Return whether a finding is the expected one; at info it would not be read as a cause."""
    if (finding.mode, finding.subject) != (wanted.mode, wanted.subject) or finding.severity is Severity.INFO:
        return False
    return all(word.lower() in finding.cause.lower() for word in wanted.says)


def _is_alarm(finding: Said, expect: Expectation) -> bool:
    if finding.mode in expect.never:
        return True
    return finding.severity is not Severity.INFO and finding.mode not in expect.also


def _line(wanted: Expected) -> str:
    return f"{wanted.mode} {wanted.subject} saying {', '.join(wanted.says)}"


def _said(finding: Finding) -> Said:
    subject = f"{finding.subject.kind}/{finding.subject.name}"
    return Said(finding.mode.number, subject, finding.severity, finding.cause)
