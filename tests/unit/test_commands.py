"""A command in a blueprint, taken apart: what lint, the checklists and the audit think of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.audit.inputs import ChartFiles, Inputs
from agent.audit.legs import Legs
from agent.audit.mechanisms import question
from agent.audit.verdict import Outcome
from agent.blueprint.commands import CommandKind, operation, read
from agent.blueprint.control import Blueprints, Control, ControlKind, Profile, Source
from agent.blueprint.lint.checks import not_executable
from agent.blueprint.lint.subject import subject
from agent.blueprint.load import parse
from agent.blueprint.values import Values
from agent.operations import commands
from tests.fakes.objects import snapshot

OURS = commands()


@pytest.mark.parametrize(
    ("text", "words", "flags", "tail"),
    [
        ("kubectl logs -f deploy/web -n shop", ("logs", "deploy/web"), {"-f": "", "-n": "shop"}, ()),
        ("kubectl logs -p web-0", ("logs", "web-0"), {"-p": ""}, ()),
        ("kubectl apply -f web.yaml", ("apply",), {"-f": "web.yaml"}, ()),
        ("kubectl -n shop get pods -A", ("get", "pods"), {"-n": "shop", "-A": ""}, ()),
        ("kubectl get po --namespace=shop", ("get", "po"), {"--namespace": "shop"}, ()),
        ("kubectl exec web-0 -- curl -s localhost", ("exec", "web-0"), {}, ("curl", "-s", "localhost")),
        ("kubectl get pods -n", ("get", "pods"), {"-n": ""}, ()),
    ],
)
def test_words_flags_and_tail(text: str, words: tuple[str, ...], flags: dict[str, str], tail: tuple[str, ...]) -> None:
    """A flag's value taken for a name would have an object looked for that nobody named."""
    found = read(text, OURS)
    assert (found.words, dict(found.flags), found.tail) == (words, flags, tail)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("kubectl get pods", CommandKind.READS),
        ("kubectl rollout status deploy/web", CommandKind.READS),
        ("kubectl rollout restart deploy/web", CommandKind.CHANGES),
        ("kubectl exec -it web-0 -- sh", CommandKind.INTERACTIVE),
        ("docker logs -it web", CommandKind.INTERACTIVE),
        ("agent diagnose -n shop", CommandKind.READS),
        ("bluehelm blueprint list service", CommandKind.READS),
        ("agent world", CommandKind.UNKNOWN),
        ("agent blueprint", CommandKind.UNKNOWN),
        ("agent", CommandKind.UNKNOWN),
        ("agent apply", CommandKind.CHANGES),
        ("agent scale-up", CommandKind.UNKNOWN),
        ("kubectl get pods | wc -l", CommandKind.UNKNOWN),
        ("kubectl 'get", CommandKind.UNKNOWN),
    ],
)
def test_what_running_it_means(text: str, kind: CommandKind) -> None:
    found = read(text, OURS)
    assert found.kind is kind
    assert bool(found.problem) == (kind is CommandKind.UNKNOWN)


@given(st.text(max_size=60) | st.lists(st.sampled_from("kubectl logs -f -n -- ' \" agent get".split())).map(" ".join))
def test_nothing_that_is_written_raises(text: str) -> None:
    found = read(text, OURS)
    assert found.text == text
    assert operation(found, OURS) in ("", *OURS)


def asked(command: str) -> Outcome:
    """Return what an audit says of a row that names a command as the answer to a question."""
    source = Source("x.md", 1)
    row = Control("X-ASK", ControlKind.QUESTION, "x", "why", f"an answer; `{command}`", {}, (), "", (), "", source, "")
    chart = ChartFiles("web", "charts/web", frozenset())
    rows = Blueprints((row,), (), (), ())
    inputs = Inputs(rows, Profile.DEV, Values({}), (), chart, snapshot({}), "shop", commands=OURS)
    return question(row, Legs(inputs)).outcome


@pytest.mark.parametrize(
    ("command", "outcome"),
    [
        ("agent trace", Outcome.PASS),
        ("agent diagnose -n shop", Outcome.PASS),
        ("bluehelm blueprint list service", Outcome.PASS),
        ("agent world", Outcome.UNKNOWN),
        ("agent blueprint", Outcome.UNKNOWN),
        ("agent health", Outcome.PASS),
        ("agent converse", Outcome.UNKNOWN),
        ("kubectl diagnose", Outcome.UNKNOWN),
        ("", Outcome.UNKNOWN),
    ],
)
def test_a_row_that_asks_for_a_command_is_judged_by_the_table(command: str, outcome: Outcome) -> None:
    """`agent world`, a module and no command, passed; `agent trace`, a command without a module, did not."""
    assert asked(command) is outcome


def linted(command: str) -> set[str]:
    text = f"## Checklist\n\n- [ ] `{command}` is well\n"
    files = {"service.md": text.encode()}
    found = subject(files, parse(files), commands=OURS)
    return {item.code for item in not_executable(found)}


def test_lint_knows_the_commands_that_there_are() -> None:
    assert linted("agent diagnose -n shop") == set()
    assert linted("agent blueprint lint") == set()
    assert linted("agent world") == {"check-not-executable"}
    assert linted("agent aplly") == {"check-not-executable"}
