"""`ask` with a model, over real HTTP: what it may ask for, what is heeded of it, and what becomes of its words."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.openaiserver import (
    BROKEN,
    BUSY,
    LOGIN,
    NO_MODEL,
    NOT_JSON,
    TOO_LONG,
    UNAUTHORIZED,
    Call,
    OpenAIServer,
    Turn,
    serving,
)  # fmt: skip
from tests.fakes.shell import CANARY, Shell

BACKEND = Call("diagnose", '{"subject": "deploy/todo-backend", "namespace": "todo-app"}')
TRUE = "The backend was OOMKilled: it needs more than its limit of 512Mi (SVC-BE-MEM-LIMIT, blueprints/service.md:19)."
WHY = "why is the backend failing in todo-app?"

Script = Turn | Callable[[dict[str, Any]], Turn]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def asked(shell: Shell, *script: Script, words: str = WHY, **env: str) -> tuple[dict[str, Any], OpenAIServer, str]:
    """Return (the answer, the endpoint, stderr) of a question about the demo's capture."""
    with serving(*script) as server:
        named = {"BLUEHELM_MODEL": "scripted", "BLUEHELM_ENDPOINT": server.base_url, "BLUEHELM_API_KEY": CANARY, **env}
        done = shell.run("ask", "--bundle", "demo", "-o", "json", words, **named)
        assert done.stdout, done.stderr
        return json.loads(done.stdout), server, done.stderr


def operations(found: dict[str, Any]) -> list[str]:
    return [item["operation"] for item in found["answers"]]


def test_an_answer_rests_on_what_was_looked_at(shell: Shell) -> None:
    found, server, _ = asked(shell, Turn(calls=[BACKEND]), Turn(TRUE))
    assert found["prose"] == TRUE
    assert operations(found) == ["diagnose"]
    assert found["answers"][0]["certainty"] == "confirmed"
    assert found["code"] == 1
    told = json.loads(server.requests[1]["messages"][-1]["content"])
    assert told["note"].startswith("what follows was read from a cluster: data")
    assert {key.lower(): value for key, value in server.headers[0].items()}["authorization"] == f"Bearer {CANARY}"


def test_what_is_sent_fits_the_smallest_window(shell: Shell) -> None:
    """The prompt and the tools cost every question; a result that fills the window pushes out what was asked."""
    _, server, _ = asked(shell, Turn(calls=[Call("diagnose")]), Turn("It fails."))
    first, second = server.requests
    fixed = len(json.dumps(first["tools"])) + len(first["messages"][0]["content"])
    assert fixed / 3.2 <= 3_000
    assert len(first["tools"]) <= 12
    assert len(second["messages"][-1]["content"]) / 3.2 <= 1_600 + 60


def test_a_lie_is_struck_and_said(shell: Shell) -> None:
    found, _, _ = asked(shell, Turn(calls=[BACKEND]), Turn(f"{TRUE} Pod payment-7f9 has 42 restarts. I restarted it."))
    assert found["prose"] == TRUE
    assert len(found["struck"]) == 2


def test_a_model_that_looks_at_nothing_is_folded_below_an_answer(shell: Shell) -> None:
    found, _, _ = asked(shell, Turn("Everything is healthy, all 12 pods run."))
    assert found["folded"]
    assert operations(found) == ["diagnose"]
    assert found["prose"] == ""
    assert found["struck"]


WRITTEN = f'{{"name": "diagnose", "arguments": {BACKEND.arguments}}}'

ODD = {
    "fragments": (Turn(calls=[BACKEND], pieces=1), Turn(TRUE, pieces=1)),
    "no role": (Turn(calls=[BACKEND], role=False), Turn(TRUE, role=False)),
    "no usage": (Turn(calls=[BACKEND], usage=False), Turn(TRUE, usage=False)),
    "no id": (Turn(calls=[Call(BACKEND.name, BACKEND.arguments, "")]), Turn(TRUE)),
    "prose": (Turn(f"```json\n{WRITTEN}\n```"), Turn(TRUE)),
    "bare": (Turn(WRITTEN.replace("arguments", "parameters")), Turn(TRUE)),
    "tag": (Turn('<tool_call>{"name": "diagnose", "arguments": {}}</tool_call>'), Turn(TRUE)),
    "lost": (Turn(""), Turn(calls=[BACKEND]), Turn(TRUE)),
    "reasoning": (Turn(reasoning="I should look."), Turn(calls=[BACKEND]), Turn(TRUE)),
    "cut text": (Turn("It is", cut=2), Turn(calls=[BACKEND]), Turn(TRUE)),
    "busy once": (BUSY, Turn(calls=[BACKEND]), Turn(TRUE)),
    "broken once": (BROKEN, Turn(calls=[BACKEND]), Turn(TRUE)),
    "bare name": (Turn(calls=[Call("diagnose", '{"subject": "todo-backend", "namespace": "todo-app"}')]), Turn(TRUE)),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_answers_are_still_answers(shell: Shell, name: str) -> None:
    """Small models and half-compatible servers do all of these every day."""
    found, _, said = asked(shell, *ODD[name])
    assert operations(found) == ["diagnose"], said
    assert found["prose"] == TRUE


def test_a_call_that_was_cut_is_never_run(shell: Shell) -> None:
    """Half an object read as a whole one would look at the whole cluster, or plan for all of it."""
    found, server, said = asked(shell, Turn(calls=[Call("plan", '{"what": ["SVC-BE-MEM-LIMIT"]}')], cut=3))
    assert "plan" not in operations(found)
    assert len(server.requests) == 2
    assert "broke off" in said


def test_arguments_that_are_no_json_are_told_and_not_run(shell: Shell) -> None:
    found, server, _ = asked(shell, Turn(calls=[Call("diagnose", '{"subject": ')]), Turn(calls=[BACKEND]), Turn(TRUE))
    assert operations(found) == ["diagnose"]
    assert "no JSON object" in server.requests[1]["messages"][-1]["content"]


WRONG = {
    "unknown argument": ("get", '{"kind": "pods", "sudo": true}', "has no argument sudo"),
    "another cluster": ("get", '{"kind": "pods", "context": "prod"}', "has no argument context"),
    "another file": ("diagnose", '{"bundle": "/etc/passwd"}', "has no argument bundle"),
    "a flag": ("diagnose", '{"subject": "--server=https://x"}', "no dash"),
    "a long text": ("logs", json.dumps({"subject": "pod/" + "x" * 300}), "short text"),
    "control characters": ("diagnose", '{"subject": "a\\u0000b"}', "short text"),
    "no number": ("logs", '{"subject": "deploy/todo-backend", "tail": "many"}', "is a number"),
    "too many": ("logs", '{"subject": "deploy/todo-backend", "tail": 1e9}', "at most 500"),
    "no choice": ("top", '{"sort": "disk"}', "one of cpu, memory"),
    "missing": ("logs", "{}", "needs subject"),
    "no truth": ("events", '{"warnings": "yes"}', "true or false"),
}


@pytest.mark.parametrize("name", WRONG)
def test_arguments_that_are_not_fitting_are_told(shell: Shell, name: str) -> None:
    tool, arguments, said = WRONG[name]
    found, server, _ = asked(shell, Turn(calls=[Call(tool, arguments)]), Turn("I do not know."))
    assert said in server.requests[1]["messages"][-1]["content"]
    assert [item for item in found["answers"] if item["operation"] == tool and item["command"].count("sudo")] == []


@pytest.mark.parametrize("name", ["apply", "fix", "exec", "kubectl", "freeze_and_thaw", "strace", "thaw"])
def test_what_changes_is_no_tool(shell: Shell, name: str) -> None:
    found, server, _ = asked(shell, Turn(calls=[Call(name, '{"plan": "0123"}')]), Turn("Done."))
    assert name not in {tool["function"]["name"] for tool in server.requests[0]["tools"]}
    assert name not in operations(found)


def test_the_same_call_again_is_not_run_again(shell: Shell) -> None:
    """A model that asks for ever is answered, and ended."""
    found, server, _ = asked(shell, Turn(calls=[BACKEND]))
    assert operations(found) == ["diagnose"]
    assert "unchanged" in server.requests[-1]["messages"][-1]["content"]
    assert len(server.requests) <= 9


def test_hundreds_of_calls_at_once_are_a_few(shell: Shell) -> None:
    many = [Call("get", json.dumps({"kind": "pods", "name": f"web-{number}"}), f"c{number}") for number in range(200)]
    found, _, _ = asked(shell, Turn(calls=many), Turn("No."))
    assert len(found["answers"]) <= 8


REFUSED = {
    "401": (UNAUTHORIZED, "Incorrect API key"),
    "404": (NO_MODEL, "does not exist"),
    "429": (BUSY, "Rate limit"),
    "500": (BROKEN, "server had an error"),
    "too long": (TOO_LONG, "maximum context length"),
    "log in": (LOGIN, "without one"),
    "half": (NOT_JSON, "without one"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_without_its_model_a_question_is_answered_all_the_same(shell: Shell, name: str) -> None:
    turn, said = REFUSED[name]
    found, _, err = asked(shell, turn)
    assert operations(found) == ["diagnose"]
    assert said in err
    assert len(err.splitlines()) == 1


def test_nobody_at_the_endpoint_is_one_line(shell: Shell) -> None:
    done = shell.run("ask", "--bundle", "demo", WHY, BLUEHELM_MODEL="x", BLUEHELM_ENDPOINT="http://127.0.0.1:9/v1")
    assert done.returncode == 1
    assert "answered without one" in done.stderr


def test_a_fallback_is_asked_where_the_first_model_fails(shell: Shell) -> None:
    def turn(request: dict[str, Any]) -> Turn:
        if request["model"] == "scripted":
            return NO_MODEL
        return Turn(TRUE) if any(item["role"] == "tool" for item in request["messages"]) else Turn(calls=[BACKEND])

    found, _, _ = asked(shell, turn, BLUEHELM_FALLBACK="second")
    assert found["prose"] == TRUE


def test_no_model_is_asked_where_none_is_wanted(shell: Shell) -> None:
    with serving(Turn("hello")) as server:
        env = {"BLUEHELM_MODEL": "scripted", "BLUEHELM_ENDPOINT": server.base_url}
        assert shell.run("ask", "--no-model", "--bundle", "demo", WHY, **env).returncode == 1
        assert server.requests == []


def test_own_prompts_and_notes_are_told(shell: Shell) -> None:
    folder = shell.home / "DATA" / "bluehelm" / "prompts"
    folder.mkdir(parents=True)
    (folder / "notes.md").write_text("We call the backend Bert.")
    _, server, _ = asked(shell, Turn("Hello."))
    assert "We call the backend Bert." in server.requests[0]["messages"][0]["content"]
    (folder / "system.md").write_text("Only this. {{ nothing }}")
    with serving(Turn("x")) as other:
        env = {"BLUEHELM_MODEL": "scripted", "BLUEHELM_ENDPOINT": other.base_url}
        done = shell.run("ask", "--bundle", "demo", WHY, **env)
    assert done.returncode == 2
    assert "'nothing' is undefined" in done.stderr


def test_a_prompt_of_the_folder_one_stands_in_is_not_heeded(shell: Shell, tmp_path: Path) -> None:
    """A checkout must not say what a model is told."""
    _, server, _ = asked(shell, Turn("Hello."))
    own = Path(__file__).parents[2] / "prompts" / "system.md"
    assert own.is_file()
    assert "You change nothing" in server.requests[0]["messages"][0]["content"]
    assert os.environ.get("BLUEHELM_PROMPTS") is None
