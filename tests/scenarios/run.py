"""Plays many scenarios side by side, those that disturb others one by one at the end; says who waits for what."""

import fcntl
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.trouble import Trouble
from tests.scenarios import bed
from tests.scenarios.expectation import Scenario
from tests.scenarios.play import Result, Shared, play

LOCK = Path("/run/lock/bluehelm-scenarios.lock")
NEWS = 15
"""Seconds without anything finished after which the run says what it waits for."""


@contextmanager
def only_run(path: Path = LOCK) -> Iterator[None]:
    """Hold the lock of the one run; a kernel lock, so a killed run leaves nothing stale.

    Raises:
        Trouble: another run is at it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Trouble(f"another run is playing scenarios ({lock.read().strip() or 'unknown'})") from None
        lock.truncate(0)
        lock.write(f"pid {os.getpid()}")
        lock.flush()
        yield


class Run:
    """One run over some scenarios. `results` is what was finished, also when the run was ended early."""

    def __init__(self, captures: Path, jobs: int) -> None:
        self.results: list[Result] = []
        self._captures, self._jobs = captures, jobs
        self._stop, self._shared = threading.Event(), Shared()
        self._doing: dict[str, str] = {}
        self._count = 0

    def play(self, scenarios: Sequence[Scenario]) -> None:
        """Play them all.

        Raises:
            Lost: the cluster went away; what was being played is in `playing`.
        """
        self._count = len(scenarios)
        self._pool([found for found in scenarios if not found.expect.alone], self._jobs)
        for found in (found for found in scenarios if found.expect.alone):
            self._tidy()
            self._pool([found], 1)
        self._tidy()

    def _tidy(self) -> None:
        say("waiting for the namespaces to be gone")
        stays = bed.gone()
        if stays:
            say(f"going on although a namespace stays: {stays}")

    @property
    def playing(self) -> str:
        """Return who does what at this moment, in one line."""
        return "; ".join(f"{name} {what}" for name, what in sorted(self._doing.items()))

    def _pool(self, scenarios: Sequence[Scenario], jobs: int) -> None:
        with ThreadPoolExecutor(jobs) as pool:
            left = {pool.submit(self._one, scenario) for scenario in scenarios}
            try:
                while left:
                    left = self._progress(left)
            except BaseException:
                self._stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _progress(self, left: set["Future[Result]"]) -> set["Future[Result]"]:
        done, left = wait(left, NEWS, FIRST_COMPLETED)
        for future in done:
            self._finished(future.result())
        if not done:
            say(f"{len(self.results)}/{self._count}  {self.playing}")
        return left

    def _one(self, scenario: Scenario) -> Result:
        began = time.monotonic()

        def tell(what: str) -> None:
            self._doing[scenario.name] = f"{what} ({time.monotonic() - began:.0f} s)"

        result = play(scenario, self._captures, self._shared, self._stop, tell)
        self._doing.pop(scenario.name, None)
        return result

    def _finished(self, result: Result) -> None:
        self.results.append(result)
        word = "ok" if result.passed and not result.trouble else "NOT"
        say(f"{len(self.results)}/{self._count}  {word:<3} {result.name} ({result.seconds:.0f} s)")
        for line in problems(result):
            say(f"        {line}")


def problems(result: Result) -> list[str]:
    """Return why a result is no success, one line each; the objects' state where its state was not reached."""
    lines = result.trouble.splitlines()
    if result.verdict and not result.verdict.passed:
        lines += [f"not found: {line}" for line in result.verdict.missing]
        lines += [f"must not be reported: {line}" for line in result.verdict.alarms]
        lines += [f"not decided: {line}" for line in result.verdict.unknown]
        lines += [f"said {place}: {line}" for place, line in enumerate(result.findings, 1)]
    return lines


def say(text: str) -> None:
    """Tell the person who waits."""
    print(text, file=sys.stderr, flush=True)
