"""Captures, damaged object by object, and every command that reads one, run over the damage."""

import copy
import gzip
import json
import random
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from agent.diagnose.finding import Finding, Severity
from agent.errors import AgentError
from agent.exitcode import ExitCode
from agent.operate import audit, diagnose, verify
from agent.operate.arguments.audit import Audit
from agent.operate.arguments.diagnose import Diagnose
from agent.operate.arguments.verify import Verify
from agent.report import audit as audit_views
from agent.report import audit_formats
from agent.report import diagnosis as diagnosis_views
from agent.report import verify as verify_views
from agent.report.terminal import Screen
from agent.resources import bundle_path
from agent.snapshot import bundle
from agent.snapshot.record import Snapshot
from agent.world.world import World
from tests.mutations.surroundings import alone
from tests.mutations.trees import damage, pointers, retype

FIXTURES = Path(__file__).parents[1] / "fixtures"
PAPER = Screen()

Members = Mapping[str, Any]
"""A capture's files, parsed: `objects/Pod.json` -> its list."""


class FalseHealth(AssertionError):
    """A world that is broken, and was called healthy."""


@cache
def captures() -> tuple[Path, ...]:
    """Return every capture there is."""
    return (bundle_path("demo"), *sorted(FIXTURES.glob("scenarios/*.tgz")), *sorted(FIXTURES.glob("audit/*.tgz")))


@cache
def members(path: Path) -> Members:
    """Return a capture's files as they were written."""
    with gzip.open(path, "rb") as packed:
        return dict(bundle._read(packed, bundle.LARGEST))


def damaged(path: Path, chance: random.Random) -> tuple[Snapshot | None, str]:
    """Return a capture with one to three values damaged and what was done; None where it is refused as a whole."""
    found = dict(members(path))
    done = []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        name = chance.choice([name for name in found if found[name] and name != "manifest.json"])
        name = "releases.json" if found["releases.json"] and chance.random() < 0.1 else name
        if name.startswith("objects/"):
            found[name] = list(found[name])
            done.append(f"{name} {_damage_one(found[name], chance)}")
        else:
            found[name] = copy.deepcopy(found[name])
            done.append(f"{name} {damage(found[name], chance)}")
    return _loaded(found), f"{path.stem}: {'; '.join(done)}"


def _damage_one(objects: list[Any], chance: random.Random) -> str:
    if not objects:
        return "nothing"
    index = chance.randrange(len(objects))
    objects[index] = obj = copy.deepcopy(objects[index])
    way = chance.random()
    if way < 0.02:
        objects[index] = chance.choice([None, 3, "x", [obj], {}])
        return f"object {index} is none"
    if way < 0.04:
        objects.append(copy.deepcopy(obj))
        return f"object {index} twice"
    if way < 0.08 and isinstance(obj, dict) and isinstance(obj.get("metadata"), dict):
        owned = {"kind": obj.get("kind"), "name": obj["metadata"].get("name"), "controller": True, "uid": "u"}
        obj["metadata"] |= {"ownerReferences": [owned], "uid": "u"}
        return f"object {index} owns itself"
    return f"object {index}: {damage(obj, chance) if isinstance(obj, dict) else ''}"


def _loaded(found: Members) -> Snapshot | None:
    try:
        return bundle._snapshot(json.loads(json.dumps(found)), "damaged")
    except bundle.READ_ERRORS:
        return None


def ask(snapshot: Snapshot, chance: random.Random) -> ExitCode:
    """Run every command that reads a capture; return what the diagnosis ends in."""
    world = World(looker=lambda *_, **__: snapshot)
    with alone():
        code = _diagnosed(Diagnose(), world)
        _diagnosed(Diagnose(subject=_subject(snapshot, chance)), world)
        _audited(world, chance)
        _verified(world)
    return ExitCode.INDETERMINATE if code is None else code


def _diagnosed(args: Diagnose, world: World) -> ExitCode | None:
    try:
        found = diagnose.run(args, world, lambda _: None)
    except AgentError:
        return None
    diagnosis_views.as_json(found, PAPER)
    text = diagnosis_views.as_text(found, PAPER)
    code = diagnose.code(found)
    if code is not ExitCode.OK and "othing is wrong" in text:
        raise FalseHealth(text)
    return code


def _subject(snapshot: Snapshot, chance: random.Random) -> str:
    kind = chance.choice(sorted(kind for kind, found in snapshot.objects.items() if found))
    return f"{kind}/{chance.choice(snapshot.objects[kind])['metadata']['name']}"


def _audited(world: World, chance: random.Random) -> None:
    try:
        found = audit.run(Audit(profile=chance.choice(("dev", "prod"))), world, lambda _: None)
    except AgentError:
        return
    audit.code(found)
    for view in (audit_views.as_text, audit_views.as_json, audit_formats.as_markdown, audit_formats.as_sarif):
        view(found, PAPER)


def _verified(world: World) -> None:
    try:
        found = verify.run(Verify(), world, lambda _: None)
    except AgentError:
        return
    verify.code(found)
    verify_views.as_text(found, PAPER)
    verify_views.as_json(found, PAPER)


@cache
def errors(path: Path) -> tuple[Finding, ...]:
    """Return what is wrong in a capture as it was taken, () where that is not the whole truth about it."""
    snapshot = _loaded(members(path))
    assert snapshot is not None
    with alone():
        found = diagnose.run(Diagnose(), World(looker=lambda *_, **__: snapshot), lambda _: None)
    if diagnose.code(found) is not ExitCode.FOUND:
        return ()
    return tuple(item for item in found.diagnosis.findings if item.severity is Severity.ERROR)


def retyped(path: Path, chance: random.Random) -> tuple[Snapshot | None, str]:
    """Return a broken capture with one value of another type on an object that a finding's evidence points to.

    Nothing was mended by that: the value that shows the fault is there still, or cannot be read any more.
    """
    proofs = [proof for finding in errors(path) for proof in finding.evidence]
    chance.shuffle(proofs)
    found = dict(members(path))
    for proof in proofs:
        name = f"objects/{proof.where.kind}.json"
        found[name] = copy.deepcopy(found.get(name) or [])
        obj = next((item for item in found[name] if _is(item, proof.where)), None)
        if obj is None:
            continue
        below = proof.pointer.strip("/").split("/") if proof.pointer.startswith("/") else []
        near = [at for at in pointers(obj) if list(map(str, at)) == below[: len(at)]]
        at = chance.choice(near if near and chance.random() < 0.7 else list(pointers(obj)))
        retype(obj, at, chance)
        return _loaded(found), f"{path.stem}: {proof.where} /{'/'.join(map(str, at))} retyped"
    return None, ""


def _is(obj: Any, where: Any) -> bool:
    meta = obj["metadata"]
    return bool((meta.get("namespace", ""), meta["name"]) == (where.namespace, where.name))


def attempt(number: int, seed: int) -> str:
    """Damage one capture and ask everything about it; return what was done.

    Raises:
        FalseHealth: a broken capture was called healthy, though nothing was mended in it.
    """
    chance = random.Random(f"{seed}-{number}")
    path = chance.choice(captures())
    if number % 2 and errors(path):
        snapshot, done = retyped(path, chance)
        must = True
    else:
        snapshot, done = damaged(path, chance)
        must = False
    try:
        code = ask(snapshot, chance) if snapshot is not None else ExitCode.USAGE
    except Exception as error:
        error.add_note(done)
        raise
    if must and code is ExitCode.OK:
        raise FalseHealth(done)
    return done
