"""The JSON schemas of a chart and of its subcharts, also packaged ones: what they refer to, before helm fetches it.

helm checks values against every `values.schema.json` it finds, and fetches what those refer to from wherever they say.
"""

import io
import json
import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import urldefrag, urljoin

from tools.files import read

NAME = "values.schema.json"
ROOT = f"file:///{NAME}"
"""What helm calls every schema that does not name itself."""

DRAFTS = re.compile(r"https?://json-schema\.org/(schema|draft-0[467]/schema|draft/20(19-09|20-12)/schema)#?")
"""Languages of schemas that helm knows by heart."""

REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef", "$schema")
LARGEST = 100 << 20
"""Bytes of a packaged chart at most once it is unpacked; helm's own limit."""

DEEPEST = 8
"""Packages inside of packages that are looked into."""


class Odd(NamedTuple):
    """A schema helm is not handed, and why."""

    file: str
    reason: str


def odd_schema(chart: Path) -> Odd | None:
    """Return the first schema that refers to a place outside of its chart, or that nobody can look through.

    Args:
        chart: a chart's folder.

    """
    return next(_odd_files(chart), None)


def _odd_files(chart: Path) -> Iterator[Odd]:
    for path in sorted(chart.rglob("*")):
        shown = str(path.relative_to(chart))
        if path.name == NAME:
            yield from _odd(shown, _content(path), path.parent)
        elif path.suffix == ".tgz":
            yield from _odd_package(shown, _content(path), 0)


def _content(path: Path) -> bytes:
    try:
        return read(path, LARGEST)
    except OSError:
        return b""  # what cannot be read here helm cannot read either


def _odd_package(shown: str, content: bytes, depth: int) -> Iterator[Odd]:
    """Yield what is odd inside of a packaged chart."""
    try:
        for name, inner in _members(content):
            if PurePosixPath(name).name == NAME:
                yield from _odd(f"{shown}/{name}", inner, None)
            elif name.endswith(".tgz") and depth < DEEPEST:
                yield from _odd_package(f"{shown}/{name}", inner, depth + 1)
            elif name.endswith(".tgz"):
                yield Odd(f"{shown}/{name}", "packages are nested too deep")
    except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError) as error:
        yield Odd(shown, f"is no whole package: {error}")


def _members(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the name and content of each schema and package in a package."""
    left = LARGEST
    with tarfile.open(fileobj=io.BytesIO(content), mode="r|gz") as archive:
        for member in archive:
            left -= member.size
            if left < 0:
                raise ValueError(f"more than {LARGEST >> 20} MiB unpacked")
            file = archive.extractfile(member) if member.isreg() and member.name.endswith((NAME, ".tgz")) else None
            if file is not None:
                yield member.name, file.read()


def _odd(shown: str, content: bytes, folder: Path | None) -> Iterator[Odd]:
    """Yield the references of one schema that lead out of it; `folder` is where files beside it are, None for none."""
    try:
        schema = json.loads(content.decode("utf-8", errors="replace")) if content else {}
        found = list(_walk(schema, ROOT))
    except (ValueError, RecursionError):
        yield Odd(shown, "cannot be read, so nobody knows what it refers to")
        return
    yield from (Odd(shown, f"refers to {name}") for base, name in found if not _is_inside(base, name, folder))


def _walk(node: Any, base: str) -> Iterator[tuple[str, str]]:
    """Yield (address of the schema it stands in, reference), wherever in a document a reference may stand."""
    if isinstance(node, list):
        for item in node:
            yield from _walk(item, base)
    if not isinstance(node, dict):
        return
    for key in ("$id", "id"):
        base = urljoin(base, node[key]) if isinstance(node.get(key), str) else base
    yield from ((base, node[key]) for key in REFERENCES if isinstance(node.get(key), str))
    for item in node.values():
        yield from _walk(item, base)


def _is_inside(base: str, reference: str, folder: Path | None) -> bool:
    """Return whether a reference stays in its schema, or names a plain file of the chart beside it.

    A schema's own `$id` is no way in: what counts as one differs from draft to draft, and helm fetches the rest.
    """
    if reference.startswith("#") or DRAFTS.fullmatch(reference):
        return True
    name = urldefrag(reference).url
    return folder is not None and base == ROOT and ":" not in name and ".." not in name and _is_beside(name, folder)


def _is_beside(name: str, folder: Path) -> bool:
    return not name.startswith("/") and (folder / name).is_file()
