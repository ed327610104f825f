"""What a change leaves outside the ledger: its line's digest and the reason, in git's and helm's own history."""

import hashlib
import json
from collections.abc import Iterator

import pytest

from agent.exitcode import ExitCode
from tests.robustness.world import World, world

WHY = "the {plan} of Ada's\x1b[31m holiday --force"


@pytest.fixture(scope="module")
def done() -> Iterator[World]:
    """Return a world in which a plan was approved with a reason and applied."""
    with world() as made:
        made.plan = made.planned()
        name = made.plan["id"]
        found = made.agent("apply", name, f"--approval={made.signature(name)}", f"--reason={WHY}")
        assert found.returncode == 0, found.stderr
        yield made


def lines(made: World) -> list[bytes]:
    return (made.kept / "ledger.jsonl").read_bytes().splitlines()


def approved(made: World) -> str:
    (line,) = (line for line in lines(made) if json.loads(line)["event"] == "approved")
    return hashlib.sha256(line).hexdigest()


def test_the_commit_names_the_line_and_the_reason(done: World) -> None:
    """Who reads the history later learns who wanted it and why, and has the ledger's word for it."""
    said = done.git("log", "-1", "--format=%(trailers)")
    trailers = dict(line.split(": ", 1) for line in said.splitlines() if line)
    assert trailers["Plan"] == done.plan["id"]
    assert trailers["Ledger"] == approved(done)
    assert trailers["Reason"] == "the {plan} of Ada's holiday --force"
    assert trailers["Approved-By"]


def test_helms_history_names_them_too(done: World) -> None:
    """`helm history` is where an operator looks first; a reason is text, and stands for nothing."""
    said = done.release()["revisions"][-1]["description"]
    assert said == f"plan:{done.plan['id'][:12]} ledger:{approved(done)[:12]} the {{plan}} of Ada's holiday --force"


def test_a_ledger_that_was_written_anew_is_found(done: World) -> None:
    """Its writer can chain every line again; the commit keeps what it said."""
    assert done.agent("ledger", "verify").returncode == ExitCode.OK
    kept = lines(done)
    previous, anew = "0" * 64, []
    for line in kept:
        entry = {**json.loads(line), "previous": previous}
        entry["by"] = "mallory" if entry["event"] == "approved" else entry["by"]
        anew.append(json.dumps(entry, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode())
        previous = hashlib.sha256(anew[-1]).hexdigest()
    head = (done.kept / "ledger.head").read_text()
    (done.kept / "ledger.jsonl").write_bytes(b"\n".join(anew) + b"\n")
    (done.kept / "ledger.head").write_text(f"{len(anew)} {previous}")
    try:
        found = done.agent("ledger", "verify")
        assert found.returncode == ExitCode.FOUND, found.stdout
        assert f"names a line of plan {done.plan['id'][:12]} that is not there" in " ".join(found.stdout.split())
    finally:
        (done.kept / "ledger.jsonl").write_bytes(b"\n".join(kept) + b"\n")
        (done.kept / "ledger.head").write_text(head)


def test_somebody_elses_commits_are_not_held_against_this_ledger(done: World) -> None:
    """In a team every machine has its own; a colleague's commit is no sign that lines are missing here."""
    done.git("commit", "-q", "--allow-empty", "-m", f"A change\n\nPlan: {'9' * 64}\nLedger: {'8' * 64}")
    assert done.agent("ledger", "verify").returncode == ExitCode.OK


def test_what_was_refused_stays_readable(done: World) -> None:
    """Who comes back a week later learns that it was asked for, by whom, and why it may not be."""
    used = done.agent("apply", done.plan["id"][:12], f"--approval={done.signature(done.plan['id'])}")
    assert used.returncode == ExitCode.STALE
    nobodys = done.agent("plan", "backend.tracing.endpoint", f"--values={done.secrets}", "-n", done.namespace)
    assert nobodys.returncode == ExitCode.DENIED
    *_, stale, unstated = done.ledger()
    assert (stale["event"], stale["plan"], "used already" in stale["detail"]["reason"]) == (
        "refused",
        done.plan["id"],
        True,
    )
    assert (unstated["event"], unstated["plan"], unstated["by"] != "") == ("refused", "", True)
    assert "backend.tracing.endpoint: no row of a blueprint decides it" in unstated["detail"]["reason"]
    assert "no row of a blueprint decides it" in " ".join(done.agent("history").stdout.split())
