"""Signals while a change is under way: the first is passed on to helm, which then takes back what it began.

What is to be said is said by a thread of its own: a handler may run in the middle of a write to the same stream.
"""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """Counts the signals that ask this process to end, and passes the first one on. A context manager.

    `passed_on` returns what to tell the person.
    """

    def __init__(self, passed_on: Callable[[], str], told: Callable[[str], None]) -> None:
        self.count = 0
        self._passed_on, self._told = passed_on, told
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Interrupts":
        if threading.current_thread() is threading.main_thread():
            heeded = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
            self._before = {number: signal.signal(number, self._received) for number in heeded}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _received(self, _: int, __: FrameType | None) -> None:
        self.count += 1
        if self.count > 1:
            self._tell("it is being taken back; that has to finish, or the release stays half changed")
            return
        self._tell(self._passed_on())

    def _tell(self, text: str) -> None:
        threading.Thread(target=self._told, args=(text,)).start()
