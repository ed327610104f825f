"""Signals while a change is under way: the first is passed on to helm, which then takes back what it began."""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """Counts the signals that ask this process to end, and passes the first one on. A context manager."""

    def __init__(self, passed_on: Callable[[], None], told: Callable[[str], None]) -> None:
        self.count = 0
        self._passed_on, self._told = passed_on, told
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Interrupts":
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._received) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _received(self, _: int, __: FrameType | None) -> None:
        self.count += 1
        if self.count > 1:
            self._told("helm is taking it back; it has to finish, or the release stays half changed")
            return
        self._told("asked helm to stop and to take back what it began")
        self._passed_on()
