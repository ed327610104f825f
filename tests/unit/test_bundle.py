"""A snapshot as one file: what is saved comes back, and no other file does anything but be refused."""

import gzip
import io
import json
import os
import resource
import subprocess
import sys
import tarfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.snapshot.bundle import SCHEMA, load, save
from agent.snapshot.record import (
    Cluster,
    LogKey,
    NodeUsage,
    Part,
    Ref,
    Release,
    Requested,
    Serving,
    Shown,
    Snapshot,
    State,
    Usage,
)
from tests.fakes import objects
from tools.failure import Failure, FailureKind

TEXT = st.text(st.characters(blacklist_categories=["Cs"]), max_size=12)
NAME = st.from_regex(r"[a-z]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)
LEAF = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT
TREE = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=6
)
KINDS = st.sampled_from(["Node", "Service", "Event", "Namespace", "Ingress"])
OBJECT = st.fixed_dictionaries({"metadata": st.fixed_dictionaries({"name": NAME, "namespace": NAME}), "more": TREE})
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))])


def _name(item: dict[str, Any]) -> tuple[str, str]:
    return item["metadata"]["namespace"], item["metadata"]["name"]


def _with_parts(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot that says of every list how whole it is, as every look does."""
    listed = [Part(kind, kind, State.COMPLETE, len(found)) for kind, found in snapshot.objects.items()]
    return replace(snapshot, parts=[*snapshot.parts, *listed])


MOMENT = st.none() | st.datetimes(timezones=ZONES)
STANDS = st.builds(
    Serving,
    checks=st.dictionaries(NAME, st.booleans(), max_size=3),
    nodes=st.lists(st.builds(NodeUsage, NAME, st.floats(0, 99), st.integers(0, 2**50)), max_size=3),
    certificates=st.lists(st.builds(Shown, st.builds(Ref, NAME, NAME, NAME), TEXT, MOMENT, MOMENT, TEXT), max_size=3),
    requested=st.lists(st.builds(Requested, NAME, NAME, NAME, NAME), max_size=3),
)
SNAPSHOTS = st.builds(
    Snapshot,
    taken_at=st.datetimes(timezones=ZONES),
    cluster=st.builds(Cluster, TEXT, TEXT, TEXT),
    namespace=st.none() | NAME,
    objects=st.dictionaries(KINDS, st.lists(OBJECT, max_size=3, unique_by=_name), max_size=3).map(
        lambda found: {kind: [{"kind": kind, **item} for item in items] for kind, items in found.items()}
    ),
    parts=st.lists(
        st.builds(Part, NAME, TEXT, st.sampled_from(State), st.integers(0, 9), TEXT, TEXT, st.booleans()),
        max_size=3,
        unique_by=lambda part: part.name,
    ),
    logs=st.dictionaries(st.builds(LogKey, NAME, NAME, NAME, st.booleans()), TEXT, max_size=3),
    usage=st.lists(st.builds(Usage, NAME, NAME, NAME, st.floats(0, 99), st.integers(0, 2**50)), max_size=3),
    serving=st.none() | STANDS,
    releases=st.lists(
        st.builds(
            Release,
            NAME,
            NAME,
            st.integers(0, 99),
            TEXT,
            TEXT,
            TEXT,
            TEXT,
            st.none() | st.dictionaries(NAME, LEAF),
            st.none(),
        ),
        max_size=2,
    ),
    profile=st.none() | st.sampled_from(["dev", "prod"]),
).map(_with_parts)
SLOWLY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)


def small() -> Snapshot:
    return Snapshot(
        datetime(2026, 1, 1, tzinfo=UTC),
        Cluster("c", "https://c", "v1.36.3"),
        None,
        {"Pod": [{"kind": "Pod", "metadata": {"name": f"p{number}", "namespace": "shop"}} for number in range(9)]},
        [Part("Pod", "/api/v1/pods", State.COMPLETE, 9), Part("Event", "/api/v1/events", State.DENIED, reason="403")],
        {LogKey("shop", "p1", "app", True): "boom\n"},
        [Usage("shop", "p1", "app", 0.25, 1 << 20)],
        [Release("web", "shop", 3, "deployed", "web-1.0", values={"replicas": 2}, manifest=[{"kind": "Service"}])],
    )


def saved(folder: Path, snapshot: Snapshot | None = None) -> Path:
    path = folder / "a.tgz"
    path.unlink(missing_ok=True)
    assert save(snapshot or small(), path) is None
    return path


def same(left: Snapshot | Failure, right: Snapshot) -> bool:
    if isinstance(left, Failure):
        return False
    names = [name for name in Snapshot.__dataclass_fields__ if name != "origin"]
    return all(_plain(getattr(left, name)) == _plain(getattr(right, name)) for name in names)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, (list, tuple)) else value


def refused(content: bytes, folder: Path) -> Failure:
    """Return the failure a file ends in, having made sure that nothing was written beside it."""
    path = folder / "bad.tgz"
    path.write_bytes(content)
    before = sorted(folder.rglob("*"))
    found = load(path)
    assert isinstance(found, Failure), found
    assert "\n" not in str(found)
    assert sorted(folder.rglob("*")) == before
    return found


@SLOWLY
@given(SNAPSHOTS)
def test_what_was_saved_comes_back(tmp_path: Path, snapshot: Snapshot) -> None:
    assert same(load(saved(tmp_path, snapshot)), snapshot)


def test_recorded_incidents_come_back(tmp_path: Path) -> None:
    world = objects.load("cascade")
    assert same(load(saved(tmp_path, world)), world)


def test_the_same_snapshot_gives_the_same_bytes_and_only_its_owner_may_read_them(tmp_path: Path) -> None:
    one = saved(tmp_path)
    (tmp_path / "b").mkdir()
    two = saved(tmp_path / "b")
    assert one.read_bytes() == two.read_bytes()
    assert one.stat().st_mode & 0o777 == 0o600


def test_an_existing_file_is_never_replaced(tmp_path: Path) -> None:
    path = saved(tmp_path)
    before = path.read_bytes()
    failure = save(small(), path)
    assert isinstance(failure, Failure)
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["a.tgz"]


def test_a_folder_that_is_not_there_or_full_is_a_failure(tmp_path: Path) -> None:
    assert isinstance(save(small(), tmp_path / "none" / "a.tgz"), Failure)
    if Path("/dev/full").exists():
        assert isinstance(save(small(), Path("/dev/full/a.tgz")), Failure)


def test_what_cannot_be_written_as_json_is_a_failure_and_leaves_nothing(tmp_path: Path) -> None:
    """A log or a helm value can hold a lone surrogate, or a number JSON has no room for."""
    odd = [{"kind": "Node", "metadata": {"name": "n"}, "spec": {"a": value}} for value in ("\ud800", 1 << 70)]
    for item in odd:
        world = Snapshot(datetime.now(UTC), Cluster(), None, {"Node": [item]})
        assert isinstance(save(world, tmp_path / "a.tgz"), Failure)
        assert list(tmp_path.iterdir()) == []


@SLOWLY
@given(st.integers(0, 10**6), st.integers(1, 255))
def test_any_byte_flipped_is_refused_or_changes_nothing(tmp_path: Path, place: int, mask: int) -> None:
    content = bytearray(saved(tmp_path).read_bytes())
    content[place % len(content)] ^= mask
    (tmp_path / "b.tgz").write_bytes(content)
    found = load(tmp_path / "b.tgz")
    assert isinstance(found, Failure) or same(found, small())


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    content = saved(tmp_path).read_bytes()
    for end in range(len(content)):
        refused(content[:end], tmp_path)


@SLOWLY
@given(st.data())
def test_any_byte_changed_inside_is_never_an_exception(tmp_path: Path, data: st.DataObject) -> None:
    """The checksum is right: somebody made this file so."""
    content = bytearray(gzip.decompress(saved(tmp_path).read_bytes()))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "b.tgz").write_bytes(gzip.compress(bytes(content), 1))
    assert isinstance(load(tmp_path / "b.tgz"), (Failure, Snapshot))


def manifest(**changes: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "schema": SCHEMA,
        "taken_at": "2026-01-01T00:00:00+00:00",
        "cluster": {},
        "namespace": None,
        "profile": None,
    }
    return said | {"kinds": [], "parts": []} | changes


def tar(*members: tuple[str, bytes | str], manifest_first: dict[str, Any] | None = None) -> bytes:
    """Return a bundle made by hand; a text is a link's target."""
    packed = io.BytesIO()
    first = ("manifest.json", json.dumps(manifest_first or manifest()).encode())
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in (first, *members):
            info = tarfile.TarInfo(name)
            if isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


SIDES = (("logs.json", b"[]"), ("usage.json", b"[]"), ("releases.json", b"[]"), ("containers.json", b"[]"))


def test_a_bundle_made_by_hand_is_read(tmp_path: Path) -> None:
    """So that the refusals below are for what they say, not for a mistake here."""
    (tmp_path / "a.tgz").write_bytes(tar(*SIDES))
    assert isinstance(load(tmp_path / "a.tgz"), Snapshot)


USAGE = json.dumps([{"namespace": 1, "pod": [], "container": {}, "cpu": "x", "memory": "y"}]).encode()
RELEASE = json.dumps([{"name": [], "namespace": {}, "revision": "x", "status": 1, "chart": 1, "values": [1]}]).encode()

FOREIGN: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "text": lambda: b"not a bundle\n",
    "gzip of text": lambda: gzip.compress(b"not a tar\n"),
    "gzip of nothing": lambda: gzip.compress(b""),
    "zip": lambda: b"PK\x03\x04" + bytes(60),
    "png": lambda: b"\x89PNG\r\n\x1a\n" + bytes(60),
    "parent": lambda: tar(*SIDES, ("../escaped", b"x")),
    "deep parent": lambda: tar(*SIDES, ("objects/../../escaped.json", b"[]")),
    "absolute": lambda: tar(*SIDES, ("/tmp/escaped", b"x")),
    "link": lambda: tar(*SIDES, ("objects/Pod.json", "/etc/passwd")),
    "link named like a side": lambda: tar(("logs.json", "/etc/passwd"), *SIDES[1:]),
    "unknown member": lambda: tar(*SIDES, ("run.sh", b"#!/bin/sh\n")),
    "folder": lambda: tar(*SIDES, ("objects/a/b.json", b"[]")),
    "kind with a dot": lambda: tar(*SIDES, ("objects/...json", b"[]")),
    "twice": lambda: tar(*SIDES, ("logs.json", b"[]")),
    "too many": lambda: tar(*SIDES, *((f"objects/K{number}.json", b"[]") for number in range(300))),
    "a side is missing": lambda: tar(*SIDES[:3]),
    "a kind is missing": lambda: tar(*SIDES, manifest_first=manifest(kinds=["Pod"])),
    "no schema": lambda: tar(*SIDES, manifest_first=manifest(schema=None)),
    "another schema": lambda: tar(*SIDES, manifest_first=manifest(schema="bluehelm/bundle/v9")),
    "no time": lambda: tar(*SIDES, manifest_first=manifest(taken_at="soon")),
    "time is a number": lambda: tar(*SIDES, manifest_first=manifest(taken_at=3)),
    "time without zone": lambda: tar(*SIDES, manifest_first=manifest(taken_at="2026-01-01T00:00:00")),
    "kinds is a number": lambda: tar(*SIDES, manifest_first=manifest(kinds=3)),
    "kinds of lists": lambda: tar(*SIDES, manifest_first=manifest(kinds=[[1]])),
    "parts of text": lambda: tar(*SIDES, manifest_first=manifest(parts=["x"])),
    "part with more": lambda: tar(
        *SIDES, manifest_first=manifest(parts=[{"name": "a", "source": "", "state": "complete", "x": 1}])
    ),
    "part whose name is a list": lambda: tar(
        *SIDES, manifest_first=manifest(parts=[{"name": [], "source": 3, "state": "complete"}])
    ),
    "state unknown": lambda: tar(
        *SIDES, manifest_first=manifest(parts=[{"name": "a", "source": "", "state": "whole"}])
    ),
    "cluster is a list": lambda: tar(*SIDES, manifest_first=manifest(cluster=[1])),
    "context is a number": lambda: tar(*SIDES, manifest_first=manifest(cluster={"context": 3})),
    "namespace is a number": lambda: tar(*SIDES, manifest_first=manifest(namespace=3)),
    "profile is a list": lambda: tar(*SIDES, manifest_first=manifest(profile=["dev"])),
    "manifest is a list": lambda: tar_of(("manifest.json", b"[]"), *SIDES),
    "manifest is not first": lambda: tar_of(SIDES[0], ("manifest.json", json.dumps(manifest()).encode()), *SIDES[1:]),
    "no manifest": lambda: tar_of(*SIDES),
    "half a json": lambda: tar(("logs.json", b"[["), *SIDES[1:]),
    "not utf-8": lambda: tar(("logs.json", b'["\xff"]'), *SIDES[1:]),
    "deep": lambda: tar(("logs.json", b"[" * 100_000 + b"]" * 100_000), *SIDES[1:]),
    "logs is a mapping": lambda: tar(("logs.json", b'{"a": 1}'), *SIDES[1:]),
    "log key is a list": lambda: tar(("logs.json", b'[[[], {}, 3, 1, "x"]]'), *SIDES[1:]),
    "usage with more": lambda: tar(SIDES[0], ("usage.json", b'[{"x": 1}]'), *SIDES[2:]),
    "usage of text": lambda: tar(SIDES[0], ("usage.json", USAGE), *SIDES[2:]),
    "release of lists": lambda: tar(*SIDES[:2], ("releases.json", RELEASE), SIDES[3]),
    "objects are a mapping": lambda: with_pods(b'{"a": 1}'),
    "objects are null": lambda: with_pods(b"null"),
}


def with_pods(content: bytes) -> bytes:
    return tar(*SIDES, ("objects/Pod.json", content), manifest_first=manifest(kinds=["Pod"]))


def tar_of(*members: tuple[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_file_is_refused_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "in" / "side"
    folder.mkdir(parents=True)
    refused(FOREIGN[name](), folder)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["bad.tgz"]


@pytest.mark.parametrize("odd", ['"x"', '{"kind": []}', '{"kind": "Node", "metadata": {"name": "n"}}', "null", "{}"])
def test_an_odd_object_is_set_aside_and_named_and_the_rest_is_there(tmp_path: Path, odd: str) -> None:
    """One bad object must not cost a person the other nine hundred."""
    path = tmp_path / "a.tgz"
    path.write_bytes(with_pods(f'[{odd}, {{"kind": "Pod", "metadata": {{"name": "p", "namespace": "n"}}}}]'.encode()))
    found = load(path)
    assert isinstance(found, Snapshot)
    assert [item["metadata"]["name"] for item in found.objects["Pod"]] == ["p"]
    (gap,) = found.gaps()
    assert (gap.name, gap.state) == ("Pod", State.PARTIAL)
    assert "unreadable" in gap.reason


def test_devices_fifos_and_hard_links_are_refused(tmp_path: Path) -> None:
    for kind in (tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CONTTYPE):
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            info = tarfile.TarInfo("manifest.json")
            info.type, info.linkname = kind, "logs.json"
            archive.addfile(info)
        refused(packed.getvalue(), tmp_path)


def test_a_folder_a_pipe_and_a_missing_file_are_said_as_such(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none", Path("/dev/null")):
        found = load(path)
        assert isinstance(found, Failure)
    assert isinstance(found, Failure)
    missing = load(tmp_path / "none")
    assert isinstance(missing, Failure)
    assert missing.kind is FailureKind.NOT_FOUND


def test_secret_data_in_somebody_elses_bundle_does_not_come_in(tmp_path: Path) -> None:
    secret = json.dumps([{"kind": "Secret", "metadata": {"name": "db"}, "data": {"a": "Q0FOQVJZ"}}]).encode()
    disguised = json.dumps([{"metadata": {"name": "db"}, "data": {"a": "Q0FOQVJZ"}}]).encode()
    for content in (secret, disguised):
        made = tar(*SIDES, ("objects/Secret.json", content), manifest_first=manifest(kinds=["Secret"]))
        (tmp_path / "a.tgz").write_bytes(made)
        assert "Q0FOQVJZ" not in repr(load(tmp_path / "a.tgz"))


def test_credentials_in_the_logs_of_somebody_elses_bundle_do_not_come_in(tmp_path: Path) -> None:
    logs = json.dumps([["shop", "web", "app", False, "password=hunter2222"]]).encode()
    (tmp_path / "a.tgz").write_bytes(tar(("logs.json", logs), *SIDES[1:]))
    assert "hunter2222" not in repr(load(tmp_path / "a.tgz"))


def bomb(megabytes: int, head: bytes) -> bytes:
    """Return a small gzip of a head and that many megabytes of blanks; its checksum is wrong, nobody gets that far."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    start = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    first = packer.compress(b" " * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + first * megabytes + packer.flush()


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)


BOUNDED = """
import sys, time
from pathlib import Path
from agent.snapshot.bundle import load
began = time.monotonic()
print(type(load(Path(sys.argv[1]))).__name__, time.monotonic() - began)
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))  # ru_maxrss starts at the parent's
print(int(peak.split()[1]) >> 10)
"""

BOMBS: dict[str, Callable[[], bytes]] = {
    "a member of 500 MiB": lambda: bomb(600, header("manifest.json", 500 << 20)),
    "a member that says 3 GiB": lambda: bomb(600, header("manifest.json", 3 << 30)),
    "a name of 2 GiB": lambda: bomb(600, header("././@LongLink", 2 << 30, tarfile.GNUTYPE_LONGNAME)),
    "a pax header of 2 GiB": lambda: bomb(600, header("x", 2 << 30, tarfile.XHDTYPE)),
    "blanks behind the end": lambda: bomb(600, header("manifest.json", 2) + b"{}" + bytes(510) + bytes(1024)),
    "200,000 headers": lambda: gzip.compress(header("x", 0, tarfile.XHDTYPE) * 200_000, 9),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_costs_bounded_time_and_memory(tmp_path: Path, name: str) -> None:
    path = tmp_path / "bomb.tgz"
    path.write_bytes(BOMBS[name]())
    assert path.stat().st_size < 5 << 20
    argv = [sys.executable, "-c", BOUNDED, str(path)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True, cwd=Path(__file__).parents[2])
    said, peak = done.stdout.splitlines()
    assert said.split()[0] == "Failure"
    assert float(said.split()[1]) < 10
    assert int(peak) < 1200


def test_nothing_is_left_open(tmp_path: Path) -> None:
    path = saved(tmp_path)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        load(path)
        refused(b"x", tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert os.getpid()
