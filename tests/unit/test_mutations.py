"""A few hundred damaged inputs in every run; thousands with `python -m tests.mutations`.

A crash is a command that says nothing to a person at three in the morning; a broken world called healthy is worse.
"""

import copy
import random
from pathlib import Path

import pytest

from agent.exitcode import ExitCode
from tests.mutations import captures, files
from tests.mutations.__main__ import CLASSES
from tests.mutations.trees import pointers, put

COUNTS = {"captures": 120, "blueprints": 25, "charts": 50, "kubeconfigs": 200}


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_no_damage_makes_a_command_crash_or_call_a_broken_world_healthy(name: str) -> None:
    for number in range(COUNTS[name]):
        CLASSES[name](number, 2026)


def test_the_judge_of_health_can_fail() -> None:
    """Where the fault is taken away, nothing is wrong any more: a judge that never says so proves nothing."""
    path = next(path for path in captures.captures() if captures.errors(path))
    found = {**captures.members(path)}
    for name in [name for name in found if name.startswith("objects/") and "Namespace" not in name]:
        found[name] = []
    snapshot = captures._loaded(found)
    assert snapshot is not None
    assert captures.ask(snapshot, random.Random(1)) is ExitCode.OK


def test_every_class_of_captures_has_broken_worlds_to_damage() -> None:
    broken = [path for path in captures.captures()[:30] if captures.errors(path)]
    assert len(broken) > 10
    snapshot, done = captures.retyped(broken[0], random.Random(2))
    assert snapshot is not None
    assert "retyped" in done


@pytest.mark.parametrize("odd", ["3", {}, [], True, -1])
def test_a_count_of_another_type_is_unknown_and_never_healthy(odd: object) -> None:
    path = next(path for path in captures.captures() if path.stem == "backend-out-of-memory")
    found = {**captures.members(path)}
    pods = found["objects/Pod.json"] = copy.deepcopy(found["objects/Pod.json"])
    for pod in pods:
        for at in [at for at in pointers(pod) if at[-1] == "restartCount"]:
            put(pod, at, odd)
    snapshot = captures._loaded(found)
    assert snapshot is not None
    assert captures.ask(snapshot, random.Random(3)) is ExitCode.INDETERMINATE


def test_one_blueprint_nobody_can_open_leaves_the_others(tmp_path: Path) -> None:
    """`blueprints/` is edited by people: a folder named like a file must not stop a diagnosis."""
    from agent.world.blueprints import read

    (tmp_path / "good.md").write_bytes((files.ROOT / "blueprints" / "service.md").read_bytes().replace(b"\n", b"\r\n"))
    (tmp_path / "cr.md").write_bytes(
        b"\xef\xbb\xbf" + (files.ROOT / "blueprints" / "cluster.md").read_bytes().replace(b"\n", b"\r")
    )
    (tmp_path / "latin.md").write_bytes("| Größe |".encode("latin-1"))
    (tmp_path / "folder.md").mkdir()
    said: list[str] = []
    found = read(str(tmp_path), lambda event: said.append(str(event)))
    assert {row.blueprint for row in found.controls} == {"good", "cr"}
    assert ["not UTF-8" in line for line in said if "latin" in line] == [True]
    assert ["a folder, not a file" in line for line in said if "folder" in line] == [True]
    assert len(said) == 2
