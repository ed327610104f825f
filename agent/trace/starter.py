"""A starter blueprint: every value of a chart as a row, each unjustified until a person says why. Pure."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent.audit.expected import digest
from agent.audit.fields import KINDS, POD, WORKLOADS, read
from agent.audit.normalise import is_empty, text
from agent.blueprint.cells import Unreadable
from agent.blueprint.cells import read as read_cell
from agent.blueprint.controls import PATH
from agent.blueprint.values import Leaf, Masked, Values, keys
from agent.snapshot.record import Object, Ref
from agent.trace.rendering import RenderedField

UNJUSTIFIED = "UNJUSTIFIED: say why"
SECRET = "a secret"  # noqa: S105 - what stands in the place of one
PREFIXES = {kind: word for word, found in KINDS.items() for kind in found}

BOUND = (*WORKLOADS, "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "ConfigMap", "Ingress")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[._-]+")
_CONTAINER = re.compile(r"/\[name=([^\]]+)\]")


@dataclass(frozen=True, slots=True)
class Material:
    """What a starter is made of: the chart's name and values, its objects, and what each value decides."""

    chart: str
    release: str
    values: Values
    objects: Mapping[Ref, Object]
    fields: Mapping[str, Sequence[RenderedField]]
    running: Mapping[str, str]
    """Values path -> what the running release was given instead."""


@dataclass(frozen=True, slots=True)
class Component:
    """One component: a workload and its main container, under the workload's name without the release's."""

    name: str
    workload: Ref | None
    container: str


def starter(material: Material) -> str:
    """Return the blueprint as markdown; the parser of blueprints reads every row of it."""
    parts = _parts(material)
    taken: set[str] = set()
    lines = _head(material)
    nameable = [leaf for leaf in material.values.leaves.values() if PATH.fullmatch(leaf.path)]
    for part in parts:
        leaves = [leaf for leaf in nameable if _part(leaf, material, parts) is part]
        lines += [f"## {part.name}", "", *TABLE, *(_row(leaf, material, part, taken) for leaf in leaves), ""]
    return "\n".join([*lines, *_nameless(material), *_bindings(material, parts)]) + "\n"


def field_of(leaf: Leaf, material: Material) -> str:
    """Return what the Field column calls the field that a value decides, "" where it has no name there."""
    return _field(leaf, material, _part(leaf, material, _parts(material)))


def _nameless(material: Material) -> list[str]:
    """Say which values have keys that no Helm Path can hold: they stay without a row, and the reader knows."""
    odd = [leaf.source for leaf in material.values.leaves.values() if not PATH.fullmatch(leaf.path)]
    places = [f"- {source}" for source in odd]
    return ["## Without a row", "", "The keys of these values fit no Helm Path:", "", *places, ""] if odd else []


TABLE = (
    "| ID | Parameter | Value | Helm Path | Field | Rationale |",
    "|----|-----------|-------|-----------|-------|-----------|",
)


def _head(material: Material) -> list[str]:
    of = f" and the release {material.release}" if material.running else ""
    return [
        f"# {material.chart}",
        "",
        f"Written by `agent init` from the chart {material.chart}{of}. Every row states what is; none says why yet.",
        f'Replace each "{UNJUSTIFIED}" by the reason, and a value by the one you decide on.',
        "",
    ]


def _parts(material: Material) -> list[Component]:
    found = [name for name in material.objects if name.kind in WORKLOADS]
    if not found:
        return [Component(material.chart.casefold(), None, "")]
    return [Component(_short(name.name, material), name, _container(material.objects[name])) for name in found]


def _short(name: str, material: Material) -> str:
    return name.removeprefix(f"{material.release}-").casefold() or material.chart.casefold()


def _part(leaf: Leaf, material: Material, parts: Sequence[Component]) -> Component:
    """Return the component a value belongs to: of the first object it decides, the first one where it decides none."""
    fields = material.fields.get(leaf.path, ())
    return _owner(fields[0].object, parts) if fields else parts[0]


def _owner(name: Ref, parts: Sequence[Component]) -> Component:
    """Return the component an object belongs to: itself, or the one whose name it shares the most of."""
    return max(parts, key=lambda part: (part.workload == name, _shared(name.name, part.workload)))


def _shared(name: str, workload: Ref | None) -> int:
    if workload is None:
        return 0
    pairs = zip(name, workload.name, strict=False)
    return next((index for index, (one, other) in enumerate(pairs) if one != other), min(len(name), len(workload.name)))


def _row(leaf: Leaf, material: Material, part: Component, taken: set[str]) -> str:
    value = material.running.get(leaf.path) or stated(leaf)
    field = _field(leaf, material, part)
    cells = (_id(leaf.path, taken), title(leaf.path, value), value, leaf.path, field, UNJUSTIFIED)
    return f"| {' | '.join(cells)} |"


def stated(leaf: Leaf) -> str:
    """Return a value as a table's cell: one line without a pipe, `None` for nothing, never a secret."""
    if isinstance(leaf.value, Masked):
        return SECRET
    if is_empty(leaf.value):
        return "None"
    structured = isinstance(leaf.value, list | dict)
    shown = json.dumps(leaf.value, ensure_ascii=False) if structured else text(leaf.value)
    odd = "|" in shown or re.search(r"<[A-Za-z/!]", shown) or not shown.isprintable() or len(shown) > 200
    return digest(shown) if odd or shown != shown.strip().strip("`") else shown


def title(path: str, value: str) -> str:
    """Return a row's title: words of its path whose grammar reads the value, else the path as one word."""
    parts = keys(path)
    for size in (2, 3, len(parts)):
        words = " ".join(word for key in parts[-size:] for word in _CAMEL.split(key) if word)
        if _reads(words.capitalize(), value, path):
            return words.capitalize()
    return "Value" + "".join(word[:1].upper() + word[1:] for key in parts for word in _CAMEL.split(key) if word)


def _reads(words: str, value: str, path: str) -> bool:
    try:
        cells = read_cell(words, value, (path,))
    except Unreadable:
        return False
    return all(text(cell.value) == value or cell.value is None for cell in cells.values())


def _id(path: str, taken: set[str]) -> str:
    """Return a stable id made of the path, `A-B` at least, each once."""
    made = "-".join(re.findall(r"[A-Za-z0-9]+", "-".join(_CAMEL.split(path)))).upper()
    made = made if "-" in made and made[0].isalpha() else f"VAL-{made}"
    name, number = made, 2
    while name in taken:
        name, number = f"{made}-{number}", number + 1
    taken.add(name)
    return name


def _field(leaf: Leaf, material: Material, part: Component) -> str:
    """Return the first field the value decides that, read back from the rendered object, holds the value itself."""
    for place in material.fields.get(leaf.path, ()):
        for field in _words(place, part):
            found = [item.value for item in read(field, material.objects[place.object], part.container)]
            if any(item is not None and text(item) == text(leaf.value) for item in found):
                return field
    return ""


def _words(place: RenderedField, part: Component) -> Iterator[str]:
    """Yield what the Field column may call a place."""
    prefix = PREFIXES.get(place.object.kind)
    if place.object != part.workload and prefix is None:
        return
    pointer = place.pointer
    if place.object == part.workload:
        yield from _pod_words(pointer, part.container)
    elif "/ports/[" in pointer:
        yield from (f"{prefix}.ports[].{name}" for name in ("port", "targetPort", "nodePort"))
    elif pointer.startswith(("/spec/", "/data/")):
        yield f"{prefix}.{pointer.removeprefix('/spec/').lstrip('/').replace('/', '.')}"


def _pod_words(pointer: str, container: str) -> Iterator[str]:
    inside = pointer.partition("/template/spec/")[2]
    named = _CONTAINER.search(inside)
    if inside.startswith("containers/") and named and named[1] == container:
        below = inside.partition("]/")[2]
        if "ports/[" in below:
            yield "containers[].ports[].containerPort"
        elif "[" not in below:
            yield f"containers[].{below.replace('/', '.')}"
    elif inside and inside.partition("/")[0] in POD and "[" not in inside:
        yield inside.replace("/", ".")
    elif not inside and pointer.startswith("/spec/") and "[" not in pointer:
        yield pointer.removeprefix("/spec/").replace("/", ".")


def _container(workload: Object) -> str:
    found = read("containers[].name", workload, "")
    return str(found[0].value or "")


def _bindings(material: Material, parts: Sequence[Component]) -> list[str]:
    return [
        "## Bindings",
        "",
        "| Component | Kind | Name | Container | Values |",
        "|-----------|------|------|-----------|--------|",
        *(_binding(name, material, _owner(name, parts)) for name in material.objects if name.kind in BOUND),
    ]


def _binding(name: Ref, material: Material, part: Component) -> str:
    root = next((leaf.path.partition(".")[0] for leaf in material.values.leaves.values()), part.name)
    container = part.container if name == part.workload else ""
    return f"| {part.name} | {name.kind} | {_released(name.name, material.release)} | {container} | {root} |"


def _released(name: str, release: str) -> str:
    return name.replace(release, "{release}", 1) if release else name
