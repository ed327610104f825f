"""What is computed once per look and shared by every rule that asks (free capacity, label indexes)."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar, cast

from agent.snapshot.graph import Graph

T = TypeVar("T")


def per_graph(compute: Callable[[Graph], T]) -> Callable[[Graph], T]:
    """Return the function with its answer kept on the graph: it lives and dies with the look it is about."""

    @wraps(compute)
    def remembered(graph: Graph) -> T:
        if remembered not in graph.memo:
            graph.memo[remembered] = compute(graph)
        return cast(T, graph.memo[remembered])

    return remembered
