"""The shipped blueprints say everything the source document says, and the chart says the same."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from agent.blueprint.control import ControlKind, Profile
from agent.blueprint.load import parse

ROOT = Path(__file__).parents[2]
FILES = {f"blueprints/{path.name}": path.read_bytes() for path in sorted((ROOT / "blueprints").glob("*.md"))}
READ = parse(FILES)


def test_every_row_is_read() -> None:
    assert READ.unread == ()
    assert {Path(name).stem for name in FILES} == {
        "cluster",
        "service",
        "scaling",
        "resilience",
        "helm-mapping",
        "governance",
    }


def test_nothing_of_the_source_is_missing() -> None:
    """Its tables, checklists, triggers, scenarios, mapping and rules, counted there by hand, and three more rows."""
    count = {kind: sum(control.kind is kind for control in READ.controls) for kind in ControlKind}
    assert count[ControlKind.PARAMETER] >= 6 + 13 + 10 + 1 + 14 + 2 + 7
    assert count[ControlKind.CHECK] >= 4 + 5 + 5 + 5
    assert (count[ControlKind.TRIGGER], count[ControlKind.SCENARIO], count[ControlKind.MAPPING]) == (3, 6, 9)


def test_the_limit_of_the_backend_is_where_a_diagnosis_looks_for_it() -> None:
    control = READ.control("SVC-BE-MEM-LIMIT")
    assert control is not None
    assert control.component == "backend"
    assert control.fields == ("containers[].resources.limits.memory",)
    assert FILES[control.source.file].decode().splitlines()[control.source.line - 1].startswith("| SVC-BE-MEM-LIMIT |")


def values(profile: Profile) -> dict[str, object]:
    merged: dict[str, object] = {}
    for name in ("values.yaml", *(["values-prod.yaml"] if profile is Profile.PROD else [])):
        merge(merged, yaml.safe_load((ROOT / "charts/todo-app" / name).read_text()))
    return merged


def merge(into: dict[str, object], new: dict[str, object]) -> None:
    for key, value in new.items():
        old = into.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            merge(old, value)
        else:
            into[key] = value


def at(tree: object, path: str) -> object:
    for key in path.removesuffix(".*").split("."):
        assert isinstance(tree, dict), path
        assert key in tree, path
        tree = tree[key]
    return tree


@pytest.mark.parametrize("profile", list(Profile))
def test_every_values_path_of_a_blueprint_is_in_the_chart(profile: Profile) -> None:
    """A path that leads nowhere would make a patch that changes nothing."""
    tree = values(profile)
    for control in READ.controls:
        for path in control.paths:
            at(tree, path)


@pytest.mark.parametrize("profile", list(Profile))
def test_the_chart_s_single_values_are_the_blueprints(profile: Profile) -> None:
    tree = values(profile)
    for control in READ.controls:
        cell = control.values.get(profile)
        if cell is None or len(control.paths) != 1 or cell.type not in ("integer", "quantity", "percent", "duration"):
            continue
        assert str(at(tree, control.paths[0])) == str(cell.value), control.id


def test_every_binding_names_an_object_the_chart_makes() -> None:
    templates = "\n".join(path.read_text() for path in (ROOT / "charts/todo-app/templates").iterdir())
    for binding in READ.bindings:
        assert f"kind: {binding.kind}" in templates
        assert binding.name in templates


def test_reading_the_blueprints_costs_little() -> None:
    """Every diagnosis pays for it. 60 ms is the budget; twice that is allowed for a busy machine."""
    code = (
        "import sys, time, pathlib\n"
        "from agent.blueprint.load import parse\n"
        "files = {p.name: p.read_bytes() for p in pathlib.Path(sys.argv[1]).glob('*.md')}\n"
        "start = time.process_time(); parse(files); print(time.process_time() - start)\n"
    )
    run = [sys.executable, "-c", code, str(ROOT / "blueprints")]
    seconds = min(float(subprocess.run(run, check=True, capture_output=True, cwd=ROOT).stdout) for _ in range(3))
    assert seconds < 0.12
