"""Every step of an apply with every fault at it: what is done, and which codes are an honest end of it."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.robustness.invariants import Left, broken, settled
from tests.robustness.terminal import Shown
from tests.robustness.world import World, stopping

STEPS = (
    "checked",
    "approved",
    "locked",
    "noting-intent",
    "intent",
    "replacing-values.yaml",
    "written",
    "entering",
    "committed",
    "started",
    "helm",
    "verified",
    "ending",
    "noting-outcome",
)
"""The places an apply comes by, in this order; `started` is while helm is at work."""

UNDOING = ("undoing", "undone", "restored")
"""The places it comes by besides where what follows is worse than before."""

BEFORE = STEPS[: STEPS.index("intent")]
"""Where nothing may have been changed yet."""

HELD = STEPS[: STEPS.index("started") + 1]
"""Where helm's part is still to come."""


@dataclass(frozen=True)
class Case:
    """One step, one fault."""

    step: str
    fault: str
    faults: "Mapping[str, Callable[[World, str], Shown]] | None" = None
    """How each fault is brought about, None in the world without a cluster."""

    @property
    def name(self) -> str:
        return f"{self.step}:{self.fault}"

    def run(self, world: World) -> tuple[Shown, list[str]]:
        """Try it in a world that is as new; return how it ended and what was wrong."""
        before = world.values.read_bytes()
        planned = before.replace(b"memory: 384Mi                 # SVC-BE", b"memory: 512Mi                 # SVC-BE")
        world.begun(worse=self.step in UNDOING, held=self.step == "started")
        shown = (self.faults or FAULTS)[self.fault](world, self.step)
        world.hold(on=False)
        world.idle()
        _freed(world)
        left = Left(world, shown, before, planned)
        found = [] if shown.stopped else [f"{self.step} was never reached: {shown.text[-200:]}"]
        found += broken(left)
        if shown.code not in self.honest():
            found.append(f"exit {shown.code}, which is none of {sorted(self.honest())}: {shown.text[-300:]}")
        world.healed()
        return shown, found + settled(left)

    def honest(self) -> set[int]:
        """Return the codes that tell the truth of this case."""
        if self.fault == "SIGKILL":
            return {-9}
        if self.fault == "SIGTERM":
            done = {0} if self.step in STEPS[STEPS.index("helm") :] else {6} if self.step in UNDOING else set()
            return done or {130}
        return HONEST[self.fault](self.step)


def cases() -> list[Case]:
    """Return every case."""
    return [Case(step, fault) for step in (*STEPS, *UNDOING) for fault in FAULTS]


def kill(world: World, step: str) -> Shown:
    def strike(_: World, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)

    return struck(world, step, strike)


def _terminate(world: World, step: str) -> Shown:
    def strike(_: World, pid: int) -> None:
        os.kill(pid, signal.SIGTERM)

    return struck(world, step, strike)


def _full(world: World, step: str) -> Shown:
    return struck(world, step, lambda world, _: _fill(world))


def _fill(world: World) -> None:
    """Leave no byte: a large block first, then the small ones."""
    with (world.disk / "filler").open("wb", buffering=0) as filler:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while filler.write(b"x" * size) == size:
                    pass
            except OSError:
                continue


def _freed(world: World) -> None:
    (world.disk / "filler").unlink(missing_ok=True)


def _error(world: World, step: str) -> Shown:
    """helm fails: in what it is asked to change, or in what it is asked where that is over."""
    return _helm(world, step, "error")


def _hang(world: World, step: str) -> Shown:
    """helm hangs, and heeds no request to end."""
    return _helm(world, step, "hang", launch=True)


def _killed(world: World, step: str) -> Shown:
    """helm is killed by somebody else, as the kernel does to what takes too much memory: it takes nothing back."""
    return _helm(world, step, "killed")


def _helm(world: World, step: str, how: str, **more: Any) -> Shown:
    if step == "undoing":
        world.fault(rollback=how)
        return struck(world, step, lambda *_: None, **more)
    if (step, how) == ("started", "hang"):
        world.fault(change=how)
        return struck(world, step, lambda *_: None, **more)
    what = {"change": how} if step in HELD else {"reads": how}
    return struck(world, step, lambda world, _: world.fault(**what), **more)


def _down(world: World, step: str) -> Shown:
    return struck(world, step, lambda world, _: world.down())


def _moved(world: World, step: str) -> Shown:
    """The API goes away, somebody upgrades the release, and it comes back."""

    def strike(world: World, _: int) -> None:
        world.down()
        state = world.release()
        for item in state["revisions"]:
            item["status"] = "superseded"
        theirs = {"stage": "back", "status": "deployed", "description": "by hand", "updated": "2026-11-26T07:00:00Z"}
        world.set(revisions=[*state["revisions"], theirs], live="back")
        world.healed()

    return struck(world, step, strike)


def _clock(world: World, step: str) -> Shown:
    """The clock jumps past the plan's end."""
    file = world.root / "clock"
    file.write_text("0")

    def strike(world: World, _: int) -> None:
        file.write_text(str(9 * 3600.0))
        world.hold(on=False)

    return struck(world, step, strike, launch=True, BLUEHELM_TEST_CLOCK=str(file))


def struck(world: World, step: str, what: Callable[[World, int], Any], **more: Any) -> Shown:
    def strike(world: World, pid: int) -> None:
        if step == "started":
            _until_pending(world)
        what(world, pid)

    return stopping(world, step, strike, **more)


def _until_pending(world: World) -> None:
    """Wait until helm is in the middle of its work."""
    end = time.monotonic() + 10
    while time.monotonic() < end and not world.release()["revisions"][-1]["status"].startswith("pending"):
        time.sleep(0.02)


FAULTS: Mapping[str, Callable[[World, str], Shown]] = {
    "SIGKILL": kill,
    "SIGTERM": _terminate,
    "full disk": _full,
    "helm error": _error,
    "helm hanging": _hang,
    "helm killed": _killed,
    "API down": _down,
    "another revision": _moved,
    "clock jump": _clock,
}


def _when_full(step: str) -> set[int]:
    if step in BEFORE:
        return {3}
    return {6, 7} if step in (*HELD, *UNDOING) else {0, 7} if step == "helm" else {0}


def _when_helm_fails(step: str) -> set[int]:
    if step in HELD:
        return {6}
    return {7} if step in ("helm", "undoing", "undone") else {6} if step in UNDOING else {0}


def _when_helm_hangs(step: str) -> set[int]:
    return {7} if step in HELD else _when_helm_fails(step)


def _when_down(step: str) -> set[int]:
    if step in STEPS[: STEPS.index("noting-intent")]:
        return {3}
    return {6, 7} if step in (*HELD, *UNDOING) else {7} if step == "helm" else {0, 1}


def _when_moved(step: str) -> set[int]:
    if step in STEPS[: STEPS.index("noting-intent")]:
        return {4}
    return {6, 7} if step in (*HELD, *UNDOING) else {7} if step == "helm" else {0, 1}


def _when_late(step: str) -> set[int]:
    if step in STEPS[: STEPS.index("noting-intent")]:
        return {4}
    return {6} if step in UNDOING else {0}


HONEST: Mapping[str, Callable[[str], set[int]]] = {
    "full disk": _when_full,
    "helm error": _when_helm_fails,
    "helm hanging": _when_helm_hangs,
    "helm killed": _when_helm_hangs,
    "API down": _when_down,
    "another revision": _when_moved,
    "clock jump": _when_late,
}


def each(world: World, chosen: list[Case]) -> Iterator[tuple[Case, Shown, list[str], float]]:
    """Try cases one after the other, each in the world as it was when the plan was sealed."""
    for case in chosen:
        world.reset()
        began = time.monotonic()
        shown, found = case.run(world)
        yield case, shown, found, time.monotonic() - began


def can_mount() -> bool:
    """Return whether this user may mount a small disk: root may, where a sandbox does not forbid it."""
    if os.geteuid():
        return False
    tried = subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "x", "/mnt"], capture_output=True)
    return tried.returncode == 0
