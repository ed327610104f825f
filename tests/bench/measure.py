"""Time and peak memory of whole processes: the best of a few runs, each against a floor in the same run."""

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

RUNS = 5


@dataclass(frozen=True, slots=True)
class Cost:
    """Wall seconds, peak resident bytes and CPU seconds (its children's included) of one process."""

    seconds: float
    memory: int
    cpu: float = 0.0


def cost(
    argv: Sequence[str | Path], *, runs: int = RUNS, env: dict[str, str] | None = None, answers: Sequence[int] = (0,)
) -> Cost:
    """Return the best time and the smallest peak of a few runs of a command.

    Raises:
        ValueError: it ended with a status that is none of the answers, so that it did not do its work.
    """
    found = [_once(argv, env, answers) for _ in range(runs)]
    best = min(item.cpu for item in found)
    return Cost(min(item.seconds for item in found), min(item.memory for item in found), best)


def _once(argv: Sequence[str | Path], env: dict[str, str] | None, answers: Sequence[int]) -> Cost:
    inherited = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}  # compiled once
    began = time.perf_counter()
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=inherited | (env or {}))
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)  # waited for here, where its own peak can be read
    if process.returncode not in answers:
        raise ValueError(f"{' '.join(map(str, argv))} ended with {process.returncode}: nothing was measured")
    return Cost(time.perf_counter() - began, usage.ru_maxrss << 10, usage.ru_utime + usage.ru_stime)


@dataclass(frozen=True, slots=True)
class Line:
    """One measurement: what, beside which floor, and how many times the floor it may be."""

    what: str
    value: float
    floor: float
    unit: str
    most: float

    @property
    def too_much(self) -> bool:
        """Return whether it costs more than it may."""
        return self.value > self.most * self.floor

    def __str__(self) -> str:
        """One row of the table."""
        ratio = self.value / self.floor
        verdict = "TOO MUCH" if self.too_much else "ok"
        figures = f"{self.value:9.3f} {self.unit} / {self.floor:8.3f} {self.unit}"
        return f"{self.what:<46} {figures} = {ratio:5.2f} x  (at most {self.most:.1f})  {verdict}"
