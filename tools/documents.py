"""What programs print, parsed and then redacted: one JSON, a JSON mapping a line, a manifest of YAML documents."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from typing import Any

from tools.objects import redact_documents
from tools.redact import redact_tree
from tools.weight import too_heavy, weight

LARGEST = 2_000_000
"""Values a manifest may hold once its aliases are written out; more is a bomb, not a manifest."""

MOST_LINES = 400_000
"""Lines, commas and brackets of one YAML document at most: each may be a value of 600 bytes while it is read."""

DEEPEST = 200
"""Levels a manifest may be nested; Kubernetes' own schemas have 40."""

_BRACKET = re.compile(r"[\[\]{}]")
_FAR_RIGHT = re.compile(rf"^[ \t?-]{{{DEEPEST}}}", re.MULTILINE)


class Unreadable(ValueError):
    """Not what was asked for; the message says what is wrong with it, `line` where (from 1; 0 when nobody knows)."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


def one_json(content: bytes) -> Any:
    """Return the one JSON value that a text is, redacted.

    Raises:
        Unreadable: it is none, or not whole, or has other text around it, or is nested beyond reason.

    """
    import orjson

    if too_heavy(weight(content), len(content)):
        raise Unreadable("millions of values and next to nothing in them")
    try:
        return redact_tree(orjson.loads(content.decode("utf-8", errors="replace")))
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"no whole JSON: {error}") from error
    except RecursionError as error:
        raise Unreadable("nested too deep") from error


def json_lines(content: bytes) -> list[dict[str, Any]]:
    """Return the JSON mappings of a text that has one a line, redacted; empty lines count for nothing.

    Raises:
        Unreadable: a line is something else.

    """
    found = [one_json(line) for line in content.splitlines() if line.strip()]
    if not all(isinstance(item, dict) for item in found):
        raise Unreadable("a line is no JSON mapping")
    return found


def manifest(content: bytes) -> list[dict[str, Any]]:
    """Return the Kubernetes objects of YAML documents, redacted and without Secrets.

    Raises:
        Unreadable: it is not YAML, or its aliases multiply beyond reason.

    """
    import yaml

    try:
        return redact_documents(list(_documents(content)))
    except Unreadable:
        raise
    except (yaml.YAMLError, ValueError) as error:
        raise Unreadable(f"not YAML: {type(error).__name__}") from error
    except RecursionError as error:
        raise Unreadable("nested too deep") from error


_SOURCE = re.compile(r"^# Source: \S+?/(\S+)[ \t]*$", re.MULTILINE)


def sourced(content: bytes) -> list[tuple[str, dict[str, Any]]]:
    """Return what `helm template` printed as (template below its chart, object), redacted and without Secrets.

    Raises:
        Unreadable: a document is not YAML.

    """
    parts = _SOURCE.split(content.decode("utf-8", errors="replace"))
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    return [(template, obj) for template, text in pairs for obj in manifest(text.encode())]


def one_node(content: bytes) -> Any:
    """Return the root node of the one YAML document that a file is, None for an empty one: with lines, not redacted.

    Raises:
        Unreadable: not UTF-8, not YAML, several documents, an alias bomb, nested too deep; with the line.

    """
    import yaml

    try:
        text = content.decode("utf-8-sig")
        _refuse_size(text)
        _refuse_depth(text)
        loader = _loader()(text)
        node = loader.get_single_node()
    except UnicodeDecodeError as error:
        raise Unreadable("not UTF-8", content[: error.start].count(b"\n") + 1) from error
    except yaml.MarkedYAMLError as error:
        raise Unreadable(f"not YAML: {error.problem or error.context}", _line(error)) from error
    except (yaml.YAMLError, ValueError) as error:
        raise Unreadable(f"not YAML: {str(error).splitlines()[0]}") from error
    if node is not None and _size(node, {}) > LARGEST:
        raise Unreadable("its aliases multiply beyond reason", node.start_mark.line + 1)
    return node


def plain(content: bytes) -> Any:
    """Return what the one YAML document of a file says, dates as they are written: not redacted.

    Raises:
        Unreadable: as `one_node` does, or something in it does not fit its tag.

    """
    import yaml

    try:
        node = one_node(content)
        return None if node is None else _loader()("").construct_document(node)
    except (yaml.YAMLError, RecursionError) as error:
        raise Unreadable(f"not YAML: {type(error).__name__}") from error


def _line(error: Any) -> int:
    mark = error.problem_mark or error.context_mark
    return mark.line + 1 if mark else 0


def scalar(node: Any) -> Any:
    """Return what a scalar node says: text, number, bool or None.

    Raises:
        Unreadable: it carries a tag that makes an object (`!!python/object`), or does not fit its tag.

    """
    import yaml

    refuse_tag(node)
    try:
        return _constructor().construct_object(node)
    except (yaml.YAMLError, ValueError) as error:
        raise Unreadable(f"{node.value!r} is no {node.tag.rpartition(':')[2]}", node.start_mark.line + 1) from error


def refuse_tag(node: Any) -> None:
    """Refuse a node whose tag asks for an object of a program.

    Raises:
        Unreadable: it does; with the line.

    """
    if not node.tag.startswith("tag:yaml.org,2002:") or node.tag.startswith("tag:yaml.org,2002:python"):
        raise Unreadable(f"the tag {node.tag} is not for values", node.start_mark.line + 1)


@cache
def _constructor() -> Any:
    return _loader()("")


def _documents(content: bytes) -> Iterator[Any]:
    """Yield the documents; each is measured as a graph of nodes before anything is made of it."""
    text = content.decode("utf-8")
    _refuse_size(text)
    _refuse_depth(text)
    loader = _loader()(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if _size(node, {}) > LARGEST:
                raise Unreadable("its aliases multiply beyond reason")
            yield loader.construct_document(node)
    finally:
        loader.dispose()


def _refuse_size(text: str) -> None:
    """Refuse a document with more values than any manifest has, before they are made."""
    if any(sum(map(part.count, "\n,[{")) > MOST_LINES for part in text.split("\n---")):
        raise Unreadable("far too many values in one document")


def _refuse_depth(text: str) -> None:
    """Refuse what is nested too deep: libyaml calls itself for every level, and would end this process.

    Most manifests cannot be: they hold few brackets, and no line of theirs starts far to the right. The others are read
    as a stream of events, which needs no stack.
    """
    import yaml

    if text.count("[") + text.count("{") < DEEPEST and not _FAR_RIGHT.search(text):
        return
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_loader()):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise Unreadable("nested too deep")
    except yaml.YAMLError as error:  # newer parsers have a limit of their own, and reach it while they look ahead
        if _brackets(text) > DEEPEST:
            raise Unreadable("nested too deep") from error
        raise


def _brackets(text: str) -> int:
    """Return how many brackets of a text are open at once, at the most; those inside of quotes count too."""
    steps = (1 if found in "[{" else -1 for found in _BRACKET.findall(text))
    return max(accumulate(steps), default=0)


@cache
def _loader() -> Any:
    """Return a loader that leaves dates alone: to Kubernetes they are strings."""
    import yaml

    base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    kept = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in base.yaml_implicit_resolvers.items()
    }
    return type("ManifestLoader", (base,), {"yaml_implicit_resolvers": kept})


def _size(node: Any, known: dict[int, int]) -> int:
    """Return how many values a node is when its aliases are written out; one inside of itself is endless."""
    if id(node) not in known:
        known[id(node)] = LARGEST + 1
        known[id(node)] = 1 + sum(_size(child, known) for child in _children(node))
    return known[id(node)]


def _children(node: Any) -> Iterator[Any]:
    if isinstance(node.value, list):
        for item in node.value:
            yield from item if isinstance(item, tuple) else (item,)
