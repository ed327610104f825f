"""Rows without a value and values without a row."""

from agent.audit.inputs import Inputs
from agent.blueprint.control import Control, ControlKind
from agent.blueprint.values import Leaf


def orphan_rows(inputs: Inputs) -> list[Control]:
    """Return the rows whose values path stands in no file: nothing implements them."""
    rows = [row for row in inputs.blueprints.controls if row.kind is ControlKind.PARAMETER and row.paths]
    return [row for row in rows if not any(any(inputs.values.below(path)) for path in row.paths)]


def orphan_values(inputs: Inputs) -> list[Leaf]:
    """Return the values no row decides.

    A mapping row (`config.*`) decides what is below it only where no row of its own speaks of anything there: otherwise
    `backend.*` would justify everything.
    """
    decided = [path for row in inputs.blueprints.controls if row.kind is ControlKind.PARAMETER for path in row.paths]
    whole = [
        path.removesuffix(".*")
        for row in inputs.blueprints.controls
        if row.kind is ControlKind.MAPPING
        for path in row.paths
        if not any(is_below(other, path.removesuffix(".*")) for other in decided)
    ]
    return [
        leaf for leaf in inputs.values.leaves.values() if not any(is_below(leaf.path, path) for path in decided + whole)
    ]


def is_below(path: str, above: str) -> bool:
    """Return whether a values path is another one, or below it."""
    return path == above or path.startswith(f"{above}.")
