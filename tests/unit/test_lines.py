"""The lines of a log that say why a program ended, among those that only say where, how to call it, or that it ends."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from agent.diagnose.messages.lines import ending, last_words, missing_file, missing_settings, telling_line
from agent.diagnose.messages.match import matches
from agent.diagnose.messages.records import record

TOLD = [
    ("Error: no cart\n    at Parser.parseErrorMessage (/app/parser.js:287:98)\n\nNode.js v20\n", "Error: no cart"),
    ('Traceback:\n  File "/app/a.py", line 3\n    raise ValueError("failed")\nValueError: x\n', "ValueError: x"),
    ("panic: no cart\n\ngoroutine 1 [running]:\nmain.main()\n\t/src/main.go:3 +0x1\nexit status 2\n", "panic: no cart"),
    ("Error: no command\nUsage: app COMMAND\n  --fail   panic: on error\n", "Error: no command"),
    ("[ERROR] cannot open cart\n[ERROR] Aborting\n", "[ERROR] cannot open cart"),
    ("FATAL:  no slot\nDETAIL:  All are taken.\n", "FATAL:  no slot DETAIL:  All are taken."),
    ("ERROR: no checkpoint\nreason: the file is short\n", "ERROR: no checkpoint reason: the file is short"),
    ("Description:\n\nPort 8080 was taken.\n\nAction:\n\nIdentify the process.\n", "Port 8080 was taken."),
    ("level=info msg=refused\nlevel=error msg=failed err=late\nlevel=info msg=bye\n", "failed: late"),
]


@pytest.mark.parametrize(("log", "line"), TOLD)
def test_the_line_that_tells_is_found(log: str, line: str) -> None:
    """Frames, help and farewells are louder than the reason."""
    assert telling_line(log) == line


def test_a_structured_line_says_its_message_and_its_errors() -> None:
    line = {"level": 50, "time": 1764064521123, "msg": "start", "err": {"type": "Error", "message": "no cart"}}
    assert record(json.dumps(line)).text == "start: Error: no cart"
    assert record(json.dumps(line)).level == "error"
    nested = {"s": "F", "msg": "Wrong version", "attr": {"error": "upgrade first"}}
    assert (record(json.dumps(nested)).text, record(json.dumps(nested)).level) == (
        "Wrong version: upgrade first",
        "fatal",
    )
    stack = {"severity": "ERROR", "message": "failed", "stack_trace": "E: no cart\n\tat a.b(C.java:3)\nCaused by: late"}
    assert record(json.dumps(stack)).text == "failed: E: no cart: Caused by: late"


@given(some.text(max_size=400))
def test_any_log_is_read_without_an_error(log: str) -> None:
    telling_line(log)
    last_words(log)
    list(missing_settings(ending(log)))
    missing_file(ending(log))
    list(matches(log))


@given(
    some.recursive(
        some.none() | some.text(max_size=5),
        lambda part: some.dictionaries(
            some.sampled_from(["msg", "error", "err", "level", "stack", "attr"]),
            part | some.lists(part, max_size=2),
            max_size=3,
        ),
    )
)
def test_any_json_line_is_read_without_an_error(line: object) -> None:
    record(json.dumps(line))
