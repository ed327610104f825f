"""Secrets never enter. Applied where data comes in: to every object of the API and to all that a process prints.

Text is masked by patterns (`redact`), parsed data by its keys and by those patterns (`redact_tree`), Kubernetes objects
likewise, and by what each kind is known to carry (`tools.objects`). Structured output is parsed first and masked
afterwards: patterns run over raw JSON or YAML would break it.
"""

import re
from base64 import b64decode
from collections.abc import Sequence
from typing import Any

from tools.clients import quiet_words
from tools.patterns import BY_NEEDLE, LINE, NEEDLES, SPANNING
from tools.secret_names import MASK, SEVERAL, hides, hides_item, is_secret_name
from tools.tokens import TAME

__all__ = [
    "MASK",
    "harmless",
    "hides",
    "holds_secret",
    "is_secret_name",
    "is_secret_variable",
    "redact",
    "redact_tree",
    "without_user",
]

_ENCODED = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{24,}+={0,2}(?![\w+/=])")
LONGEST = 1 << 20
"""Letters of one text that are looked through: no object of a real API server is larger, nor a log we ask for."""

TOO_LONG = "[more than a million letters, not looked through]"

_LAYERS = 2
"""How often something may be packed in base64 (a Secret's data in a Secret's data) and is still looked into."""


def redact(text: str) -> str:
    """Return the text with everything that looks like a credential masked. Linear in its length, also for hostile text.

    A text longer than any that is met is left out whole: nobody knows what is in it.

    Needles are looked for first, in the whole text and then in each line: an ordinary log costs about 0.03 us a byte.
    """
    return _redacted(text, _LAYERS) if len(text) <= LONGEST else TOO_LONG


def _redacted(text: str, layers: int) -> str:
    text = _by_patterns(text)
    return _ENCODED.sub(lambda found: _decoded(found[0], layers), text) if layers else text


def _by_patterns(text: str) -> str:
    lowered = text.lower()
    hints = [needle for needle in NEEDLES if needle in lowered]
    if not hints:
        return text
    for rule in SPANNING:
        if not rule.needles.isdisjoint(hints) and rule.suits(text):
            text = rule.masked(text)
    return "\n".join([_line(line, hints) for line in text.split("\n")])


def _line(line: str, hints: Sequence[str]) -> str:
    lowered = line.lower()
    here = [needle for needle in hints if needle in lowered]
    for number in sorted({number for needle in here for number in BY_NEEDLE[needle]}):
        if LINE[number].suits(line):
            line = LINE[number].masked(line)
    return line


def _decoded(packed: str, layers: int) -> str:
    """Return base64 masked when a secret is packed in it (a private key, a kubeconfig, docker's logins)."""
    if not _is_text(packed[:32]):
        return packed
    try:
        text = b64decode(packed + "=" * (-len(packed) % 4)).decode()
    except ValueError:
        return packed
    return packed if _redacted(text, layers - 1) == text else MASK


def _is_text(packed: str) -> bool:
    try:
        return all(byte >= 32 or byte in b"\t\n\r" for byte in b64decode(packed[: len(packed) // 4 * 4])[:-2])
    except ValueError:
        return False


def without_user(url: str) -> str:
    """Return a server's URL without the user part, which may be a login."""
    scheme, apart, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    return redact(f"{scheme}{apart}{place.rpartition('@')[2]}{slash}{path}")


# Parsed data

_TAME = re.compile(rf"{TAME}[a-z0-9.-]{{0,63}}+\Z|[0-9TZ:.-]{{0,40}}+\Z").match
_HARMLESS: set[str] = set()
_REMEMBERED = 4096
_MOST = 1 << 23
_held = 0


def harmless(text: str) -> bool:
    """Return whether a text comes out of `redact` as it went in; remembered, as objects repeat few texts."""
    global _held
    if text in _HARMLESS:
        return True
    if not _TAME(text) and redact(text) != text:
        return False
    if len(text) <= _REMEMBERED:
        _held += len(text) + 64
        if _held > _MOST:
            _HARMLESS.clear()
            _held = len(text)
        _HARMLESS.add(text)
    return True


DATA = ("data", "stringData")
"""What a Secret holds."""

_PLAIN: set[str] = set()
"""Keys met so far that tell nothing and hold nothing."""

_QUIET_WORDS: set[tuple[Any, ...]] = set()
_MANY = 50_000


def redact_tree(value: Any) -> Any:
    """Return parsed data (an object, JSON, chart values) with what looks like a credential masked, by key or by text.

    The same value comes back where nothing had to go, otherwise a copy that shares what stayed.
    """
    if type(value) is dict:
        return _mapping(value)
    if type(value) is list:
        return _list(value) if value else value
    return value if not isinstance(value, str) or harmless(value) else redact(value)


def _mapping(tree: dict[Any, Any]) -> dict[Any, Any]:
    if not _PLAIN.issuperset(tree) and not _learn(tree):
        return _telling(tree)
    made = tree
    for key, value in tree.items():
        kind = type(value)
        if kind is str:
            if value in _HARMLESS or harmless(value):
                continue
            quiet: Any = redact(value)
        elif kind is dict:
            quiet = value if not value else _mapping(value) if key != "fieldsV1" else _fields(value)
        elif kind is list:
            quiet = _list(value) if value else value
        else:
            continue
        if quiet is not value:
            made = made if made is not tree else dict(tree)
            made[key] = quiet
    return made | {"value": MASK} if "value" in tree and is_secret_variable(tree) else made


_FIELDS: set[bytes] = set()
"""Field sets met so far that hold nothing, packed: objects made by one template have the same, and they are large."""


def _fields(owned: dict[Any, Any]) -> dict[Any, Any]:
    """Return which fields a manager owns; what it set them to stands in keys."""
    import orjson

    try:
        packed = orjson.dumps(owned)
    except TypeError:
        return _mapping(owned)
    if packed in _FIELDS:
        return owned
    if len(_FIELDS) > _MANY // 100:
        _FIELDS.clear()
    made = _mapping(owned)
    if made is owned:
        _FIELDS.add(packed)
    return made


def _learn(tree: dict[Any, Any]) -> bool:
    """Return whether all keys of a mapping are plain, and remember those that are."""
    if len(_PLAIN) > _MANY:
        _PLAIN.clear()
    _PLAIN.update([key for key in tree if isinstance(key, str) and _is_plain(key)])
    return _PLAIN.issuperset(tree)


def _is_plain(key: str) -> bool:
    return key not in DATA and key != "args" and not is_secret_name(key) and harmless(key)


def _telling(tree: dict[Any, Any]) -> dict[Any, Any]:
    """Return a mapping some of whose keys may tell: a Secret's data go, of the rest what lies under such a key."""
    hidden = DATA if tree.get("kind") == "Secret" else ()
    made = {redact_tree(key): _under(str(key), value) for key, value in tree.items() if key not in hidden}
    if "value" in tree and is_secret_variable(tree):
        made["value"] = MASK
    made = _call(made) if "args" in made and "command" in made else made
    same = made.keys() == tree.keys() and all(made[key] is tree[key] for key in tree)
    return tree if same else made


def _under(name: str, value: Any) -> Any:
    if isinstance(value, list) and _SEVERAL.search(name):
        value = [MASK if hides_item(name, item) else item for item in value]
    elif not isinstance(value, (dict, list)) and hides(name, value) and not _is_document(name, value):
        return MASK if value != MASK else value
    return redact_tree(value)


_SEVERAL = re.compile(rf"(?i){SEVERAL}$")
_SUFFIX = re.compile(r"\.[A-Za-z]\w{0,9}$")


def _is_document(name: str, value: object) -> bool:
    """Return whether a value is a file of several lines (`token-exchange.sh`), whose text is looked into."""
    return isinstance(value, str) and "\n" in value.strip() and _SUFFIX.search(name) is not None


def _list(items: list[Any]) -> list[Any]:
    if type(items[0]) is str:
        return _words(items)
    made = items
    for index, item in enumerate(items):
        quiet = _mapping(item) if type(item) is dict else redact_tree(item)
        if quiet is not item:
            made = made if made is not items else list(items)
            made[index] = quiet
    return made


def _words(items: list[Any]) -> list[Any]:
    """Return a list of texts, which may be a command's words or an environment (`NAME=value`)."""
    try:
        key = tuple(items)
        if key in _QUIET_WORDS:
            return items
    except TypeError:
        return [redact_tree(item) for item in items]
    made = [_variable(redact_tree(item)) for item in quiet_words(items)]
    if made != items:
        return made
    if len(_QUIET_WORDS) > _MANY:
        _QUIET_WORDS.clear()
    _QUIET_WORDS.add(key)
    return items


def _variable(item: Any) -> Any:
    """Return `NAME=value` with the value masked when the name tells."""
    name, equals, value = item.partition("=") if isinstance(item, str) else ("", "", "")
    return f"{name}={MASK}" if equals and _NAME.fullmatch(name) and value != MASK and hides(name, value) else item


_NAME = re.compile(r"[A-Za-z_][\w.-]{0,200}")


def _call(tree: dict[Any, Any]) -> dict[Any, Any]:
    """Return a container whose arguments are read as those of its command."""
    command, args = tree["command"], tree["args"]
    if not isinstance(command, list) or not isinstance(args, list):
        return tree
    words = quiet_words([*command, *args])[len(command) :]
    return tree if words == args else tree | {"args": words}


def is_secret_variable(variable: Any) -> bool:
    """Return whether an environment variable's, a header's or a parameter's literal value must go."""
    if not isinstance(variable, dict):
        return False
    value = variable.get("value")
    return isinstance(value, str) and value not in ("", MASK) and holds_secret(str(variable.get("name")), value)


def holds_secret(name: str, value: str) -> bool:
    """Return whether a text holds a secret: by the name it goes under, or by what it looks like."""
    return hides(name, value) or not harmless(value)
