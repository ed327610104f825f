"""Allow, ask or deny, decided on the final argv.

Rules are data (tools/rules). A command is allowed only where a rule names its verb, every one of its flags and the
shape of every one of its arguments; the strictest rule that matches decides, and no rule means deny. Every rule carries
commands it must match and commands it must not: they are tried once, before the first process starts.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache

from tools.text import clean


class Permission(IntEnum):
    """What happens to a command; the larger one wins."""

    ALLOW = 0
    """It only reads, or writes down what was read: it runs."""
    ASK = 1
    """It changes something: it runs inside an approved plan and nowhere else."""
    DENY = 2
    """It never runs, and is never offered for approval."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy says of one command, and why, in words for a person."""

    permission: Permission
    rule: str
    reason: str
    offline: bool = False
    """Whether the command needs no network, and so gets none where that can be arranged."""


SHAPES: Mapping[str, re.Pattern[str]] = {
    "name": re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?"),
    "owned": re.compile(r"(deploy|deployment|statefulset|daemonset)/[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?"),
    "forwarded": re.compile(r"(deployment|statefulset|daemonset|service)/[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?"),
    "ports": re.compile(r"[1-9]\d{3,4}:[1-9]\d{0,4}", re.ASCII),
    "context": re.compile(r"\w[\w.:/@+ -]{0,252}"),
    "container": re.compile(r"[a-zA-Z0-9][\w.-]{0,252}"),
    "image": re.compile(r"[a-z0-9][\w./:@-]{0,511}"),
    "commit": re.compile(r"HEAD|[0-9a-f]{7,64}"),
    "branch": re.compile(r"(?!.*(\.\.|//|/\.|\.lock(/|$)|[./]$))[A-Za-z0-9_][\w./+=@#-]{0,199}", re.ASCII),
    "revision": re.compile(r"(HEAD|[0-9a-f]{7,64}):(?!/)(?!(.*/)?\.\.(/|$))[^\0\n]{1,1023}"),
    "inside": re.compile(r"(?![/-])(?!(.*/)?\.\.(/|$))[^\0\n]{1,1023}"),
    "directory": re.compile(r"/(?!.*(^|/)\.\.(/|$))[^\0\n,\"]{1,1023}"),
    "reports": re.compile(r"/(?!.*(^|/)\.\.(/|$))[^\0\n,\"]{1,1000}/policyreports\.json"),
    "number": re.compile(r"\d{1,6}"),
    "wait": re.compile(r"[1-9]\d{0,5}(ms|s|m|h)"),
    "selector": re.compile(r"[\w.][\w./=,!() -]{0,511}"),
    "time": re.compile(r"\d[\dTZ:.+-]{1,40}|\d{1,6}[smh]"),
    "word": re.compile(r"[a-z]+"),
    "entry": re.compile(r"100(644|755),([0-9a-f]{40}|[0-9a-f]{64}),(?![/-])(?!(.*/)?\.\.?(/|$))[^\0\n]{1,1023}"),
    "text": re.compile(r"[^\0\n]{0,1024}"),
    "version": re.compile(r"v?\d[\w.+-]{0,63}"),
    "apis": re.compile(r"[\w./,-]{1,8192}"),
    "tail": re.compile(r"\d{1,3}"),
    "bytes": re.compile(r"\d{1,6}"),
    "mounts": re.compile(r"[a-zA-Z0-9][\w.-]{0,252}:ro"),
    "tool": re.compile(r"/(?!.*(^|/)\.\.(/|$))[\w./+-]{1,255}:/bluehelm/[\w.-]{1,64}:ro"),
    "user": re.compile(r"[\w.-]{1,64}(:[\w.-]{1,64})?"),
}
"""The shape of an argument or a flag's value, matched whole; none of them can start with a dash."""

LARGEST: Mapping[str, int] = {"tail": 500, "bytes": 262_144, "wait": 3_600_000}
"""What a number of that shape may be at most: lines and bytes of a log, milliseconds to wait."""

MILLISECONDS: Mapping[str, int] = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}

WAITS: Mapping[str, str] = dict.fromkeys(("--wait", "--rollback-on-failure", "--atomic"), "--timeout")
"""Flags that wait for the cluster, and the one without which nobody says for how long."""

REPEATABLE = frozenset(("--values", "--filter", "--api-versions", "--env", "--volume", "--library-path"))
"""Flags that are lists: the only ones a command may carry twice."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of command.

    `command` is the words in order: literals, `a|b` for one of several, `<shape>` for an argument, a last word ending
    in `?` may be left out, and `...` at the end stands for any further words (deny rules only). `flags` is every flag
    the command may carry, with the shape of its value, "" for one without, or `=literal`; all of `required` and, where
    there is a choice, at least one `one_of` must be there; a flag that waits needs the one that says for how long. Of a
    flag given twice each program takes another one, so that only lists may be. `offline` commands need no network.
    """

    permission: Permission
    command: str
    reason: str
    flags: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    offline: bool = False
    match: tuple[str, ...] = ()
    no_match: tuple[str, ...] = ()

    def matches(self, argv: Sequence[str]) -> bool:
        """Return whether this rule speaks of that command."""
        words = [word for word in argv if not word.startswith("-")]
        if not _words_fit(self.command.split(), words):
            return False
        return self.permission is Permission.DENY or self._flags_fit([word for word in argv if word.startswith("-")])

    def _flags_fit(self, given: Sequence[str]) -> bool:
        names = [flag.partition("=")[0] for flag in given]
        once = [name for name in names if name not in REPEATABLE]
        return (
            all(map(self._flag_fits, given))
            and len(once) == len(set(once))
            and set(self.required) <= set(names)
            and {WAITS[name] for name in names if name in WAITS} <= set(names)
            and (not self.one_of or not set(self.one_of).isdisjoint(names))
        )

    def _flag_fits(self, flag: str) -> bool:
        name, given, value = flag.partition("=")
        shape = self.flags.get(name)
        if shape is None or bool(given) != bool(shape):
            return False
        return not shape or (value == shape[1:] if shape.startswith("=") else _fits(shape, value))


def decide(argv: Sequence[str]) -> Decision:
    """Return what the policy says of a command.

    Raises:
        RuntimeError: a rule does not do what its own examples say; then nothing may run at all.

    """
    _self_test()
    return _judged(argv)


def shown(argv: Sequence[str]) -> str:
    """Return a command as one short line for a person."""
    return clean(" ".join(argv), 160)


def _judged(argv: Sequence[str]) -> Decision:
    odd = _odd(argv)
    if odd:
        return Decision(Permission.DENY, "argv", odd)
    found = [rule for rule in _rules() if rule.matches(argv)]
    if not found:
        return Decision(Permission.DENY, "none", "no rule allows this command, so it is denied")
    strictest = max(found, key=lambda rule: rule.permission)
    return Decision(strictest.permission, strictest.command, strictest.reason, strictest.offline)


def _odd(argv: Sequence[str]) -> str:
    """Return what no command of ours ever looks like, "" when there is nothing of it."""
    if not argv or len(argv) > 50:
        return "a command has 1 to 50 words"
    if any(len(word) > 10_000 or "\0" in word or "\n" in word for word in argv):
        return "a word is too long, or has a line end or NUL in it"
    if any(word in ("-", "--", "") or (word.startswith("-") and not word.startswith("--")) for word in argv):
        return "only long flags are used, never `--` or an empty word"
    return ""


def _words_fit(pattern: Sequence[str], words: Sequence[str]) -> bool:
    if pattern[-1] == "...":
        return len(words) >= len(pattern) - 1 and all(map(_word_fits, pattern[:-1], words))
    least = len([word for word in pattern if not word.endswith("?")])
    return least <= len(words) <= len(pattern) and all(map(_word_fits, pattern, words))


def _word_fits(pattern: str, word: str) -> bool:
    plain = pattern.removesuffix("?")
    return _fits(plain[1:-1], word) if plain.startswith("<") else word in plain.split("|")


def _fits(shape: str, text: str) -> bool:
    if text.startswith("-") or SHAPES[shape].fullmatch(text) is None:
        return False
    return shape not in LARGEST or 0 < _amount(text) <= LARGEST[shape]


def _amount(text: str) -> int:
    """Return a number, a duration in milliseconds."""
    digits = text.rstrip("hms")
    return int(digits) * MILLISECONDS.get(text[len(digits) :], 1)


@cache
def _rules() -> tuple[Rule, ...]:
    from tools.rules import docker, git, helm, kubectl, minikube, strace

    return (*kubectl.RULES, *helm.RULES, *docker.RULES, *minikube.RULES, *git.RULES, *strace.RULES)


@cache
def _self_test() -> None:
    for rule in _rules():
        if not rule.match or not all(rule.matches(example.split()) for example in rule.match):
            raise RuntimeError(f"policy rule {rule.command!r} does not match its own example")
        if any(rule.matches(example.split()) for example in rule.no_match):
            raise RuntimeError(f"policy rule {rule.command!r} matches what it must not")
