"""The ledger: written ahead, whole or not at all, and whatever is done to it afterwards is found."""

import os
import stat
import threading
from pathlib import Path

import pytest

from agent.apply import ledger, store
from agent.apply.ledger import Entry, Event
from agent.apply.recheck import refuse_unless_open
from agent.apply.state import unknown
from agent.apply.writing import replace_content
from agent.change.plan import content, digest
from agent.errors import Indeterminate
from tests.unit.change.samples import plan
from tools import failpoints
from tools.failure import Failure

PLAN = "a" * 64


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "bluehelm"


def append(event: Event = Event.SEALED) -> Entry:
    found = ledger.append(event, PLAN, "ada", {"token": "hunter2-is-no-secret-key"})
    assert isinstance(found, Entry), found
    return found


def three() -> list[bytes]:
    for _ in range(3):
        append()
    return ledger.path().read_bytes().splitlines(keepends=True)


def test_lines_are_chained_and_private(folder: Path) -> None:
    """Each line is sealed to the one before, and only its owner reads it."""
    three()
    assert ledger.problems()[0] == []
    assert [entry.number for entry in ledger.problems()[1]] == [1, 2, 3]
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [lines[0].replace(b"ada", b"bob"), *lines[1:]],
        lambda lines: [lines[0], lines[1].replace(b"sealed", b"thawed"), lines[2]],
        lambda lines: [lines[0], lines[2]],
        lambda lines: [lines[1], lines[0], lines[2]],
        lambda lines: lines[:1],
        lambda lines: [],
        lambda lines: [*lines, lines[2]],
        lambda lines: [b"\xff\n", *lines],
    ],
    ids=["edited", "edited event", "deleted", "reordered", "cut off", "emptied", "repeated", "no text"],
)
def test_what_was_done_to_a_line_is_found(change: object) -> None:
    """A change that nobody can see any more is one that nobody answers for."""
    assert callable(change)
    ledger.path().write_bytes(b"".join(change(three())))
    assert ledger.problems()[0]
    assert isinstance(ledger.entries(), Failure)


def test_a_ledger_without_its_head_is_not_whole(folder: Path) -> None:
    """Without it, lines at the end could be taken away unseen."""
    three()
    (folder / ledger.HEAD).unlink()
    assert ledger.problems()[0] == ["its head is missing"]


def test_a_line_that_was_not_written_whole_is_cut_off_and_noted() -> None:
    """A power cut in the middle of a line must not brick the ledger, nor go unsaid."""
    three()
    with ledger.path().open("ab") as file:
        file.write(b'{"number": 4, "ev')
    assert ledger.problems()[0] == []
    append()
    assert [entry.event for entry in ledger.problems()[1]][-2:] == [Event.TORN, Event.SEALED]
    assert ledger.problems()[0] == []


@pytest.mark.parametrize("place", ["noting-sealed", "replacing-ledger.head"])
def test_a_full_disk_fails_the_line_and_leaves_the_ledger_whole(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """Nothing may be changed without its line, and once there is room again everything goes on."""
    three()
    monkeypatch.setenv(failpoints.VARIABLE, f"{place}:full")
    assert isinstance(ledger.append(Event.SEALED, PLAN, "ada"), Failure)
    assert ledger.problems()[0] == []
    monkeypatch.delenv(failpoints.VARIABLE)
    append()
    assert ledger.problems()[0] == []


def test_a_line_and_its_name_are_on_the_disk_before_anything_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write-ahead: the file, the head and the folder that names them are flushed, each of them."""
    flushed: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        flushed.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    append(Event.INTENT)
    line = flushed.index(ledger.LEDGER)
    assert "bluehelm" in flushed[line:]
    assert any(ledger.HEAD in name for name in flushed[line:])


def test_lines_of_many_at_once_are_one_chain() -> None:
    """Two terminals at the same moment: no line is lost, none is read half."""
    seen: list[list[str]] = []
    writers = [threading.Thread(target=lambda: [append() for _ in range(10)]) for _ in range(3)]
    reader = threading.Thread(target=lambda: seen.extend(ledger.problems()[0] for _ in range(30)))
    for thread in (*writers, reader):
        thread.start()
    for thread in (*writers, reader):
        thread.join()
    assert not any(seen), seen
    assert ledger.problems()[0] == []
    assert len(ledger.problems()[1]) == 30


def test_frozen_is_what_was_said_last() -> None:
    """`freeze` holds until `thaw`, whatever else is noted meanwhile."""
    found = [append(event) for event in (Event.FROZEN, Event.SEALED)]
    assert ledger.frozen(found) is not None
    assert ledger.frozen([*found, append(Event.THAWED)]) is None


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader never sees half, the mode stays, and a link planted where it is written to is not followed."""
    file, elsewhere = tmp_path / "values.yaml", tmp_path / "elsewhere"
    file.write_text("old")
    file.chmod(0o640)
    replace_content(file, b"new")
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("new", 0o640)
    monkeypatch.setenv(failpoints.VARIABLE, "replacing-values.yaml:full")
    with pytest.raises(OSError):
        replace_content(file, b"newer")
    assert [path.name for path in tmp_path.iterdir()] == ["values.yaml"]
    monkeypatch.delenv(failpoints.VARIABLE)
    elsewhere.write_text("theirs")
    (tmp_path / ".values.yaml.bluehelm").symlink_to(elsewhere)
    with pytest.raises(OSError):
        replace_content(file, b"newer")
    assert elsewhere.read_text() == "theirs"


def cut(lines: int) -> None:
    """Leave a ledger of its first lines, with a head that fits: by itself it is whole."""
    kept = ledger.path().read_bytes().splitlines(keepends=True)[:lines]
    ledger.path().write_bytes(b"".join(kept))
    last = digest(kept[-1].rstrip(b"\n")) if kept else ledger.START
    ledger.path().with_name(ledger.HEAD).write_text(f"{lines} {last}")


def test_lines_that_are_cut_off_together_with_the_head_are_missed_by_their_plan() -> None:
    """Who can write both files could make a used plan young again, and nobody would be told."""
    one = plan()
    name = digest(content(one))
    for event, about in ((Event.FROZEN, ""), (Event.THAWED, ""), (Event.SEALED, name)):
        ledger.append(event, about, "ada")
    store.save(one)
    found = ledger.entries()
    assert not isinstance(found, Failure)
    assert not unknown(store.names(), found)
    refuse_unless_open(name, one)
    for lines in (2, 0):
        cut(lines)
        left = ledger.entries()
        assert not isinstance(left, Failure), left
        assert unknown(store.names(), left) == [f"no line tells of plan {name[:12]}, so lines are missing"]
        with pytest.raises(Indeterminate, match="lines are missing"):
            refuse_unless_open(name, one)


def test_lines_that_are_cut_off_at_its_beginning_are_missed_by_those_that_follow() -> None:
    """What was approved first is as much of the story as what came last."""
    lines = three()
    ledger.path().write_bytes(b"".join(lines[1:]))
    assert ledger.problems()[0] == ["line 1 is not what was written, or a line before it is missing"]
