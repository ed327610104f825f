"""How two pod templates differ, leaf by leaf, in the words people use for what stands there."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agent.kube.remedies import Item, Path, Step

KEYED = ("containers", "initContainers", "env", "volumes")
"""Lists whose items are named: one item is compared with that of its name."""

BY_CONTROLLERS = ("pod-template-hash", "kubectl.kubernetes.io/restartedAt", "kubectl.kubernetes.io/default-container")
"""Labels and annotations of a template that are no change of what runs."""

LONGEST = 60
"""Characters of a value that are shown."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One leaf that differs; "" where a side has none."""

    path: tuple[str, ...]
    """`("spec", "containers", "api", "resources", "limits", "memory")`."""
    before: str
    after: str

    @property
    def what(self) -> str:
        """`limits.memory of container api`, `variable CRASH of container api`."""
        if self.path[:2] in (("spec", "containers"), ("spec", "initContainers")):
            return f"{_named(self.path[3:])} of container {self.path[2]}".removeprefix(" of ")
        return _named(self.path[1:] if self.path[0] == "spec" else self.path)

    @property
    def keyed(self) -> Path:
        """The same path with the items of lists as items: `("spec", "containers", Item("name", "api"), …)`."""
        steps: list[Step] = []
        for step in self.path:
            steps.append(Item("name", step) if steps and steps[-1] in KEYED else step)
        return tuple(steps)

    def __str__(self) -> str:
        return f"{self.what} is {_short(self.after)}, was {_short(self.before)}"


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Return where two pod templates differ, what a person most likely changed first."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    found = [Difference(path, old.get(path, ""), new.get(path, "")) for path in {**old, **new}]
    return sorted((item for item in found if item.before != item.after), key=lambda item: (_weight(item), item.path))


def _leaves(template: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    meta = template.get("metadata") or {}
    for part in ("labels", "annotations"):
        for key, value in (meta.get(part) or {}).items():
            if key not in BY_CONTROLLERS:
                yield (part, str(key)), str(value)
    yield from _below(("spec",), template.get("spec") or {})


def _below(path: tuple[str, ...], value: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _below((*path, str(key)), item)
    elif isinstance(value, list) and path[-1] in KEYED and all(isinstance(item, Mapping) for item in value):
        for item in value:
            rest = {key: found for key, found in item.items() if key != "name"}
            yield from _below((*path, str(item.get("name"))), rest)
    elif isinstance(value, list):
        yield path, json.dumps(value, sort_keys=True, ensure_ascii=False)
    else:
        yield path, "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _named(path: tuple[str, ...]) -> str:
    if path[:1] == ("env",) and len(path) > 1:
        return f"variable {path[1]}"
    if path[:1] == ("resources",):
        return ".".join(path[1:])
    return ".".join(path)


def _weight(item: Difference) -> int:
    """Return 0 for the image, 1 for the rest of what a container runs with, 2 for all else."""
    if item.path[-1] == "image":
        return 0
    return 1 if "containers" in item.path[:2] or "initContainers" in item.path[:2] else 2


def _short(text: str) -> str:
    if not text:
        return "not set"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
