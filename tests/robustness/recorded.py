"""What helm 4.3.1 and the API server said at each stage of one release; `record.py` made it."""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "fixtures" / "robustness.json.gz"

RELEASE = "todo"
NAMESPACE = "shop"

CANARY = "canary-5up3r-s3cret-b1rd"
"""The password the release was given: it stands in its Secret, its values and its manifest, and may be nowhere else."""


@cache
def recorded() -> dict[str, Any]:
    """Return the record."""
    found: dict[str, Any] = json.loads(gzip.decompress(FILE.read_bytes()))
    return found
