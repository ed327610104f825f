"""The table, walked: what is asked in one place can be asked everywhere, and every string in it leads somewhere."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_type_hints

import pytest

from agent.argument import arg, arguments, build, flat, schema
from agent.chat.answer import Answer
from agent.chat.seen import Memory
from agent.chat.session import Kept
from agent.chat.sessions import Session, Turn
from agent.chat.summary import Told
from agent.chat.turning import HELP
from agent.commandline import parser
from agent.config import Settings
from agent.diagnose.modes import CATALOGUE
from agent.errors import AgentError
from agent.events import Emit, Event, Progress, Said, Warned
from agent.exitcode import ExitCode
from agent.mcp.server import Served
from agent.operate.exporter import Exported
from agent.operation import Effect, Operation, load
from agent.operations import GROUPS, OPERATIONS, commands
from agent.report.terminal import Screen
from agent.resources import bundle_path
from agent.snapshot.bundle import load as load_bundle
from agent.snapshot.depth import Depth
from agent.snapshot.record import Snapshot
from agent.world.scope import Scope
from agent.world.world import World
from tests.fakes import containers
from tests.fakes.programs import find
from tests.readme import MODES, README, catalogue, written
from tests.unit.change import samples
from tests.unit.test_watch import watched
from tools.deadline import Deadline

MOMENT = datetime(2026, 11, 24, tzinfo=UTC)

each = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)


def command_tree() -> dict[str, argparse.ArgumentParser]:
    return dict(_leaves(parser(whole=True), ""))


def _leaves(tree: argparse.ArgumentParser, name: str) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    groups = [action for action in tree._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        yield name.strip(), tree
    for group in groups:
        for word, below in group.choices.items():
            yield from _leaves(below, f"{name} {word}")


def test_the_command_line_is_the_table() -> None:
    """A command beside the table would be missing from completion, the README and every other front end."""
    assert list(command_tree()) == [item.name for item in OPERATIONS]
    names = {item.name for item in OPERATIONS}
    assert {item.name.split()[0] for item in OPERATIONS if " " in item.name} - names == set(GROUPS)


@each
def test_help_says_what_it_does_and_what_each_argument_means(operation: Operation) -> None:
    command = command_tree()[operation.name]
    said = " ".join(command.format_help().split())
    assert operation.summary[1:] in said
    for item in arguments(load(operation.args)):
        assert " ".join(item.meaning.doc.split()) in said
    assert ("--output" in said) == (len(operation.views) > 1)


@each
def test_the_arguments_have_a_schema_that_says_what_each_means(operation: Operation) -> None:
    """A model that calls this as a tool knows nothing else of it."""
    found = json.loads(json.dumps(schema(load(operation.args))))
    assert found["type"] == "object"
    assert all(item["description"] for item in found["properties"].values())
    assert set(found["required"]) <= set(found["properties"])
    assert set(found["properties"]) == set(flat(build(load(operation.args), EXAMPLES[operation.name][0])))


@each
def test_what_the_strings_lead_to_fits_together(operation: Operation) -> None:
    """The table names modules without importing them, so that no type checker sees where they meet."""
    args, run = load(operation.args), load(operation.run)
    first, world, emit, result = get_type_hints(run).values()
    assert (first, world, emit) == (args, World, Emit)
    assert is_dataclass(result)
    for kind in (args, result):
        frozen: Any = getattr(kind, "__dataclass_params__")  # noqa: B009 - of a dataclass's own making
        assert frozen.frozen, kind
    for view in operation.views.values():
        assert list(get_type_hints(load(view)).values()) == [result, Screen, str]
    if operation.code:
        assert list(get_type_hints(load(operation.code)).values()) == [result, ExitCode]


def test_the_readme_lists_what_there_is() -> None:
    text = README.read_text("utf-8")
    assert text == written(text), "python -m tests.readme"
    assert all(f"| `agent {item.name}` | {item.summary} |" in text for item in OPERATIONS)


def test_the_page_on_failure_modes_is_the_catalogue() -> None:
    assert MODES.read_text("utf-8") == catalogue(), "python -m tests.readme"
    assert all(f"| `{mode.code}` |" in catalogue() for mode in CATALOGUE)


def test_a_cause_that_is_not_there_is_refused_with_the_nearest() -> None:
    """A code is typed from a screen or from memory."""
    (operation,) = (item for item in OPERATIONS if item.name == "explain")
    with pytest.raises(AgentError, match="did you mean oom-killed"):
        tried(operation, {"code": "oom-kiled"}, Path())


def test_a_readme_that_lacks_a_command_is_seen() -> None:
    text = README.read_text("utf-8")
    line = next(line for line in text.splitlines() if line.startswith("| `agent why`"))
    assert written(text.replace(line + "\n", "")) == text


DEMO = {"bundle": "demo", "namespace": "todo-prod", "profile": "dev"}
BLUEPRINTS = str(Path(__file__).parents[2] / "blueprints")

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "diagnose": [{"bundle": "demo"}, {"bundle": "demo", "namespace": "todo-prod"}],
    "health": [{"bundle": "demo"}, {"bundle": "demo", "namespace": "todo-prod", "profile": "dev"}],
    "get": [
        {"kind": "pods", "bundle": "demo"},
        {"kind": "deploy/todo-backend", "bundle": "demo", "namespace": "todo-app"},
    ],
    "logs": [
        {"subject": "deploy/todo-backend", "bundle": "demo", "namespace": "todo-app"},
        {"subject": "deploy/todo-backend", "bundle": "demo", "namespace": "todo-app", "grep": "nothing says this"},
    ],
    "events": [
        {"bundle": "demo", "namespace": "todo-staging"},
        {"subject": "deploy/todo-backend", "bundle": "demo", "namespace": "todo-staging", "warnings": True},
    ],
    "changes": [
        {"bundle": "demo", "since": "7d"},
        {"subject": "deploy/todo-backend", "bundle": "demo", "namespace": "todo-app"},
    ],
    "top": [
        {"bundle": "demo"},
        {"what": "nodes", "bundle": "demo"},
        {"what": "deploy/todo-backend", **DEMO, "sort": "cpu"},
    ],
    "tree": [{"subject": "deploy/todo-backend", "bundle": "demo", "namespace": "todo-app"}],
    "releases": [{"bundle": "demo"}, {"name": "todo", "bundle": "demo", "namespace": "todo-app"}],
    "ask": [{"question": ("why is pod failing",), "bundle": "demo"}, {"question": ("restart web",), "bundle": "demo"}],
    "chat": [{}],
    "session list": [{}],
    "session show": [{"name": "night"}],
    "doctor model": [{}],
    "mcp": [{}],
    "scaling": [{"bundle": "demo", "namespace": "todo-prod"}, {"bundle": "demo", "at": "85%"}],
    "debug": [{"name": "web"}],
    "watch": [{}],
    "strace": [{"name": "web"}],
    "report": [{"bundle": "demo"}, {"bundle": "demo", "namespace": "todo-prod", "profile": "dev"}],
    "exporter": [{}],
    "explain": [{}, {"code": "oom-killed"}, {"code": "131"}, {"code": "CrashLoopBackOff"}],
    "audit": [DEMO, {**DEMO, "all": True}],
    "why": [{"value": "backend.resources.limits.memory"}, {"value": "backend.resources", **DEMO}],
    "trace": [{"control": "SVC-BE-MEM-LIMIT"}, {}],
    "plan": [{"what": ("SVC-BE-MEM-LIMIT",)}],
    "spec propose": [
        {"values_path": "backend.resources.limits.memory", "value": "768Mi", "blueprints": BLUEPRINTS},
        {"values_path": "backend.env", "value": "x", "blueprints": BLUEPRINTS},
    ],
    "plan show": [{"plan": "0123abcd"}],
    "apply": [{"plan": "0123abcd"}],
    "fix": [{"subject": "deployment/web"}],
    "drill": [{}, {"row": "RES-SCN-CRASH", "of": "deployment/todo-backend", "outage": True}],
    "rollback": [{"plan": "0123abcd"}],
    "recover": [{"release": "todo"}],
    "history": [{}, {"last": 1.0}],
    "ledger verify": [{}],
    "freeze": [{"reason": "a holiday"}],
    "thaw": [{}],
    "init": [{}],
    "verify": [{"bundle": "demo", "namespace": "todo-prod"}],
    "bundle capture": [{"file": "taken.tgz"}],
    "bundle show": [{"bundle": "demo"}],
    "blueprint list": [{}, {"blueprint": "service"}],
    "blueprint search": [{"words": ("memory", "limit", "backend"), "blueprints": BLUEPRINTS}],
    "blueprint show": [{"name": "SVC-BE-MEM-LIMIT"}, {"name": "service"}],
    "blueprint lint": [{}],
    "config show": [{}],
    "doctor": [{}],
    "completion": [{"shell": "bash"}, {"shell": "zsh"}],
}
"""What each operation is tried with, all of it without a cluster."""

KEPT = Kept(
    (Session("night", MOMENT, "the capture demo", (Turn(MOMENT, "why?", "Nothing is wrong.\n", Told()),), Memory()),),
    whole=True,
)

MADE: dict[str, list[Any]] = {
    **dict.fromkeys(("plan", "plan show", "rollback", "recover"), samples.planned()),
    "apply": samples.applied(),
    "debug": containers.debugged(),
    "watch": watched(),
    "strace": containers.traced(),
    "chat": [Answer("", "the end", turned=HELP)],
    "session list": [KEPT],
    "session show": [KEPT],
    "mcp": [Served()],
    "exporter": [Exported("127.0.0.1", 9402), Exported("::", 9402)],
    "drill": samples.drills(),
    "fix": samples.fixed(),
}
"""Results of the operations that only a cluster gives; they are run against a real one in tests/cluster."""


def from_capture(scope: Scope, settings: Settings, emit: Emit, deadline: Deadline, depth: Depth) -> Snapshot:
    """Return the shipped capture, whatever is asked for: a world of one's own, as a conversation has."""
    emit(Progress("reading the capture"))
    found = load_bundle(bundle_path("demo"))
    assert isinstance(found, Snapshot)
    return found


@pytest.fixture(scope="session")
def programs() -> Path:
    """Return the folder of helm, found while HOME is still the developer's."""
    return find("helm").parent


@pytest.fixture
def silent(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[pytest.CaptureFixture[str]]:
    """Nothing of the developer's own, and nothing written to the screen."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    for name in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    yield capfd
    assert capfd.readouterr() == ("", "")


def tried(operation: Operation, example: dict[str, Any], programs: Path) -> tuple[Any, list[Event]]:
    events: list[Event] = []
    args = build(load(operation.args), example)
    world = World({**flat(args), "path": str(programs)}, commands())
    if not example.get("bundle"):
        world = replace(world, looker=from_capture)
    return load(operation.run)(args, world, events.append), events


@each
def test_every_view_shows_every_result_and_nothing_but_the_front_end_writes(
    operation: Operation, silent: object, programs: Path
) -> None:
    for result, events in results(operation, programs):
        assert all(isinstance(event, Progress | Warned | Said) and event.text for event in events)
        for form in operation.views:
            holds(operation, form, result, Screen())
            holds(operation, form, result, Screen(width=60, colour=True))
        if operation.code:
            assert load(operation.code)(result) in set(ExitCode)


def results(operation: Operation, programs: Path) -> Iterator[tuple[Any, list[Event]]]:
    if operation.name in MADE:
        yield from ((result, []) for result in MADE[operation.name])
    else:
        yield from (tried(operation, example, programs) for example in EXAMPLES[operation.name])


def holds(operation: Operation, form: str, result: object, screen: Screen) -> None:
    text = load(operation.views[form])(result, screen)
    assert text.endswith("\n")
    assert ("\x1b[" in text) <= (screen.colour and form == "text")
    if form == "json":
        assert json.loads(text)["schema"].startswith("bluehelm/")
        assert text.count("\n") > 1 if screen.is_terminal else text.count("\n") == 1


def test_what_writes_a_file_says_so_and_never_replaces_one(silent: object, programs: Path, tmp_path: Path) -> None:
    by_name = {item.name: item for item in OPERATIONS}
    for name, file in (("init", "own.md"), ("bundle capture", "own.tgz")):
        assert by_name[name].effect is Effect.PROPOSE
        result, events = tried(by_name[name], {"file": file}, programs)
        assert result.file == Path(file)
        assert (tmp_path / file).stat().st_size
        said = [event.text for event in events if isinstance(event, Said)]
        assert len(said) == 1
        assert file in said[0]
        with pytest.raises(AgentError):
            tried(by_name[name], {"file": file}, programs)


@dataclass(frozen=True)
class Place:
    """A nested group."""

    namespace: str | None = arg("where", short="-n", one_of="namespaces")
    every: bool = arg("everywhere", default=False, one_of="namespaces")


@dataclass(frozen=True)
class Sample:
    """One argument of each sort."""

    name: str = arg("who", positional=True, required=True)
    seconds: float | None = arg("how long", above=0, most=10)
    shape: Literal["round", "square"] | None = arg("which")
    more: tuple[str, ...] = arg("others", default=())
    place: Place = Place()


def test_a_schema_says_what_the_types_say() -> None:
    found = schema(Sample)
    assert found["required"] == ["name"]
    assert found["properties"]["seconds"] == {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 10,
        "description": "how long",
    }
    assert found["properties"]["shape"] == {"type": "string", "enum": ["round", "square"], "description": "which"}
    assert found["properties"]["more"] == {"type": "array", "items": {"type": "string"}, "description": "others"}
    assert found["properties"]["every"] == {"type": "boolean", "description": "everywhere"}
    assert found["additionalProperties"] is False


def test_arguments_go_in_by_name_and_come_out_by_name() -> None:
    given = {"name": "a", "seconds": 2.0, "more": ["x", "y"], "namespace": "shop", "unknown": 1, "shape": None}
    made = build(Sample, given)
    assert made == Sample("a", 2.0, None, ("x", "y"), Place("shop"))
    assert flat(made) == {
        "name": "a",
        "seconds": 2.0,
        "shape": None,
        "more": ("x", "y"),
        "namespace": "shop",
        "every": False,
    }
    assert build(Sample, flat(made)) == made


def test_a_setting_that_was_asked_for_wins(silent: object) -> None:
    assert World({"profile": "prod", "namespace": "shop"}).settings.profile == "prod"


def test_an_argument_is_a_setting_only_where_it_is_meant_to_be_one() -> None:
    """One called `path` by chance would choose where helm is looked for."""
    names = {item.name for operation in OPERATIONS for item in arguments(load(operation.args))}
    settings = {item.name for item in fields(Settings)}
    assert names & settings == {"context", "kubeconfig", "timeout", "profile", "blueprints"}


def test_what_an_operation_means_to_a_blueprint_comes_from_the_table() -> None:
    assert set(commands()) == {item.name for item in OPERATIONS}
    changing = {name for name, kind in commands().items() if kind.value == "changes"}
    assert (
        changing
        == {item.name for item in OPERATIONS if item.effect is Effect.CHANGE}
        == {"apply", "fix", "report", "strace", "thaw"}
    )
