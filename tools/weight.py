"""What a JSON text will weigh once it is parsed, known before anything is made of it.

A few hundred kilobytes can unpack to millions of empty mappings, each a hundred times the memory of its two brackets.
"""

from collections.abc import Iterator

LARGEST = 400 << 20
"""Bytes anything may weigh, whatever it is made of; a cluster of 5,000 pods weighs two thirds of it."""

RATIO = 12
"""Beyond that: how many times its own length a text may weigh. Lists of real objects weigh five to eight times theirs,
the more the more of them is managed fields: a mapping without anything in it for each field that somebody set."""

MAPPING, EMPTY, SEQUENCE, VALUE = 200, 64, 72, 56
"""Bytes of a mapping with a key or two, of one with none, of a list, and of a value with its place in either, in
CPython."""

CHUNK = 1 << 20


def weight(content: bytes | bytearray) -> int:
    """Return about how many bytes a JSON text and what is parsed of it take.

    Brackets and commas inside of strings count where that does not matter; where it may, they are left out.
    """
    weighed = len(content) + _values(content)
    light = not too_heavy(weighed, len(content))
    return weighed if light else len(content) + sum(map(_values, _outside_strings(content)))


def too_heavy(weighed: int, size: int) -> bool:
    """Return whether texts of that length altogether weigh more than any list of real objects would."""
    return weighed > LARGEST and weighed > RATIO * size


def _values(content: bytes | bytearray) -> int:
    empty = content.count(b"{}")
    mappings = MAPPING * (content.count(b"{") - empty) + EMPTY * empty
    return VALUE * content.count(b",") + SEQUENCE * content.count(b"[") + mappings


def _outside_strings(content: bytes | bytearray) -> Iterator[bytes | bytearray]:
    """Yield what of a JSON text stands outside of its strings, piece by piece: all at once it would be the bomb."""
    inside = start = 0
    while start < len(content):
        end = start + CHUNK
        while content[end - 1 : end] == b"\\":  # never between a backslash and what it escapes
            end += 1
        parts = content[start:end].replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
        yield b"".join(parts[inside::2])
        inside ^= (len(parts) - 1) & 1
        start = end
