"""Fixtures of the tests on a cluster beside the cluster itself (plugin.py)."""

from pathlib import Path

import pytest

from tests.cluster.plugin import Cluster
from tests.cluster.shop import Shop, opened


@pytest.fixture
def shop(cluster: Cluster, namespace: str, tmp_path: Path) -> Shop:
    """Return a release whose memory limit is committed, applied, and not what its blueprint says."""
    return opened(cluster, namespace, tmp_path)
