"""What holds after every fault: I1 to I10 of safety.md, each a function from what was left to what is wrong with it."""

import fcntl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.robustness.terminal import Shown
from tests.robustness.world import CANARY, World

BY_HAND = "by hand"
"""What somebody else's revision says of itself."""

KILLED = -9
TOKEN = "t0ken-of-ada"
SAID = {0: ("applied",), 1: ("applied",), 6: ("rolled-back",), 7: ("unknown", "overtaken"), 130: ("interrupted",)}
"""Exit code -> how the ledger says that it ended."""


@dataclass(frozen=True)
class Left:
    """What one run left behind."""

    world: World
    shown: Shown
    before: bytes
    planned: bytes

    @property
    def outcome(self) -> str:
        """Return how the ledger says the plan ended, "" where it does not."""
        ends = self.events("outcome")
        return str(ends[-1]["detail"]["ending"]) if ends else ""

    def events(self, event: str) -> list[dict[str, Any]]:
        found = self.world.ledger()
        return [line for line in found if line["event"] == event and line["plan"] == self.world.plan["id"]]


def files(left: Left) -> Iterator[str]:
    """I1: the values file holds what it held, or what was planned."""
    if left.world.values.read_bytes() not in (left.before, left.planned):
        yield "the values file holds neither what it held nor what was planned"


def intents(left: Left) -> Iterator[str]:
    """I2: nothing was changed before its intent was in the ledger, and an approval before that."""
    name = left.world.plan["id"]
    for argv, changes, known, _ in left.world.calls():
        if changes and name[:12] in " ".join(argv):
            events = [event for event, plan in known if plan == name]
            if "intent" not in events or "approved" not in events[: events.index("intent")]:
                yield f"helm {argv[0]} ran when the ledger said {events}"
    commits = left.world.git("log", "--format=%H", f"--grep=Plan: {name}").split()
    if commits and not left.events("intent"):
        yield "there is a commit without an intent"


def chain(left: Left) -> Iterator[str]:
    """I3: the ledger is whole."""
    done = left.world.agent("ledger", "verify")
    if done.returncode:
        yield f"ledger verify: {done.stdout.strip()} {done.stderr.strip()}"


def verified(left: Left) -> Iterator[str]:
    """I4: success is only claimed of what is in force, and after a look."""
    if left.shown.code not in (0, 1):
        return
    last = [item for item in left.world.release()["revisions"] if item["description"] != BY_HAND][-1]
    if last["stage"] != "after" or left.world.values.read_bytes() != left.planned:
        yield f"success was claimed of {last['stage']} {last['status']}"
    if "looking at the whole namespace" not in left.shown.text:
        yield "success was claimed without a look"


def secrets(left: Left) -> Iterator[str]:
    """I5: no secret on the screen, in the ledger, in a plan, capture or commit."""
    for word in (CANARY, TOKEN):
        if word in left.shown.text:
            yield f"{word} is on the screen"
        places = [left.world.disk / "state", left.world.repository]
        found = [path for place in places for path in place.rglob("*") if path.is_file() and _holds(path, word)]
        yield from (f"{word} is in {path}" for path in found)


def _holds(path: Path, word: str) -> bool:
    import gzip

    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    return word.encode() in data


def processes(left: Left) -> Iterator[str]:
    """I6: no process is left; where this program was killed itself, helm may come to its own end."""
    if left.shown.code != KILLED and left.world.processes():
        yield f"processes are left: {left.world.processes()}"
    if not left.world.idle():
        yield f"processes do not end: {left.world.processes()}"


def locks(left: Left) -> Iterator[str]:
    """I7: nobody holds the release."""
    for path in (left.world.kept / "locks").glob("*"):
        with path.open() as opened:
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield "the release is still held"


def terminal(left: Left) -> Iterator[str]:
    """I8: the terminal is as it was."""
    if not left.shown.cooked:
        yield "the terminal is not as it was"
    if left.shown.text.count("\x1b[?1049h") != left.shown.text.count("\x1b[?1049l") or "\x1b[?25l" in left.shown.text:
        yield "the terminal's screen or cursor is not as it was"


def codes(left: Left) -> Iterator[str]:
    """I9: the exit code says what happened (requirement 25)."""
    code, outcome = left.shown.code, left.outcome
    untouched = left.world.values.read_bytes() == left.before and not left.world.changed()
    if code in (2, 3, 4, 5) and not (untouched and outcome in ("", "rolled-back")):
        yield f"exit {code}, and something was changed ({outcome or 'no outcome'})"
    if code in SAID and outcome and outcome not in SAID[code]:
        yield f"exit {code}, and the ledger says {outcome}"
    if code in (6, 130) and not (left.world.values.read_bytes() == left.before and _is_back(left)):
        yield f"exit {code}, and not everything is as it was"
    if code == 7 and "next" not in left.shown.text:
        yield "exit 7 without a way out"
    if code not in (*range(8), 130, KILLED):
        yield f"exit {code} is none of ours"


def _is_back(left: Left) -> bool:
    last = left.world.release()["revisions"][-1]
    return (last["stage"], last["status"]) != ("after", "deployed") and not last["status"].startswith("pending")


def traceback(left: Left) -> Iterator[str]:
    """I10: nobody is shown a traceback."""
    if "Traceback" in left.shown.text or "unforeseen" in left.shown.text:
        yield f"a traceback or an error nobody foresaw: {left.shown.text[-300:]}"


INVARIANTS: Mapping[str, Callable[[Left], Iterator[str]]] = {
    "I1": files,
    "I2": intents,
    "I3": chain,
    "I4": verified,
    "I5": secrets,
    "I6": processes,
    "I7": locks,
    "I8": terminal,
    "I9": codes,
    "I10": traceback,
}


def broken(left: Left) -> list[str]:
    """Return every invariant that does not hold, with why."""
    return [f"{name}: {why}" for name, holds in INVARIANTS.items() for why in holds(left)]


def settled(left: Left) -> list[str]:
    """Start the program again, the fault being gone, and return what is not settled then."""
    world, name = left.world, left.world.plan["id"]
    open_before = bool(left.events("intent")) and left.outcome in ("", "unknown")
    done = world.agent("apply", name)
    found = [] if not open_before or f"plan {name[:12]} had been interrupted" in done.stderr else ["not named"]
    if "Traceback" in done.stderr or "unforeseen" in done.stderr:
        found.append(f"at the next start: {done.stderr[-300:]}")
    if world.release()["revisions"][-1]["status"].startswith("pending"):
        found += _recovered(left)
    return [*found, *_agree(left)]


def _recovered(left: Left) -> Iterator[str]:
    """Take the way out of a pending release, and start once more."""
    import json

    world = left.world
    done = world.agent("recover", "todo", "-n", world.namespace, "--abandoned", "-o", "json")
    if done.returncode:
        yield f"recover: exit {done.returncode} {done.stderr}"
        return
    name = json.loads(done.stdout)["id"]
    shown = world.applying(name).run()
    if shown.code:
        yield f"the recovery ended with {shown.code}: {shown.text[-300:]}"
    world.agent("apply", world.plan["id"])


def _agree(left: Left) -> Iterator[str]:
    """Files, commits and release say the same, and the plan has an end."""
    world = left.world
    is_planned = world.values.read_bytes() == left.planned
    last = world.release()["revisions"][-1]
    theirs = last["description"] == BY_HAND and left.outcome in ("applied", "overtaken")  # what came later is theirs
    if last["status"] == "failed" and left.shown.code == 7:
        return  # D15: helm could not go back either; it is named at every start, and nothing more is changed
    if not theirs and (last["status"] != "deployed" or (last["stage"] == "after") != is_planned):
        yield f"the files are {'planned' if is_planned else 'before'}, the release is {last['stage']} {last['status']}"
    if world.git("status", "--short"):
        yield f"the checkout is not clean: {world.git('status', '--short')}"
    if left.events("intent") and left.outcome in ("", "unknown"):
        yield "the plan has no end"
    if world.agent("ledger", "verify").returncode:
        yield "the ledger is not whole"
