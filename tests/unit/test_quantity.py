"""Quantities: exactly what Kubernetes makes of the same text, and nothing for what is none."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from kubernetes.utils.quantity import parse_quantity as reference

from tools.quantity import format_bytes, parse_quantity

SUFFIXES = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
NUMBERS = st.from_regex(r"[+-]?(\d{1,18}|\d{1,12}\.\d{0,9}|\.\d{1,9})", fullmatch=True)


@given(NUMBERS.filter(str.isascii), st.sampled_from(SUFFIXES))
def test_the_same_number_as_the_official_client(number: str, suffix: str) -> None:
    expected = reference(number + suffix)
    found = parse_quantity(number + suffix)
    assert found is not None
    if suffix.endswith("i"):
        assert found == expected
    else:
        assert found == pytest.approx(expected, rel=Decimal("1e-25"))


@given(st.integers(-999, 999), st.integers(-9, 18))
def test_exponents(number: int, exponent: int) -> None:
    assert parse_quantity(f"{number}e{exponent}") == Decimal(number).scaleb(exponent)


@given(st.text(max_size=20))
@example("²")
@example("１Gi")
@example("1e")
@example("1 Gi")
@example("0x10")
@example("nan")
@example("inf")
@example("1e999999999")
def test_anything_gives_a_finite_number_or_none_and_never_an_error(text: str) -> None:
    found = parse_quantity(text)
    assert found is None or found.is_finite()


@pytest.mark.parametrize(
    "text", ["", "abc", "1GiB", "1ki", "1K", "--1", "1..2", "²", "１", "nan", "inf", "1e", "0x10", "1_000"]
)
def test_what_is_no_quantity(text: str) -> None:
    assert parse_quantity(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("250m", "0.25"),
        ("1Gi", "1073741824"),
        ("1e3", "1000"),
        (".5", "0.5"),
        ("512m", "0.512"),
        ("1E", "1e18"),
        ("1.", "1"),
    ],
)
def test_the_blueprints_own_spellings(text: str, value: str) -> None:
    assert parse_quantity(text) == Decimal(value)


def test_numbers_as_yaml_reads_them() -> None:
    assert parse_quantity(2) == 2
    assert parse_quantity(0.5) == Decimal("0.5")
    assert parse_quantity(True) is None


@given(st.integers(0, 1 << 70))
def test_shown_bytes_can_be_read_back_within_a_twentieth(count: int) -> None:
    back = parse_quantity(format_bytes(count))
    assert back is not None
    assert abs(back - count) <= max(Decimal(count) / 20, Decimal(1))


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0"), (900, "900"), (512 << 20, "512Mi"), (3 << 29, "1.5Gi"), (1023, "1023")]
)
def test_bytes_as_a_person_writes_them(count: int, shown: str) -> None:
    assert format_bytes(count) == shown
