"""What a command loads before it answers: a shell that completes and a person who asks for help pay for it."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

HEAVY = {
    "langchain",
    "langgraph",
    "openai",
    "kubernetes",
    "textual",
    "rich",
    "pydantic",
    "yaml",
    "orjson",
    "markdown_it",
}
NEVER_OFFLINE = {"langchain", "langgraph", "openai", "kubernetes", "textual", "rich", "urllib3"}

LOADED = """
import sys
sys.argv = ["agent", *sys.argv[1:]]
from agent.cli import main
try:
    main()
except SystemExit:
    pass
sys.stdout.flush()
print("\\nLOADED", *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def loaded(argv: Sequence[str]) -> set[str]:
    """Return the top-level packages a command has loaded when it is done."""
    argv = [sys.executable, "-c", LOADED, *argv]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, timeout=60)
    lines = [line for line in done.stderr.splitlines() if line.startswith("LOADED ")]
    assert lines, done.stderr
    return set(lines[0].split()[1:])


def test_this_test_sees_what_is_loaded() -> None:
    """Otherwise those below could not fail."""
    assert {"orjson", "agent"} <= loaded(["diagnose", "--bundle", "demo"])


COMMANDS = (
    "diagnose",
    "audit",
    "why",
    "trace",
    "init",
    "verify",
    "bundle",
    "blueprint",
    "config",
    "doctor",
    "completion",
)


@pytest.mark.parametrize("argv", [["--version"], ["--help"], [], *([name, "--help"] for name in COMMANDS)])
def test_asking_for_help_loads_nothing_heavy(argv: list[str]) -> None:
    assert not loaded(argv) & HEAVY


@pytest.mark.parametrize(
    "argv",
    [
        ["diagnose", "--bundle", "demo"],
        ["audit", "--bundle", "demo", "-n", "todo-prod", "--profile", "dev"],
        ["verify", "--bundle", "demo", "-n", "todo-prod"],
        ["blueprint", "list"],
        ["blueprint", "lint"],
        ["bundle", "show", "demo"],
    ],
)
def test_a_capture_needs_no_client_and_no_model(argv: list[str]) -> None:
    assert not loaded(argv) & NEVER_OFFLINE


def test_a_diagnosis_of_a_capture_validates_nothing_with_pydantic() -> None:
    """It costs 80 ms, a fifth of the whole command."""
    assert "pydantic" not in loaded(["diagnose", "--bundle", "demo"])
