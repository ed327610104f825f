"""Tags that move and registries nothing is pulled from."""

import re
from collections.abc import Callable, Iterator, Mapping

from agent.blueprint.cells import CellType
from agent.blueprint.control import Control
from agent.blueprint.lint.finding import Lint, Severity, at, ids, with_word
from agent.blueprint.lint.subject import Subject, components, rows

MOVING = frozenset("latest main master edge dev develop nightly stable canary snapshot prod staging".split())
"""Tags that are made to move."""

_REGISTRY = re.compile(r"(?<![\w/.])[a-z][\w.-]*:\d{2,5}\b(?!/?\w)", re.IGNORECASE)


def moving_tags(subject: Subject) -> Iterator[Lint]:
    """A tag that moves under a pull policy that proves nothing: what runs may be any build of it."""
    for image in _images(subject):
        tag = _part(image, "tag")
        for policy in _policies(subject, image) if tag in MOVING else ():
            words = sorted({str(cell.value) for cell in policy.values.values()} & {"Never", "Always"})
            if words:
                yield Lint(
                    code="moving-tag",
                    severity=Severity.WARNING,
                    text=f"the tag `{tag}` moves: under pull policy {' or '.join(words)} nothing proves what runs",
                    sources=at(image, policy),
                    controls=ids(image, policy),
                    suggestion=f'write a tag that stays, "{_part(image, "repository")}:1.0.0", or a digest',
                    about=((tag, "content"), *with_word([image], "content")),
                )


def unused_registry(subject: Subject) -> Iterator[Lint]:
    """A registry is named that no image names, or that nothing is pulled from under pull policy Never."""
    images = _images(subject)
    for registry in subject.parameters:
        host = _REGISTRY.search(registry.raw)
        if "registry" not in registry.title.casefold() or host is None or not images:
            continue
        strangers = [image for image in images if not _part(image, "repository").startswith(f"{host[0]}/")]
        never = [row for image in strangers for row in _policies(subject, image) if "Never" in row.raw]
        if strangers:
            yield _unused(registry, host[0], strangers[0], never)


def _unused(registry: Control, host: str, image: Control, never: list[Control]) -> Lint:
    under = ", and under pull policy Never nothing is pulled at all" if never else ""
    sides = (registry, image, *never[:1])
    return Lint(
        code="unused-registry",
        severity=Severity.WARNING,
        text=f"no image comes from the registry {host}: {image.raw} does not name it{under}",
        sources=at(*sides),
        controls=ids(*sides),
        suggestion=f'write the images as "{host}/{image.raw}", or take the registry out',
        about=with_word([registry]),
    )


def _images(subject: Subject) -> list[Control]:
    return [c for c in subject.parameters if any(cell.type is CellType.IMAGE for cell in c.values.values())]


def _part(image: Control, name: str) -> str:
    """Return an image's repository or tag."""
    value = next((cell.value for cell in image.values.values() if cell.type is CellType.IMAGE), None)
    return str(value[name]) if isinstance(value, Mapping) else ""


def _policies(subject: Subject, image: Control) -> list[Control]:
    found = rows(subject, "containers[].imagePullPolicy", r"(image )?pull policy")
    return [row for row in found if not components(row) or components(row) & components(image)]


RULES: tuple[Callable[[Subject], Iterator[Lint]], ...] = (moving_tags, unused_registry)
