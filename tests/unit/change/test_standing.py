"""How a release is said to stand after a change: by what helm holds, not by what was hoped for."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.apply.outcome import Ending
from agent.apply.recheck import Checked
from agent.apply.release import Standing
from agent.apply.undo_carry import Undoing
from agent.approval.decision import Approval
from agent.audit.inputs import Objects
from agent.change.plan import Action, Actor
from agent.change.standing import seen
from agent.snapshot.record import Ref
from agent.world.identity import Identity
from agent.world.world import World
from tests.fakes.objects import snapshot
from tests.unit.change.samples import plan
from tools.access import Access
from tools.failure import Failure, FailureKind
from tools.sandbox import Sandbox, sandbox

NAME = "a" * 64
PLAN = plan()  # made on revision 3, deployed, to render as PLAN.rendered
BEFORE = PLAN.base.manifest
AFTER = PLAN.rendered
OURS = f"plan:{NAME[:12]}"

STANDS: dict[str, tuple[Standing, dict[str, bool]]] = {
    "untouched": (Standing(3, "deployed", "", BEFORE), {"before": True}),
    "untouched and failed": (Standing(3, "failed", "", BEFORE), {}),
    "in force": (Standing(4, "deployed", OURS, AFTER), {"force": True}),
    "in force, drifted from its rendering": (Standing(4, "deployed", OURS, "other"), {"force": True}),
    "brought by somebody else": (Standing(4, "deployed", "by hand", AFTER), {"force": True}),
    "went back": (Standing(5, "deployed", "Rollback to 3", BEFORE), {"before": True}),
    "rolled back to another revision": (Standing(5, "deployed", "Rollback to 1", "first"), {"overtaken": True}),
    "somebody else's": (Standing(5, "deployed", "by hand", "theirs"), {"overtaken": True}),
    "failed": (Standing(4, "failed", OURS, AFTER), {}),
    "in the middle": (Standing(4, "pending-upgrade", OURS, AFTER), {"pending": True}),
    "in the middle of going back": (Standing(5, "pending-rollback", "", BEFORE), {"pending": True}),
    "gone": (Standing(0, "", "", ""), {}),
}


@pytest.mark.parametrize("name", STANDS)
def test_an_outcome_is_what_helm_holds(name: str) -> None:
    """Success is claimed of what failed, or what is in force is taken for the old and its files are put back."""
    now, expected = STANDS[name]
    assert {
        "before": now.is_as_before(PLAN),
        "force": now.is_in_force(NAME, PLAN),
        "overtaken": now.is_overtaken(NAME, PLAN),
        "pending": not now.is_settled,
    } == {"before": False, "force": False, "overtaken": False, "pending": False} | expected


def test_the_old_revision_itself_is_never_the_plans() -> None:
    """A plan that applies again what the files say renders the same: before it ran, it would count as done."""
    again = replace(PLAN, rendered=BEFORE)
    assert not Standing(3, "deployed", "", BEFORE).is_in_force(NAME, again)
    assert Standing(4, "deployed", OURS, BEFORE).is_in_force(NAME, again)


def test_a_way_back_that_helm_calls_failed_is_one_where_something_failed_before() -> None:
    """helm waits for what never was ready; the release is as it was all the same, and only then."""
    back = Standing(5, "failed", "Rollback to 3", BEFORE)
    assert back.is_as_before(replace(PLAN, failing=("Deployment/shop/web",)))
    assert not back.is_as_before(PLAN)
    other = replace(back, manifest="other")
    assert not other.is_as_before(replace(PLAN, failing=("Deployment/shop/web",)))


# A break-glass


WEB = Ref("Deployment", "shop", "web")


def deployment(image: str) -> dict[str, Any]:
    template = {"spec": {"containers": [{"name": "web", "image": image}]}}
    return {
        "kind": "Deployment",
        "metadata": {"namespace": "shop", "name": "web", "uid": "u"},
        "spec": {"template": template},
    }


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with sandbox(Access("here", "https://127.0.0.1:1", "default"), path=str(tmp_path)) as made:
        yield made


def undoing(box: Sandbox, now: str) -> Undoing:
    """Return a break-glass from the image web:2, carried out where the cluster has an image now."""
    then, look = deployment("web:2"), snapshot([deployment(now)], taken_at="2026-11-26T07:00:00+00:00")
    objects = tuple(seen([WEB], Objects([then], "shop"), snapshot([then], taken_at="2026-11-26T07:00:00+00:00")))
    made = replace(PLAN, action=Action.UNDO, changes=(), edits=(), base=replace(PLAN.base, objects=objects))
    who = Identity(Access("here", "https://127.0.0.1:1", "default"), "uid", Actor("ada", "ada", ()))
    return Undoing(
        name=NAME, plan=made, approval=Approval(NAME, "ada", "typed", "why"), checked=Checked(look, who, {}, {}),
        world=World(), emit=lambda _: None, box=box,
    )  # fmt: skip


def test_a_break_glass_that_was_interrupted_is_known_by_its_workload(box: Sandbox) -> None:
    """The release says nothing of it: what it went past is the files, and somebody owes a revert."""
    now = Standing(3, "deployed", "", BEFORE)
    done = undoing(box, "web:1").resumed(now)
    assert (done.ending, "git revert" in done.next, bool(done.still)) == (Ending.APPLIED, True, True)
    never = undoing(box, "web:2").resumed(now)
    assert (never.ending, never.next) == (Ending.ROLLED_BACK, "")


def test_a_break_glass_that_failed_is_not_called_taken_back(box: Sandbox) -> None:
    """The release is as before either way, so that it would always look undone."""
    failed = Failure(FailureKind.TIMEOUT, "kubectl rollout status", "timed out")
    outcome = undoing(box, "web:1")._failed(failed, interrupted=False)
    assert outcome.ending is Ending.UNKNOWN
    assert outcome.next == "agent diagnose deployment/web -n shop"
