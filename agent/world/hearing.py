"""What of a cluster is heard at the moment, and what a person is told of the rest.

A line when nothing is heard any more, and one when it is again; none for what is mended within seconds.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from agent.kube.wording import listed
from tools.failure import Failure, FailureKind

GRACE = 2.0
"""Seconds of a silence that nobody is told of: an API server that restarts behind a balancer, one lost connection."""

LATE = 30.0
"""Seconds after which a single kind is named that is not heard while others are: they do not come back all at once."""

REFUSED = (FailureKind.FORBIDDEN, FailureKind.NOT_SERVED)
"""Why a kind will not be heard by waiting."""


@dataclass(slots=True)
class Hearing:
    """Which kinds are followed, which of them are not heard, and what was said of that."""

    followed: frozenset[str]
    losses: dict[str, tuple[Failure, float]] = field(default_factory=dict)
    """Kind -> why it is not heard, and since when (seconds of any steady clock)."""
    _named: set[str] = field(default_factory=set)
    _silent: bool = False
    """Whether a person was told that nothing is heard."""

    def lose(self, kind: str, failure: Failure, now: float) -> None:
        """Note that a kind is not heard."""
        self.losses[kind] = failure, now

    def find(self, kind: str) -> bool:
        """Note that a kind is heard; return whether it was not."""
        return self.losses.pop(kind, None) is not None

    def leave(self, kind: str) -> None:
        """Note that a kind is not followed any more."""
        self.followed -= {kind}
        self.losses.pop(kind, None)

    def is_deaf(self) -> bool:
        """Return whether nothing is heard at all: nothing can be judged then."""
        return bool(self.followed) and self.followed <= self.losses.keys()

    def unheard(self) -> Mapping[str, str]:
        """Return kind -> why what is known of it may be old."""
        return {kind: f"not followed: {failure.detail}" for kind, (failure, _) in self.losses.items()}

    def news(self, now: float) -> Iterator[str]:
        """Yield what a person has to be told, each thing once."""
        if self._silent and not self.is_deaf():
            self._silent = False
            yield "the cluster answers again"
        if self.is_deaf():
            last = max(since for _, since in self.losses.values())
            if not self._silent and now - last >= GRACE:
                self._silent = True
                yield f"{self._why()}; trying again, nothing new is known until then"
            return
        yield from self._of_kinds(now)

    def _why(self) -> Failure:
        """Return why nothing is heard: a reason that waiting may mend, where there is one."""
        pods_first = sorted(self.losses, key=lambda kind: (self.losses[kind][0].kind in REFUSED, kind != "Pod"))
        return self.losses[pods_first[0]][0]

    def _of_kinds(self, now: float) -> Iterator[str]:
        back = self._named - self.losses.keys()
        if back:
            self._named -= back
            yield f"followed again: {listed(sorted(back))}"
        fresh = {kind: found for kind, (found, since) in self.losses.items() if self._is_due(kind, found, now - since)}
        if fresh:
            self._named |= fresh.keys()
            why = next(iter(fresh.values()))
            yield f"not followed, so what is said of it may be old: {_names(fresh)} ({why.detail}); {_advice(why)}"

    def _is_due(self, kind: str, failure: Failure, seconds: float) -> bool:
        return kind not in self._named and seconds >= (GRACE if failure.kind in REFUSED else LATE)


def _names(kinds: Iterable[str]) -> str:
    return listed(sorted(kinds))


def _advice(failure: Failure) -> str:
    return "ask for the right to watch it" if failure.kind is FailureKind.FORBIDDEN else "trying again"
