"""What programs print, parsed whole or not at all, and redacted only after: patterns over raw text would break it."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tools.documents import Unreadable, json_lines, manifest, one_json
from tools.redact import is_secret_name, redact

CANARY = "Canary0hunter2hunter2"
TEXT = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=30)
PLAIN = TEXT.filter(lambda text: redact(text) == text and not is_secret_name(text))
TREE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(PLAIN, inner, max_size=4),
    max_leaves=20,
)


@given(TREE)
def test_json_without_secrets_comes_out_as_it_went_in(tree: Any) -> None:
    assert one_json(json.dumps(tree).encode()) == tree


@given(st.dictionaries(TEXT, TEXT | st.lists(TEXT), max_size=5), st.sampled_from(["password", "token", "x"]))
def test_json_stays_json_whatever_its_texts_hold(tree: dict[str, Any], name: str) -> None:
    r"""`"password=a\"b"` masked as text swallowed the quote, and the whole answer was called malformed."""
    tree["said"] = f'{name}={CANARY}\\"{CANARY}" {name}: "{CANARY}'
    found = one_json(json.dumps(tree).encode())
    assert set(found) == set(tree)


@pytest.mark.parametrize(
    "printed",
    [
        {"data": {"a": CANARY}, "kind": "Secret"},
        {"items": [{"kind": "Secret", "stringData": {"a": CANARY}}]},
        {"manifest": f"---\napiVersion: v1\nkind: Secret\ndata:\n  a: {CANARY}\n  b: {CANARY}\n---\nkind: X\n"},
        {"manifest": f"kind: Secret\nstringData: {{a: {CANARY}}}\n"},
        {"manifest": json.dumps({"kind": "Secret", "data": {"a": CANARY}})},
        {"config": {"adminPassword": CANARY, "secretKey": CANARY, "nested": [{"apiToken": CANARY}]}},
        {"pin": {"password": 12345678}},
        [f"postgres://u:{CANARY}@db", f"--token {CANARY}"],
    ],
)
def test_no_secret_leaves_in_parsed_output(printed: Any) -> None:
    """`helm status` prints every Secret of the release, with its data, beside the state that was asked for."""
    shown = repr(one_json(json.dumps(printed).encode()))
    assert CANARY not in shown
    assert "12345678" not in shown


def test_where_a_secret_is_stays_readable() -> None:
    tree = {"existingSecret": "db", "secretName": "db", "tokenPath": "/x", "passwordFile": "/y", "token": None}
    assert one_json(json.dumps(tree).encode()) == tree


@pytest.mark.parametrize("text", [b"", b" ", b"{", b"{}{}", b"x {}", b"[" * 100_000, b'{"a": NaN}', b"\x00"])
def test_what_is_not_one_json_is_refused(text: bytes) -> None:
    with pytest.raises(Unreadable):
        one_json(text)


def test_json_as_deep_as_it_may_be_is_read_or_refused() -> None:
    """Between the parser's limit and Python's own a hostile depth must not end in a traceback."""
    for depth in (100, 400, 700, 1000, 1023, 1024, 1100):
        text = b'{"a":' * depth + b"1" + b"}" * depth
        try:
            assert isinstance(one_json(text), dict)
        except Unreadable:
            assert depth > 100


@given(st.lists(st.dictionaries(PLAIN, PLAIN, max_size=3), max_size=4))
def test_json_lines(records: list[dict[str, str]]) -> None:
    assert json_lines("\n\n".join(json.dumps(record) for record in records).encode()) == records


@pytest.mark.parametrize("text", [b"3", b"{}\nx", b"[]", b'{"a":\n1}'])
def test_a_line_that_is_no_mapping_is_refused(text: bytes) -> None:
    with pytest.raises(Unreadable):
        json_lines(text)


SHAPED = st.fixed_dictionaries({"kind": st.sampled_from(["Service", "Namespace", "Ingress"]), "spec": TREE})


@given(st.lists(SHAPED, max_size=3))
def test_a_manifest_without_secrets_comes_out_as_it_went_in(objects: list[dict[str, Any]]) -> None:
    assert manifest(yaml.safe_dump_all(objects, allow_unicode=True).encode()) == objects


def test_aliases_are_followed_as_long_as_they_stay_small() -> None:
    text = b"kind: Service\nspec: {a: &a {x: 1}, b: *a, c: {<<: *a, y: 2}}\n"
    assert manifest(text) == [{"kind": "Service", "spec": {"a": {"x": 1}, "b": {"x": 1}, "c": {"x": 1, "y": 2}}}]


def bomb(line: str) -> bytes:
    lines = ["a0: &a0 {x: 1, y: 2}"]
    lines += [line.format(n=n, refs=", ".join([f"*a{n - 1}"] * 9)) for n in range(1, 12)]
    return "\n".join(["kind: Service", *lines]).encode()


@pytest.mark.parametrize("line", ["a{n}: &a{n} [{refs}]", "a{n}: &a{n} {{<<: [{refs}], k{n}: 1}}"])
def test_a_bomb_is_refused_before_it_goes_off(line: str) -> None:
    """Nine aliases, eleven times over, are 31 billion values in 600 bytes."""
    with pytest.raises(Unreadable, match="aliases"):
        manifest(bomb(line))


@pytest.mark.parametrize(
    "text",
    [b"a: [", b"\xff\xfe\xfa", b"a: \x00", b"k: !!python/name:os.system x", b"? [a]: {[b]: c}: d"],
)
def test_what_is_no_yaml_is_refused(text: bytes) -> None:
    with pytest.raises(Unreadable):
        manifest(text)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "- " * 100_000, "? " * 5000 + "x", "a: {" * 5000, "[[" * 120 + "]]" * 120]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_depth_is_refused_before_the_parser_runs_out_of_stack(text: str, encoding: str) -> None:
    """libyaml calls itself for every level: a release's manifest could end this process with a segmentation fault."""
    with pytest.raises(Unreadable):
        manifest(text.encode(encoding))


def test_many_brackets_are_no_depth() -> None:
    """A dashboard in a ConfigMap holds thousands of them."""
    board = json.dumps([{"panels": [{"x": [n]}]} for n in range(300)])
    assert manifest(yaml.safe_dump({"kind": "ConfigMap", "data": {"a": board}}).encode())[0]["data"] == {"a": board}
    assert len(manifest(f"kind: Service\nspec: {board}".encode())[0]["spec"]) == 300


def test_documents_that_are_no_objects_are_left_out() -> None:
    assert manifest(b"---\n- a\n---\n3\n---\nkind: 3\n---\nkind: Service\n---\nmetadata: {}\n") == [{"kind": "Service"}]
