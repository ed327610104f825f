"""Text out of a cluster, made inert: whatever a pod writes, a terminal shows it and does nothing else."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.text import clean

HOSTILE = st.lists(
    st.one_of(
        st.text(),
        st.text(st.characters(min_codepoint=0, max_codepoint=0x9F)),
        st.sampled_from(
            [
                "\x1b",
                "\x1b[31m",
                "\x1b]0;t\x07",
                "\x1b]52;c;eA==\x1b\\",
                "\x9b2J",
                "\x90q",
                "\x1bP",
                "\u202e",
                "\u200b",
                "\r",
                "\n",
                "\t",
            ]
        ),
    )
).map("".join)


def harmless(text: str, *, multiline: bool) -> bool:
    kept = "\n\t" if multiline else ""
    return not [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs") and c not in kept and c not in ALLOWED]


ALLOWED = frozenset(
    chr(code)
    for code in range(0x110000)
    if unicodedata.category(chr(code)) == "Cf" and unicodedata.bidirectional(chr(code)) in ("AN", "L", "ON")
)
"""Format characters that are drawn and turn nothing around: Arabic number signs, hieroglyph joiners."""


@given(HOSTILE, st.booleans())
def test_no_control_bidi_or_invisible_character_comes_out(text: str, multiline: bool) -> None:
    assert harmless(clean(text, 10_000, multiline=multiline), multiline=multiline)


@given(HOSTILE, st.booleans(), st.integers(0, 60))
def test_cleaning_twice_is_cleaning_once(text: str, multiline: bool, limit: int) -> None:
    once = clean(text, limit, multiline=multiline)
    assert clean(once, limit, multiline=multiline) == once


@given(HOSTILE, st.integers(1, 40))
def test_never_longer_than_the_limit_and_always_one_line(text: str, limit: int) -> None:
    shown = clean(text, limit)
    assert len(shown) <= limit
    assert len(shown.splitlines()) <= 1


@given(HOSTILE)
def test_the_result_can_be_written_as_utf_8_in_nfc(text: str) -> None:
    shown = clean(text, 10_000)
    shown.encode()
    assert unicodedata.is_normalized("NFC", shown)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=300))
def test_plain_text_is_left_as_it_is(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07rest", "rest"),
        ("\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("\x1b]52;c;ZXZpbA==\x07", ""),
        ("a\x1bPdcs\x1b\\b", "ab"),
        ("safe\u202egnp.exe", "safegnp.exe"),
        ("a\r\nb\rc", "a b c"),
        ("[bold]{x}[/", "[bold]{x}[/"),
        ("cafe\u0301", "caf\u00e9"),
        ("日本語 ✓", "日本語 ✓"),
        ("\ud800x", "x"),
        ("a\x00b", "ab"),
    ],
)
def test_what_a_person_sees(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_lines_are_kept_where_lines_are_wanted() -> None:
    assert clean("a\r\nb\tc\n", multiline=True) == "a\nb\tc\n"
