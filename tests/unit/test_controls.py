"""From rows to controls: what cannot be read is counted and named, the others go on."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.blueprint.control import Blueprints, ControlKind, Profile
from agent.blueprint.load import LARGEST, parse

HEAD = "# Service\n\n## Backend\n\n| ID | Parameter | Value | Helm Path | Field | Rationale |\n|--|--|--|--|--|--|\n"
GOOD = "| SVC-OK | Port | 8000 | backend.service.port | service.ports[].port | why |\n"


def read(text: str, name: str = "blueprints/service.md") -> Blueprints:
    return parse({name: text.encode()})


@pytest.mark.parametrize(
    ("row", "control_id"),
    [
        ("| SVC-BAD | Memory Limit | 512Mi | backend.x | containers[].x |\n", "SVC-BAD"),
        ("| SVC-BAD | Memory Limit | 512Mi | a | b | c | d |\n", "SVC-BAD"),
        ("| SVC-BAD | Memory Limit | <b>512Mi</b> | a.b | replicas | why |\n", "SVC-BAD"),
        ("| SVC-BAD | Memory Limit | 5l2Mi | a.b | replicas | why |\n", "SVC-BAD"),
        ("| SVC-BAD | Memory Limit | | a.b | replicas | why |\n", "SVC-BAD"),
        ("| SVC-BAD | Memory Limit | 512Mi | a b | replicas | why |\n", "SVC-BAD"),
        ("| svc bad | Memory Limit | 512Mi | a.b | replicas | why |\n", ""),
    ],
)
def test_a_bad_row_is_named_and_its_neighbour_stands(row: str, control_id: str) -> None:
    found = read(HEAD + row + GOOD)
    assert [control.id for control in found.controls] == ["SVC-OK"]
    (unread,) = found.unread
    assert (str(unread.source), unread.control_id) == ("blueprints/service.md:7", control_id)


def test_a_row_wrapped_over_two_lines_is_no_control() -> None:
    found = read(HEAD + "| SVC-BAD | Memory\nLimit | 512Mi | a.b | replicas | why |\n" + GOOD)
    assert [control.id for control in found.controls] == ["SVC-OK"]
    assert {unread.source.line for unread in found.unread} == {7, 8}


def test_a_table_under_unicode_dashes_is_named() -> None:
    found = read(HEAD.replace("--", "––") + GOOD)
    assert found.controls == ()
    assert [(unread.source.line, unread.control_id) for unread in found.unread] == [(5, ""), (7, "SVC-OK")]


def test_a_row_a_blank_line_cut_off_is_named() -> None:
    found = read(HEAD + GOOD + "\n" + GOOD.replace("SVC-OK", "SVC-LONE"))
    assert [control.id for control in found.controls] == ["SVC-OK"]
    assert [(unread.source.line, unread.control_id) for unread in found.unread] == [(9, "SVC-LONE")]


def test_a_table_in_html_is_named() -> None:
    found = read("# S\n\n<table><tr><td>SVC-OK</td><td>8000</td></tr></table>\n")
    assert [unread.source.line for unread in found.unread] == [3]


@pytest.mark.parametrize("fence", ["```\n{}```\n", "~~~text\n{}~~~\n"])
def test_a_table_in_a_code_block_is_prose(fence: str) -> None:
    found = read(fence.format(HEAD + GOOD))
    assert (found.controls, found.unread) == ((), ())


def test_of_two_rows_with_one_id_neither_is_believed() -> None:
    found = parse({"a.md": (HEAD + GOOD).encode(), "b.md": (HEAD + GOOD).encode()})
    assert found.controls == ()
    assert [(str(u.source), u.control_id) for u in found.unread] == [("a.md:7", "SVC-OK"), ("b.md:7", "SVC-OK")]
    assert "b.md:7" in found.unread[0].problem


@pytest.mark.parametrize(("content", "line"), [(b"# x\n\xff", 2), (b"x" * (LARGEST + 1), 1)])
def test_a_file_that_cannot_be_read_leaves_the_others(content: bytes, line: int) -> None:
    found = parse({"bad.md": content, "good.md": (HEAD + GOOD).encode()})
    assert [control.id for control in found.controls] == ["SVC-OK"]
    assert [str(unread.source) for unread in found.unread] == [f"bad.md:{line}"]


@pytest.mark.parametrize("ending", ["\r\n", "\r", "\n"])
def test_line_endings_do_not_move_a_row(ending: str) -> None:
    (control,) = read((HEAD + GOOD).replace("\n", ending)).controls
    assert control.source.line == 7


@pytest.mark.parametrize("odd", ["\x0c", "\x85", "\u2028", "\x1c"])
def test_characters_that_python_alone_takes_for_line_ends_do_not_move_a_row(odd: str) -> None:
    found = read(f"prose{odd * 8}prose\n\n{HEAD}{GOOD}")
    assert [(control.id, control.source.line) for control in found.controls] == [("SVC-OK", 9)]
    assert found.unread == ()


def test_an_id_and_a_fingerprint_survive_what_means_nothing() -> None:
    (one,), (other,) = (read(HEAD + row).controls for row in (GOOD, "\n".join([GOOD.replace(" | ", "  |   ")])))
    assert one.fingerprint == other.fingerprint
    assert read(HEAD + GOOD.replace("why", "because")).controls[0].fingerprint == one.fingerprint
    assert read(HEAD + GOOD.replace("8000", "8001")).controls[0].fingerprint != one.fingerprint


SOURCE_SHAPE = """# Phase IV

## 2. Service Blueprint

### Backend Service (FastAPI)

| Parameter | Value | Helm Path |
|-----------|-------|-----------|
| Image | todo-backend:latest | backend.image.repository + tag |
| Replicas | 1 (dev) / 2 (prod) | backend.replicas |
| Memory Limit | 512Mi | backend.resources.limits.memory |

## 3. Scaling Blueprint

| Parameter | Backend | Frontend |
|-----------|---------|----------|
| Max Replicas | 5 | 3 |
| Memory Target | 80% | N/A |

| Scenario | Detection | Recovery | Time |
|----------|-----------|----------|------|
| Pod crash | kubelet | restart policy | < 30s |
"""


def test_tables_of_the_source_document_s_shape_are_read() -> None:
    found = read(SOURCE_SHAPE)
    assert found.unread == ()
    by_name = {(c.title.rpartition(": ")[2], c.component): c for c in found.controls}
    image = next(c for c in found.controls if c.title.endswith("Image"))
    assert image.paths == ("backend.image.repository", "backend.image.tag")
    assert by_name["Max Replicas", "frontend"].values[Profile.PROD].value == 3
    (crash,) = [c for c in found.controls if c.kind is ControlKind.SCENARIO]
    assert crash.values[Profile.DEV].value == 30


def test_ids_that_were_derived_do_not_depend_on_the_order_of_rows() -> None:
    lines = SOURCE_SHAPE.splitlines()
    rows = lines[8:11]
    random.Random(1).shuffle(rows)
    shuffled = "\n".join([*lines[:8], *reversed(rows), *lines[11:]])
    assert {c.id for c in read(shuffled).controls} == {c.id for c in read(SOURCE_SHAPE).controls}


TABLE = st.lists(
    st.sampled_from(["|", "-", "\n", "ID", "Parameter", "Value", "A-B", "1", "<td>", "```", "# ", " ", "\\", "–"])
)


@settings(deadline=None)
@given(st.one_of(st.text(), TABLE.map("".join), st.text("|-\n \\`#<>AB1:", max_size=200)))
def test_any_text_gives_blueprints(text: str) -> None:
    found = read(HEAD + text)
    assert isinstance(found, Blueprints)


@settings(deadline=None)
@given(st.binary())
def test_any_bytes_give_blueprints(content: bytes) -> None:
    assert isinstance(parse({"x.md": content}), Blueprints)


@pytest.mark.parametrize("unit", ["|a", "|", "- ", "> ", "#\n", "|a|b|\n|-|-|\n", "\\|", "<td>\n\n", "```\n", "* a\n "])
def test_much_nonsense_is_read_in_bounded_time(unit: str) -> None:
    size = LARGEST // 8
    started = time.process_time()
    parse({"x.md": (unit * (size // len(unit))).encode()})
    assert time.process_time() - started < 5
