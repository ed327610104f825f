"""What a question wants: cues of the words it is asked in, each with its weight, and the strongest wins."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache

from agent.chat.cues import CUES, PARTS


class Intent(StrEnum):
    """What is wanted."""

    WHY = "why something fails"
    HEALTH = "how well it is"
    SCALING = "how it scales"
    CHANGES = "what changed"
    EVENTS = "events"
    LOGS = "logs"
    USAGE = "what it uses"
    LIST = "which there are"
    COUNT = "how many there are"
    SHOULD = "what a value should be"
    COMPLIANT = "whether it is what was decided"
    CHECKLIST = "the checklists"
    TREE = "what belongs together"
    FIX = "what would fix it"
    PROPOSE = "a plan that fixes it"
    CONTAINER = "a container of docker"
    MEANING = "what a word means"
    RELEASES = "Helm's releases"
    LEDGER = "what was done here"
    ACCESS = "what can be reached"
    CHANGE = "a change"
    HELP = "what can be asked"


@cache
def _cues() -> Mapping[Intent, Sequence[tuple[float, re.Pattern[str]]]]:
    """Return each intent's cues, compiled: (weight, expression)."""
    parts = dict(line.split(" ", 1) for line in _joined(PARTS))
    found: dict[Intent, list[tuple[float, re.Pattern[str]]]] = {}
    intent = Intent.HELP
    for line in _joined(CUES):
        weight, _, words = line.partition(" ")
        if not words:
            intent = Intent[weight]
            continue
        for name, part in parts.items():
            words = words.replace(f"{{{name}}}", part)
        found.setdefault(intent, []).append((float(weight), re.compile(words)))
    return found


def _joined(text: str) -> list[str]:
    return text.strip().replace("\n    ", "").splitlines()


def scores(plain: str, text: str) -> dict[Intent, float]:
    """Return how strongly each intent is spoken for; one without a cue is left out."""
    found = {}
    for intent, cues in _cues().items():
        weights = [weight for weight, cue in cues if cue.search(plain) or cue.search(text)]
        if weights:
            found[intent] = max(weights) + 0.3 * (len(weights) - 1)
    return found


def intents(plain: str, text: str) -> list[Intent]:
    """Return the intents a question has cues of, the strongest first."""
    found = scores(plain, text)
    return sorted(found, key=lambda intent: -found[intent])
