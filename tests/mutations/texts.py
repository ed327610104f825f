"""Damage to a text file: bytes flipped, lines dropped, doubled and swapped, odd line ends, odd values."""

import random
from collections.abc import Callable

WORDS = (b"{}", b"[", b"]", b"- a", b"null", b"~", b"!!binary x", b"!!python/object:a.b {}", b"&a [*a]", b"<<: *a",
         b"? [a]", b"\t", b"\xff", b"\xef\xbb\xbf", b"\x00", b"\x85", b"\xe2\x80\xa8", b"'", b'"', b"|", b"`", b"1e999",
         b"0x", b"-1", b"://[::1", b"socks5://", b"{{", b"}}", b"{{ fail }}", b"...", b"---", b"%YAML 9.9", b"9" * 400,
         b"[" * 300, b"{a: " * 300, b"=", b"yes", b".nan", b"2026-99-99")  # fmt: skip


def damage(text: bytes, chance: random.Random) -> tuple[bytes, str]:
    """Return a text damaged once to thrice, and how."""
    done = []
    for _ in range(chance.choice((1, 1, 2, 3))):
        name = chance.choice(sorted(WAYS))
        text = WAYS[name](text, chance)
        done.append(name)
    return text, "+".join(done)


def _flip(text: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(text) + 1)
    return text[:at] + bytes([chance.randrange(256)]) + text[at + chance.randrange(2) :]


def _word(text: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(WORDS) + text[at:]


def _value(text: bytes, chance: random.Random) -> bytes:
    """Put an odd word in place of what follows a colon or a bar."""
    lines = text.split(b"\n")
    at = chance.randrange(len(lines))
    for mark in (b": ", b"| "):
        head, found, _ = lines[at].partition(mark)
        if found:
            lines[at] = head + mark + chance.choice(WORDS)
            break
    return b"\n".join(lines)


def _drop(text: bytes, chance: random.Random) -> bytes:
    lines = text.split(b"\n")
    at = chance.randrange(len(lines))
    return b"\n".join(lines[:at] + lines[at + chance.randrange(1, 4) :])


def _double(text: bytes, chance: random.Random) -> bytes:
    lines = text.split(b"\n")
    at, to = chance.randrange(len(lines)), chance.randrange(len(lines))
    return b"\n".join([*lines[:to], lines[at], *lines[to:]])


def _indent(text: bytes, chance: random.Random) -> bytes:
    lines = text.split(b"\n")
    at = chance.randrange(len(lines))
    lines[at] = chance.choice((b"  ", b"\t", b" ")) + lines[at]
    return b"\n".join(lines)


def _cut(text: bytes, chance: random.Random) -> bytes:
    return text[: chance.randrange(len(text) + 1)]


def _ends(text: bytes, chance: random.Random) -> bytes:
    return text.replace(b"\n", chance.choice((b"\r", b"\r\n", b"\n\n", b"\xe2\x80\xa8")))


def _mark(text: bytes, chance: random.Random) -> bytes:
    return chance.choice((b"\xef\xbb\xbf" + text, text.decode("utf-8", "replace").encode("utf-16")))


WAYS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "flip": _flip,
    "word": _word,
    "value": _value,
    "drop": _drop,
    "double": _double,
    "indent": _indent,
    "cut": _cut,
    "ends": _ends,
    "mark": _mark,
}
