"""What a command loads before it answers: a shell that completes and a person who asks for help pay for it."""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from agent.commandline import parser

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
NEVER_OFFLINE = {"langchain", "langgraph", "openai", "kubernetes", "textual", "rich", "urllib3", "pydantic"}

LOADED = """
import sys
sys.argv = ["agent", *sys.argv[1:]]
from agent.cli import main
main()
print("\\nLOADED", *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def loaded(argv: Sequence[str]) -> set[str]:
    """Return the top-level packages a command has loaded when it is done."""
    plain = {
        name: value for name, value in os.environ.items() if not name.startswith("BLUEHELM_")
    }  # a setting is checked
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *argv], capture_output=True, text=True, cwd=ROOT, timeout=60, env=plain
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("LOADED ")]
    assert lines, done.stderr
    assert done.stdout or not argv, "a usage error would load nothing: " + done.stderr
    return set(lines[0].split()[1:])


def test_this_test_sees_what_is_loaded() -> None:
    """Otherwise those below could not fail."""
    assert {"orjson", "agent"} <= loaded(["diagnose", "--bundle", "demo"])


def commands(tree: argparse.ArgumentParser) -> Iterator[list[str]]:
    """Yield every command's words, from the tree itself: a new command is held to this as well."""
    for action in tree._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                yield [name]
                yield from ([name, *words] for words in commands(below))


COMMANDS = list(commands(parser(whole=True)))


def test_every_command_is_looked_at() -> None:
    assert all(words in COMMANDS for words in (["diagnose"], ["bundle", "capture"], ["blueprint", "list"]))


@pytest.mark.parametrize("argv", [["--version"], ["--help"], [], *([*words, "--help"] for words in COMMANDS)])
def test_asking_for_help_loads_nothing_heavy(argv: list[str]) -> None:
    assert not loaded(argv) & HEAVY


@pytest.mark.parametrize("argv", [["--version"], ["--help"], ["bundle", "--help"]])
def test_the_table_costs_no_dataclass_before_an_operation_is_chosen(argv: list[str]) -> None:
    """dataclasses brings inspect, which costs as much as the interpreter; typing costs a quarter of it."""
    assert not loaded(argv) & {"dataclasses", "inspect", "typing"}


@pytest.mark.parametrize(
    "argv",
    [
        ["diagnose", "--bundle", "demo"],
        ["audit", "--bundle", "demo", "-n", "todo-prod", "--profile", "dev"],
        ["verify", "--bundle", "demo", "-n", "todo-prod"],
        ["blueprint", "list"],
        ["blueprint", "show", "SVC-BE-MEM-LIMIT"],
        ["blueprint", "lint"],
        ["trace", "--bundle", "demo"],
        ["bundle", "show", "demo"],
    ],
)
def test_a_capture_needs_no_client_and_no_model(argv: list[str]) -> None:
    """The client alone costs 0.3 s; pydantic, which has nothing to check without a file of settings, 80 ms."""
    assert not loaded(argv) & NEVER_OFFLINE
