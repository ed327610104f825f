"""The quick part of the record: `make robustness` tries every step with every fault, this one of each kind."""

from collections.abc import Iterator

import pytest

from tests.robustness.matrix import Case, each
from tests.robustness.world import World, world

QUICK = (
    Case("intent", "SIGKILL"),
    Case("entering", "SIGKILL"),
    Case("started", "SIGKILL"),
    Case("noting-outcome", "SIGKILL"),
    Case("undone", "SIGKILL"),
    Case("committed", "SIGTERM"),
    Case("started", "helm error"),
    Case("started", "helm killed"),
    Case("undoing", "helm error"),
    Case("committed", "API down"),
    Case("helm", "API down"),
    Case("written", "another revision"),
    Case("locked", "clock jump"),
)


@pytest.fixture(scope="module")
def kept() -> Iterator[World]:
    with world() as made:
        made.plan = made.planned()
        made.keep()
        yield made


@pytest.mark.parametrize("case", QUICK, ids=lambda case: case.name)
def test_whatever_strikes_an_apply_leaves_nothing_half_done(kept: World, case: Case) -> None:
    """I1 to I10 hold after it, and the next start brings files and release together: else a person finds neither."""
    for _, shown, found, _ in each(kept, [case]):
        assert not found, (found, shown.text)
