"""Components treated unequally, and one component under two names."""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from agent.blueprint.control import Binding, Control, Source
from agent.blueprint.lint.checks import lines
from agent.blueprint.lint.finding import Lint, Severity, at, ids, plain_title
from agent.blueprint.lint.orphans import mappings
from agent.blueprint.lint.subject import Subject, components, deployed, rows

FEATURES: Mapping[str, tuple[str, str]] = {
    "startup probe": ("containers[].startupProbe", r"startup probe"),
    "liveness probe": ("containers[].livenessProbe", r"liveness probe"),
    "readiness probe": ("containers[].readinessProbe", r"readiness probe"),
    "PDB": ("pdb.minAvailable", r"pdb|pod ?disruption ?budget"),
    "HPA": ("hpa.maxReplicas", r"max(imum)? replicas"),
    "pull policy": ("containers[].imagePullPolicy", r"(image )?pull policy"),
    "CPU limit": ("containers[].resources.limits.cpu", r"cpu limit"),
    "memory limit": ("containers[].resources.limits.memory", r"memory limit"),
    "memory request": ("containers[].resources.requests.memory", r"memory request"),
    "CPU request": ("containers[].resources.requests.cpu", r"cpu request"),
}
"""What every component that runs pods is expected to have alike: its field, and its row's title."""

_HOST = re.compile(r"\bhttps?://([a-z][a-z0-9-]{0,62})(?=[.:/\s\"'`]|$)", re.IGNORECASE)
_OBJECT = re.compile(r"(?:deploy(?:ment)?s?|svc|services?|statefulset|sts)[/ ]([a-z0-9][a-z0-9-]{0,62})$")


class Name(NamedTuple):
    """A name something in the cluster is called by."""

    name: str
    source: Source
    id: str


def unequal(subject: Subject) -> Iterator[Lint]:
    """One component has what another one lacks."""
    runs = deployed(subject)
    for feature, (field, title) in FEATURES.items():
        found = rows(subject, field, title)
        having = {name for row in found for name in components(row) or _mapped(subject, row)}
        lacking = [name for name in runs if name not in having]
        if lacking and having & set(runs):
            yield _unequal(subject, feature, found, lacking)


def _unequal(subject: Subject, feature: str, found: list[Control], lacking: list[str]) -> Lint:
    other = next((control for control in subject.parameters if components(control) == {lacking[0]}), None)
    general = [row for row in found if row.component not in lacking]
    sides = (*general, *([other] if other else []))
    return Lint(
        code="unequal-components",
        severity=Severity.WARNING,
        text=f'{" and ".join(lacking)} has no {feature}, and "{plain_title(general[0])} {general[0].raw}" does not say'
        " that it is not for every service",
        sources=at(*sides),
        controls=ids(*general),
        suggestion=f'add a row "{feature}" for {" and ".join(lacking)}, or say in this one that it is not for it',
        about=tuple((name, f"no {feature}") for name in lacking),
    )


def _mapped(subject: Subject, row: Control) -> frozenset[str]:
    """Return the components that a row without a values path is mapped to."""
    return frozenset(path.partition(".")[0] for mapping in mappings(subject, row) for path in mapping.paths)


def two_names(subject: Subject) -> Iterator[Lint]:
    """A host in a URL and an object in a command look like one component under two names."""
    objects = {item.name: item for item in reversed(list(_objects(subject)))}
    for host in {item.name: item for item in reversed(list(_hosts(subject)))}.values():
        for other in objects.values():
            if _alike(host.name, other.name):
                yield _two_names(subject, host, other)


def _two_names(subject: Subject, host: Name, other: Name) -> Lint:
    bound = _bound(subject, host.name, other.name)
    return Lint(
        code="two-names",
        severity=Severity.INFO if bound else Severity.WARNING,
        text=f"one component is called {host.name} in a URL and {other.name} in a command"
        + ("; the bindings know both" if bound else ""),
        sources=(host.source, other.source, *(item.source for item in bound)),
        controls=tuple(dict.fromkeys(filter(None, (host.id, other.id)))),
        suggestion=f"use {other.name} in the URL too, or give {host.name} a Service of its own in the bindings",
        about=((host.name, other.name),),
    )


def _bound(subject: Subject, one: str, other: str) -> tuple[Binding, ...]:
    """Return the bindings of both names where they are of one component."""
    first = [item for item in subject.blueprints.bindings if item.name == one]
    second = [item for item in subject.blueprints.bindings if item.name == other]
    pairs = ((a, b) for a in first for b in second if a.component == b.component)
    return next(pairs, ())


def _alike(host: str, name: str) -> bool:
    return host != name and (name.endswith(f"-{host}") or name.startswith(f"{host}-"))


def _hosts(subject: Subject) -> Iterator[Name]:
    for control in subject.parameters:
        for host in _HOST.findall(control.raw):
            yield Name(host.casefold(), control.source, control.id)
    for line in lines(subject):
        for host in _HOST.findall(line.command.text):
            yield Name(host.casefold(), line.source, line.id)


def _objects(subject: Subject) -> Iterator[Name]:
    """Yield the Services and deployed that commands name."""
    for line in lines(subject):
        words = line.command.words
        for text in (*words, *(" ".join(pair) for pair in pairwise(words))):
            found = _OBJECT.match(text)
            if found:
                yield Name(found[1], line.source, line.id)


RULES: tuple[Callable[[Subject], Iterator[Lint]], ...] = (unequal, two_names)
