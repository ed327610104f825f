"""The pages that are made from code: the README's list of commands, and the catalogue of failure modes.

`python -m tests.readme` writes them anew.
"""

import sys
from pathlib import Path

from agent.diagnose.modes import CATALOGUE
from agent.operate.explain import Explained
from agent.operations import OPERATIONS
from agent.report.explain import as_markdown
from agent.report.terminal import Screen

ROOT = Path(__file__).parents[1]
README, MODES = ROOT / "README.md", ROOT / "docs" / "failure-modes.md"
BEGIN, END = "<!-- commands: python -m tests.readme -->\n", "<!-- /commands -->\n"


def listed() -> str:
    """Return the list as Markdown."""
    rows = [f"| `agent {item.name}` | {item.summary} | {', '.join(item.views) or 'a file'} |" for item in OPERATIONS]
    return "\n".join(["| Command | What for | As |", "|---|---|---|", *rows, ""])


def written(text: str) -> str:
    """Return the README with its list as it should be."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + listed() + END + after


def catalogue() -> str:
    """Return the page on failure modes."""
    return as_markdown(Explained(CATALOGUE, whole=True), Screen())


def main() -> int:
    """Write the pages."""
    README.write_text(written(README.read_text("utf-8")), "utf-8")
    MODES.write_text(catalogue(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
