"""A part of the real record: `make robustness CLUSTER=1` tries every step with every fault that can be had here."""

from collections.abc import Iterator, Sequence

import pytest

from tests.cluster.plugin import Cluster
from tests.robustness.matrix import Case, each
from tests.robustness.real import FAULTS, Real, real

pytestmark = pytest.mark.cluster

SOME = (
    Case("started", "SIGKILL", FAULTS),
    Case("committed", "helm error", FAULTS),
    Case("helm", "API down", FAULTS),
)
MORE = (
    Case("entering", "SIGKILL", FAULTS),
    Case("verified", "SIGKILL", FAULTS),
    Case("started", "API down", FAULTS),
)


@pytest.fixture
def user(cluster: Cluster, namespace: str) -> Iterator[Real]:
    with real(cluster, namespace) as made:
        yield made


@pytest.mark.parametrize("tried", [SOME, pytest.param(MORE, marks=pytest.mark.long)], ids=["some", "more"])
def test_whatever_strikes_an_apply_leaves_nothing_half_done(user: Real, tried: Sequence[Case]) -> None:
    """I1 to I10 hold with the real helm too, and the next start brings files and release together."""
    wrong = {case.name: found for case, _, found, _ in each(user, list(tried)) if found}
    assert not wrong
