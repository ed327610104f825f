"""A row may name a key that no values file has: it is planned where a template reads it. A real helm renders."""

from pathlib import Path

import pytest

from agent.blueprint.control import Profile
from agent.blueprint.lint.finding import Lint
from agent.change.gate import Gate, Wanted
from agent.change.proposal import Proposal
from agent.operate.drafting import heeded
from agent.severity import Severity
from agent.world.chart import open_chart
from agent.world.release import Target
from agent.world.world import World
from tests.fakes.programs import find
from tests.unit.change.rows import gate, row

TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data: {mode: {{ .Values.web.mode | default "slow" | quote }}, other: {{ .Values.web.other | quote }}}
"""
MODE, TYPO = row("SVC-MODE", "fast", "web.mode", "Mode"), row("SVC-TYPO", "fast", "web.mod", "Mode")


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.0.0\n")
    (tmp_path / "values.yaml").write_text("web:\n  other: x\n")
    (tmp_path / "templates" / "map.yaml").write_text(TEMPLATE)
    return tmp_path


def planned(folder: Path, *rows: str) -> Proposal:
    """Return what is left of everything that the rows ask for, where lint says that their keys are nowhere."""
    chart = open_chart(str(folder), ())
    contents = {name: path.read_bytes() for name, path in chart.files(Profile.DEV)}
    lints = [
        Lint("path-without-value", Severity.ERROR, "no values file has it", (), (name,), "")
        for name in ("SVC-MODE", "SVC-TYPO")
    ]
    made = gate(rows, contents, lints=lints).trying()
    wanted = [item for control in made.inputs.blueprints.controls for item in stated(made, control.id)]
    world = World({"path": str(find("helm").parent)})
    return heeded(Proposal(wanted), made.inputs, chart, Target("shop", "web", None), world)


def stated(made: Gate, name: str) -> list[Wanted]:
    control = made.inputs.blueprints.control(name)
    assert control is not None
    found = made.of_control(control)
    assert isinstance(found, list), found
    return found


def test_a_key_that_a_template_reads_is_planned(chart: Path) -> None:
    """A chart's default is in its template: the row that says otherwise could never be met by a plan."""
    found = planned(chart, MODE)
    assert [(item.path, item.value, item.leaf) for item in found.wanted] == [("web.mode", "fast", None)]
    assert not found.refusals


def test_a_key_that_no_template_reads_is_refused_alone(chart: Path) -> None:
    """A slip of the pen in a row would be committed and change nothing."""
    found = planned(chart, MODE, TYPO)
    assert [item.control.id for item in found.wanted] == ["SVC-MODE"]
    (refusal,) = found.refusals
    assert refusal.subject == "SVC-TYPO"
    assert refusal.reason.endswith("makes anything of web.mod")
