"""A cell is read by its row's grammar, or said to be unreadable; a value is never guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.blueprint.cells import CellType, Unreadable, read


@pytest.mark.parametrize(
    ("title", "text", "kind", "value"),
    [
        ("Memory", "8192 MB", CellType.QUANTITY, "8192Mi"),
        ("Memory Limit", "512Mi", CellType.QUANTITY, "512Mi"),
        ("CPU Request", "250m", CellType.QUANTITY, "250m"),
        ("CPU Target", "70%", CellType.PERCENT, 70),
        ("Memory Target", "N/A", CellType.NONE, None),
        ("Scale Up Cooldown", "60s", CellType.DURATION, 60),
        ("Port", "8000", CellType.INTEGER, 8000),
        ("Addons", "ingress, metrics-server", CellType.LIST, ["ingress", "metrics-server"]),
        ("Kubernetes Version", "v1.28+", CellType.VERSION, {"version": "1.28", "or_later": True}),
        ("Image", "todo-backend:latest", CellType.IMAGE, {"repository": "todo-backend", "tag": "latest"}),
        ("Probe port", "http", CellType.TEXT, "http"),
        ("PDB", "minAvailable: 1", CellType.MAPPING, {"minAvailable": 1}),
        ("Rolling Update", "maxSurge: 1, maxUnavailable: 0", CellType.MAPPING, {"maxSurge": 1, "maxUnavailable": 0}),
        ("API Backend", "http://backend:8000", CellType.TEXT, "http://backend:8000"),
    ],
)
def test_each_sort_of_cell_has_its_type(title: str, text: str, kind: CellType, value: object) -> None:
    cells = read(title, text)
    assert set(cells) == {"dev", "prod"}
    assert (cells["dev"].type, cells["dev"].value, cells["dev"].raw) == (kind, value, text)


@pytest.mark.parametrize(
    ("title", "text", "path", "kind", "value"),
    [
        ("Probe timeout", "6", "readinessProbe.timeoutSeconds", CellType.DURATION, 6),
        ("Probe period", "8s", "readinessProbe.periodSeconds", CellType.DURATION, 8),
        ("Deadline", "2min", "job.activeDeadlineSeconds", CellType.DURATION, 120),
        ("Liveness probe", "/healthz", "livenessProbe.path", CellType.TEXT, "/healthz"),
        ("Startup probe", "30", "startupProbe.failureThreshold", CellType.TEXT, "30"),
        ("Liveness probe", "20", "livenessProbe.initialDelaySeconds", CellType.DURATION, 20),
    ],
)
def test_a_key_that_counts_seconds_or_is_one_part_of_a_probe_says_how_its_cell_reads(
    title: str, text: str, path: str, kind: CellType, value: object
) -> None:
    """A stranger's row says it in their words; unread, it would be unknown, and `8s` written where 8 has to stand."""
    cell = read(title, text, (path,))["dev"]
    assert (cell.type, cell.value, cell.raw) == (kind, value, text)


@pytest.mark.parametrize("path", ["web.timeout", "web.terminationGraceSeconds"])
def test_what_is_no_time_is_none_whatever_its_key(path: str) -> None:
    with pytest.raises(Unreadable):
        read("Probe timeout", "soon", (path,))


@pytest.mark.parametrize(
    ("text", "path", "period", "failures"),
    [
        ("GET /health, period 30s, 3 failures", "/health", 30, 3),
        ("GET /health, 5s period, 30 failures", "/health", 5, 30),
        ("/ready, 10s interval, 3 retries", "/ready", 10, 3),
        ("GET /, period 30s, 3 failures", "/", 30, 3),
    ],
)
def test_every_way_to_write_a_probe_is_one_probe(text: str, path: str, period: int, failures: int) -> None:
    value = read("Liveness Probe", text)["dev"].value
    assert value == {"method": "GET", "path": path, "period": period, "failures": failures}


@pytest.mark.parametrize(
    ("title", "text", "dev", "prod"),
    [
        ("Replicas", "1 (dev) / 2 (prod)", 1, 2),
        ("Replicas", "2 (prod) / 1 (dev)", 1, 2),
        ("Pull Policy", "Never (local) / Always (cloud)", "Never", "Always"),
        ("Node Affinity", "None (dev) / Spread (prod)", None, "Spread"),
    ],
)
def test_profiles_are_told_apart_by_name_not_by_place(title: str, text: str, dev: object, prod: object) -> None:
    cells = read(title, text)
    assert (cells["dev"].value, cells["prod"].value) == (dev, prod)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Memory Limit", "5l2Mi"),
        ("Memory Limit", ""),
        ("Replicas", "two"),
        ("Replicas", "1 (dev) / 2 (staging)"),
        ("Replicas", "1 (dev) / 2 (local)"),
        ("Liveness Probe", "GET /health, 3 failures"),
        ("CPU Target", "70"),
        ("Scale Up Cooldown", "a while"),
        ("Rolling Update", "maxSurge 1"),
        ("Kubernetes Version", "latest"),
        ("Port", "9" * 5000),
        ("Scale Up Cooldown", "9" * 5000 + "s"),
        ("Liveness Probe", f"GET /, period {'9' * 5000}s, 3 failures"),
    ],
)
def test_a_cell_that_breaks_its_grammar_is_said_not_guessed(title: str, text: str) -> None:
    with pytest.raises(Unreadable):
        read(title, text)


@given(st.sampled_from(["Memory", "Port", "Image", "PDB", "Liveness Probe", "Addons", "Other"]), st.text())
def test_any_text_is_a_value_or_unreadable(title: str, text: str) -> None:
    try:
        cells = read(title, text)
    except Unreadable:
        return
    assert set(cells) == {"dev", "prod"}
