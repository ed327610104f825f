"""Who owns the number of replicas, and times of scaling that cannot be kept."""

import re
from collections.abc import Callable, Iterator

from agent.blueprint.cells import Unreadable, duration
from agent.blueprint.control import Control, Profile
from agent.blueprint.lint.finding import Lint, Severity, at, ids, plain_title, with_word
from agent.blueprint.lint.subject import Said, Subject, checklist, components, number, profiles, rows

_WITHIN = re.compile(
    r"\bscal(?:e|ing)[ -]?(?P<way>up|out|down|in)\b.{0,60}?\b(?:within|in|under|after|follows|<)\s*"
    r"(?P<time>\d{1,6}\s*(?:s|sec|seconds?|m|min|minutes?)\b)",
    re.IGNORECASE,
)


def least(subject: Subject, component: str = "") -> list[Control]:
    """Return the rows that say how far down an HPA may go."""
    return rows(subject, "hpa.minReplicas", r"min(imum)? replicas", component)


def fixed(subject: Subject, component: str = "") -> list[Control]:
    """Return the rows that fix a number of replicas."""
    return rows(subject, "replicas", r"replicas", component)


def fixed_and_scaled(subject: Subject) -> Iterator[Lint]:
    """A fixed number of replicas beside an HPA: one of the two undoes the other at every upgrade."""
    for row in fixed(subject):
        for minimum in (found for name in sorted(components(row)) for found in least(subject, name)):
            yield Lint(
                code="fixed-and-scaled",
                severity=Severity.WARNING,
                text=f'"Replicas {row.raw}" fixes a number that an HPA owns: each upgrade would undo what it decided',
                sources=at(row, minimum),
                controls=ids(row, minimum),
                suggestion=f'write "{row.raw}, while autoscaling is off", and render no replicas while it is on',
                about=with_word([row], "hpa"),
            )


def above_the_least(subject: Subject) -> Iterator[Lint]:
    """A profile asks for more replicas than its HPA keeps."""
    for row in fixed(subject):
        for minimum in (found for name in sorted(components(row)) for found in least(subject, name)):
            above = {profile: count for profile in Profile if (count := _above(row, minimum, profile))}
            if above:
                yield _allowed_below(row, minimum, above)


def _above(row: Control, minimum: Control, profile: Profile) -> int:
    count, kept = number(row, profile), number(minimum, profile)
    return count if count is not None and kept is not None and count > kept else 0


def _allowed_below(row: Control, minimum: Control, above: dict[Profile, int]) -> Lint:
    where, kept = profiles(above), number(minimum, next(iter(above)))
    wanted = " / ".join(f"{number(row, profile)} ({profile})" for profile in Profile)
    return Lint(
        code="replicas-above-least",
        severity=Severity.WARNING,
        text=f"in {where} {max(above.values())} replicas are asked for, and the HPA may go down to {kept}",
        sources=at(row, minimum),
        controls=ids(row, minimum),
        suggestion=f'write "{plain_title(minimum)} | {wanted}"',
        about=with_word([row], "hpa", *(profile.value for profile in above)),
    )


def least_above_most(subject: Subject) -> Iterator[Lint]:
    """An HPA's least is above its most: the API server refuses it."""
    for minimum in least(subject):
        name = next(iter(sorted(components(minimum))), "")
        for most in rows(subject, "hpa.maxReplicas", r"max(imum)? replicas", name):
            if any((number(minimum, p) or 0) > (number(most, p) or 10**9) for p in Profile):
                yield Lint(
                    code="least-above-most",
                    severity=Severity.ERROR,
                    text=f"{minimum.raw} replicas at least are more than {most.raw} at most",
                    sources=at(minimum, most),
                    controls=ids(minimum, most),
                    suggestion="exchange the two numbers, or raise the second",
                )


def cooldown_against_check(subject: Subject) -> Iterator[Lint]:
    """A check wants to see scaling within a time that the cooldown, read as a window, uses up."""
    for check in checklist(subject):
        found = _WITHIN.search(check.text)
        seconds = _seconds(found["time"]) if found else None
        if found is None or seconds is None:
            continue
        up = found["way"].casefold() in ("up", "out")
        for cooldown in _cooldowns(subject, up=up):
            window = max(number(cooldown, profile) or 0 for profile in Profile)
            if window > seconds or (up and window == seconds):
                yield _unreachable(cooldown, check)


def _unreachable(cooldown: Control, check: Said) -> Lint:
    name = f"{plain_title(cooldown)} {cooldown.raw}"
    return Lint(
        code="cooldown-against-check",
        severity=Severity.ERROR,
        text=f'"{name}" read as a stabilization window makes "{check.text}" unreachable: it alone takes that long',
        sources=(cooldown.source, check.source),
        controls=tuple(filter(None, (cooldown.id, check.id))),
        suggestion=f'write "one pod per {cooldown.raw}, stabilization window 0"',
        about=((name, "window"), (cooldown.id, "window")),
    )


def _cooldowns(subject: Subject, *, up: bool) -> list[Control]:
    way = "Up" if up else "Down"
    return rows(subject, f"hpa.behavior.scale{way}", rf"scale[ -]?{way} (cooldown|window|stabilization).*")


def _seconds(text: str) -> int | None:
    try:
        cell = duration(text)
    except Unreadable:
        return None
    return cell.value if isinstance(cell.value, int) else None


RULES: tuple[Callable[[Subject], Iterator[Lint]], ...] = (
    fixed_and_scaled,
    above_the_least,
    least_above_most,
    cooldown_against_check,
)
