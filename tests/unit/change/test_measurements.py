"""What drills measured, out of the ledger. Lost, a promise that was broken last week looks as if nobody had tried."""

from pathlib import Path
from typing import Any

import pytest

from agent.apply import ledger
from agent.apply.ledger import Event
from agent.apply.measurements import measurements
from agent.operate.drill import Drills, Row
from agent.report.drill import as_text
from agent.report.terminal import Screen


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def drilled(control: str, took: float | None, *, met: bool, promised: int = 30) -> None:
    row: dict[str, Any] = {"control": control, "promised": promised, "took": took, "met": met, "said": "one pod"}
    ledger.append(Event.OUTCOME, "a" * 64, "ada", {"ending": "applied", "measured": [row]})


def test_the_last_measurement_of_a_row_counts_beside_its_promise() -> None:
    drilled("RES-SCN-CRASH", 41, met=False)
    drilled("RES-SCN-CRASH", 4.4, met=True)
    drilled("RES-SCN-IMAGE", None, met=True, promised=0)
    found = measurements()
    assert str(found["RES-SCN-CRASH"]).startswith("4 s, promised 30 s: kept (")
    assert str(found["RES-SCN-IMAGE"]).startswith("no time: kept (")


def test_without_a_ledger_nothing_was_measured() -> None:
    assert measurements() == {}


def test_a_ledger_that_was_damaged_proves_nothing(state: Path) -> None:
    drilled("RES-SCN-CRASH", 4, met=True)
    file = state / "bluehelm" / "ledger.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"took":4', b'"took":1'))
    assert measurements() == {}


def test_the_list_of_drills_says_what_was_measured() -> None:
    row = Row("RES-SCN-CRASH", "blueprints/resilience.md:27", "Pod crash", "crash", "", "41 s, promised 30 s: broken")
    assert "measured last: 41 s, promised 30 s: broken" in as_text(Drills(None, [row]), Screen())
