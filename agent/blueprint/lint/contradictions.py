"""Rows that exclude each other: one place with two values, a target that scales and a trigger that must not."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import NamedTuple

from agent.blueprint.cells import Cell, CellType
from agent.blueprint.control import Control, ControlKind, Profile, Source
from agent.blueprint.lint.finding import Lint, Severity, at, both, ids, plain_title, with_word
from agent.blueprint.lint.subject import Subject, components, rows
from tools.quantity import parse_quantity

_TRIGGER = re.compile(
    r"(?P<who>.*?)\b(?P<what>cpu|mem(?:ory)?)\s*(?:>|≥|>=|above|over)\s*(?P<percent>\d{1,3})\s*%", re.I
)
_LISTED = re.compile(r"\s*(?:[-*+]|\d+\.)\s+(?P<when>[^→]{1,200}?\d\s*%)\s*(?:→|->|=>|:)\s*(?P<then>.{1,400})")
_NO_SCALE = re.compile(r"\b(?:no|not|never|without|instead of)\b[\w\s-]{0,20}\bscal", re.I)
_ALERTS = re.compile(r"\balert|\bnotif|\bwarn|\bpage\b|\btell", re.I)
_SCALES = re.compile(r"\b(?:add|more|another)\b[\w\s]{0,12}\b(?:replicas?|pods?)|\bscale[ -](?:up|out)\b", re.I)
_POLICY = re.compile(r"\b(dev|local|prod|cloud)\s*:\s*(Always|Never|IfNotPresent)\b")
_MANY = ("env", "envFrom", "volumes", "volumeMounts", "args", "command", "tolerations", "labels", "annotations")
"""Fields that hold many things, so that two rows may both speak of them."""

PROFILE_OF = {"dev": Profile.DEV, "local": Profile.DEV, "prod": Profile.PROD, "cloud": Profile.PROD}


class Statement(NamedTuple):
    """One row's value for one place in one profile."""

    control: Control
    cell: Cell
    meaning: object


class Trigger(NamedTuple):
    """Something that happens above a percentage, from a row or a list."""

    what: str
    who: str
    percent: int
    action: str
    source: Source
    id: str


def two_values(subject: Subject) -> Iterator[Lint]:
    """Two rows give one values path different values."""
    first: dict[tuple[str, Profile], Statement] = {}
    for control in subject.parameters:
        for path, profile, said in _stated(control):
            known = first.setdefault((path, profile), said)
            if known.meaning != said.meaning and said.control is not known.control:
                yield _two(f"`{path}`", profile, known, said)


def two_values_of_a_field(subject: Subject) -> Iterator[Lint]:
    """A row without a values path gives a component's field another value than a second row does."""
    first: dict[tuple[str, str, Profile], Statement] = {}
    for control in subject.parameters:
        for field in control.fields if control.component else ():
            for profile, cell in control.values.items():
                said = Statement(control, cell, _meaning(cell))
                known = first.setdefault((control.component, field, profile), said)
                single = _is_one(field) or plain_title(known.control) == plain_title(control)
                loose = not (known.control.paths and control.paths)
                if known.meaning != said.meaning and single and loose:
                    yield _two(f"the {control.component}'s {field}", profile, known, said)


def _is_one(field: str) -> bool:
    """Return whether a field holds one value for a component: two rows may each speak of another item of a list."""
    return "[]" not in field.removeprefix("containers[]") and field.rpartition(".")[2] not in _MANY


def _two(place: str, profile: Profile, one: Statement, other: Statement) -> Lint:
    pair = one.control, other.control
    return Lint(
        code="two-values",
        severity=Severity.ERROR,
        text=f"{place} is {one.cell.raw!r} in one row and {other.cell.raw!r} in another (profile {profile})",
        sources=at(*pair),
        controls=ids(*pair),
        suggestion=f"let one row decide: write {one.cell.raw!r} in both, or take the path out of {other.control.id}",
        about=both(*pair),
    )


def _stated(control: Control) -> Iterator[tuple[str, Profile, Statement]]:
    """Yield what a row says of each of its paths; an image's two paths are its repository and its tag."""
    for profile, cell in control.values.items():
        split = cell.type is CellType.IMAGE and len(control.paths) == 2 and isinstance(cell.value, dict)
        parts = list(cell.value.values()) if split and isinstance(cell.value, dict) else [_meaning(cell)] * 2
        for index, path in enumerate(control.paths):
            yield path.removesuffix(".*"), profile, Statement(control, cell, parts[index] if split else parts[0])


def _meaning(cell: Cell) -> object:
    """Return what a cell means however it is written: 1 is `minAvailable: 1`, 1Gi is 1024Mi."""
    if cell.type is CellType.QUANTITY:
        return parse_quantity(str(cell.value))
    if cell.type is CellType.MAPPING and isinstance(cell.value, dict) and len(cell.value) == 1:
        return next(iter(cell.value.values()))
    return cell.value.casefold() if isinstance(cell.value, str) else cell.value


def target_against_trigger(subject: Subject) -> Iterator[Lint]:
    """A target reads as an HPA's metric, and a trigger says that this resource never scales."""
    for trigger in _triggers(subject):
        for target in _targets(subject, trigger):
            if _only_alerts(trigger.action):
                yield _never_scales(target, trigger)
            elif _percent(target) not in (None, trigger.percent):
                yield _other_percent(target, trigger)


def _never_scales(target: Control, trigger: Trigger) -> Lint:
    name = plain_title(target)
    return Lint(
        code="target-against-trigger",
        severity=Severity.ERROR,
        text=f'"{name} {target.raw}" reads as a metric that scales, but above {trigger.percent}% the trigger'
        f' says "{trigger.action}"',
        sources=(target.source, trigger.source),
        controls=tuple(filter(None, (target.id, trigger.id))),
        suggestion=f'call the row "{name.partition(" ")[0]} Alert Threshold", or let the trigger say "Add a replica"',
        about=((target.id, trigger.id), (name, trigger.id), (name, "alert"))
        if trigger.id
        else ((target.id, "alert"), (name, "alert")),
    )


def _other_percent(target: Control, trigger: Trigger) -> Lint:
    return Lint(
        code="target-against-trigger",
        severity=Severity.ERROR,
        text=f"{plain_title(target)} is {target.raw}, but the trigger acts above {trigger.percent}%",
        sources=(target.source, trigger.source),
        controls=tuple(filter(None, (target.id, trigger.id))),
        suggestion=f"write {target.raw} in the trigger, or {trigger.percent}% in the target",
        about=((target.id, trigger.id),) if trigger.id else (),
    )


def _triggers(subject: Subject) -> Iterator[Trigger]:
    """Yield the triggers of tables, and of lists such as `2. Backend Mem > 80% → Alert ops`."""
    stated = [(c.title, c.raw, c.source, c.id) for c in subject.of(ControlKind.TRIGGER)]
    listed = [(found, line.source) for line in subject.prose if (found := _LISTED.match(line.text))]
    stated += [(found["when"], found["then"].strip(), source, "") for found, source in listed]
    for title, action, source, control_id in stated:
        found = _TRIGGER.search(title)
        if found:
            what = found["what"][:3].casefold()
            yield Trigger(what, found["who"].strip().casefold(), int(found["percent"]), action, source, control_id)


def _targets(subject: Subject, trigger: Trigger) -> list[Control]:
    """Return the targets a trigger speaks of: of its resource, and of its component where it names one."""
    found = [control for control in subject.parameters if _is_target(control, trigger.what)]
    return [c for c in found if not trigger.who or not c.component or trigger.who == c.component]


def _is_target(control: Control, what: str) -> bool:
    title = plain_title(control).casefold()
    return title.startswith(what) and title.endswith("target") and _percent(control) is not None


def _percent(control: Control) -> int | None:
    cell = next(iter(control.values.values()), None)
    return cell.value if cell and cell.type is CellType.PERCENT and isinstance(cell.value, int) else None


def _only_alerts(action: str) -> bool:
    return bool(_NO_SCALE.search(action)) or bool(_ALERTS.search(action) and not _SCALES.search(action))


def alert_called_target(subject: Subject) -> Iterator[Lint]:
    """A row is called a target, and its field or path is that of an alert."""
    for control in subject.parameters:
        fed = next((name for name in (*control.fields, *control.paths) if "alert" in name.casefold()), "")
        if fed and plain_title(control).casefold().endswith("target"):
            yield Lint(
                code="alert-called-target",
                severity=Severity.WARNING,
                text=f'"{plain_title(control)} {control.raw}" is called a target, but `{fed}` feeds an alert'
                " and no metric of an HPA",
                sources=at(control),
                controls=ids(control),
                suggestion=f'call the row "{plain_title(control).rpartition(" ")[0]} Alert Threshold"',
                about=(("threshold", "hpa metric"), *with_word([control], "threshold")),
            )


def two_rollbacks(subject: Subject) -> Iterator[Lint]:
    """`kubectl rollout undo` is told in one place, and another asks for rollback by git."""
    undone = [(c.source, c.id) for c in subject.of(ControlKind.CHECK) if "rollout undo" in c.raw]
    undone += [(line.source, "") for line in subject.prose if "rollout undo" in line.text]
    asked = [(c.source, c.id) for c in subject.of(ControlKind.RULE) if _by_git(f"{c.raw} {c.title}")]
    asked += [(line.source, "") for line in subject.prose if _by_git(line.text)]
    for (source, control_id), (rule_source, rule_id) in ((one, asked[0]) for one in undone if asked):
        yield Lint(
            code="two-rollbacks",
            severity=Severity.ERROR,
            text="`kubectl rollout undo` changes the live object behind the values, where another row rolls back by"
            " `git revert` and a redeploy",
            sources=(source, rule_source),
            controls=tuple(filter(None, (control_id, rule_id))),
            suggestion="write `git revert COMMIT` and `helm upgrade`, or add: only as break-glass, and git follows",
            about=(("git revert", "contradict"), ("git revert", "contradicts"), ("rollout undo", "break glass")),
        )


def _by_git(text: str) -> bool:
    return "git revert" in text.casefold() and re.search(r"roll\s?back", text, re.I) is not None


def pull_policy_of_scenario(subject: Subject) -> Iterator[Lint]:
    """A scenario names a pull policy that no pull policy row of that profile has."""
    policies = rows(subject, "containers[].imagePullPolicy", r"(image )?pull policy")
    for scenario in subject.of(ControlKind.SCENARIO):
        for alias, policy in _POLICY.findall(scenario.raw):
            for row in policies:
                cell = row.values.get(PROFILE_OF[alias])
                if cell and str(cell.value).casefold() != policy.casefold():
                    yield _other_policy(scenario, row, alias, policy, str(cell.value))


def _other_policy(scenario: Control, row: Control, alias: str, policy: str, stated: str) -> Lint:
    return Lint(
        code="pull-policy-of-scenario",
        severity=Severity.ERROR,
        text=f"the scenario relies on pull policy {policy} in {alias}, where the row says {stated}",
        sources=at(scenario, row),
        controls=ids(scenario, row),
        suggestion=f'write "{alias}: {stated}" in the scenario, or {policy} in the row',
        about=both(scenario, row),
    )


def limit_below_request(subject: Subject) -> Iterator[Lint]:
    """A limit is below the request of the same resource: the API server refuses the pod."""
    for what in ("cpu", "memory"):
        requests = rows(subject, f"containers[].resources.requests.{what}", rf"{what} request")
        for limit in rows(subject, f"containers[].resources.limits.{what}", rf"{what} limit"):
            for request in (row for row in requests if components(row) == components(limit)):
                yield from _below(request, limit, what)


def _below(request: Control, limit: Control, what: str) -> Iterator[Lint]:
    for profile in Profile:
        asked, most = _amount(request, profile), _amount(limit, profile)
        if asked is not None and most is not None and most < asked:
            yield Lint(
                code="limit-below-request",
                severity=Severity.ERROR,
                text=f"the {what} limit {limit.raw} is below the request {request.raw} (profile {profile}),"
                " which no cluster accepts",
                sources=at(limit, request),
                controls=ids(limit, request),
                suggestion=f"write a limit of at least {request.raw}",
            )


def _amount(control: Control, profile: Profile) -> Decimal | None:
    cell = control.values.get(profile)
    return parse_quantity(str(cell.value)) if cell and cell.type is CellType.QUANTITY else None


RULES: tuple[Callable[[Subject], Iterator[Lint]], ...] = (
    two_values,
    two_values_of_a_field,
    target_against_trigger,
    alert_called_target,
    two_rollbacks,
    pull_policy_of_scenario,
    limit_below_request,
)
