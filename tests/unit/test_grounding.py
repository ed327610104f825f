"""A model's words against results: lost, a fluent lie about a cluster reaches somebody at 3 a.m. as an answer."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.blueprint.control import Blueprints
from agent.chat.budget import allowed, cut
from agent.chat.choice import MOST, OF_INTENT, USUAL, chosen
from agent.chat.grounding import Grounds, checked, grounds
from agent.chat.intent import Intent
from agent.chat.question import question
from agent.chat.running import OFFERED
from agent.exitcode import ExitCode
from agent.world.blueprints import read

RESULT = """{"operation":"diagnose","findings":[{"code":"oom-killed","severity":"error",
"cause":"Deployment todo-backend: container backend was killed for memory: it needs more than its limit of 512Mi
(9 restarts)","evidence":"pod todo-backend-5678b65b8f-m8tqt OOMKilled (exit code 137)"}]}"""


@pytest.fixture(scope="module")
def rows() -> Blueprints:
    return read("", lambda _: None)


@pytest.fixture
def found(rows: Blueprints) -> Grounds:
    return grounds([RESULT], [ExitCode.FOUND], rows)


KEPT = [
    "The backend was OOMKilled: it needs more than its limit of 512Mi.",
    "Pod todo-backend-5678b65b8f-m8tqt restarted 9 times (exit code 137).",
    "`todo-backend` should be given more memory, says SVC-BE-MEM-LIMIT (blueprints/service.md:19).",
    "I cannot say more without its logs.",
    "You could raise the limit, and review the plan before you approve it.",
    "It is not healthy.",
]
STRUCK = [
    ("Pod payment-api-7c9 is crashing as well.", "payment-api-7c9"),
    ("It restarted 42 times.", "42"),
    ("Its limit is 1Gi.", "1Gi"),
    ("The image cannot be pulled: ImagePullBackOff.", "ImagePullBackOff"),
    ("Everything is healthy.", "well"),
    ("The deployment is up and running.", "well"),
    ("Control SVC-XX-NOTHING forbids it.", "SVC-XX-NOTHING"),
    ("See blueprints/secrets.md:3.", "blueprints/secrets.md:3"),
    ("I have restarted the pod.", "nothing was changed"),
    ("The user approved the plan.", "nothing was changed"),
    ("The fix has been applied.", "nothing was changed"),
    ("Service `checkout` has no endpoints.", "checkout"),
    ("Namespace kube-extra2 is affected.", "kube-extra2"),
]


@pytest.mark.parametrize("sentence", KEPT)
def test_what_a_result_holds_stays(found: Grounds, sentence: str) -> None:
    """A validator that strikes the truth leaves nothing to read."""
    assert checked(sentence, found).struck == ()


@pytest.mark.parametrize(("sentence", "why"), STRUCK)
def test_what_no_result_holds_is_struck_and_said(found: Grounds, sentence: str, why: str) -> None:
    told = checked(f"It was OOMKilled. {sentence}", found)
    assert told.prose == "It was OOMKilled."
    assert why in told.struck[0]


def test_without_a_result_nothing_is_known_of_the_cluster(rows: Blueprints) -> None:
    told = checked("All is well: no problems. There are 12 pods. Hello!", grounds(["how are things"], [], rows))
    assert told.prose == "Hello!"
    assert len(told.struck) == 2


def test_health_is_a_claim_that_a_result_must_make(rows: Blueprints) -> None:
    well = grounds(["Deployment web is as asked"], [ExitCode.OK], rows)
    assert checked("It is healthy.", well).struck == ()
    unknown = grounds(["pods could not be read"], [ExitCode.INDETERMINATE], rows)
    assert checked("It is healthy.", unknown).prose == ""


def test_lists_and_paragraphs_keep_their_shape(found: Grounds) -> None:
    told = checked("1. It was OOMKilled.\n2. Raise 512Mi.\n\nDone.", found)
    assert told.prose == "1. It was OOMKilled.\n2. Raise 512Mi.\n\nDone."


@given(st.text(max_size=400))
@settings(max_examples=200, deadline=None)
def test_no_text_breaks_the_check(text: str) -> None:
    checked(text, Grounds("nothing", (), Blueprints((), (), (), ())))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=80),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.text(max_size=8), inner, max_size=8),
    max_leaves=60,
)


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=8), st.integers(200, 4_000))
@settings(max_examples=200, deadline=None)
def test_a_result_fits_its_budget_and_stays_json(document: dict[str, Any], most: int) -> None:
    """A result cut in the middle is read as if it were whole."""
    text = cut(document, most)
    assert len(text) <= most
    assert isinstance(json.loads(text), dict)


def test_what_is_left_out_is_said_and_the_first_causes_and_last_lines_stay() -> None:
    causes = [{"cause": f"cause {number}"} for number in range(300)]
    lines = [f"line {number}" for number in range(400)]
    document = {"findings": causes, "logs": [{"lines": lines}]}
    told = json.loads(cut(document, 1_000))
    assert told["findings"][0] == {"cause": "cause 0"}
    assert told["findings"][-1]["left_out"] > 0
    assert "line 399" in json.dumps(told["logs"])


def test_repeats_are_counted() -> None:
    assert json.loads(cut({"lines": ["timeout"] * 50 + ["ready"]}, 500))["lines"] == ["timeout (50 times)", "ready"]


def test_a_result_may_fill_a_tenth_of_the_window() -> None:
    assert allowed(16_000) / 3.2 <= 1_600


@pytest.mark.parametrize("intent", OF_INTENT)
def test_what_is_shown_to_a_model_is_offered(intent: Intent) -> None:
    assert set(OF_INTENT[intent]) <= set(OFFERED)
    assert set(USUAL) <= set(OFFERED)


def test_at_most_a_dozen_tools_are_shown_and_those_that_are_asked_for() -> None:
    found = chosen(question("is todo-prod compliant, how does it scale and which version is deployed?"))
    assert len(found) <= MOST
    assert "audit" in found
    assert "scaling" in found
