"""Plans as they are kept, how they stand, who holds a release, and who signed."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.apply import ledger, store
from agent.apply.ledger import Entry, Event
from agent.apply.lock import is_held, is_left_behind, locked
from agent.apply.recheck import refuse_unless_open
from agent.apply.state import Banner, banner
from agent.apply.unfinished import unfinished
from agent.approval.decision import Approval, Later
from agent.approval.signature import NAMESPACE, signed
from agent.errors import Denied, Indeterminate, Stale
from tests.unit.change.samples import TARGET, plan
from tools.failure import Failure

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "bluehelm"


def kept() -> str:
    name = store.save(plan())
    assert isinstance(name, str)
    return name


def test_a_plan_comes_back_as_it_was_sealed_and_may_be_named_shortly() -> None:
    name = kept()
    assert store.save(plan()) in (name, store.names()[0])
    found = store.load(name[:6].upper())
    assert not isinstance(found, Failure)
    assert found[0] == name


@pytest.mark.parametrize("named", ["", "abc", "xyz1", "../../etc/passwd", "0" * 64, "a" * 65])
def test_what_names_no_plan_finds_none(named: str) -> None:
    """A name is hex and nothing else: no path leads out of the folder."""
    kept()
    assert isinstance(store.load(named), Failure)


def test_two_plans_that_start_alike_are_not_guessed_between(folder: Path) -> None:
    kept()
    for end in ("0", "1"):
        (folder / "plans" / f"{'ab' * 31}a{end}.json").write_text("{}")
    found = store.load("abab")
    assert isinstance(found, Failure)
    assert "several" in str(found)


def test_how_a_plan_stands_is_what_the_ledger_and_the_clock_say() -> None:
    """Used counts before everything else: nobody may take an expired plan for one that was never carried out."""
    name, one, later = kept(), plan(), datetime.now(UTC) + timedelta(days=1)
    assert banner(name, one) is Banner.OPEN
    assert banner(name, one, later) is Banner.EXPIRED
    ledger.append(Event.FROZEN, "", "ada")
    assert banner(name, one) is Banner.FROZEN
    with pytest.raises(Denied):
        refuse_unless_open(name, one)
    ledger.append(Event.REJECTED, name, "ada")
    assert banner(name, one) is Banner.REJECTED
    ledger.append(Event.INTENT, name, "ada")
    assert banner(name, one, later) is Banner.USED
    with pytest.raises(Stale):
        refuse_unless_open(name, one)


def test_a_plan_from_the_future_is_not_applied() -> None:
    with pytest.raises(Stale, match="still to come"):
        refuse_unless_open("a" * 64, plan(datetime.now(UTC) + timedelta(hours=1)))


def test_without_a_whole_ledger_no_plan_is_open() -> None:
    """Else a plan that was used is open again once somebody has spoilt a line."""
    name = kept()
    ledger.append(Event.FROZEN, "", "ada")
    ledger.path().write_bytes(ledger.path().read_bytes().replace(b"frozen", b"thawed"))
    with pytest.raises(Indeterminate):
        refuse_unless_open(name, plan())


def test_one_holds_a_release_and_says_who() -> None:
    with locked(TARGET, "a" * 64):
        assert str(os.getpid()) in is_held(TARGET)
        with pytest.raises(Denied, match="is being changed"), locked(TARGET, "b" * 64):
            pass
        with locked(replace(TARGET, release="other"), "b" * 64):
            pass
        assert not is_left_behind(TARGET)
    assert is_held(TARGET) == ""


def test_a_holder_that_dies_holds_nothing_and_its_child_still_does(tmp_path: Path) -> None:
    """D25: the kernel gives the lock back, but not while the helm that inherited it is at work."""
    code = (
        "import os, subprocess, sys\n"
        "from agent.apply.lock import locked\n"
        "from tests.unit.change.samples import TARGET\n"
        "with locked(TARGET, 'a' * 64) as held:\n"
        "    child = subprocess.Popen(['sleep', '60'], pass_fds=[held]) if sys.argv[1:] else None\n"
        "    print(child.pid if child else 0, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    for more, left in (((), False), (("child",), True)):
        argv = [sys.executable, "-c", code, *more]
        with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdout
            child = int(holder.stdout.readline())
            holder.wait()
        assert is_left_behind(TARGET) is left
        if child:
            os.kill(child, 9)


def entry(event: Event, name: str, **detail: str) -> Entry:
    return Entry(1, "", event, name, "ada", detail, "")


def test_what_has_no_end_that_anybody_knows_is_unfinished() -> None:
    """An unknown outcome is looked at again; one that is known, or somebody else's by now, is not."""
    ends = {"b": "applied", "c": "unknown", "d": "overtaken", "e": "rolled-back", "f": "interrupted"}
    found = [entry(Event.INTENT, name) for name in "abcdef"]
    found += [entry(Event.OUTCOME, name, ending=ending) for name, ending in ends.items()]
    assert unfinished([entry(Event.SEALED, "z"), *found]) == ["a", "c"]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)], check=True)
    return file


def signature(key: Path, text: str, purpose: str = NAMESPACE) -> Path:
    argv = ["ssh-keygen", "-q", "-Y", "sign", "-n", purpose, "-f", str(key)]
    done = subprocess.run(argv, input=text.encode(), capture_output=True, check=True)
    file = key.with_name(f"{purpose}.sig")
    file.write_bytes(done.stdout)
    return file


def trusting(key: Path, options: str = "") -> Path:
    signers = key.with_name("signers")
    signers.write_text(f"grace@example.org {options}{key.with_suffix('.pub').read_text()}")
    return signers


def test_a_signature_of_the_very_plan_by_somebody_on_the_list_approves_it(key: Path) -> None:
    name = "a" * 64
    found = signed(name, signature(key, name), trusting(key), "because")
    assert found == Approval(name, "grace@example.org", "signature", "because")


@pytest.mark.parametrize("what", ["another plan", "a line more", "another purpose", "expired", "a link", "no file"])
def test_any_other_signature_approves_nothing(key: Path, what: str) -> None:
    """Whoever can write a file must not thereby approve; a signature made for git is none for a plan."""
    name = "a" * 64
    text = {"another plan": "b" * 64, "a line more": f"{name}\n"}.get(what, name)
    file = signature(key, text, "git" if what == "another purpose" else NAMESPACE)
    signers = trusting(key, 'valid-before="20200101" ' if what == "expired" else "")
    if what == "a link":
        file = key.with_name("missing.sig")
        file.symlink_to("/dev/zero")
    if what == "no file":
        file = key.with_name("missing.sig")
    found = signed(name, file, signers, "")
    assert isinstance(found, Later)
    assert found.why


def test_without_a_list_nobody_is_trusted(key: Path) -> None:
    name = "a" * 64
    found = signed(name, signature(key, name), None, "")
    assert isinstance(found, Later)
    assert "signers" in found.why
