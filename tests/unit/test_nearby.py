"""A misspelt name is found among thousands as it is among three, without comparing it with each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.kube.nearby import MOST, Nearby
from agent.kube.wording import closest

WORD = st.from_regex(r"[a-z]{2,7}(-[a-z0-9]{2,7}){0,2}", fullmatch=True)
CROWD = [
    f"{first}-{second}-{number}" for first in ("web", "api", "job") for second in ("eu", "us") for number in range(800)
]


def test_a_misspelt_name_is_found_in_a_crowd() -> None:
    assert Nearby([*CROWD, "payments"]).closest("paymets") == "payments"
    assert Nearby([*CROWD, "checkout-frontend"]).closest("checkout-fronted") == "checkout-frontend"
    assert Nearby([*CROWD, "backend"]).closest("todo-backend") == "backend"


def test_nobody_is_near_a_stranger() -> None:
    assert Nearby(CROWD).closest("zookeeper") == ""
    assert Nearby([]).closest("web") == ""


@given(st.lists(WORD, min_size=1, max_size=4, unique=True), WORD)
def test_it_names_nobody_a_full_comparison_would_not(names: list[str], wanted: str) -> None:
    near = Nearby(names).closest(wanted)
    assert near in ("", *names)
    assert not near or closest(wanted, [near]) == near


@pytest.mark.parametrize("name", ["payments", "checkout-frontend", "todo-backend", "redis-master", "postgresql"])
def test_one_letter_left_out_is_always_found(name: str) -> None:
    """The commonest slip, at every place of names that people give."""
    index = Nearby([*CROWD, name])
    assert all(index.closest(name[:place] + name[place + 1 :]) == name for place in range(1, len(name) - 1))


def test_a_crowd_costs_a_look_up_and_not_a_comparison_with_each() -> None:
    index = Nearby(CROWD)
    assert all(len(list(index.candidates(f"queue-{number}"))) <= MOST for number in range(200))
