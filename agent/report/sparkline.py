"""A line of blocks: how an amount went, at a glance."""

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(amounts: Sequence[float]) -> str:
    """Return a block for each amount, the lowest for nothing and the highest for the most there was."""
    most = max(amounts, default=0.0) or 1.0
    return "".join(BLOCKS[min(int(amount / most * len(BLOCKS)), len(BLOCKS) - 1)] for amount in amounts)
