"""The values edit: what a person wrote around a value must survive the change of that value, to the character."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.change.splice import restored, spliced
from agent.change.values import edited
from tools.documents import plain
from tools.failure import Failure

Tree = dict[str, Any]


def after(text: str, wanted: dict[str, Any]) -> str:
    """Return the text an edit leaves; dots between keys."""
    found = edited("values.yaml", text.encode(), {tuple(path.split(".")): value for path, value in wanted.items()})
    assert not isinstance(found, Failure), found
    return spliced(text, found)


def refusal(text: str, wanted: dict[str, Any]) -> str:
    found = edited("values.yaml", text.encode(), {tuple(path.split(".")): value for path, value in wanted.items()})
    assert isinstance(found, Failure)
    return found.detail


SURVIVES: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("a: 1 # why\nb: 2\n", {"a": 3}, "a: 3 # why\nb: 2\n"),
    ("\ufeffé: 1\r\na:\r\n    b: 'q'   # ü\r\n", {"a.b": "new"}, "\ufeffé: 1\r\na:\r\n    b: 'new'   # ü\r\n"),
    ('tag: "1.0"\n', {"tag": "1.1"}, 'tag: "1.1"\n'),
    ("tag: 1.0\n", {"tag": "1.1"}, 'tag: "1.1"\n'),
    ("a: 'it''s'\n", {"a": "it's not"}, "a: 'it''s not'\n"),
    ("a: x\n  y\nb: 1\n", {"a": "z"}, "a: z\nb: 1\n"),
    ("a:\n  - x\n  - y\nb: 1\n", {"a": ["k", "on"]}, 'a:\n  - k\n  - "on"\nb: 1\n'),
    ("a: [x, y] # c\n", {"a": []}, "a: [] # c\n"),
    ("a: {b: 1, c: {}}\n", {"a.c.d": "x", "a.e": 2}, "a: {b: 1, c: {d: x}, e: 2}\n"),
    ("a: {}\nb: 1\n", {"a.x.z": "1Gi"}, "a:\n  x:\n    z: 1Gi\nb: 1\n"),
    ("a: {} # none\n", {"a.x.z": "1Gi"}, "a: {x: {z: 1Gi}} # none\n"),
    (
        "a:\n    b: 1\n    # tail\n\n# next\nc: 2\n",
        {"a.z.y": 1},
        'a:\n    b: 1\n    z:\n        "y": 1\n    # tail\n\n# next\nc: 2\n',
    ),
    ("a:\n  t: |\n    hi\n\nb: 1\n", {"a.z": 2}, "a:\n  t: |\n    hi\n  z: 2\n\nb: 1\n"),
    ("a:\n  b: 1", {"a.c": 2}, "a:\n  b: 1\n  c: 2"),
    ("a:", {"a": True}, "a: true"),
    ("# only\n", {"a.b": 1}, "# only\na:\n  b: 1\n"),
    ("{}\n", {"a.b": 1}, "{a: {b: 1}}\n"),
    ("---\na: 1\n...\n", {"b": "z"}, "---\na: 1\nb: z\n...\n"),
    ("a:\t1\t# é\nb: 'x\ty'\t\n", {"a": 2, "b": "z"}, "a:\t2\t# é\nb: 'z'\t\n"),
    ("a:\n  t: |+\n    hi\n\n\nb: 1\n", {"a.z": 2}, "a:\n  t: |+\n    hi\n\n\n  z: 2\nb: 1\n"),
    ("a:\n  b: 1\n    # c: 2\nd: 1\n", {"a.z": 2}, "a:\n  b: 1\n    # c: 2\n  z: 2\nd: 1\n"),
    ("a:\n  b: {}\n  # c: 2\n\n  # next\nd: 1\n", {"a.z": 2}, "a:\n  b: {}\n  # c: 2\n  z: 2\n\n  # next\nd: 1\n"),
    ("a:\n  b: {}\n    # c: 1", {"a.z": 2}, "a:\n  b: {}\n    # c: 1\n  z: 2"),
)


@pytest.mark.parametrize(("text", "wanted", "expected"), SURVIVES)
def test_everything_around_the_value_stays(text: str, wanted: dict[str, Any], expected: str) -> None:
    """Who reviews the commit would find their comments, quotes and line ends gone."""
    assert after(text, wanted) == expected


REFUSED: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("a: &x\n  b: 1\nc: *x\n", {"c.b": 2}, "alias"),
    ("a: &x\n  b: 1\nc: *x\n", {"a.b": 2}, "anchor"),
    ("a: &x\n  b: 1\nc:\n  <<: *x\n  d: 1\n", {"c.b": 2}, "merge key"),
    ("a: &x 1\n", {"a": 2}, "anchor"),
    ("a: !!str 1\n", {"a": "2"}, "tag"),
    ("a: 1\na: 2\n", {"a": 3}, "twice"),
    ("a: |\n  text\n", {"a": "x"}, "block of text"),
    ("a:\n  - x # why\n  - y\n", {"a": ["z"]}, "comments"),
    ("a: 1\n", {"a.b": 2}, "no mapping"),
    ("a: [1]\n", {"a.b": 2}, "no mapping"),
    ("a: 1\n---\nb: 1\n", {"a": 2}, "YAML"),
    ("\ta: 1\n", {"a": 2}, "YAML"),
    ("a:\n\tb: 1\t# c\n", {"a.b": 2}, "line 2"),
)


@pytest.mark.parametrize(("text", "wanted", "why"), REFUSED)
def test_what_cannot_be_changed_alone_is_refused(text: str, wanted: dict[str, Any], why: str) -> None:
    """A value behind an anchor would change another release setting with it, unseen."""
    assert why in refusal(text, wanted)


def test_what_is_not_utf_8_is_refused() -> None:
    found = edited("values.yaml", "a: é\n".encode("latin-1"), {("a",): "b"})
    assert isinstance(found, Failure)
    assert "UTF-8" in found.detail


# Generated files

KEYS = st.sampled_from(["a", "b", "image", "tag", "größe", "x y", "on", "1", "resources", "limits", "a.b", "~", "#k"])
SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-9, 99999),
    st.text("aé€𝄞 #:'\"-\\{}[]&*!|>%@`,?0", max_size=8),
    st.sampled_from(["128Mi", "250m", "yes", "null", "1.0", "0x1F", "1e3", "2026-01-01", "=", "~", "<<"]),
)
TREES: st.SearchStrategy[Tree] = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS,
        lambda below: st.one_of(st.lists(SCALARS, max_size=3), st.dictionaries(KEYS, below, max_size=4)),
        max_leaves=8,
    ),
    max_size=5,
)


@st.composite
def files(draw: Any, *, all_at_once: bool = False) -> tuple[str, Tree]:
    """Return a values file as a person may write it, and what it says.

    `all_at_once`: it begins with a byte order mark and `é`, and its lines end as on Windows.
    """
    tree = {"é𝄞": "größe", **draw(TREES)} if all_at_once else draw(TREES)
    indent = draw(st.sampled_from([1, 2, 4]))
    lines = list(_written(draw, tree, 0, indent)) if tree else ["{}"]
    lines = [*draw(st.sampled_from([[], ["---"], ["# ünd"]])), *lines]
    eol = "\r\n" if all_at_once else draw(st.sampled_from(["\n", "\r\n"]))
    end = draw(st.sampled_from(["", eol, eol * 3, f"{eol}# ünd{eol}"]))
    mark = "\ufeff" if all_at_once else draw(st.sampled_from(["", "\ufeff"]))
    return mark + eol.join(lines) + end, tree


def _written(draw: Any, tree: Tree, column: int, indent: int) -> Any:
    for key, value in tree.items():
        yield from draw(st.sampled_from([[], [], [""], [f"{' ' * column}# ünd {column}"]]))
        start = f"{' ' * column}{json.dumps(key, ensure_ascii=False)}:"
        remark = draw(st.sampled_from(["", "", "  # ünd", "\t# ünd"]))
        if isinstance(value, dict) and value and draw(st.booleans()):
            yield start + remark
            yield from _written(draw, value, column + indent, indent)
        elif isinstance(value, list) and value and draw(st.booleans()):
            yield start + remark
            yield from (f"{' ' * (column + indent)}- {_scalar(draw, item)}" for item in value)
        else:
            yield f"{start} {_scalar(draw, value)}{remark}"
        if value == {}:
            yield from draw(st.sampled_from([[], [f"{' ' * (column + indent)}# ünd: 1"], [f"{' ' * column}#  ünd: 1"]]))


def _scalar(draw: Any, value: Any) -> str:
    if isinstance(value, str) and draw(st.booleans()):
        return "'" + value.replace("'", "''") + "'"
    return json.dumps(value, ensure_ascii=False)


def _paths(tree: Tree, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = [(*above, "new"), (*above, "fresh", "é")]
    for key, value in tree.items():
        found += _paths(value, (*above, key)) if isinstance(value, dict) and value else [(*above, key)]
    return found


def _set(tree: Tree, keys: tuple[str, ...], value: Any) -> Tree:
    return {**tree, keys[0]: _set(tree.get(keys[0]) or {}, keys[1:], value) if keys[1:] else value}


@settings(max_examples=300, deadline=None)
@given(files(), st.data())
def test_only_the_planned_paths_change(made: tuple[str, Tree], data: Any) -> None:
    """An edit that touches more than its paths would be approved unseen: the card shows the planned ones."""
    _only_the_planned(made, data)


@settings(max_examples=150, deadline=None)
@given(files(all_at_once=True), st.data())
def test_a_mark_and_carriage_returns_and_letters_beyond_ascii_move_no_character(
    made: tuple[str, Tree], data: Any
) -> None:
    """Each of the three shifts positions by its own amount: an edit that minds only two hits the wrong value."""
    _only_the_planned(made, data)


def _only_the_planned(made: tuple[str, Tree], data: Any) -> None:
    text, tree = made
    values = st.one_of(SCALARS, st.lists(SCALARS, max_size=3))
    wanted = data.draw(st.dictionaries(st.sampled_from(_paths(tree)), values, min_size=1, max_size=3))
    if any(keys[:size] in wanted for keys in wanted for size in range(1, len(keys))):
        return
    found = edited("values.yaml", text.encode(), wanted)
    if isinstance(found, Failure):
        assert "comments" in found.detail, found
        return
    fresh = spliced(text, found)
    for keys, value in wanted.items():
        tree = _set(tree, keys, value)
    assert plain(fresh.encode()) == tree
    assert restored(fresh, found) == text
    assert not any("# ünd" in splice.old for splice in found)
    assert fresh.startswith("\ufeff") == text.startswith("\ufeff")
    assert "\n" not in fresh.replace("\r\n", "") if "\r\n" in text else "\r" not in fresh
