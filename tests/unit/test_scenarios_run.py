"""The runner without a cluster: a kubectl of ours plays one that is lost, or one where nothing ever happens."""

import threading
from pathlib import Path

import pytest
import yaml

from tests.cluster.binaries import program
from tests.cluster.trouble import Trouble
from tests.scenarios import bed
from tests.scenarios.expectation import Scenario, load, outside
from tests.scenarios.play import Shared, play
from tests.scenarios.run import Run, only_run, problems

LOST = "echo 'The connection to the server was refused - did you specify the right host or port?' >&2; exit 1"
IDLE = (
    'case "$*" in *"get events"*) echo "1m Warning FailedScheduling";; *"get pods,"*) echo "pod/web 0/1 Pending";; esac'
)

EXPECT = {
    "about": "A pod that never runs.",
    "origin": "rules",
    "until": [{"get": "pods -l app=web", "jsonpath": "{.items[*].status.phase}", "matches": "Running"}],
    "timeout": 1,
    "find": [],
}

OBJECTS = [
    {"kind": "Pod", "metadata": {"name": "web"}},
    {"kind": "PersistentVolume", "metadata": {"name": "$NAMESPACE"}},
    {"kind": "IngressClass", "metadata": {"name": "web"}},
]


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    home = tmp_path / "never-runs"
    home.mkdir()
    (home / "expect.yaml").write_text(yaml.safe_dump(EXPECT))
    (home / "manifest.yaml").write_text(yaml.safe_dump_all(OBJECTS))
    return load("never-runs", tmp_path)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BLUEHELM_CLUSTER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(bed, "BREATHER", 0.0)
    return tmp_path / "cache"


def kubectl(script: str) -> None:
    """Make a kubectl that does only this."""
    path = program("kubectl")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.usefixtures("cache")
def test_a_lost_cluster_ends_the_run_and_says_who_was_playing(scenario: Scenario, tmp_path: Path) -> None:
    kubectl(LOST)
    run = Run(tmp_path / "captures", 1)
    with pytest.raises(bed.Lost, match="connection to the server was refused"):
        run.play([scenario])
    assert run.results == []
    assert "never-runs" in run.playing


@pytest.mark.usefixtures("cache")
def test_a_state_that_is_never_reached_fails_with_what_was_there(scenario: Scenario, tmp_path: Path) -> None:
    kubectl(IDLE)
    result = play(scenario, tmp_path / "captures", Shared(), threading.Event(), lambda _: None)
    assert not result.passed
    assert result.trouble.startswith("not within 1 s: pods -l app=web")
    assert {"pod/web 0/1 Pending", "1m Warning FailedScheduling"} <= set(problems(result))
    assert not list(tmp_path.glob("captures/*.tgz"))


@pytest.mark.usefixtures("cache")
def test_a_run_that_is_stopped_waits_for_nothing_more(scenario: Scenario, tmp_path: Path) -> None:
    kubectl(IDLE)
    stop = threading.Event()
    stop.set()
    with pytest.raises(bed.Stopped):
        play(scenario, tmp_path / "captures", Shared(), stop, lambda _: None)


def test_the_second_of_two_runs_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with only_run(path), pytest.raises(Trouble, match=r"another run is playing scenarios \(pid \d+\)"), only_run(path):
        pass
    with only_run(path):
        assert path.read_text().startswith("pid ")


def test_objects_of_no_namespace_are_known_by_their_kind_and_named_after_it(scenario: Scenario) -> None:
    names = {item["kind"]: item["metadata"]["name"] for item in outside(scenario, "scn-1")}
    assert names == {"PersistentVolume": "scn-1", "IngressClass": "web"}


@pytest.mark.usefixtures("cache")
def test_what_two_scenarios_share_is_taken_away_by_the_last(scenario: Scenario, tmp_path: Path) -> None:
    said = tmp_path / "said"
    kubectl(f'case "$*" in *--filename=-*) cat;; esac >> {said}')
    shared, one, two = Shared(), outside(scenario, "scn-1"), outside(scenario, "scn-2")
    shared.take(one)
    shared.take(two)
    shared.drop("scn-1", one)
    assert ("scn-1" in said.read_text(), "IngressClass" in said.read_text()) == (True, False)
    shared.drop("scn-2", two)
    assert "IngressClass" in said.read_text()
