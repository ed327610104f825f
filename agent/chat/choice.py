"""Which operations a model is shown for a question: at most a dozen, by what the question's words ask for. Pure."""

from collections.abc import Iterator, Mapping

from agent.chat.intent import Intent, intents
from agent.chat.question import Question

MOST = 12

OF_INTENT: Mapping[Intent, tuple[str, ...]] = {
    Intent.WHY: ("diagnose", "logs", "events", "changes"),
    Intent.HEALTH: ("health", "diagnose", "top"),
    Intent.SCALING: ("scaling", "top"),
    Intent.CHANGES: ("changes", "releases"),
    Intent.EVENTS: ("events",),
    Intent.LOGS: ("logs",),
    Intent.USAGE: ("top",),
    Intent.LIST: ("get",),
    Intent.COUNT: ("get",),
    Intent.SHOULD: ("blueprint search", "blueprint show", "why"),
    Intent.COMPLIANT: ("audit",),
    Intent.CHECKLIST: ("verify",),
    Intent.TREE: ("tree",),
    Intent.FIX: ("diagnose", "blueprint search"),
    Intent.PROPOSE: ("plan", "diagnose"),
    Intent.CONTAINER: ("debug",),
    Intent.MEANING: ("explain",),
    Intent.RELEASES: ("releases", "changes"),
    Intent.LEDGER: ("history", "plan show"),
    Intent.ACCESS: ("doctor",),
}

USUAL = (
    "diagnose", "get", "logs", "blueprint search", "tree", "events", "changes", "top", "plan", "health", "releases",
    "explain",
)  # fmt: skip
"""What every question may need, most of all first."""


def chosen(asked: Question) -> list[str]:
    """Return the operations to show, what the question asks for first."""
    return list(dict.fromkeys(_wanted(asked)))[:MOST]


def _wanted(asked: Question) -> Iterator[str]:
    for intent in intents(asked.plain, asked.text)[:3]:
        yield from OF_INTENT.get(intent, ())
    yield from USUAL
