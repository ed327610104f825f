"""What is computed once per look and shared by every rule that asks (free capacity, label indexes)."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from agent.snapshot.graph import Graph

T = TypeVar("T")


def per_graph(compute: Callable[[Graph], T]) -> Callable[[Graph], T]:
    """Return the function with its answer kept for as long as the graph lives."""
    answers: WeakKeyDictionary[Graph, T] = WeakKeyDictionary()

    @wraps(compute)
    def remembered(graph: Graph) -> T:
        if graph not in answers:
            answers[graph] = compute(graph)
        return answers[graph]

    return remembered
