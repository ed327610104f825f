"""The README's list of commands, made from the table of operations. `python -m tests.readme` writes it anew."""

import sys
from pathlib import Path

from agent.operations import OPERATIONS

README = Path(__file__).parents[1] / "README.md"
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


def main() -> int:
    """Write the list into the README."""
    README.write_text(written(README.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
