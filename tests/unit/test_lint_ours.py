"""The tensions of our own blueprints, and of the source document, are all found, with the lines of both sides."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from agent.blueprint.control import Profile, Source
from agent.blueprint.lint.engine import lint
from agent.blueprint.lint.finding import Lint, Severity
from agent.blueprint.lint.references import named
from agent.blueprint.lint.subject import subject
from agent.blueprint.load import parse
from agent.blueprint.values import merged
from agent.blueprint.values import parse as parse_values

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "todo-app"
SOURCE = ROOT / "tests/fixtures/blueprints/phase-iv.md"
COMMAND = [sys.executable, "-m", "agent", "blueprint", "lint"]


def ours() -> dict[str, bytes]:
    return {f"blueprints/{path.name}": path.read_bytes() for path in sorted((ROOT / "blueprints").glob("*.md"))}


def linted(files: Mapping[str, bytes]) -> tuple[Lint, ...]:
    blueprints = parse(files)
    base, prod = (
        parse_values(f"charts/todo-app/{name}", (CHART / name).read_bytes())
        for name in ("values.yaml", "values-prod.yaml")
    )
    values = {Profile.DEV: base, Profile.PROD: merged([base, prod])}
    mentioned = named(subject(files, blueprints))
    absent = frozenset(path for path in mentioned if not (ROOT / path).exists() and not (CHART / path).exists())
    return lint(subject(files, blueprints, values, absent))


FILES = ours()
FOUND = linted(FILES)
PHASE_IV = linted({"phase-iv.md": SOURCE.read_bytes()})


def line_of(source: Source, files: Mapping[str, bytes] = FILES) -> str:
    return files[source.file].decode().splitlines()[source.line - 1]


TENSIONS: list[tuple[int, str, tuple[str, ...]]] = [
    (1, "target-against-trigger", ("SCL-BE-MEM", "SCL-TRG-MEM")),
    (2, "two-rollbacks", ("SCL-ROLLBACK", "GOV-VERSIONED-ROLLBACK")),
    (3, "fixed-and-scaled", ("SVC-BE-REPLICAS", "SCL-BE-MIN")),
    (3, "fixed-and-scaled", ("SVC-FE-REPLICAS", "SCL-FE-MIN")),
    (3, "replicas-above-least", ("SVC-BE-REPLICAS", "SCL-BE-MIN")),
    (3, "replicas-above-least", ("SVC-FE-REPLICAS", "SCL-FE-MIN")),
    (4, "blocked-evictions", ("RES-PDB", "SVC-BE-REPLICAS")),
    (4, "unequal-components", ("RES-PDB",)),
    (5, "moving-tag", ("SVC-BE-IMAGE", "SVC-BE-PULL")),
    (5, "moving-tag", ("SVC-FE-IMAGE", "SVC-FE-PULL")),
    (5, "unused-registry", ("CL-REGISTRY", "SVC-BE-IMAGE", "SVC-BE-PULL")),
    (6, "check-unknown-resource", ("CL-CHK-ADDONS",)),
    (6, "check-pod-name", ("SVC-CHK-HEALTH",)),
    (6, "check-unknown-program", ()),
    (6, "check-unknown-program", ("SCL-CHK-STATUS",)),
    (7, "two-names", ("SVC-FE-BACKEND", "SCL-ROLLBACK")),
    (8, "two-keys", ("SVC-BE-ENV", "MAP-CONFIG")),
    (8, "two-keys", ("SVC-BE-SECRETS", "MAP-SECRETS")),
    (8, "outside-of-mapping", ("RES-ROLLING", "MAP-PDB")),
    (8, "outside-of-mapping", ("RES-AFFINITY", "MAP-PDB")),
    (8, "mapping-without-row", ("MAP-INGRESS",)),
    (9, "moved-instead-of-restarted", ("RES-SCN-OOM",)),
    (9, "moved-instead-of-restarted", ("RES-SCN-HEALTH",)),
    (9, "lost-node", ("RES-SCN-NODE", "RES-NODE-LOSS")),
    (10, "unmeasurable", ("SCL-BE-BEHAVIOR",)),
    (10, "unmeasurable", ("SCL-FE-BEHAVIOR",)),
    (10, "unequal-components", ("RES-STARTUP", "SVC-BE-STARTUP")),
    (12, "check-changes", ("RES-CHK-KILL",)),
    (12, "check-changes", ("SCL-CHK-LOAD",)),
    (12, "check-changes", ("RES-CHK-UNREADY",)),
    (12, "check-interactive", ("SVC-CHK-FRONTEND",)),
    (12, "check-interactive", ("SVC-CHK-HEALTH",)),
    (13, "cooldown-against-check", ("SCL-BE-UP", "SCL-CHK-UP")),
    (14, "lost-node", ("RES-SCN-NODE", "RES-NODE-LOSS")),
    (15, "alert-called-target", ("SCL-BE-MEM",)),
    (16, "absent-sources", ()),
]
"""Row of drift.md's list, the rule that finds it, the controls it names in our blueprints."""

SETTLED = {
    *"target-against-trigger two-rollbacks fixed-and-scaled replicas-above-least moving-tag unused-registry".split(),
    *"check-unknown-resource check-pod-name two-names two-keys outside-of-mapping moved-instead-of-restarted".split(),
    *"lost-node unmeasurable cooldown-against-check alert-called-target absent-sources written-out-unit".split(),
}
"""What our blueprints' own readings settle."""


@pytest.mark.parametrize(("number", "code", "controls"), TENSIONS)
def test_each_tension_is_found_where_it_stands(number: int, code: str, controls: tuple[str, ...]) -> None:
    matching = [item for item in FOUND if item.code == code and item.controls == controls]
    assert matching, number
    for item in matching:
        assert item.suggestion
        assert item.sources
        rows = {line_of(source).split("|")[1].strip() for source in item.sources if line_of(source).startswith("|")}
        assert set(controls) <= rows


def test_every_tension_of_the_catalogue_has_its_rule() -> None:
    """Row 11 is what must not be found: 5 s × 30 = 150 s, and 30 s × 3 within 2 minutes."""
    assert {number for number, _, _ in TENSIONS} == set(range(1, 17)) - {11}
    assert not [item for item in FOUND if item.code in ("window-claimed", "probe-too-slow", "two-values")]


def test_what_a_reading_settles_is_a_note_that_says_where() -> None:
    for item in FOUND:
        if item.code in SETTLED:
            assert item.severity is Severity.INFO, item
            assert item.reading is not None, item
            above = FILES[item.reading.file].decode().splitlines()[: item.reading.line]
            assert any(line.startswith("Reading:") for line in above[-9:])


def test_our_blueprints_have_no_error_and_every_value_a_row() -> None:
    assert not [item for item in FOUND if item.severity is Severity.ERROR]
    gaps = ("value-without-row", "path-without-value", "unread", "unread-values", "absent-template", "instruction-like")
    assert not [item for item in FOUND if item.code in gaps]


def test_what_stays_open_is_known() -> None:
    """Each of these is true of the source document, and nobody has decided it yet."""
    still = sorted((item.code, item.controls) for item in FOUND if item.severity is Severity.WARNING)
    assert still == [
        ("blocked-evictions", ("RES-PDB", "SCL-BE-MIN")),
        ("check-unknown-program", ("SCL-CHK-STATUS",)),
        ("check-without-namespace", ("SCL-CHK-LOAD",)),
        ("check-without-namespace", ("SVC-CHK-FRONTEND",)),
        ("check-without-namespace", ("SVC-CHK-HEALTH",)),
        ("check-without-namespace", ("SVC-CHK-LOGS",)),
        ("unequal-components", ("RES-PDB",)),
    ]


PLAIN = [
    ("target-against-trigger", (99, 108)),
    ("two-rollbacks", (111, 203)),
    ("fixed-and-scaled", (50, 96)),
    ("replicas-above-least", (68, 96)),
    ("blocked-evictions", (134, 50)),
    ("unequal-components", (57, 133)),
    ("moving-tag", (48, 58)),
    ("unused-registry", (26, 48)),
    ("check-unknown-resource", (33,)),
    ("check-pod-name", (83,)),
    ("check-unknown-program", (104,)),
    ("two-names", (75, 82)),
    ("two-keys", (59, 173)),
    ("mapping-without-row", (175,)),
    ("row-without-path", (135,)),
    ("moved-instead-of-restarted", (144,)),
    ("lost-node", (145,)),
    ("unmeasurable", (102,)),
    ("check-changes", (155,)),
    ("check-interactive", (84,)),
    ("cooldown-against-check", (100, 117)),
    ("absent-sources", (17, 211)),
    ("value-without-row", ()),
]
"""The same rules on the document as it was given: no ids, no bindings, checklists as lists."""


@pytest.mark.parametrize(("code", "lines"), PLAIN)
def test_the_source_document_as_it_was_given_has_the_same_tensions(code: str, lines: tuple[int, ...]) -> None:
    places = [[source.line for source in item.sources] for item in PHASE_IV if item.code == code]
    assert any(tuple(found[: len(lines)]) == lines for found in places), places


def test_nothing_in_the_source_document_is_settled() -> None:
    assert all(item.reading is None for item in PHASE_IV)
    assert not [item for item in PHASE_IV if item.code in ("window-claimed", "probe-too-slow", "unread")]


def run(*argv: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *argv], capture_output=True, text=True, cwd=cwd, timeout=60)


def test_the_command_says_it_for_people_and_for_machines() -> None:
    text, data = run(), run("-o", "json")
    assert (text.returncode, data.returncode) == (0, 0), text.stderr
    assert text.stdout.splitlines()[-1].startswith("0 errors, 7 warnings, ")
    assert "settled at blueprints/scaling.md:" in text.stdout
    document = json.loads(data.stdout)
    assert (document["schema"], document["counts"]["error"]) == ("bluehelm/lint/v1", 0)
    assert len(document["lints"]) == sum(document["counts"].values()) == len(FOUND)


def written(folder: Path, text: bytes) -> Path:
    (folder / "blueprints").mkdir()
    (folder / "blueprints" / "service.md").write_bytes(text)
    return folder / "blueprints"


HEAD = b"# S\n\n| ID | Parameter | Value | Helm Path |\n|-|-|-|-|\n"


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (b"| A-P | Port | 80 | web.port |\n", 0),
        (b"| A-P | Port | 80 | web.port |\n| B-P | Port | 81 | web.port |\n", 1),
        (b"| A-P | Port | eighty | web.port |\n", 2),
        (b"\xff\n", 2),
    ],
)
def test_the_exit_code_says_whether_it_can_hold(tmp_path: Path, rows: bytes, code: int) -> None:
    where = written(tmp_path, HEAD + rows)
    chart = tmp_path / "chart"
    chart.mkdir()
    (chart / "Chart.yaml").write_text("name: chart\n")
    (chart / "values.yaml").write_text("web: {port: 80}\n")
    done = run("--blueprints", str(where), "--chart", str(chart))
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_our_chart_is_no_measure_for_somebody_else_s_blueprints(tmp_path: Path) -> None:
    written(tmp_path, HEAD + b"| A-P | Port | 80 | web.port |\n")
    command = [
        sys.executable,
        "-c",
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from agent.cli import main; main()",
    ]
    done = subprocess.run(
        [*command, "blueprint", "lint"], capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False
    )
    assert "path-without-value" not in done.stdout
    assert "--chart" in done.stderr


def test_a_chart_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    done = run("--chart", str(tmp_path / "none"))
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
