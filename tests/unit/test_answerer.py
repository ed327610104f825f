"""The answerer: questions in people's own words, each to the right operation on the right object, without a model."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.chat.answer import Certainty
from agent.chat.answerer import Answerer, clauses
from agent.chat.call import Reason, Turned
from agent.chat.intent import Intent, intents
from agent.chat.keeping import Keeper
from agent.chat.pasted import pasted
from agent.chat.question import question
from agent.chat.running import OFFERED, Runner
from agent.chat.seen import Memory
from agent.chat.view import as_text, spelled
from agent.events import Event
from agent.exitcode import ExitCode
from agent.operation import Effect
from agent.report.terminal import Screen
from tests.fakes.shell import Shell

QUESTIONS = Path(__file__).parents[1] / "fixtures" / "questions"
LEAST = 0.95
"""The share of a set that has to come to the right operation on the right object."""

_EXPECTED = re.compile(r"([a-z ]+?|[A-Z]+)((?: \w+=.*)?)")


def _silent(_: Event) -> None:
    pass


@pytest.fixture(scope="module")
def answerer() -> Answerer:
    return Answerer(Runner({"bundle": "demo"}, Keeper()))


def questions(name: str) -> Iterator[tuple[str, str]]:
    for line in (QUESTIONS / name).read_text("utf-8").splitlines():
        asked, bar, expected = line.rpartition(" | ")
        if bar and not line.startswith("#"):
            yield asked.strip(), expected.strip()


def wrong(answerer: Answerer, asked: str, expected: str) -> str:
    """Return what a question came to, "" where that is what is expected."""
    answerer.memory = Memory()
    found = answerer.understood(clauses(question(asked))[0], _silent)
    named = _EXPECTED.fullmatch(expected)
    assert named is not None, expected
    if isinstance(found, Turned):
        return "" if named[1] == found.reason.name else f"turned {found.reason.name}: {found.says}"
    call = found.calls[0]
    values = {**call.values, "namespace": call.namespace, "all_namespaces": call.everywhere}
    told = {key: " ".join(value) if isinstance(value, tuple) else str(value) for key, value in values.items()}
    wanted = dict(re.findall(r"(\w+)=(.*?)(?= \w+=|$)", named[2]))
    right = call.operation == named[1].strip() and all(told.get(key) == value for key, value in wanted.items())
    return "" if right else f"{call.operation} {told}"


@pytest.mark.parametrize("name", sorted(path.name for path in QUESTIONS.glob("*.txt")))
def test_questions_come_to_the_right_operation_on_the_right_object(answerer: Answerer, name: str) -> None:
    """A person who is not understood twice never asks again."""
    every = list(questions(name))
    missed = [
        f"{asked}\n   want {expected}\n   got  {got}"
        for asked, expected in every
        if (got := wrong(answerer, asked, expected))
    ]
    assert len(every) >= 100
    assert len(missed) <= (1 - LEAST) * len(every), "\n".join(missed)


def told(answerer: Answerer, *lines: str) -> list[str]:
    """Return the commands that a conversation comes to."""
    answerer.memory = Memory()
    found = [answerer.answer(line, _silent) for line in lines]
    return [spelled(part).replace(" --bundle=demo", "") for answer in found for part in answer.parts]


def test_it_means_what_was_spoken_of(answerer: Answerer) -> None:
    assert told(
        answerer, "why is the backend failing in todo-app?", "and its logs?", "who calls it", "what about todo-prod?"
    ) == [
        "agent diagnose deploy/todo-backend --namespace=todo-app",
        "agent logs deploy/todo-backend --namespace=todo-app",
        "agent tree deploy/todo-backend --namespace=todo-app",
        "agent tree deploy/todo-backend --namespace=todo-prod",
    ]


def test_two_questions_in_a_line_are_both_answered(answerer: Answerer) -> None:
    lines = told(answerer, "why is the frontend in todo-app not ready, and what changed in todo-app in the last hour?")
    assert lines == [
        "agent diagnose deploy/todo-frontend --namespace=todo-app",
        "agent changes --since=1h --namespace=todo-app",
    ]


TABLE = """NAME                            READY   STATUS                       RESTARTS   AGE
todo-frontend-d8864858b-vgqvz   1/1     Running                      0          2m
todo-backend-6567454967-4f7mx   0/1     CreateContainerConfigError   0          2m"""
MANIFEST = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: todo-frontend\n  namespace: todo-app\n"
DESCRIBED = "Name:         todo-backend-5678b65b8f-m8tqt\nNamespace:    todo-app\nNode: x\nContainers:\n  backend:\n"
EVENT = "Warning  BackOff  2m  kubelet  Back-off restarting failed container in pod todo-backend-5678b65b8f-m8tqt"


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        (f"what is wrong here?\n{TABLE}", "po/todo-backend-6567454967-4f7mx"),
        (f"why does this not work\n{MANIFEST}", "deploy/todo-frontend"),
        (f"help\n{DESCRIBED}", "po/todo-backend-5678b65b8f-m8tqt"),
        (f"why?\n{EVENT}", "po/todo-backend-5678b65b8f-m8tqt"),
    ],
)
def test_what_was_pasted_is_what_is_asked_about(answerer: Answerer, text: str, subject: str) -> None:
    """Nobody types a pod's name who has it on the screen."""
    assert told(answerer, text)[0].split()[2] == subject


def test_a_name_that_is_nothing_here_is_asked_back(answerer: Answerer) -> None:
    """An answer about another object that is called nearly so would send somebody the wrong way."""
    found = answerer.answer("why is checkout-api down?", _silent)
    assert found.turned is not None
    assert found.turned.reason is Reason.MISSING
    assert "todo-backend" in found.turned.says


def test_what_was_assumed_is_said(answerer: Answerer) -> None:
    found = answerer.answer("why is todo-bakend crashing in todo-staging", _silent)
    assert found.notes == ("nothing is called todo-bakend; Deployment todo-backend is taken to be meant",)
    assert found.parts[0].certainty is Certainty.CONFIRMED


@pytest.mark.parametrize(
    "text", ["delete pod todo-backend-5678b65b8f-m8tqt", "please restart web", "scale it to 0", "kubectl apply -f x"]
)
def test_nothing_is_changed_from_a_conversation(answerer: Answerer, text: str) -> None:
    found = answerer.answer(text, _silent)
    assert (found.parts, found.code) == ((), ExitCode.DENIED)


def test_only_what_reads_or_proposes_is_offered() -> None:
    """The table is the gate: an operation that changes must not be reachable by any words."""
    assert all(operation.effect in (Effect.READ, Effect.PROPOSE) for operation in OFFERED.values())
    assert not {"apply", "fix", "strace", "thaw"} & set(OFFERED)


def test_a_plan_of_a_capture_is_refused_in_a_sentence(answerer: Answerer) -> None:
    found = answerer.answer("fix deploy/todo-frontend in todo-app", _silent)
    assert "capture" in found.parts[0].error
    assert found.code is ExitCode.USAGE


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_the_answerer(text: str) -> None:
    asked = question(text)
    intents(asked.plain, asked.text)
    pasted(asked.pasted)
    clauses(asked)


def test_every_intent_has_cues_and_an_answer() -> None:
    from agent.chat.intent import _cues
    from agent.chat.request import _MAKERS

    assert set(_cues()) == set(_MAKERS) == set(Intent)


def test_a_long_question_costs_no_long_time(answerer: Answerer) -> None:
    """Cues are regular expressions, and a question may be anything: a pasted megabyte must not hang a script."""
    for text in ("why is " + "a" * 100_000, "why " * 50_000, "how much " * 20_000 + "memory", "x-" * 100_000):
        answerer.answer(text, _silent)


def test_hostile_names_come_out_inert(answerer: Answerer) -> None:
    shown = as_text(answerer.answer("why is \x1b[31mdown\x1b[0m-api failing \u202e?", _silent), Screen())
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_the_command_answers_typed_and_piped_questions(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    done = shell.run("ask", "--bundle", "demo", "how", "many", "pods", "are", "not", "ready?")
    assert done.returncode == 0
    assert "of 7 in all namespaces" in done.stdout
    found = json.loads(shell.run("ask", "--bundle", "demo", "why is pod failing", "-o", "json").stdout)
    assert found["schema"] == "bluehelm/ask/v1"
    assert found["answers"][0]["result"]["schema"] == "bluehelm/diagnosis/v1"
    lines = shell.run("ask", "--bundle", "demo", "why is pod failing", "-o", "jsonl").stdout.splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["understood", "answered", "ended"]
    assert shell.run("ask").returncode == 2
