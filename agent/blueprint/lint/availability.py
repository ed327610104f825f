"""What cannot hold when nodes come and go: a budget that blocks every eviction, a lost node that is left too late."""

import re
from collections.abc import Callable, Iterator, Mapping

from agent.blueprint.cells import Cell
from agent.blueprint.control import Control, ControlKind, Profile
from agent.blueprint.lint.finding import Lint, Severity, at, ids, with_word
from agent.blueprint.lint.scaling import fixed, least
from agent.blueprint.lint.subject import Subject, components, number, rows

NOTICED = 50
"""Seconds until a silent node counts as lost: the controller manager's grace period in current releases."""
DEFAULT_TOLERATION = 300
"""Seconds a pod stays bound to a lost node when nothing else is said (the DefaultTolerationSeconds admission)."""

_NODE_LOST = re.compile(
    r"\bnode\b.*\b(?:fail|los[st]|down|crash|dead|die|notready|unreachable)", re.IGNORECASE | re.DOTALL
)


def blocked_evictions(subject: Subject) -> Iterator[Lint]:
    """A disruption budget leaves no pod to evict: a node can then not be drained."""
    for budget in rows(subject, "pdb.minAvailable", r"pdb|pod ?disruption ?budget"):
        for name in sorted(components(budget)) or [""]:
            for profile in Profile:
                yield from _blocked(subject, budget, name, profile)


def _blocked(subject: Subject, budget: Control, component: str, profile: Profile) -> Iterator[Lint]:
    deciding = _fewest(subject, component, profile)
    kept = _kept(budget.values.get(profile))
    count = number(deciding, profile) if deciding else None
    if deciding is None or count is None or kept is None or kept < count:
        return
    may = "the HPA may go down to" if deciding in least(subject, component) else "there is"
    yield Lint(
        code="blocked-evictions",
        severity=Severity.WARNING,
        text=f"in {profile} {budget.raw} leaves nothing to evict where {may} {count} replica{'s'[: count != 1]}:"
        " no node can then be drained",
        sources=at(budget, deciding),
        controls=ids(budget, deciding),
        suggestion=f'write "maxUnavailable: 1", or at least {kept + 1} replicas for {profile}',
        about=tuple((name, "blocks", "eviction", profile.value) for name in (budget.id, budget.raw.replace(":", ""))),
    )


def _fewest(subject: Subject, component: str, profile: Profile) -> Control | None:
    """Return the row that decides how few replicas there may be: of the fixed number and the HPA's least, the lower."""
    found = [
        row for row in (*fixed(subject, component), *least(subject, component)) if number(row, profile) is not None
    ]
    return min(found, key=lambda row: number(row, profile) or 0, default=None)


def _kept(cell: Cell | None) -> int | None:
    """Return how many pods a budget keeps: `minAvailable: 1` or 1."""
    value = cell.value if cell else None
    if isinstance(value, Mapping):
        value = value.get("minAvailable")
    return value if isinstance(value, int) else None


def lost_node(subject: Subject) -> Iterator[Lint]:
    """A lost node's pods are to be elsewhere within a time that the toleration of its loss decides."""
    for scenario in subject.of(ControlKind.SCENARIO):
        allowed = number(scenario, Profile.PROD)
        if allowed is not None and _NODE_LOST.search(f"{scenario.title} {subject.cell(scenario, 'detection')}"):
            yield _left_in_time(subject, scenario, allowed)


def _left_in_time(subject: Subject, scenario: Control, allowed: int) -> Lint:
    row, seconds = _tolerated(subject)
    takes, wanted = NOTICED + seconds, subject.cell(scenario, "time")
    stands = f"{row.id} sets {seconds} s" if row else f"by default pods stay bound for {seconds} s"
    pair = (scenario, row) if row else (scenario,)
    return Lint(
        code="lost-node",
        severity=Severity.INFO if takes <= allowed else Severity.ERROR,
        text=f'"{scenario.title} {wanted}" depends on the toleration of lost nodes: {stands}, and with {NOTICED} s to'
        f" notice that makes {takes} s of {allowed} s",
        sources=at(*pair),
        controls=ids(*pair),
        suggestion=_enough(takes, allowed),
        about=(("node", wanted), *with_word([scenario])),
    )


def _tolerated(subject: Subject) -> tuple[Control | None, int]:
    """Return the row that says how long a lost node is tolerated, and the seconds; the default where none does."""
    found = rows(subject, "tolerations", r".*\btoleration.*")
    stated = [(row, max(number(row, profile) or 0 for profile in Profile)) for row in found]
    return max(stated, key=lambda pair: pair[1], default=(None, DEFAULT_TOLERATION))


def _enough(takes: int, allowed: int) -> str:
    most = max(allowed - NOTICED, 0)
    if takes <= allowed:
        return f"keep tolerationSeconds at {most} or less"
    return (
        f"set tolerationSeconds to at most {most} for node.kubernetes.io/not-ready and unreachable, or write"
        f' "< {-(-takes // 60)}min"'
    )


RULES: tuple[Callable[[Subject], Iterator[Lint]], ...] = (blocked_evictions, lost_node)
