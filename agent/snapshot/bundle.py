"""A snapshot as one file, so that every read command runs the same without a cluster.

`NAME.tgz`: `manifest.json` first (schema, source, time, how whole every part is), then `objects/KIND.json`, one list
each, and logs, releases, usage and containers. Written whole or not at all; read without ever being unpacked to disk.
"""

import gzip
import os
import tarfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, fields, replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from agent.snapshot.record import (
    Cluster,
    LogKey,
    NodeUsage,
    Object,
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
from agent.snapshot.shape import sound
from tools.collector import collector_paused
from tools.failure import Failure, FailureKind
from tools.files import opened
from tools.objects import redact_documents, redact_object
from tools.redact import redact, redact_tree, without_user
from tools.text import clean
from tools.weight import too_heavy, weight

SCHEMA = "bluehelm/bundle/v1"

LARGEST = 1 << 29
"""Uncompressed bytes of a bundle at most: twelve times a cluster of 5,000 pods."""

SMALL = 1 << 26
"""Uncompressed bytes any bundle may have."""

PACKED = 128
"""Beyond that: how many times its packed size. Replicas of one another pack to an eightieth, the rest far less well."""

MOST_MEMBERS = 200

SIDES = ("logs.json", "usage.json", "releases.json", "containers.json", "serving.json")
HINT = "was it made by `bundle capture`, and copied whole?"

READ_ERRORS = (
    OSError,
    EOFError,
    tarfile.TarError,
    zlib.error,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
    MemoryError,
)
"""Everything a truncated, foreign or tampered file makes its readers raise."""


def save(snapshot: Snapshot, path: Path) -> Failure | None:
    """Write a bundle for its owner only; the same snapshot gives the same bytes. An existing file is never replaced."""
    import orjson

    part = path.with_name(f".{path.name}.{os.getpid()}")
    what = f"bundle {path}"
    try:
        with part.open("xb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
            part.chmod(0o600)
            with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
                for name, content in _members(snapshot):
                    _add(archive, name, orjson.dumps(content))
        os.link(part, path)
    except OSError as error:
        return Failure(FailureKind.CONFIG, what, error.strerror or str(error), "name another file")
    except TypeError as error:  # orjson's: a lone surrogate or a huge number, out of a release's values
        return Failure(FailureKind.MALFORMED, what, clean(f"something cannot be written as JSON: {error}", 200))
    finally:
        with suppress(OSError):
            part.unlink()
    return None


def load(path: Path) -> Snapshot | Failure:
    """Return the snapshot a bundle holds; a Failure for anything that is not a whole bundle of ours."""
    try:
        with collector_paused(), opened(path) as file, gzip.GzipFile(fileobj=file) as packed:
            return _snapshot(dict(_read(packed, _most(file))), str(path))
    except FileNotFoundError:
        return Failure(FailureKind.NOT_FOUND, f"bundle {path}", "no such file")
    except READ_ERRORS as error:
        if isinstance(error, OSError) and error.strerror:  # no bundle was seen at all
            return Failure(FailureKind.CONFIG, f"bundle {path}", error.strerror)
        return Failure(FailureKind.MALFORMED, f"bundle {path}", clean(f"not a whole bundle: {_why(error)}", 200), HINT)


def _members(snapshot: Snapshot) -> Iterator[tuple[str, Any]]:
    yield "manifest.json", _manifest(snapshot)
    for kind in sorted(snapshot.objects):
        yield f"objects/{kind}.json", list(snapshot.objects[kind])
    yield "logs.json", [[*key, text] for key, text in sorted(snapshot.logs.items())]
    yield "usage.json", [asdict(item) for item in snapshot.usage]
    yield "releases.json", [asdict(item) for item in snapshot.releases]
    yield "containers.json", list(snapshot.containers)
    if snapshot.serving is not None:
        told = asdict(snapshot.serving)
        yield "serving.json", told | {"certificates": [_plain(item) for item in told["certificates"]]}


def _plain(certificate: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a certificate with its owner as a list: orjson writes no named tuple."""
    return {**certificate, "subject": list(certificate["subject"])}


def _manifest(snapshot: Snapshot) -> Mapping[str, Any]:
    return {
        "schema": SCHEMA,
        "taken_at": snapshot.taken_at.isoformat(),
        "cluster": asdict(snapshot.cluster),
        "namespace": snapshot.namespace,
        "profile": snapshot.profile,
        "kinds": sorted(snapshot.objects),
        "parts": [asdict(part) for part in snapshot.parts],
    }


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    archive.addfile(info, BytesIO(content))


class _Bounded:
    """A stream of decompressed bytes that ends in an error beyond the limit, also inside tarfile's own headers."""

    def __init__(self, packed: gzip.GzipFile, most: int) -> None:
        self._packed, self._most, self._left = packed, most, most

    def read(self, size: int = -1) -> bytes:
        """Return up to that many bytes."""
        if not 0 <= size <= self._left:
            raise ValueError(f"more than {self._most >> 20} MiB unpacked")
        content = self._packed.read(size)
        self._left -= len(content)
        return content


def _most(file: BinaryIO) -> int:
    """Return the bytes a bundle may have unpacked."""
    return min(LARGEST, max(SMALL, PACKED * os.fstat(file.fileno()).st_size))


def _read(packed: gzip.GzipFile, most: int) -> Iterator[tuple[str, Any]]:
    """Yield each member's name and parsed content, refusing what no bundle of ours holds."""
    import orjson

    seen: set[str] = set()
    weighed = size = 0
    bounded = _Bounded(packed, most)
    with tarfile.open(fileobj=bounded, mode="r|") as archive:  # type: ignore[call-overload]  # only read() is used
        for member in archive:
            _check(member, seen)
            content = _content(archive, member)
            weighed, size = weighed + weight(content), size + len(content)
            if too_heavy(weighed, size):
                raise ValueError("millions of values and next to nothing in them")
            yield member.name, orjson.loads(content)
    while bounded.read(1 << 20):
        pass  # to the end of the file, where gzip keeps the checksum that a cut or changed file fails


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytearray:
    """Return a member's bytes, read piece by piece: in one go tarfile would hold them three times."""
    opened = archive.extractfile(member)
    assert opened is not None  # noqa: S101 - _check let only regular files through
    content = bytearray()
    while piece := opened.read(1 << 20):
        content += piece
    return content


def _check(member: tarfile.TarInfo, seen: set[str]) -> None:
    kind = member.name.removeprefix("objects/").removesuffix(".json")
    known = member.name in ("manifest.json", *SIDES) or (member.name == f"objects/{kind}.json" and kind.isalnum())
    if not member.isreg() or not known or member.size > LARGEST:
        raise ValueError(f"unexpected member {member.name!r}, or too large")
    if member.name in seen or len(seen) >= MOST_MEMBERS:
        raise ValueError(f"member {member.name!r} twice, or too many")
    if (member.name == "manifest.json") != (not seen):
        raise ValueError("the manifest does not come first")
    seen.add(member.name)


def _snapshot(found: Mapping[str, Any], origin: str) -> Snapshot:
    manifest = redact_tree(found["manifest.json"])
    if manifest.get("schema") != SCHEMA:
        raise ValueError(f"schema {manifest.get('schema')!r}, this reads {SCHEMA}")
    taken_at = datetime.fromisoformat(manifest["taken_at"])
    if taken_at.tzinfo is None:
        raise ValueError("the time it was taken at has no zone")
    parts = {part.name: part for part in (_part(item) for item in manifest["parts"])}
    lists = {kind: _objects(found[f"objects/{kind}.json"], kind, parts) for kind in manifest["kinds"]}
    return Snapshot(
        taken_at,
        _cluster(manifest["cluster"]),
        _text_or_none(manifest["namespace"]),
        lists,
        list(parts.values()),
        dict(_log(*entry) for entry in found["logs.json"]),
        [_record(Usage, item) for item in found["usage.json"]],
        [_release(item) for item in found["releases.json"]],
        [redact_tree(item) for item in _mappings(found["containers.json"])],
        origin,
        _serving(found["serving.json"]) if "serving.json" in found else None,
        profile=_text_or_none(manifest["profile"]),
    )


def _cluster(found: Mapping[str, Any]) -> Cluster:
    cluster = _record(Cluster, found)
    return replace(cluster, server=without_user(cluster.server))


def _part(found: Any) -> Part:
    return _record(Part, {**found, "state": State(found["state"])})


def _objects(found: Any, kind: str, parts: dict[str, Part]) -> Sequence[Object]:
    """Return a list's objects, redacted and held to their shape again: a bundle may come from anywhere."""
    if not isinstance(found, list):
        raise ValueError("a list of objects is not one")
    listed = (redact_object(item, owners=True) if _has_kind(item) else None for item in found)
    part = parts.get(kind) or Part(kind, "", State.PARTIAL, reason="the bundle does not say how whole the list is")
    kept, parts[kind] = sound(part, listed)
    return kept


def _has_kind(item: Any) -> bool:
    return type(item) is dict and isinstance(item.get("kind"), str)


def _release(found: Any) -> Release:
    values, manifest = found["values"], found["manifest"]
    kept = None if manifest is None else redact_documents(_mappings(manifest))
    if not isinstance(values, dict | None):
        raise ValueError("a release's values are no mapping")
    said = {key: value for key, value in found.items() if key not in ("values", "manifest")}
    return _record(Release, {**redact_tree(said), "values": redact_tree(values), "manifest": kept})


def _serving(found: Any) -> Serving:
    """Return how the control plane stood; bundles of earlier versions say nothing of it."""
    told = redact_tree(found)
    checks = told["checks"]
    if type(checks) is not dict or not all(type(passed) is bool for passed in checks.values()):
        raise ValueError("the API server's checks are none")
    return Serving(
        checks,
        [_record(NodeUsage, item) for item in _mappings(told["nodes"])],
        [_shown(item) for item in _mappings(told["certificates"])],
        [_record(Requested, item) for item in _mappings(told["requested"])],
    )


def _shown(found: Mapping[str, Any]) -> Shown:
    subject = Ref(*found["subject"])
    if not all(isinstance(part, str) for part in subject):
        raise ValueError("a certificate's owner is no name")
    begins, ends = (_moment(found[key]) for key in ("begins", "ends"))
    return _record(Shown, {**found, "subject": subject, "begins": begins, "ends": ends})


def _moment(text: str | None) -> datetime | None:
    found = None if text is None else datetime.fromisoformat(text)
    if found is not None and found.tzinfo is None:
        raise ValueError("a certificate's time has no zone")
    return found


def _log(*entry: Any) -> tuple[LogKey, str]:
    namespace, pod, container, previous, text = entry
    if not all(isinstance(part, str) for part in (namespace, pod, container, text)):
        raise ValueError("a log is not text")
    return LogKey(namespace, pod, container, bool(previous)), redact(text)


def _mappings(found: Any) -> list[dict[str, Any]]:
    if not isinstance(found, list) or not all(type(item) is dict for item in found):
        raise ValueError("a list of objects is not one")
    return found


_Record = TypeVar("_Record", Cluster, Part, Usage, NodeUsage, Shown, Requested, Release)


def _record(shape: type[_Record], found: Mapping[str, Any]) -> _Record:
    """Return one record whose plain fields (text, numbers) are what they are declared to be."""
    try:
        made = shape(**found)
    except TypeError as error:
        raise ValueError(f"{shape.__name__} without its fields, or with others") from error
    for field in fields(shape):
        declared = (int, float) if field.type is float else field.type
        if isinstance(declared, type | tuple) and not isinstance(getattr(made, field.name), declared):
            raise ValueError(f"{shape.__name__} with an odd {field.name}")
    return made


def _text_or_none(found: Any) -> str | None:
    if not isinstance(found, str | None):
        raise ValueError("a name is not text")
    return found


def _why(error: Exception) -> str:
    return (
        f"{error.args[0]!r} is missing"
        if isinstance(error, KeyError) and error.args
        else str(error) or type(error).__name__
    )
