"""Values files with the line of every leaf, and what Helm makes of several of them. Pure: bytes in, leaves out.

A leaf is a scalar, a list (Helm replaces lists whole) or an empty map. Whatever is named like a secret is kept only as
a keyed digest: it can be compared, and neither shown nor written.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.blueprint.control import Source
from tools.documents import Unreadable, one_node, refuse_tag, scalar
from tools.redact import MASK, is_secret_name, redact, redact_tree

LARGEST = 2 << 20
"""Bytes of a values file at most."""

SECRETS = re.compile(r"(?i).*(secrets?|credentials?|passwords?)(data|values)?")
"""A map whose entries are secrets, whatever they are called."""

_DOT = re.compile(r"(?<!\\)\.")
"""What parts a path's keys: a dot inside of one is escaped."""

MERGE = "tag:yaml.org,2002:merge"

_SALT = secrets.token_bytes(32)


@dataclass(frozen=True, slots=True)
class Masked:
    """A secret value: equal to another of the same content within this process, and nothing else."""

    digest: bytes

    def __str__(self) -> str:
        """Never what it holds."""
        return MASK


def masked(value: object) -> Masked:
    """Return what may be known of a secret value."""
    return Masked(hmac.digest(_SALT, repr(value).encode(), hashlib.sha256))


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value as a file states it."""

    path: str
    """Keys with dots between them, a dot inside a key as `\\.`: `backend.image.tag`."""
    value: Any
    """Text, number, bool, None, list or empty map as Helm reads it (YAML 1.1), or Masked."""
    raw: str
    """As written; masked where secret, "" for lists and maps."""
    source: Source
    plain: bool = False
    """Whether it is a scalar without quotes, so that YAML decides its type."""


@dataclass(frozen=True, slots=True)
class Values:
    """One values file, or several as Helm merges them: path -> the leaf in force."""

    leaves: Mapping[str, Leaf]
    problems: Sequence[tuple[Source, str]] = field(default_factory=tuple)
    """What stands in the way of reading it whole: duplicate keys, odd tags, no YAML at all."""

    def below(self, path: str) -> Iterator[Leaf]:
        """Yield the leaf of that path, or those below it (`backend.*` and `backend` are one)."""
        path = path.removesuffix(".*")
        yield from (leaf for name, leaf in self.leaves.items() if name == path or name.startswith(f"{path}."))


def parse(name: str, content: bytes) -> Values:
    """Return a values file's leaves; with problems, each with its line, where it cannot be read whole.

    `name` is the file as shown to a person.
    """
    if len(content) > LARGEST:
        return Values({}, [(Source(name, 1), f"larger than {LARGEST >> 20} MiB, so not read")])
    problems: list[tuple[Source, str]] = []
    try:
        node = one_node(content)
        found = list(_leaves(node, (), name, problems)) if node is not None else []
    except Unreadable as error:
        return Values({}, [(Source(name, error.line or 1), str(error))])
    return Values({leaf.path: leaf for leaf in found}, problems)


def merged(files: Iterable[Values]) -> Values:
    """Return what Helm makes of values files, the later over the earlier: null deletes, a list or scalar replaces."""
    leaves: dict[str, Leaf] = {}
    problems: list[tuple[Source, str]] = []
    for number, values in enumerate(files):
        problems += values.problems
        for path, leaf in values.leaves.items():
            _make_room(leaves, leaf)
            leaves[path] = leaf
            if leaf.value is None and number:
                del leaves[path]
    return Values(leaves, problems)


def of_tree(tree: Mapping[str, Any], origin: str) -> Values:
    """Return a parsed mapping (a release's values) as leaves; they stand in no file, so their line is 0."""
    return Values({leaf.path: leaf for leaf in _of_mapping(tree, (), Source(origin, 0))})


def joined(keys: Sequence[str]) -> str:
    """Return keys as a path."""
    return ".".join(key.replace(".", "\\.") for key in keys)


def keys(path: str) -> list[str]:
    """Return a path's keys: the way back from `joined`."""
    return [key.replace("\\.", ".") for key in _DOT.split(path)]


def _make_room(leaves: dict[str, Leaf], leaf: Leaf) -> None:
    """Remove what a leaf replaces: everything below it, or the scalar above it; an empty map replaces only scalars."""
    if leaf.value != {}:
        for path in [path for path in leaves if path.startswith(f"{leaf.path}.")]:
            del leaves[path]
    parts = _DOT.split(leaf.path)
    for size in range(1, len(parts)):
        leaves.pop(".".join(parts[:size]), None)


def _leaves(node: Any, keys: tuple[str, ...], name: str, problems: list[tuple[Source, str]]) -> Iterator[Leaf]:
    refuse_tag(node)
    if node.id != "mapping":
        if not keys:
            raise Unreadable("values are a mapping", node.start_mark.line + 1)
        yield _leaf(node, keys, Source(name, node.start_mark.line + 1))
        return
    if not node.value and keys:
        yield Leaf(joined(keys), {}, "", Source(name, node.start_mark.line + 1))
    seen: dict[str, int] = {}
    for key, value in _pairs(node):
        text, line = str(key.value), key.start_mark.line + 1
        if text in seen:
            problems.append((Source(name, line), f"key {joined((*keys, text))} stands at line {seen[text]} too"))
        seen[text] = line
        for leaf in _leaves(value, (*keys, text), name, problems):
            yield _at_key(leaf, line) if value.id != "mapping" or not value.value else leaf


def _pairs(node: Any) -> Iterator[tuple[Any, Any]]:
    """Yield a mapping's keys and values, those of a merge key (`<<: *defaults`) unless the mapping has its own."""
    own = [(key, value) for key, value in node.value if key.tag != MERGE]
    odd = next((key for key, _ in own if key.id != "scalar"), None)
    if odd is not None:
        raise Unreadable("a key is no text", odd.start_mark.line + 1)
    names = {str(key.value) for key, _ in own}
    yield from own
    for _, value in (pair for pair in node.value if pair[0].tag == MERGE):
        for merged_in in value.value if value.id == "sequence" else [value]:
            for key, item in _pairs(merged_in) if merged_in.id == "mapping" else ():
                if str(key.value) not in names:
                    names.add(str(key.value))
                    yield key, item


def _at_key(leaf: Leaf, line: int) -> Leaf:
    """Return a leaf standing where its key does: a block scalar's text starts a line later."""
    return Leaf(leaf.path, leaf.value, leaf.raw, Source(leaf.source.file, line), leaf.plain)


def _leaf(node: Any, keys: tuple[str, ...], source: Source) -> Leaf:
    path, value = joined(keys), _value(node)
    if is_secret(keys) and value not in (None, "", [], True, False):
        return Leaf(path, masked(value), MASK, source)
    return Leaf(path, value, redact(str(node.value)) if node.id == "scalar" else "", source, _is_plain(node))


def is_secret(keys: Sequence[str]) -> bool:
    """Return whether a leaf holds a secret: by its own name, or as an entry of a map of secrets (`auth` is none)."""
    return is_secret_name(keys[-1]) or any(SECRETS.fullmatch(key) for key in keys[:-1])


def _is_plain(node: Any) -> bool:
    return node.id == "scalar" and not node.style


def _value(node: Any) -> Any:
    if node.id == "scalar":
        return redact_tree(scalar(node))
    if node.id == "sequence":
        return redact_tree([_value(item) for item in node.value])
    return redact_tree({str(key.value): _value(value) for key, value in _pairs(node)})


def _of_mapping(tree: Mapping[str, Any], keys: tuple[str, ...], source: Source) -> Iterator[Leaf]:
    for key, value in tree.items():
        here = (*keys, str(key))
        if isinstance(value, Mapping) and value:
            yield from _of_mapping(value, here, source)
        elif is_secret(here) and value not in (None, "", [], {}, True, False):
            yield Leaf(joined(here), masked(value), MASK, source)
        else:
            value = redact_tree(value)
            yield Leaf(joined(here), value, "" if isinstance(value, (list, dict)) else str(value), source)
