"""`fix` on charts as strangers write them: mended by the row alone, verified and undone; refused without the row."""

from pathlib import Path

import pytest

from tests.cluster.fixes.case import Case, cases
from tests.cluster.fixes.play import play
from tests.cluster.plugin import Cluster

pytestmark = pytest.mark.cluster

TRIED = ("memory-limit", "service-selector", "rolling-update", "selector-immutable")
"""What fits into the time of CI; `python -m tests.cluster.fixes` plays all."""


@pytest.mark.parametrize("case", cases(*TRIED), ids=lambda case: case.name)
def test_a_deviation_is_mended_by_its_row_and_by_nothing_else(
    case: Case, cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    """Without this nobody knows whether fix mends a chart it has not seen, or changes one that no row speaks of."""
    result = play(case, cluster, namespace, tmp_path)
    assert result.passed, (result.refused, result.mended, result.undone, "\n".join(result.text))
