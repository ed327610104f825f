"""When a command must have ended, whoever it waits for: made once at its start, and passed down to everything slow."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Generic, TypeVar

_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment of `time.monotonic`, and how many seconds were given until then, for a person to read."""

    at: float
    seconds: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """Return the moment so many seconds from now."""
        return cls(time.monotonic() + seconds, seconds)

    def left(self) -> float:
        """Return the seconds that are left, 0.0 when the time is up."""
        return max(self.at - time.monotonic(), 0.0)

    def is_over(self) -> bool:
        """Return whether the time is up."""
        return self.left() <= 0

    def no_later(self, seconds: float) -> "Deadline":
        """Return the same moment, or so many seconds from now where that is sooner."""
        return self if self.left() <= seconds else Deadline.after(seconds)

    def until(self, items: Iterable[_Made]) -> Iterator[_Made]:
        """Yield items while there is time."""
        return takewhile(lambda _: not self.is_over(), items)

    def wait(self, work: Callable[[], _Made]) -> _Made:
        """Return what some work returns, or raise what it raises; when the time is up first it is left behind.

        Nothing else bounds a whole exchange. A socket's own timeout starts anew with every byte of a server that drips
        its headers or its handshake and for every address of a name, and a name server is asked without any.

        Raises:
            TimeoutError: the work took longer.

        """
        outcome: _Outcome[_Made] = _Outcome()
        thread = threading.Thread(target=outcome.of, args=(work,), daemon=True)
        thread.start()
        thread.join(self.left())
        if outcome.error is not None:
            raise outcome.error
        if not outcome.made:
            raise TimeoutError
        return outcome.made[0]


class _Outcome(Generic[_Made]):
    """What some work ends in, kept for the thread that waits for it."""

    def __init__(self) -> None:
        self.made: list[_Made] = []
        self.error: BaseException | None = None

    def of(self, work: Callable[[], _Made]) -> None:
        with self:
            self.made.append(work())

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        self.error = error
        return True
