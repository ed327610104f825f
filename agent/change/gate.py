"""What a blueprint justifies: which values path may take which value, and why any other may not. Pure.

Nothing else makes a change: not a model, not a flag. A refusal says which line would have to be there first.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from agent.audit.cluster import is_clusters
from agent.audit.expected import DIGEST, Expected, expected
from agent.audit.inputs import Inputs
from agent.audit.legs import shown_value
from agent.blueprint.cells import CellType
from agent.blueprint.control import Control, ControlKind, Profile
from agent.blueprint.lint.finding import Lint
from agent.blueprint.values import Leaf, Masked
from agent.change.grounds import Grounds, Refusal
from agent.change.plan import JSON
from agent.trace.explain import deciding

SWITCHES = {"enabled": True, "true": True, "yes": True, "on": True} | {
    "disabled": False,
    "false": False,
    "no": False,
    "off": False,
}
"""Words by which a row states a switch."""

UNSTATED = "path-without-value"
"""What lint says of a row whose key no file has; the chart may read it all the same."""

_SECONDS = re.compile(r"\d+s")
_COUNT = re.compile(r"-?\d{1,6}", re.ASCII)
"""A whole number that helm renders as it is written: of a longer one it makes `1e+06`."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One value a control states, and what stands there now (None where the key is not there)."""

    control: Control
    path: str
    value: JSON
    leaf: Leaf | None


class Gate:
    """One release, held to its blueprints; `lints` is what is wrong with those."""

    def __init__(self, inputs: Inputs, lints: Sequence[Lint] = ()) -> None:
        self.inputs = inputs
        self._lints = lints
        self._grounds = Grounds(inputs.profile, lints, inputs.git, inputs.git_reason)

    def trying(self) -> "Gate":
        """Return a gate that lets keys pass that no file has: for whoever renders the chart to see what they decide."""
        return Gate(self.inputs, [item for item in self._lints if item.code != UNSTATED])

    def of_control(self, control: Control) -> list[Wanted] | Refusal:
        """Return the values a control states that the files do not; [] where they do."""
        reason = self._unfit(control)
        if reason is not None:
            return reason
        found: list[Wanted] = []
        for part in expected(control, self.inputs.profile):
            for path in _paths(control, part):
                item = self._wanted(control, part, path)
                if isinstance(item, Refusal):
                    return item
                found += [item] if item else []
        return found

    def of_path(self, path: str) -> list[Wanted] | Refusal:
        """Return what the row that decides a values path states for it, and for what is below it."""
        rows = [row for row in deciding(path, self.inputs.blueprints) if row.kind is ControlKind.PARAMETER]
        if not rows:
            return Refusal(path, "no row of a blueprint decides it", f"agent spec propose {path} VALUE")
        found: list[Wanted] = []
        for row in rows:
            wanted = self.of_control(row)
            if isinstance(wanted, Refusal):
                return wanted
            found += [item for item in wanted if item.path == path or item.path.startswith(f"{path}.")]
        return found

    def _unfit(self, control: Control) -> Refusal | None:
        """Return why a control justifies no value, None where it may."""
        found = self._grounds.refusal(control)
        if found is None and not control.paths:
            if is_clusters(control, self.inputs.blueprints):
                return Refusal(control.id, "no values file carries it: minikube does", "agent plan cluster")
            why = f"{control.source} names no values path, so no values file carries it"
            return Refusal(control.id, why, f"add it to {control.source}")
        return found

    def _wanted(self, control: Control, part: Expected, path: str) -> Wanted | Refusal | None:
        leaf = self._leaf(path, part)
        if leaf is not None and part.leaves[0] and leaf.path == path and leaf.value in ({}, None):
            leaf = None  # `rollingUpdate: {}`: the key below it is what is wanted
        name = leaf.path if leaf else _name(path, part)
        if leaf is not None and isinstance(leaf.value, Masked):
            return Refusal(control.id, f"{leaf.path} holds a secret, which no plan touches")
        asked = image_part(part, name) if part.type is CellType.IMAGE else part
        if leaf is not None and asked.met(leaf.value, name.replace(".", "/")):
            return None
        value = _typed(asked, leaf)
        if value is _NOTHING or not asked.met(value, name.replace(".", "/")):
            return Refusal(control.id, f"{control.source} says {control.raw!r}, which is no value for {name}")
        return self._unrivalled(Wanted(control, name, value, leaf))

    def _leaf(self, path: str, part: Expected) -> Leaf | None:
        names = (f"{path}.{suffix}" if suffix else path for suffix in part.leaves)
        return next((self.inputs.values.leaves[name] for name in names if name in self.inputs.values.leaves), None)

    def _unrivalled(self, wanted: Wanted) -> Wanted | Refusal:
        """Refuse a value that a second row states otherwise."""
        rows = self.against(wanted.path, wanted.value, self.inputs.profile)
        row = next((row for row in rows if row is not wanted.control), None)
        if row is None:
            return wanted
        both = f"{wanted.control.source} and {row.source}"
        return Refusal(wanted.control.id, f"{both} give {wanted.path} two values", "let one of them decide")

    def against(self, path: str, value: JSON, profile: Profile) -> Iterator[Control]:
        """Yield the rows that give a path another value in a profile."""
        for row in deciding(path, self.inputs.blueprints):
            for part in expected(row, profile):
                names = [".".join(filter(None, (own, leaf))) for own in row.paths for leaf in part.leaves]
                asked = image_part(part, path) if part.type is CellType.IMAGE else part
                if path in names and not asked.met(value, path.replace(".", "/")):
                    yield row


def _paths(control: Control, part: Expected) -> Iterator[str]:
    """Yield the values paths a part of a control is about."""
    for path in control.paths:
        last = path.rpartition(".")[2]
        single = last in part.leaves[:1] and len(control.paths) > 1 and part.label
        if not single or last == part.label:
            yield path.removesuffix(".*")


def _name(path: str, part: Expected) -> str:
    """Return where a part of a row belongs: the path itself where its last key is the part's."""
    suffix = part.leaves[0]
    return path if not suffix or path.rpartition(".")[2] == suffix else f"{path}.{suffix}"


def image_part(part: Expected, path: str) -> Expected:
    """Return what an image's row says of one path: of its repository, of its tag, or the whole reference."""
    value: Any = part.value
    last = path.rpartition(".")[2]
    text = value.get(last) if last in ("repository", "tag") else f"{value['repository']}:{value['tag']}"
    return Expected(part.label, text, CellType.TEXT)


_NOTHING: Any = object()


def _typed(part: Expected, leaf: Leaf | None) -> Any:
    """Return the value a row states as the type the file gives it, `_NOTHING` where the row has none to write."""
    now = leaf.value if leaf else None
    if isinstance(now, bool):
        return SWITCHES.get(str(part.value).casefold(), _NOTHING) if part.value is not None else False
    return TYPED.get(part.type, _plainly)(part.value, now)


def _number(value: Any, now: Any) -> JSON:
    """A file that keeps a number as text (`"8000"`, `60s`) goes on doing so."""
    if isinstance(now, str):
        return f"{value}s" if _SECONDS.fullmatch(now) else str(value)
    return int(value)


def _word(value: Any, now: Any) -> Any:
    said = str(value)
    if said.startswith(DIGEST):
        return _NOTHING
    if said.startswith(("[", "{")):
        return _structure(said)
    if isinstance(now, dict | list) and now:
        return _NOTHING
    if isinstance(now, int | None) and _COUNT.fullmatch(said):
        return int(said)
    return (
        SWITCHES[said.casefold()]
        if now is None and said.casefold() in ("enabled", "disabled", "true", "false")
        else said
    )


def _structure(said: str) -> Any:
    try:
        return json.loads(said)
    except ValueError:
        return _NOTHING


def _plainly(value: Any, _: Any) -> Any:
    return value if isinstance(value, str | int) else _NOTHING


TYPED: dict[CellType, Callable[[Any, Any], Any]] = {
    CellType.QUANTITY: lambda value, _: str(value),
    CellType.INTEGER: _number,
    CellType.PERCENT: _number,
    CellType.DURATION: _number,
    CellType.TEXT: _word,
    CellType.LIST: lambda value, _: list(value),
    CellType.NONE: lambda value, _: _NOTHING,
}
"""How a row's value is written into a file, by the grammar of its cell."""


def shown(value: JSON) -> str:
    """Return a value for a person, "nothing" for one that is not there."""
    return "nothing" if value is None else shown_value(value)
