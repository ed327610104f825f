"""Captures of scenarios, edited: what would be said if one thing about them were different."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.engine import diagnose
from agent.diagnose.finding import Finding, Severity
from agent.snapshot.bundle import load
from agent.snapshot.record import Snapshot
from tests.scenarios.expectation import CAPTURES

Edit = Callable[[dict[str, Any]], object]


def world(name: str) -> Snapshot:
    """Return a scenario's capture."""
    found = load(CAPTURES / f"{name}.tgz")
    assert isinstance(found, Snapshot)
    return found


def edited(snapshot: Snapshot, kind: str, edit: Edit) -> Snapshot:
    """Return the snapshot with every object of one kind edited."""
    items = [copy.deepcopy(dict(item)) for item in snapshot.objects[kind]]
    for item in items:
        edit(item)
    return replace(snapshot, objects={**snapshot.objects, kind: items})


def found(snapshot: Snapshot) -> list[Finding]:
    """Return the findings that are more than worth knowing."""
    diagnosis = diagnose(snapshot)
    assert isinstance(diagnosis, Diagnosis)
    return [finding for finding in diagnosis.findings if finding.severity is not Severity.INFO]


def modes(snapshot: Snapshot) -> list[int]:
    """Return their modes, ranked."""
    return [finding.mode.number for finding in found(snapshot)]
