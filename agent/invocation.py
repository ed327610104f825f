"""The name the user typed: `agent` or `bluehelm`. Hints repeat it, because another vendor also ships an `agent`."""

import os.path
import sys

NAMES = ("agent", "bluehelm")


def invoked_name() -> str:
    """Return the console script's name this process was started by, `agent` when it was started otherwise."""
    name = os.path.basename(sys.argv[0]) if sys.argv else ""  # noqa: PTH119 - pathlib costs 5 ms of every start
    return name if name in NAMES else NAMES[0]
