"""Drafted rows: what they are for is a plan, so each is held against the gate that would have to let it through."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.audit.inputs import GitFacts
from agent.blueprint.control import Profile
from agent.blueprint.load import parse as read
from agent.change.gate import Gate
from agent.change.grounds import Refusal
from agent.change.row import Asked, Row, drafted
from tests.unit.change.rows import FILE, HEAD, gate, row

ROOT = Path(__file__).parents[3]
OWN = {f"blueprints/{path.name}": path.read_bytes() for path in sorted((ROOT / "blueprints").glob("*.md"))}
VALUES = {
    f"chart/{path.name}": path.read_bytes()
    for path in (ROOT / "charts/todo-app/values.yaml", ROOT / "charts/todo-app/values-prod.yaml")
}


def let_through(texts: dict[str, bytes], files: dict[str, bytes], path: str, profile: Profile) -> dict[str, Any]:
    """Return what the gate plans for a path once these blueprints are committed."""
    clean = dict.fromkeys(texts, True)
    inputs = replace(gate([], files, profile, git=GitFacts(clean, clean)).inputs, blueprints=read(texts))
    found = Gate(inputs).of_path(path)
    assert isinstance(found, list), found
    return {item.path: item.value for item in found}


def committed(rows: tuple[Row, ...] | Refusal, texts: dict[str, bytes]) -> dict[str, bytes]:
    assert not isinstance(rows, Refusal), rows
    return {**texts, **{item.file: item.after for item in rows}}


@pytest.mark.parametrize("profile", list(Profile))
@pytest.mark.parametrize(
    ("path", "value", "changed"),
    [
        ("backend.resources.limits.memory", "768Mi", ["SVC-BE-MEM-LIMIT"]),
        ("backend.replicas", 4, ["SVC-BE-REPLICAS"]),
        ("backend.image.tag", "1.2", ["SVC-BE-IMAGE"]),
        ("backend.image.pullPolicy", "IfNotPresent", ["SVC-BE-PULL"]),
        ("backend.probes.liveness.path", "/live", ["RES-LIVENESS", "SVC-BE-LIVENESS"]),
        ("backend.probes.liveness.periodSeconds", 20, ["RES-LIVENESS", "SVC-BE-LIVENESS"]),
        ("backend.autoscaling.maxReplicas", 8, ["SCL-BE-MAX"]),
        ("frontend.env.FOO", "bar", ["SVC-FE-ENV-FOO"]),
    ],
)
def test_what_is_drafted_and_committed_is_then_planned(
    path: str, value: Any, changed: list[str], profile: Profile
) -> None:
    """A refusal that sends a person to write a row, which the next plan refuses again, is a circle."""
    rows = drafted(Asked(path, value, str(value)), OWN, profile)
    after = committed(rows, OWN)
    assert not isinstance(rows, Refusal)
    assert [item.control for item in rows] == changed
    assert not read(after).unread
    assert let_through(after, VALUES, path, profile) == {path: value}


def test_the_other_profile_keeps_what_it_has() -> None:
    rows = drafted(Asked("backend.replicas", 3, "3"), OWN, Profile.DEV)
    assert not isinstance(rows, Refusal)
    assert "| 3 (dev) / 2 (prod) |" in rows[0].text


def test_a_new_row_stands_below_the_nearest_one_and_is_unjustified_until_somebody_says_why() -> None:
    """A row without a reason is not authority; nobody invents one for a person."""
    texts = {FILE: (HEAD + row("WEB-MEM", "64Mi", "web.limits.memory") + "\nProse.\n").encode()}
    rows = drafted(Asked("web.limits.cpu", "100m", "100m", "containers[].resources.limits.cpu"), texts, Profile.DEV)
    after = committed(rows, texts)[FILE].decode()
    lines = after.splitlines()
    assert lines[7] == (
        "| WEB-LIMITS-CPU | Limits cpu | 100m | web.limits.cpu | containers[].resources.limits.cpu | "
        "UNJUSTIFIED: say why |"
    )
    assert lines[8:] == ["", "Prose."]
    given = drafted(Asked("web.limits.cpu", "100m", "100m", why="it is enough"), texts, Profile.DEV)
    assert not isinstance(given, Refusal)
    assert given[0].text.endswith("| it is enough |")


def test_line_ends_and_what_stands_before_the_table_stay() -> None:
    text = "\ufeff" + (HEAD + row("WEB-MEM", "64Mi", "web.memory")).replace("\n", "\r\n")
    rows = drafted(Asked("web.memory", "128Mi", "128Mi"), {FILE: text.encode()}, Profile.DEV)
    after = committed(rows, {FILE: text.encode()})[FILE].decode()
    assert after == text.replace("| 64Mi |", "| 128Mi |")


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        ("backend.resources.limits.memory", "512Mi", "says so already"),
        ("backend.env", "x", "how it comes"),
        ("backend.service.port", "a|b", "cannot stand by itself"),
        ("backend.service.port", "<b>", "cannot stand by itself"),
        ("nowhere.at.all", 1, "no table"),
    ],
)
def test_what_no_row_can_say_is_refused(path: str, value: Any, why: str) -> None:
    """A row that the parser reads otherwise than it was meant would justify something nobody decided."""
    found = drafted(Asked(path, value, str(value)), OWN, Profile.DEV)
    assert isinstance(found, Refusal)
    assert why in found.reason
