"""Conversations that are kept, and the line chat: lost, somebody explains the same incident twice."""

import json
import sqlite3
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.chat.summary import Told, before
from tests.fakes.openaiserver import Call, Turn, serving
from tests.fakes.shell import CANARY, COMMAND, ROOT, Shell

DEMO = ("--bundle", "demo")
WHY = "why is the backend failing in todo-app?"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def file(shell: Shell) -> Path:
    return shell.home / "STATE" / "bluehelm" / "sessions.db"


def test_a_session_goes_on_where_it_was(shell: Shell) -> None:
    assert shell.run("ask", *DEMO, "--session", "night", WHY).returncode == 1
    assert (
        "todo-backend-5678b65b8f-m8tqt in todo-app"
        in shell.run("ask", *DEMO, "--session", "night", "and its logs?").stdout
    )
    listed = json.loads(shell.run("session", "list", "-o", "json").stdout)["sessions"]
    assert [(item["name"], item["questions"], item["place"]) for item in listed] == [("night", 2, "the capture demo")]
    shown = shell.run("session", "show", "night", "-o", "markdown").stdout
    assert f"## {WHY}" in shown
    assert "SVC-BE-MEM-LIMIT" in shown
    assert shell.run("session", "show", "nigth").returncode == 2


def test_what_is_kept_is_the_users_alone_and_holds_no_secret(shell: Shell) -> None:
    shell.run("ask", *DEMO, "--session", "s", f"why does token={CANARY} fail on pod web-1?")
    shell.run(
        "ask", *DEMO, "--session", "s", f"search the logs of deploy/todo-backend in todo-app for password={CANARY}"
    )
    found = file(shell)
    assert stat.S_IMODE(found.stat().st_mode) == 0o600
    assert CANARY.encode() not in found.read_bytes()


@pytest.mark.parametrize("content", [b"no database at all" * 100, b""])
def test_a_broken_file_costs_the_memory_and_not_the_answer(shell: Shell, content: bytes) -> None:
    found = file(shell)
    found.parent.mkdir(parents=True)
    found.write_bytes(content)
    done = shell.run("ask", *DEMO, "--session", "s", WHY)
    assert done.returncode == 1
    assert "killed for memory" in done.stdout
    assert ("move the file away" in done.stderr) == bool(content)


def test_a_file_of_a_newer_version_is_left_alone(shell: Shell) -> None:
    shell.run("ask", *DEMO, "--session", "s", WHY)
    base = sqlite3.connect(file(shell))
    base.execute("PRAGMA user_version = 99")
    base.commit()
    base.close()
    done = shell.run("ask", *DEMO, "--session", "s", WHY)
    assert "newer version" in done.stderr
    assert done.returncode == 1


def test_lines_are_answered_one_after_another(shell: Shell) -> None:
    """A dumb terminal and a pipe have no screen to draw."""
    import subprocess

    lines = f"{WHY}\n\nwho calls it\nquit\nnever asked\n"
    done = subprocess.run(
        [*COMMAND, "chat", *DEMO], input=lines, capture_output=True, text=True, env=shell.env(), cwd=ROOT, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "killed for memory" in done.stdout
    assert "called by    Deployment todo-frontend" in done.stdout
    assert "Kept as session" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr


def test_what_was_said_before_is_told_to_the_model_in_short(shell: Shell) -> None:
    with serving(Turn(calls=[Call("diagnose", '{"namespace": "todo-app"}')]), Turn("It fails.")) as server:
        env = {"BLUEHELM_MODEL": "scripted", "BLUEHELM_ENDPOINT": server.base_url}
        shell.run("ask", *DEMO, "--session", "s", WHY, **env)
        shell.run("ask", *DEMO, "--session", "s", "and why is that?", **env)
    told = server.requests[-1]["messages"][0]["content"]
    assert f"asked: {WHY}" in told
    assert "SVC-BE-MEM-LIMIT" in told


TURNS = st.lists(
    st.tuples(
        st.text(max_size=60),
        st.builds(Told, verdicts=st.tuples(st.text(max_size=80)), plans=st.tuples(st.text(max_size=12))),
    ),
    max_size=40,
)


@given(TURNS, st.integers(0, 2_000))
def test_what_is_told_of_before_fits(turns: list[tuple[str, Told]], most: int) -> None:
    assert len(before(turns, most)) <= most + 3 * len(turns)


def test_refusals_citations_and_plans_outlive_the_rest() -> None:
    """A model that forgets that somebody was refused proposes the same again."""
    old = Told(
        verdicts=("1 cause",), citations=("SVC-BE-PORT",), plans=("0123abcd",), refusals=("no blueprint says so",)
    )
    told = before([("first", old), *[(f"q{number}", Told(verdicts=("well",))) for number in range(8)]], 2_000)
    assert "no blueprint says so" in told
    assert "SVC-BE-PORT" in told
    assert "plan 0123abcd" in told
    assert "1 cause" not in told


def test_the_models_endpoint_is_examined(shell: Shell) -> None:
    call = Turn(calls=[Call("count_pods", '{"namespace": "shop"}')])
    with serving(Turn("ready"), call, call, Turn("ready")) as server:
        env = {"BLUEHELM_MODEL": "scripted", "BLUEHELM_ENDPOINT": server.base_url}
        found = json.loads(shell.run("doctor", "model", "-o", "json", **env).stdout)
    assert {item["name"]: item["outcome"] for item in found["checks"]} == {
        "model": "ok", "answer": "ok", "tool call": "ok", "tool call, streamed": "ok", "tokens": "ok",
    }  # fmt: skip


def test_an_endpoint_that_calls_no_tools_is_told(shell: Shell) -> None:
    with serving(Turn("I would rather talk.")) as server:
        env = {"BLUEHELM_MODEL": "scripted", "BLUEHELM_ENDPOINT": server.base_url}
        done = shell.run("doctor", "model", **env)
    assert done.returncode == 3
    assert "failed   tool call: none came" in done.stdout


def test_without_a_model_the_doctor_says_so_and_how_to_set_one(shell: Shell) -> None:
    done = shell.run("doctor", "model")
    assert done.returncode == 0
    assert "BLUEHELM_MODEL" in done.stdout
