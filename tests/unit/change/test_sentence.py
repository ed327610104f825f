"""The first line of a card and what will not happen: made from the plan's bytes, and what a person decides by."""

from dataclasses import replace
from typing import Any

import pytest

from agent.change.plan import Action, Drill, Effects, Plan, Promise
from agent.change.sentence import sentence, spared, subject
from tests.unit.change.samples import CHANGE, FIELD, plan

REACH = plan().effects
CRASH = Drill("crash", "Deployment/shop/web", {}, (Promise("A", "", "", 0),))


def of(**more: Any) -> Plan:
    return replace(plan(), **more)


TAG = replace(CHANGE, path="web.image.tag", old="1.1", new="1.2", fields=())
SAYS: dict[str, tuple[Plan, str]] = {
    "one value": (
        of(),
        "web in shop gets memory limit 128Mi instead of 64Mi; one pod restarts; SVC-MEM says so.",
    ),
    "a key that is new": (of(changes=(replace(CHANGE, old=None),)), "gets memory limit 128Mi; one pod"),
    "a value that is not live": (
        of(changes=(replace(CHANGE, old="128Mi"),)),
        "gets back memory limit 128Mi instead of 64Mi",
    ),
    "a tag": (of(changes=(TAG,)), "gets image tag 1.2 instead of 1.1"),
    "two values": (
        of(changes=(CHANGE, replace(CHANGE, control="SVC-CPU"))),
        "web in shop: 2 values change; one pod restarts; SVC-MEM, SVC-CPU say so.",
    ),
    "no pod": (of(effects=replace(REACH, pods=0, restarted=())), "instead of 64Mi; SVC-MEM says so."),
    "several pods": (of(effects=replace(REACH, pods=3)), "3 pods restart"),
    "back": (of(action=Action.REVERT), "SVC-MEM will then not hold"),
    "a first release": (
        of(action=Action.INSTALL, changes=(), effects=Effects((), ("a", "b"), (), (), 0, ())),
        "web in shop is installed: 2 objects are made.",
    ),
    "out of a pending state": (
        of(action=Action.RECOVER, changes=(), base=replace(plan().base, status="pending-upgrade")),
        "web in shop goes back to revision 3 out of pending-upgrade",
    ),
    "break-glass": (
        of(action=Action.UNDO, changes=()),
        "Deployment/shop/web goes back to its earlier pod template, past the values files",
    ),
    "a drill's pod": (
        of(action=Action.DRILL, changes=(), drill=CRASH),
        "Deployment/shop/web loses a pod for a drill (A)",
    ),
    "a drill's value": (
        of(action=Action.DRILL, changes=(), drill=Drill("image", "Deployment/shop/web", {"web.tag": "x"}, ())),
        "gets web.tag x for a drill, and helm takes it back",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SAYS)
def test_the_first_line_says_what_how_far_and_by_whose_word(name: str) -> None:
    """It is all that many people read before they say yes."""
    made, said = SAYS[name]
    assert said in sentence(made)
    assert sentence(made).startswith(subject(made))


STAYS: dict[str, tuple[Plan, set[str], set[str]]] = {
    "one value": (
        of(),
        {
            "nothing is deleted",
            "no number of replicas changes",
            "no image changes",
            "no object beside Deployment/shop/web is touched",
        },
        set(),
    ),
    "an image": (of(changes=(TAG,)), {"nothing is deleted"}, {"no image changes"}),
    "replicas": (
        of(changes=(replace(CHANGE, fields=(replace(FIELD, pointer="/spec/replicas"),)),)),
        {"no image changes"},
        {"no number of replicas changes"},
    ),
    "a deletion": (of(effects=replace(REACH, deleted=("Pod/shop/web-1",))), set(), {"nothing is deleted"}),
    "out of a pending state": (
        of(action=Action.RECOVER),
        {"no release Secret is deleted", "no file changes"},
        {"nothing is deleted"},
    ),
    "a drill": (of(action=Action.DRILL, changes=()), {"no file changes"}, set()),
    "a first release": (
        of(action=Action.INSTALL, changes=()),
        {"nothing is deleted"},
        {"no number of replicas changes", "no object beside Deployment/shop/web is touched"},
    ),
}


@pytest.mark.parametrize("name", STAYS)
def test_what_will_not_happen_is_promised_only_where_it_holds(name: str) -> None:
    """A promise on the card that the plan breaks is worse than none."""
    made, there, absent = STAYS[name]
    found = set(spared(made))
    assert there <= found
    assert not absent & found
