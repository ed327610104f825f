"""Recoveries that Kubernetes does not make, and probes whose own numbers exceed the time they are given."""

import re
from collections.abc import Callable, Iterator, Mapping

from agent.blueprint.cells import CellType
from agent.blueprint.control import Control, ControlKind, Profile
from agent.blueprint.lint.finding import Lint, Severity, at, ids, plain_title, with_word
from agent.blueprint.lint.subject import Subject, number

_OOM = re.compile(r"\boom|out of memory|memory limit", re.IGNORECASE)
_PROBED = re.compile(r"liveness", re.IGNORECASE)
_MOVED = re.compile(
    r"\bevict|\breschedul|\bnew pod\b|\bpod (?:is )?replaced|\breplaced by|\banother pod\b|\bother node\b",
    re.IGNORECASE,
)
_CLAIMED = re.compile(r"\b(?:within|window of|up to|window)\b\D{0,12}(\d{1,6})\s?s\b", re.IGNORECASE)
_CLAIMED_AFTER = re.compile(r"\b(\d{1,6})\s?s window\b", re.IGNORECASE)


def moved_instead_of_restarted(subject: Subject) -> Iterator[Lint]:
    """A scenario moves a pod where the kubelet restarts its container in place."""
    for scenario in subject.of(ControlKind.SCENARIO):
        recovery, detection = subject.cell(scenario, "recovery"), subject.cell(scenario, "detection")
        cause = "an OOM kill" if _OOM.search(f"{scenario.title} {detection}") else ""
        cause = cause or ("a failed liveness probe" if _PROBED.search(f"{scenario.title} {detection}") else "")
        if cause and _MOVED.search(recovery):
            yield Lint(
                code="moved-instead-of-restarted",
                severity=Severity.ERROR,
                text=f'"{recovery}" does not happen after {cause}: the kubelet restarts the container in the same pod',
                sources=at(scenario),
                controls=ids(scenario),
                suggestion='write "container restarted in place by the kubelet"',
                about=((scenario.title, "restarts"), *with_word([scenario]), *_said_of(cause)),
            )


def _said_of(cause: str) -> tuple[tuple[str, ...], ...]:
    return (("oom kill", "restarts"),) if "OOM" in cause else (("health check", "restarts"), ("liveness", "restarts"))


def probe_too_slow(subject: Subject) -> Iterator[Lint]:
    """A liveness probe takes longer to fail than the scenario it detects may take."""
    probes = [control for control in _probes(subject) if _PROBED.search(control.title)]
    for scenario in subject.of(ControlKind.SCENARIO):
        allowed = number(scenario, Profile.PROD)
        if allowed is None or not _PROBED.search(subject.cell(scenario, "detection")):
            continue
        for probe in probes:
            takes = _window(probe, Profile.PROD)
            if takes is not None and takes > allowed:
                yield Lint(
                    code="probe-too-slow",
                    severity=Severity.ERROR,
                    text=f'{probe.raw} takes {takes} s to fail, more than the {allowed} s of "{scenario.title}"',
                    sources=at(probe, scenario),
                    controls=ids(probe, scenario),
                    suggestion=f"lower period or failures until their product is below {allowed} s",
                    about=((probe.id, scenario.id),),
                )


def window_claimed(subject: Subject) -> Iterator[Lint]:
    """A probe's reason names a time that its period and failures do not make."""
    for probe in _probes(subject):
        reason = " ".join((probe.rationale, subject.cell(probe, "purpose")))
        found = _CLAIMED.search(reason) or _CLAIMED_AFTER.search(reason)
        window = _window(probe, Profile.PROD)
        if found and window is not None and window != int(found[1]):
            yield Lint(
                code="window-claimed",
                severity=Severity.ERROR,
                text=f"{plain_title(probe)} {probe.raw} makes {window} s, and its reason says {found[1]} s",
                sources=at(probe),
                controls=ids(probe),
                suggestion=f"write {window} s, or change period and failures to make {found[1]} s",
                about=with_word([probe]),
            )


def _probes(subject: Subject) -> list[Control]:
    return [c for c in subject.parameters if any(cell.type is CellType.PROBE for cell in c.values.values())]


def _window(probe: Control, profile: Profile) -> int | None:
    """Return the seconds until a probe has failed: its period as often as it may fail."""
    cell = probe.values.get(profile)
    if cell is None or cell.type is not CellType.PROBE or not isinstance(cell.value, Mapping):
        return None
    return int(cell.value["period"]) * int(cell.value["failures"])


RULES: tuple[Callable[[Subject], Iterator[Lint]], ...] = (moved_instead_of_restarted, probe_too_slow, window_claimed)
