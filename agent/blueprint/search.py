"""Which controls a few words mean: `memory limit of the backend`. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence

from agent.blueprint.control import Blueprints, Control

SAME: Mapping[str, str] = {
    "mem": "memory", "ram": "memory", "processor": "cpu", "replica": "replicas", "copies": "replicas",
    "instances": "replicas", "pods": "replicas", "tag": "image", "registry": "registry", "hpa": "replicas",
    "autoscaler": "replicas", "autoscaling": "replicas", "maximum": "max", "minimum": "min", "surge": "maxsurge",
    "db": "database", "pullpolicy": "pull", "health": "probe", "healthcheck": "probe", "env": "environment",
    "configuration": "config", "disruption": "pdb", "budget": "pdb", "limits": "limit", "requests": "request",
    "probes": "probe", "ports": "port", "images": "image", "secret": "secrets", "k8s": "kubernetes",
    "addon": "addons", "ui": "frontend", "api": "backend",
}  # fmt: skip
"""Words people use -> the words blueprints do."""

WEIGHTS = {"id": 4.0, "title": 3.0, "component": 3.0, "path": 2.0, "raw": 1.5, "rationale": 0.5}
"""Where a word stands -> how much it says."""

IDLE = frozenset(
    "the and for what which should why how does are is was has have must can its this that with from per".split()
)
"""Words of a question that no row is about."""

_PART = re.compile(r"[A-Za-z][a-z]+|[A-Z]+(?![a-z])|\d+")


def search(words: Sequence[str], blueprints: Blueprints, most: int = 8) -> list[Control]:
    """Return the controls that the words speak of best, the best first; those that far fewer speak of are left out.

    A component that is named (`backend`, or an object that a blueprint binds to it) leaves out those of the others.
    """
    wanted = {
        folded for word in words for folded in _folded(word, blueprints) if len(folded) > 2 and folded not in IDLE
    }
    named = wanted & {control.component for control in blueprints.controls}
    asked = [control for control in blueprints.controls if not named or control.component in (*named, "")]
    rated = [(sum(_rate(word, control) for word in wanted), control) for control in asked]
    best = max((rate for rate, _ in rated), default=0.0)
    close = [(rate, control) for rate, control in rated if rate and rate >= max(2.0, best * 0.7)]
    return [control for _, control in sorted(close, key=lambda item: -item[0])][:most]


def _folded(word: str, blueprints: Blueprints) -> Iterator[str]:
    """Yield what a word is looked for as: its own parts, and the component of an object that is called so."""
    low = word.lower()
    bound = next(
        (item.component for item in blueprints.bindings if low in (item.name.lower(), item.values.lower())), ""
    )
    for part in [bound] if bound else re.split(r"[-_./]", low):
        yield SAME.get(part, part)


def _rate(word: str, control: Control) -> float:
    """Return how much a control has of one word: the best place it stands in."""
    places = {
        "id": _parts(control.id),
        "title": _parts(control.title),
        "component": {control.component.lower()},
        "path": _parts(" ".join((*control.paths, *control.fields))),
        "raw": _parts(control.raw),
        "rationale": _parts(control.rationale),
    }
    return max((WEIGHTS[place] for place, found in places.items() if _stands(word, found)), default=0.0)


def _stands(word: str, found: set[str]) -> bool:
    return word in found or (len(word) > 3 and (word.rstrip("s") in found or f"{word}s" in found))


def _parts(text: str) -> set[str]:
    return {SAME.get(low, low) for part in _PART.findall(text) if (low := part.lower())}
