"""A label selector as kubectl's `-l` takes it: `app=web,tier!=cache,env in (prod,dev),!legacy`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_TERM = re.compile(
    r"\s*(?:(?P<key>[\w./-]+)\s*(?:(?P<equal>==|=|!=)\s*(?P<value>[\w.-]*)"
    r"|\s(?P<within>in|notin)\s*\((?P<values>[\w.,\s-]*)\))?|!\s*(?P<absent>[\w./-]+))\s*(?:,(?=.)|$)"
)

Holds = Callable[[Mapping[str, str]], bool]


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """Terms that must all hold of an object's labels."""

    terms: tuple[Holds, ...]

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Return whether an object with these labels is meant."""
        return all(term(labels) for term in self.terms)


def parse(text: str) -> LabelSelector | None:
    """Return what a selector says, None for what is none."""
    terms, at = [], 0
    while at < len(text):
        found = _TERM.match(text, at)
        if found is None or found.end() == at:
            return None
        terms.append(_term(found))
        at = found.end()
    return LabelSelector(tuple(terms)) if terms else None


def _term(found: "re.Match[str]") -> Holds:
    key, value, within = found["key"], found["value"], found["within"]
    if found["absent"]:
        return lambda labels: found["absent"] not in labels
    if within:
        values = {item.strip() for item in found["values"].split(",")}
        inside = within == "in"
        return lambda labels: (key in labels and labels[key] in values) if inside else labels.get(key) not in values
    if found["equal"]:
        wanted = found["equal"] != "!="
        return lambda labels: (labels.get(key) == value) == wanted
    return lambda labels: key in labels
