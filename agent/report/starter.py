"""How a starter blueprint reads: as the document it is, unless it went into a file."""

from agent.operate.init import Starter
from agent.report.terminal import Screen


def as_markdown(result: Starter, _: Screen) -> str:
    """Return the document, "" where it was written to a file."""
    return "" if result.file else result.text
