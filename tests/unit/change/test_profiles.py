"""An edit planned for one profile must not change what the rows of the other say: values.yaml is read by both."""

from dataclasses import replace
from pathlib import Path

import pytest

from agent.apply.sealing import Draft, housed
from agent.audit.inputs import GitFacts
from agent.blueprint.control import Profile
from agent.blueprint.load import parse as read
from agent.change.files import Edited, edits, with_edits
from agent.change.gate import Gate, Wanted
from agent.change.plan import Actor
from agent.change.profiles import OtherProfile, other, values_of
from agent.change.proposal import Proposal
from agent.config import Settings
from agent.world.chart import open_chart
from agent.world.identity import Identity
from agent.world.release import Target
from tests.unit.change import rows
from tests.unit.change.rows import gate, row
from tools.access import Access
from tools.failure import Failure

ROOT = Path(__file__).parents[3]
SHARED, DEV, PROD = "chart/values.yaml", "chart/values-dev.yaml", "chart/values-prod.yaml"
Files = dict[str, bytes]


def layered(files: Files, profile: Profile) -> Files:
    """Return the files that a profile reads, in helm's order."""
    return {name: files[name] for name in (SHARED, f"chart/values-{profile}.yaml") if name in files}


def planned(table: list[str], files: Files, profile: Profile = Profile.DEV) -> list[Edited] | Failure:
    """Return the edits of everything the rows state and the files do not."""
    own = layered(files, profile)
    found = gate(table, own, profile)
    wanted = [item for control in found.inputs.blueprints.controls for item in _wanted(found, control.id)]
    there = OtherProfile(other(profile), layered(files, other(profile)), found)
    return edits(wanted, own, profile, there)


def _wanted(found: Gate, name: str) -> list[Wanted]:
    control = found.inputs.blueprints.control(name)
    assert control is not None
    said = found.of_control(control)
    assert isinstance(said, list), said
    return said


MEMORY = [row("SVC-MEM", "64Mi (dev) / 512Mi (prod)", "web.memory")]
BOTH = [row("SVC-MEM", "128Mi", "web.memory")]
SAYS = b"web:\n  memory: 512Mi\n"


def test_a_value_of_one_profile_is_refused_where_only_the_shared_file_could_hold_it() -> None:
    """The next upgrade of prod would run with the memory that is meant for a laptop."""
    found = planned(MEMORY, {SHARED: SAYS, PROD: b"web:\n  x: 1\n"})
    assert isinstance(found, Failure)
    for word in (SHARED, "is read for prod too", f"{rows.FILE}:{rows.LINE}", "512Mi (prod)"):
        assert word in found.detail
    assert "values-dev.yaml" in found.hint
    assert "values-prod.yaml" in found.hint


def test_only_the_control_that_no_file_may_hold_is_refused(tmp_path: Path) -> None:
    """One row about a laptop's memory would keep the whole audit's other failures from being mended."""
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.0.0\n")
    (tmp_path / "values.yaml").write_bytes(b"web:\n  memory: 512Mi\n  replicas: 1\n")
    chart = open_chart(str(tmp_path), ())
    contents = {name: path.read_bytes() for name, path in chart.files(Profile.DEV)}
    found = gate([*MEMORY, row("SVC-REP", "3", "web.replicas", "Replicas")], contents)
    wanted = [item for control in found.inputs.blueprints.controls for item in _wanted(found, control.id)]
    who = Identity(Access("here", "https://127.0.0.1:1", "shop"), "uid", Actor("ada", "ada", ()))
    draft = housed(Draft(Proposal(wanted), found, chart, Target("shop", "web", None), who, Settings()))
    assert [item.control.id for item in draft.proposal.wanted] == ["SVC-REP"]
    (refusal,) = draft.proposal.refusals
    assert (refusal.subject, "is read for prod too" in refusal.reason) == ("SVC-MEM", True)


def test_it_goes_into_the_profiles_own_file_where_there_is_one() -> None:
    """The shared file stays as prod needs it."""
    found = planned(MEMORY, {SHARED: SAYS, DEV: b"web:\n  x: 1\n"})
    assert not isinstance(found, Failure), found
    assert [item.name for item in found] == [DEV]
    assert found[0].after == b"web:\n  x: 1\n  memory: 64Mi\n"


@pytest.mark.parametrize("profile", Profile)
def test_the_shared_file_may_change_what_the_other_profile_states_itself(profile: Profile) -> None:
    """Nothing comes of it there, so that nobody has to be sent to write a file first."""
    there = f"chart/values-{other(profile)}.yaml"
    states = "64Mi" if other(profile) is Profile.DEV else "512Mi"
    found = planned(MEMORY, {SHARED: b"web:\n  memory: 1Mi\n", there: f"web:\n  memory: {states}\n".encode()}, profile)
    assert not isinstance(found, Failure), found
    assert [item.name for item in found] == [SHARED]


def test_what_both_profiles_are_to_have_stays_in_the_shared_file() -> None:
    """One row, one value, one place: else the two profiles drift apart with every plan."""
    found = planned(BOTH, {SHARED: SAYS, DEV: b"a: 1\n", PROD: b"a: 1\n"})
    assert not isinstance(found, Failure), found
    assert [item.name for item in found] == [SHARED]


def test_a_second_row_of_the_other_profile_counts_as_well() -> None:
    """Who states a value for prod in a row of its own is not overruled by a row for dev."""
    table = [
        row("SVC-MEM", "64Mi (dev) / 512Mi (prod)", "web.memory"),
        row("SVC-CPU", "100m", "web.cpu", "CPU Limit"),
    ]
    found = planned(table, {SHARED: b"web:\n  memory: 512Mi\n  cpu: 50m\n"})
    assert isinstance(found, Failure)
    assert found.what == "web.memory"


def test_a_key_that_is_added_beside_others_is_held_against_the_other_profile_too() -> None:
    """A value that stood nowhere is as new to prod as to dev."""
    found = planned(MEMORY, {SHARED: b"web:\n  cpu: 1\n", PROD: b"web:\n  x: 1\n"})
    assert isinstance(found, Failure)
    own = planned(MEMORY, {SHARED: b"web:\n  cpu: 1\n", DEV: b"{}\n"})
    assert not isinstance(own, Failure)
    assert own[0].name == DEV


# The chart that ships along


def shipped(profile: Profile, edited: dict[str, str]) -> tuple[Gate, Files, OtherProfile]:
    """Return the gate of the repository's own chart with a blueprint's text changed."""
    files = {
        f"chart/{path.name}": path.read_bytes() for path in sorted((ROOT / "charts/todo-app").glob("values*.yaml"))
    }
    texts = {f"blueprints/{path.name}": path.read_text() for path in (ROOT / "blueprints").glob("*.md")}
    for before, after in edited.items():
        assert any(before in text for text in texts.values())
        texts = {name: text.replace(before, after) for name, text in texts.items()}
    git = GitFacts(dict.fromkeys(texts, True), dict.fromkeys(texts, True))
    own = layered(files, profile)
    blueprints = read({name: text.encode() for name, text in texts.items()})
    whole = Gate(replace(gate([], own, profile, git=git).inputs, blueprints=blueprints))
    return whole, own, OtherProfile(other(profile), layered(files, other(profile)), whole)


LIMIT = "| SVC-BE-MEM-LIMIT | Memory Limit | 512Mi |"


def test_the_shipped_chart_keeps_what_prod_says_when_dev_asks_for_less() -> None:
    """It has no values-dev.yaml: the plan says so, instead of halving production's memory."""
    found, own, there = shipped(Profile.DEV, {LIMIT: LIMIT.replace("512Mi", "384Mi (dev) / 512Mi (prod)")})
    said = edits(_wanted(found, "SVC-BE-MEM-LIMIT"), own, Profile.DEV, there)
    assert isinstance(said, Failure)
    assert "values.yaml is read for prod too" in said.detail


def test_the_shipped_chart_gives_prod_what_is_prods() -> None:
    """What prod asks for beyond dev goes where only prod reads it, and dev renders as before."""
    found, own, there = shipped(Profile.PROD, {LIMIT: LIMIT.replace("512Mi", "512Mi (dev) / 1Gi (prod)")})
    said = edits(_wanted(found, "SVC-BE-MEM-LIMIT"), own, Profile.PROD, there)
    assert not isinstance(said, Failure), said
    assert [item.name for item in said] == [PROD]
    after = values_of(with_edits(own, said)).leaves["backend.resources.limits.memory"]
    assert after.value == "1Gi"
    assert there.contents.keys() == {SHARED}


def test_of_the_shipped_chart_one_row_for_both_is_one_edit_of_the_shared_file() -> None:
    """The row says 768Mi for both, so prod gets it with its next upgrade, which the plan notes."""
    found, own, there = shipped(Profile.DEV, {LIMIT: LIMIT.replace("512Mi", "768Mi")})
    (wanted,) = _wanted(found, "SVC-BE-MEM-LIMIT")
    said = edits([wanted], own, Profile.DEV, there)
    assert not isinstance(said, Failure), said
    assert [item.name for item in said] == [SHARED]
    assert there.changes(wanted, SHARED)
    assert not there.harm(wanted, SHARED)
