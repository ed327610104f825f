"""What a model says, held against what operations said in this session: what no result holds is struck. Pure.

A sentence is judged by what in it could be false: names of objects, numbers, quantities, words of Kubernetes for a
state, words for health, controls and places in blueprints. All of these must stand in a result of this session (or in
the question, which claims nothing); a sentence that holds none of them is prose and stays.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.blueprint.control import Blueprints
from agent.diagnose.words import WORDS
from agent.exitcode import ExitCode

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"'`*(-])|\n+")
_LEAD = re.compile(r"\s*(?:\d+[.)]|[-*#]+)\s+")
_NAME = re.compile(r"(?<![\w/.-])[a-z][a-z0-9]*(?:-[a-z0-9]+)+(?![\w-])")
_QUOTED = re.compile(r"[`\"“']([A-Za-z0-9][\w./:-]{2,80})[`\"”']")
_BESIDE = re.compile(
    r"\b(?:pod|deployment|service|container|node|namespace|job|cronjob|statefulset|daemonset|configmap|secret|release"
    r"|hpa|ingress|pvc)s? (?:called |named )?[`\"']?([a-z0-9][a-z0-9.-]*[a-z0-9])\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.:-])\d+(?:\.\d+)?(?:%|[KMGT]i?B?|m|s|ms)?(?![\w:-])")
_CITED = re.compile(r"(?:[\w-]+/)*[\w-]+\.(?:md|ya?ml):\d+")
_CONTROL = re.compile(r"\b[A-Z]{2,5}(?:-[A-Z0-9]+){1,5}\b")
_WELL = re.compile(
    r"\b(?:healthy|all good|no (?:issues?|problems?|errors?|failures?|causes?)|nothing (?:is )?wrong|compliant"
    r"|everything (?:is |looks )?(?:ok|fine|good|well)|up and running"
    r"|(?:runs?|running|works?|working) (?:fine|well|normally|as expected|correctly))\b",
    re.IGNORECASE,
)
_ILL = re.compile(
    r"\b(?:unhealthy|failing|failed|fails|crash\w*|broken|degraded|out of memory|unavailable|not ready|restarting)\b",
    re.IGNORECASE,
)
_DONE = re.compile(
    r"\b(?:i|we)(?:'ve| have)? (?:\w+ )?(?:applied|fixed|restarted|deleted|scaled|changed|patched|approved|rolled)\b"
    r"|\b(?:has|have) been (?:applied|fixed|restarted|deleted|scaled|patched|approved|rolled back)\b"
    r"|\b(?:user|you|admin\w*|operator) (?:has |have )?approved\b"
    r"|\bapproval (?:is |was )?(?:granted|given|confirmed)\b",
    re.IGNORECASE,
)

_NOT = re.compile(r"\b(?:not|isn't|aren't|unknown whether|cannot|can't)\b", re.IGNORECASE)
_SIGNS = ("error", "warning", "fail", "not ready", "unwell")

ENGLISH = frozenset(
    """read-only up-to-date out-of-memory end-to-end well-known non-zero real-time back-off long-running step-by-step
    in-memory high-level low-level self-healing one-off built-in so-called follow-up re-run re-check set-up sign-in
    day-to-day trade-off top-level old-fashioned right-hand left-hand second-person time-out pre-existing co-located
    multi-line multi-container single-node case-insensitive zero-downtime rate-limited auto-scaling
    health-check""".split()
)
"""Compounds of English that are no names."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a session's results hold."""

    text: str
    """Everything that operations said, and the question, in small letters."""
    codes: tuple[ExitCode, ...]
    """How the operations ended."""
    blueprints: Blueprints

    def holds(self, word: str) -> bool:
        """Return whether a result holds a word, as a word."""
        return re.search(rf"(?<![\w-]){re.escape(word.lower())}(?![\w-])", self.text) is not None


@dataclass(frozen=True, slots=True)
class Checked:
    """What is left of a model's words."""

    prose: str
    struck: tuple[str, ...]
    """Sentences that are left out, each with what in it no result holds."""


def checked(prose: str, grounds: Grounds) -> Checked:
    """Return a model's words without the sentences that claim what no result holds."""
    kept, struck = [], []
    for line in prose.splitlines():
        lead = found[0] if (found := _LEAD.match(line)) else ""
        good = []
        for sentence in _SENTENCE.split(line[len(lead) :]):
            why = next(_claims(sentence, grounds), "")
            if why:
                struck.append(f"{sentence.strip()[:200]} ({why})")
            else:
                good.append(sentence)
        kept.append(lead + " ".join(good) if any(good) else "")
    return Checked("\n".join(kept).strip(), tuple(struck))


def _claims(sentence: str, grounds: Grounds) -> Iterator[str]:
    """Yield what a sentence claims that no result holds, in words."""
    if _DONE.search(sentence):
        yield "nothing was changed or approved here"
    for place in _CITED.findall(sentence):
        if not grounds.holds(place) and not _is_row(place, grounds.blueprints):
            yield f"no row stands in {place}"
    plain = _CITED.sub("", sentence)
    for control in _CONTROL.findall(plain):
        if grounds.blueprints.control(control) is None and not grounds.holds(control):
            yield f"no control is called {control}"
    yield from _names(plain, grounds)
    for number in _NUMBER.findall(plain):
        if not grounds.holds(number):
            yield f"no result says {number}"
    for word in WORDS:
        if re.search(rf"\b{re.escape(word)}\b", plain) and word not in ("Error", "Init") and not grounds.holds(word):
            yield f"no result says {word}"
    yield from _health(plain, grounds)


def _names(plain: str, grounds: Grounds) -> Iterator[str]:
    said = [
        *_NAME.findall(plain),
        *_QUOTED.findall(plain),
        *(name for name in _BESIDE.findall(plain) if _is_name(name)),
    ]
    for name in said:
        if name.lower() not in ENGLISH and not grounds.holds(name):
            yield f"no result names {name}"


def _is_name(word: str) -> bool:
    return "-" in word or any(letter.isdigit() for letter in word)


def _health(plain: str, grounds: Grounds) -> Iterator[str]:
    """Yield a claim of health that results speak against or say nothing of; a negation is none."""
    if _WELL.search(plain) and not re.search(
        r"\b(?:not|isn't|aren't|unknown whether|cannot|can't)\b", plain, re.IGNORECASE
    ):
        if not grounds.codes or any(code in (ExitCode.FOUND, ExitCode.INDETERMINATE) for code in grounds.codes):
            yield "no result says that it is well"
    elif _ILL.search(plain) and not any(
        word in grounds.text for word in ("error", "warning", "fail", "not ready", "unwell")
    ):
        yield "no result says that anything is wrong"


def _is_row(place: str, blueprints: Blueprints) -> bool:
    return any(str(control.source).endswith(place) for control in blueprints.controls)


def grounds(texts: Sequence[str], codes: Sequence[ExitCode], blueprints: Blueprints) -> Grounds:
    """Return what some results hold."""
    return Grounds("\n".join(texts).lower(), tuple(codes), blueprints)
