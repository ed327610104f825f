"""Values files: what Helm would read, with the line of each leaf; what could mislead is refused with its line."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.blueprint.control import Source
from agent.blueprint.values import Masked, merged, of_tree, parse


def leaves(text: str) -> dict[str, object]:
    found = parse("values.yaml", text.encode())
    assert not found.problems
    return {path: leaf.value for path, leaf in found.leaves.items()}


def test_a_leaf_stands_at_the_line_of_its_key() -> None:
    """A verdict that names the wrong line sends a person to the wrong value."""
    found = parse("values.yaml", b"# head\na:\n  b: 1  # SVC-A\n  text: |\n    x\n  list: [1, 2]\n  empty: {}\n")
    assert {path: leaf.source.line for path, leaf in found.leaves.items()} == {
        "a.b": 3,
        "a.text": 4,
        "a.list": 6,
        "a.empty": 7,
    }
    assert found.leaves["a.b"].source == Source("values.yaml", 3)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (b"a: 1\na: 2\n", 2, "line 1 too"),
        (b"a:\n\tb: 1\n", 2, "not YAML"),
        (b"a: !!python/object:os.system {}\n", 1, "tag"),
        (b"b: 1\na: !!python/name:os.system x\n", 2, "tag"),
        (b"a: !mine 1\n", 1, "tag"),
        (b"- 1\n", 1, "mapping"),
        (b"a: [1\n", 2, "not YAML"),
        (b"a: 1\nb: \xff\n", 2, "UTF-8"),
        (b"a: &a [*a]\n", 1, "multiply"),
        (b"a: 1\n---\nb: 2\n", 2, "document"),
        (b"a: *x\n", 1, "not YAML"),
        (b"? [1]\n: 2\n", 1, "key"),
        (b"a: " + b"[" * 5000, 0, "deep"),
        (b"#" * (3 << 20), 1, "larger"),
    ],
)
def test_what_cannot_be_trusted_is_refused_with_its_line(text: bytes, line: int, says: str) -> None:
    (problem,) = parse("v.yaml", text).problems
    assert says in problem[1]
    assert problem[0].file == "v.yaml"
    assert problem[0].line == (line or problem[0].line)


def test_an_alias_bomb_costs_nothing() -> None:
    names = "abcdefghijklmnop"
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in pairwise(names)]
    assert "multiply" in parse("v.yaml", "\n".join(lines).encode()).problems[0][1]


def test_aliases_and_merge_keys_are_read_as_helm_reads_them() -> None:
    text = "base: &b {cpu: 1, memory: 2}\nweb:\n  <<: *b\n  cpu: 3\n"
    assert leaves(text) == {"base.cpu": 1, "base.memory": 2, "web.cpu": 3, "web.memory": 2}


def test_a_later_file_wins_as_in_helm() -> None:
    one = parse("values.yaml", b"a: {b: 1, c: 2}\nl: [1, 2]\nm: {x: 1}\ns: 1\nd: 1\ne: {k: 1}\n")
    two = parse("prod.yaml", b"a: {b: 3}\nl: [9]\nm: 5\ns: {y: 1}\nd: null\ne: {}\n")
    found = merged([one, two])
    assert {path: leaf.value for path, leaf in found.leaves.items() if path != "e"} == {
        "a.b": 3,
        "a.c": 2,
        "l": [9],
        "m": 5,
        "s.y": 1,
        "e.k": 1,
    }
    assert found.leaves["a.b"].source == Source("prod.yaml", 1)
    assert found.leaves["a.c"].source.file == "values.yaml"


def test_a_secret_can_be_compared_and_not_shown() -> None:
    text = "secrets:\n  values:\n    DB: hunter2-canary\n  existingSecret: db\nauth: {password: hunter2-canary}\n"
    one, two = (parse("v.yaml", text.encode()) for _ in range(2))
    assert "hunter2" not in repr(one)
    assert one.leaves["auth.password"].value == two.leaves["auth.password"].value
    assert isinstance(one.leaves["secrets.values.DB"].value, Masked)
    assert one.leaves["auth.password"].value != parse("v", b"auth: {password: other}").leaves["auth.password"].value
    assert "hunter2" not in repr(of_tree({"auth": {"password": "hunter2-canary"}}, "release"))


def test_a_release_and_a_file_with_the_same_values_are_equal() -> None:
    tree = {"a": {"b.c": 1, "d": [1]}, "e": {}}
    file = parse("v", b"a: {b.c: 1, d: [1]}\ne: {}\n")
    release = of_tree(tree, "release")
    assert {p: leaf.value for p, leaf in file.leaves.items()} == {p: leaf.value for p, leaf in release.leaves.items()}
    assert "a.b\\.c" in file.leaves


@given(st.binary(max_size=300))
def test_no_bytes_raise(content: bytes) -> None:
    parse("v.yaml", content)


@given(st.text(alphabet="ab:-[]{}&*!<>|'\"#,\n ?", max_size=60))
def test_no_text_raises(text: str) -> None:
    parse("v.yaml", text.encode())
