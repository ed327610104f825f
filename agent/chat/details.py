"""What a question says beside whom it is about: how many lines, since when, in which state, with which labels."""

import re
from collections.abc import Iterator

from agent.chat.lexicon import CUES, FUNCTION_WORDS, GENERIC, STATES, WORKLOADS, kind_of
from agent.chat.question import Question

_SPAN = re.compile(
    r"\b(?:last|past|previous|since|within|for|in|ago)?\s*(?:the )?(?:(?:last|past) )?"
    r"(\d{1,4}|an?|one|half an|few|couple of) ?(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)\b"
)
_WORDS = {"a": 1, "an": 1, "one": 1, "half an": 1, "few": 3, "couple of": 2}
_LINES = re.compile(r"\b(\d{1,6}) (?:log |last |newest )?lines?\b|\b(?:last|tail|latest) (\d{1,6})\b|--tail[= ](\d+)")
_LOAD = re.compile(r"\b(\d{1,3}) ?(?:%|percent|per cent)")
_LABEL = re.compile(
    r"(?<![\w.])([A-Za-z0-9][\w./-]*(?:==|!=|=)[\w.-]+(?:,[A-Za-z0-9!][\w./-]*(?:(?:==|!=|=)[\w.-]+)?)*)"
)
_CONTAINER = (
    re.compile(r"(?<![\w-])(?:container|sidecar|-c) (?:called |named )?([a-z0-9][\w-]*)"),
    re.compile(r"\b([a-z0-9][\w-]*) (?:container|sidecar)\b"),
)
_FOR = re.compile(
    r"\b(?:grep|search|searching|look|looking|filter|find|contain(?:s|ing|ed)?|mention\w*|match\w*|with|say\w*|about|including)\b"
    r"(?: (?:for|the|its|their|his|in|logs?|of|any|all|a|an|word|words|text|string|phrase|lines?|that|by))* ([\w./:-]+)"
)
_PREVIOUS = re.compile(
    r"\bprevious\b|\bbefore the last (?:restart|crash)\b"
    r"|\bbefore (?:it|the|they|that) \w*(?:crash|restart|die|died|kill|end)\w*|\blast (?:crash|run|life)\b"
    r"|\bcrashed (?:container|instance|run)\b|--previous"
)
_PATH = re.compile(
    r"(?<![\w./-])([a-z]\w*(?:\.[\w-]+){2,})(?![\w/])|(?<![\w./-])([a-z]\w*\.(?:image|env|replicas|service|resources|probes|enabled|port|tag)\b(?:\.\w+)*)"
)
_CAMEL = re.compile(r"(?<![\w./-])[a-z]+(?:[A-Z][a-z]+)+(?![\w./-])")
_CONTROL = re.compile(r"\b[A-Z]{2,5}(?:-[A-Z0-9]+)+\b", re.IGNORECASE)


def since(asked: Question) -> str:
    """Return how far back a question looks, as kubectl writes spans (`90m`), "" where it does not say."""
    if re.search(r"\btoday\b|\byesterday\b|\bovernight\b|\blast night\b", asked.plain):
        return "24h"
    found = next(
        (
            item
            for item in _SPAN.finditer(asked.plain)
            if re.search(r"last|past|since|within|ago|for", item[0]) or "ago" in asked.plain
        ),
        None,
    )
    if found is None:
        return (
            "1h"
            if re.search(r"\b(?:last|past) hour\b", asked.plain)
            else "24h"
            if re.search(r"\b(?:last|past) day\b", asked.plain)
            else ""
        )
    number = int(found[1]) if found[1].isdigit() else _WORDS[found[1]]
    unit = found[2][0]
    return f"{number}{unit}"


def lines(asked: Question) -> int | None:
    """Return how many lines are asked for, None where that is not said."""
    found = _LINES.search(asked.plain)
    return int(next(text for text in found.groups() if text)) if found else None


def load(asked: Question) -> str:
    """Return the load a question supposes (`85%`), "" for none."""
    found = _LOAD.search(asked.plain)
    return f"{found[1]}%" if found else ""


def selector(asked: Question) -> str:
    """Return the label selector a question names (`app=web,tier!=cache`), "" for none."""
    return next((found[1] for found in _LABEL.finditer(asked.text)), "")


def container(asked: Question) -> str:
    """Return the container a question names, "" for none."""
    named = (word for pattern in _CONTAINER for word in pattern.findall(asked.text.lower()))
    return next((word for word in named if word not in FUNCTION_WORDS and word not in CUES), "")


def previous(asked: Question) -> bool:
    """Return whether the run before the last restart is meant."""
    return _PREVIOUS.search(f"{asked.plain} {asked.text.lower()}") is not None


def search(asked: Question) -> str:
    """Return what is searched for in logs, "" for nothing: quoted text, else what stands behind `grep` or `for`."""
    if asked.quoted:
        return asked.quoted[0]
    found = next((item[1] for item in _FOR.finditer(asked.plain) if _is_text(item[1])), "")
    if found:
        return found
    kinds = re.search(
        r"\b(error|exception|warning|fatal|panic|timeout|traceback|fail)(?:e?d|ure|ures|s)?\b(?! logs? (?:of|for))",
        asked.plain,
    )
    return kinds[1] if kinds and not re.search(r"\bwhy\b", asked.plain) else ""


def _is_text(word: str) -> bool:
    low = word.lower()
    return (
        low not in FUNCTION_WORDS - {"error", "errors"}
        and low not in ("logs", "log", "lines", "pod", "pods")
        and not kind_of(low)
    )


def state(asked: Question) -> str:
    """Return the state objects are asked to be in, as `get --status` has it; "" for any."""
    plain = asked.plain
    if re.search(r"\bnot (?:\w+ )?(?:ready|running|ok|healthy|well|fine|working|up|available)\b", plain):
        return "unwell"
    if re.search(
        r"\b(?:with|have|having|in) (?:an? )?(?:errors?|problems?|issues?|troubles?)\b|\bimage ?pull\b", plain
    ):
        return "ImagePull" if "pull" in plain else "unwell"
    words = plain.split()
    return next((STATES[word] for word in words if word in STATES and not _is_verb(words, word)), "")


def _is_verb(words: list[str], word: str) -> bool:
    """Return whether a word for a state is only how one asks: `what pods are running`."""
    return (
        word in ("running", "up")
        and re.search(r"\b(?:what|which) (?:is|are|\w+ are) (?:running|up)\b", " ".join(words)) is not None
    )


def kind(asked: Question, *, used: frozenset[int] = frozenset()) -> str:
    """Return the kind whose objects are asked for, "" for none: the first that is said and is no name."""
    found = [kind_of(word) for place, word in enumerate(asked.words) if place not in used and "/" not in word]
    said = [name for name in found if name]
    plain = [name for name in said if name != "Namespace"]
    if plain or said:
        return (plain or said)[0]
    return WORKLOADS[0] if any(word.lower() in GENERIC for word in asked.words) else ""


def paths(asked: Question) -> Iterator[str]:
    """Yield the values paths a question names: `backend.resources.limits.memory`, `drainSeconds`."""
    for found in _PATH.finditer(asked.text):
        yield found[1] or found[2]
    yield from _CAMEL.findall(asked.text)


def controls(asked: Question) -> Iterator[str]:
    """Yield what looks like a control's id: `SVC-BE-MEM-LIMIT`."""
    for found in _CONTROL.finditer(asked.text):
        if found[0].isupper() or "-" in found[0]:
            yield found[0].upper()
