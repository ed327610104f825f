"""One surgical edit of a values file: the leaves that a plan names change, and no other character does. Pure.

Positions are characters of the decoded text, byte order mark and carriage returns included: the marks of PyYAML's own
parser on a `str`. (Those of libyaml, and those of any parser on bytes, are wrong behind the first `é`.)
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from agent.blueprint.values import MERGE, joined
from agent.change.plan import JSON
from agent.change.splice import Splice, spliced
from tools.documents import Unreadable, one_node, plain
from tools.failure import Failure, FailureKind
from tools.flow import flow, quoted
from tools.flow import plain as plain_text

Keys = tuple[str, ...]

STEP = 2
"""Columns a nested mapping is indented by where the file itself shows none."""

_LINE_END = re.compile(r"\r\n|\n|\r")

_INNER_BLANKS = re.compile(r"(?<=\S)[ \t]+")
_REMARK = re.compile(r"((?:[ \t]*(?:\r\n|\n|\r))*)([ \t]*)#[^\r\n]*(?:\r\n|\n|\r|$)")
"""Empty lines and one line that is a remark: what is empty, and how far the remark is indented."""


class Refused(ValueError):
    """The edit cannot be made without touching more than was planned; the message says why."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a path ends in a document: at its value, or at the innermost mapping that would have to hold it."""

    node: Any
    """The value's node, or the mapping's."""
    key: Any
    """The key the node stands behind, None for the document itself."""
    column: int
    """Of the keys of the mapping that holds that key."""
    depth: int
    """How many keys lead to it."""
    missing: Keys
    """The keys that are not there yet, () when the value is."""


def edited(name: str, content: bytes, wanted: Mapping[Keys, JSON]) -> tuple[Splice, ...] | Failure:
    """Return the splices that give these paths these values, or why there are none.

    The result is proven: what the new text says differs from what the old one says at exactly these paths.

    Args:
        name: the file, for a person.
        content: its bytes.
        wanted: keys of each leaf -> its value; a list is replaced whole.

    """
    try:
        text = content.decode("utf-8")
        one_node(content)  # refuses what is too large, too deep or no YAML, with its line
        splices = tuple(replace(item, old=text[item.start : item.end]) for item in _splices(text, wanted))
        _prove(text, splices, wanted)
    except (UnicodeDecodeError, Unreadable, Refused) as error:
        return Failure(FailureKind.DENIED, name, f"{_said(error)}; edit it by hand", "then plan again")
    return splices


def _said(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    return f"line {error.line}: {error}" if isinstance(error, Unreadable) and error.line else str(error)


def _splices(text: str, wanted: Mapping[Keys, JSON]) -> Iterator[Splice]:
    root = _composed(text)
    _refuse_duplicates(root)
    added: dict[int, tuple[_Place, dict[str, Any]]] = {}
    for keys, value in wanted.items():
        place = _place(root, keys)
        if not place.missing:
            yield _replaced(text, place, value, keys)
            continue
        _, tree = added.setdefault(id(place.node), (place, {}))
        _put(tree, place.missing, value)
    for place, tree in sorted(added.values(), key=lambda item: -item[0].depth):  # where several end, the inner first
        yield _added(text, root, place, tree)


def _composed(text: str) -> Any:
    """Return the root node, with marks that are characters of the text.

    libyaml, which helm's reader is like, takes tabs between a value and a remark, and PyYAML's own parser does not: to
    it they are shown as so many spaces.
    """
    import yaml

    try:
        spaced = _INNER_BLANKS.sub(lambda found: " " * len(found[0]), text) if "\t" in text else text
        return yaml.compose(spaced, Loader=_loader())
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Refused(f"line {line}: {error.problem}") from error


@cache
def _loader() -> Any:
    """Return PyYAML's own loader, for whose marks it is taken; to it as to Helm a date is a text."""
    import yaml

    kept = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return type("ValuesLoader", (yaml.SafeLoader,), {"yaml_implicit_resolvers": kept})


def _refuse_duplicates(node: Any) -> None:
    if node is None or node.id == "scalar":
        return
    if node.id == "sequence":
        for item in node.value:
            _refuse_duplicates(item)
        return
    seen: set[str] = set()
    for key, value in node.value:
        if key.value in seen and key.tag != MERGE:
            raise Refused(f"line {key.start_mark.line + 1}: the key {key.value} stands here twice")
        seen.add(key.value)
        _refuse_duplicates(value)


def _place(root: Any, keys: Keys) -> _Place:
    """Walk down as far as the keys are there."""
    place = _Place(root, None, 0, 0, keys)
    while place.missing and place.node is not None and place.node.id == "mapping":
        found = next(((key, value) for key, value in place.node.value if key.value == place.missing[0]), None)
        if found is None:
            _refuse_merge(place.node, keys)
            return place
        key, value = found
        _refuse_shared(key, value, keys)
        place = _Place(value, key, key.start_mark.column, place.depth + 1, place.missing[1:])
    if place.missing and not _is_nothing(place.node):
        raise Refused(f"{joined(keys[: -len(place.missing)])} is no mapping")
    return place


def _is_nothing(node: Any) -> bool:
    return node is None or node.tag == "tag:yaml.org,2002:null"


def _refuse_merge(node: Any, keys: Keys) -> None:
    if any(key.tag == MERGE for key, _ in node.value):
        raise Refused(f"{joined(keys)} comes in by a merge key (<<)")


def _refuse_shared(key: Any, value: Any, keys: Keys) -> None:
    if value.start_mark.index < key.end_mark.index:
        raise Refused(f"{joined(keys)} lies behind an alias")


def _replaced(text: str, place: _Place, value: JSON, keys: Keys) -> Splice:
    node = place.node
    start, end = node.start_mark.index, node.end_mark.index
    if text[start : start + 1] in ("&", "!"):
        raise Refused(f"{joined(keys)} carries an anchor or a tag")
    if node.id == "scalar" and node.style in ("|", ">"):
        raise Refused(f"{joined(keys)} is a block of text")
    if node.id == "scalar":
        fresh = _like(node.style, value)
        return Splice(start, end, fresh if end > start else f" {fresh}")
    return _replaced_collection(text, place, value, keys)


def _like(style: str | None, value: JSON) -> str:
    """Return a value as the one it replaces was written: in its quotes where it stays a text."""
    if isinstance(value, str) and style == "'" and value.isprintable() and value:
        return "'" + value.replace("'", "''") + "'"
    return quoted(value) if isinstance(value, str) and style == '"' else flow(value)


def _replaced_collection(text: str, place: _Place, value: JSON, keys: Keys) -> Splice:
    """Replace a list or mapping as a whole, in the style it is written in."""
    node = place.node
    start, end = node.start_mark.index, _end(text, node)
    if "#" in text[start:end]:
        raise Refused(f"{joined(keys)} holds comments that would be lost")
    if node.flow_style or not isinstance(value, list) or not value:
        return Splice(start, end, flow(value))
    margin = f"{_eol(text)}{' ' * node.start_mark.column}"
    return Splice(start, end, margin.join(f"- {flow(item)}" for item in value))


def _put(tree: dict[str, Any], keys: Keys, value: JSON) -> None:
    for key in keys[:-1]:
        tree = tree.setdefault(key, {})
    tree[keys[-1]] = value


def _added(text: str, root: Any, place: _Place, tree: Mapping[str, Any]) -> Splice:
    """Add keys to the mapping a place is, or make one of the nothing that stands there."""
    node = place.node
    if node is None:
        return _appended(text, len(text), _lines(tree, 0, STEP))
    if node.id == "scalar" or (node.flow_style and not node.value):
        return _opened(text, root, place, tree)
    if node.flow_style:
        inside = ", ".join(f"{plain_text(key)}: {flow(value)}" for key, value in tree.items())
        return Splice(_end(text, node.value[-1][1]), _end(text, node.value[-1][1]), f", {inside}")
    column = node.value[0][0].start_mark.column
    return _appended(text, _behind_remarks(text, node, column), _lines(tree, column, _step(root)))


def _opened(text: str, root: Any, place: _Place, tree: Mapping[str, Any]) -> Splice:
    """Make a mapping of `key:`, `key: null` or `key: {}`, on lines of its own where nothing follows on this one."""
    node, key = place.node, place.key
    if text[node.start_mark.index : node.start_mark.index + 1] in ("&", "!"):
        raise Refused("what stands there carries an anchor or a tag")
    if key is None:
        return Splice(node.start_mark.index, node.end_mark.index, flow(tree))
    start = text.index(":", key.end_mark.index) + 1
    end = max(node.end_mark.index, start)
    rest = _LINE_END.split(text[end:], maxsplit=1)[0]
    if rest.strip():
        return Splice(start, end, f" {flow(tree)}")
    step = _step(root)
    lines = _lines(tree, place.column + step, step)
    return Splice(start, end + len(rest), "".join(f"{_eol(text)}{line}" for line in lines))


def _appended(text: str, after: int, lines: Sequence[str]) -> Splice:
    """Add lines below the one a character stands on."""
    eol = _eol(text)
    found = _LINE_END.search(text, after)
    block = "".join(f"{line}{eol}" for line in lines)
    if found is not None:
        return Splice(found.end(), found.end(), block)
    is_open = bool(text) and not text.endswith(("\n", "\r"))  # and then it stays without a last line end
    return Splice(len(text), len(text), f"{eol}{block.removesuffix(eol)}" if is_open else block)


def _lines(tree: Mapping[str, Any], column: int, step: int) -> list[str]:
    found: list[str] = []
    for key, value in tree.items():
        start = f"{' ' * column}{plain_text(key)}:"
        if isinstance(value, dict) and value:
            found += [start, *_lines(value, column + step, step)]
        else:
            found.append(f"{start} {flow(value)}")
    return found


def _step(root: Any) -> int:
    """Return the columns the file's own first nested mapping is indented by."""
    for key, value in root.value if root is not None and root.id == "mapping" else ():
        if value.id == "mapping" and value.value and not value.flow_style:
            inner = int(value.value[0][0].start_mark.column)
            return max(inner - int(key.start_mark.column), 1)
    return STEP


def _behind_remarks(text: str, node: Any, column: int) -> int:
    """Return the index behind a mapping and the remarks that are its last value's: further in, or what `{}` leaves out.

    A new key between `resources: {}` and the block that is commented out below it would take that block for its own.
    """
    end = _end(text, node)
    found = _LINE_END.search(text, end)
    is_empty = _last(node).value in ([], "")
    while found is not None and (found := _REMARK.match(text, found.end())):
        indent, is_apart = len(found[2]), bool(found[1])
        if indent <= column and not (is_empty and indent == column and not is_apart):
            break
        end = found.end(2)
    return end


def _last(node: Any) -> Any:
    """Return the last value inside a node that holds no other."""
    while node.id != "scalar" and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return node


def _end(text: str, node: Any) -> int:
    """Return the index behind a node's last own character: a block's mark stands where the next thing begins."""
    if node.id != "scalar" and node.value and not node.flow_style:
        last = node.value[-1]
        key, value = last if isinstance(last, tuple) else (None, last)
        behind = _end(text, value)
        return max(behind, int(key.end_mark.index) + 1) if key is not None else behind
    if node.id == "scalar" and node.style in ("|", ">"):
        header = _LINE_END.split(text[node.start_mark.index :], maxsplit=1)[0].partition("#")[0]
        end = int(node.end_mark.index)
        return end - 1 if "+" in header else len(text[:end].rstrip())  # `|+`: the empty lines below are its own
    return int(node.end_mark.index)


def _eol(text: str) -> str:
    found = _LINE_END.search(text)
    return found[0] if found else "\n"


def _prove(text: str, splices: Sequence[Splice], wanted: Mapping[Keys, JSON]) -> None:
    """Refuse an edit after which the file says anything else than before, the wanted paths apart."""
    before = plain(text.encode()) or {}
    after = plain(spliced(text, splices).encode())
    for keys, value in wanted.items():
        before = _with(before, keys, value)
    if _exact(before) != _exact(after):
        raise Refused("the edit would change more than it should (an anchor shares what it changes?)")


def _with(tree: Any, keys: Keys, value: JSON) -> Any:
    """Return a tree with one leaf set; what an alias shares is copied on the way, so that only this place changes."""
    if not keys:
        return value
    below = tree if isinstance(tree, dict) else {}
    return {**below, keys[0]: _with(below.get(keys[0]), keys[1:], value)}


def _exact(tree: Any) -> str:
    """Return a tree as text in which 1, 1.0, True and "1" are four values, and the order of keys is none."""
    return json.dumps(tree, sort_keys=True, default=repr)
