"""Files that blueprints name. Which of them are there is for the caller to find out; nothing is opened here."""

import re
from collections.abc import Callable, Iterator

from agent.blueprint.control import ControlKind, Source
from agent.blueprint.lint.finding import Lint, Severity, at, ids, quoted
from agent.blueprint.lint.subject import Subject

_FILE = re.compile(r"`((?!/)(?![^`]*\.\./)(?:[\w.-]{1,100}/){1,12}[\w.-]{1,100}\.[A-Za-z]{1,5})`")
_TEMPLATE = re.compile(r"(?!/)(?!.*\.\./)(?:[\w.-]{1,100}/){1,12}[\w.-]{1,100}\.(?:ya?ml|tpl)")


def named(subject: Subject) -> dict[str, tuple[Source, ...]]:
    """Return the files that blueprints name and where they do: in code marks, and in the mapping's templates."""
    found: dict[str, list[Source]] = {}
    for line in subject.lines:
        for path in _FILE.findall(line.text):
            found.setdefault(path, []).append(line.source)
    for source, path in _templates(subject):
        found.setdefault(path, []).append(source)
    return {path: tuple(dict.fromkeys(sources)) for path, sources in found.items()}


def absent_sources(subject: Subject) -> Iterator[Lint]:
    """Files the blueprints refer to that are not in the repository: said once for all of them."""
    templates = {path for _, path in _templates(subject)}
    missing = {
        path: found for path, found in named(subject).items() if path in subject.absent and path not in templates
    }
    if missing:
        tops = dict.fromkeys(path.partition("/")[0] for path in missing)
        yield Lint(
            code="absent-sources",
            severity=Severity.WARNING,
            text=f"{quoted(missing)} {'is' if len(missing) == 1 else 'are'} named and not part of this repository",
            sources=tuple(dict.fromkeys(source for found in missing.values() for source in found)),
            controls=(),
            suggestion="add them, or say that these blueprints are the source",
            about=tuple((top, "not part of this repository") for top in tops),
        )


def absent_templates(subject: Subject) -> Iterator[Lint]:
    """A mapping row names a template that the chart does not have; nothing is said while no chart is known."""
    for mapping in subject.of(ControlKind.MAPPING):
        path = subject.cell(mapping, "helm template").strip("`")
        if path in subject.absent and subject.values:
            yield Lint(
                code="absent-template",
                severity=Severity.ERROR,
                text=f"the chart has no {path}, to which {mapping.title} is mapped",
                sources=at(mapping),
                controls=ids(mapping),
                suggestion="name the template that makes these objects",
                about=((mapping.id,),),
            )


def _templates(subject: Subject) -> Iterator[tuple[Source, str]]:
    for mapping in subject.of(ControlKind.MAPPING):
        path = subject.cell(mapping, "helm template").strip("`")
        if _TEMPLATE.fullmatch(path):
            yield mapping.source, path


RULES: tuple[Callable[[Subject], Iterator[Lint]], ...] = (absent_sources, absent_templates)
