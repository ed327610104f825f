"""The floor of an audit: the same files parsed, rendered and blamed by the same libraries, helm and git. No more.

`python -m tests.bench.reading CAPTURE.tgz`, with helm on the PATH.
"""

import json
import subprocess
import sys
import tarfile
from pathlib import Path

import yaml
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "todo-app"
BLUEPRINTS = sorted((ROOT / "blueprints").glob("*.md"))


def main() -> None:
    """Parse blueprints, values, capture and what the chart renders to."""
    reader = MarkdownIt("commonmark").enable("table")
    tokens = [reader.parse(path.read_text(encoding="utf-8")) for path in BLUEPRINTS]
    values = [yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader) for path in CHART.glob("values*.yaml")]
    with tarfile.open(sys.argv[1]) as archive:
        members = [archive.extractfile(member) for member in archive.getmembers()]
        parsed = [json.loads(file.read()) for file in members if file is not None and file.name.endswith(".json")]
    rendered = list(yaml.load_all(_printed("helm", "template", "todo", CHART), Loader=yaml.CSafeLoader))
    blamed = [_printed("git", "blame", "--porcelain", path) for path in (*BLUEPRINTS, CHART / "values.yaml")]
    print(len(tokens), len(values), len(parsed), len(rendered), len(blamed))


def _printed(*argv: str | Path) -> bytes:
    return subprocess.run(argv, capture_output=True, check=True, cwd=ROOT).stdout


if __name__ == "__main__":
    main()
