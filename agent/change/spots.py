"""Where a cause lies: fields of objects, by the API's names; and whether what a value decides reaches them. Pure."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from agent.audit.pointers import steps
from agent.diagnose import modes
from agent.diagnose.finding import Finding
from agent.kube.addresses import HOLDS_PLACE
from agent.kube.paths import field
from agent.kube.remedies import END, Item, Step
from agent.remedy.ground import covers
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Ref

BY_OTHERS = ("Pod", "ReplicaSet", "Node", "EndpointSlice", "Event")
"""Kinds that no chart writes: what stands in their status says nothing of where a fault lies."""

OWN_SECURITY = "containers[].securityContext."

RAN = ("log", "event Unhealthy", "event BackOff", "terminated")
"""What evidence of a program that was started points at."""


GIVEN = frozenset(
    "image command args env envFrom workingDir volumes volumeMounts volumeDevices securityContext hostAliases "
    "dnsPolicy dnsConfig".split()
)
"""Fields of a pod by which its programs run otherwise; when they are asked and where they run is none of them."""


UNREACHED = (modes.DEPENDENCY_UNREACHABLE, modes.LIVENESS_PORT, modes.STARTUP_PORT, modes.READINESS_PROBE)
"""Causes that somebody is not reached: a variable that holds a place or a port may be what is wrong."""


class Spot(NamedTuple):
    """One field of one object, "" for the whole of it; of one container where it is a container's."""

    object: Ref
    field: str
    container: str = ""


def spots(finding: Finding, graph: Graph) -> list[Spot]:
    """Return the fields a finding speaks of: what it would edit, what it concerns, and what its evidence shows."""
    return list(dict.fromkeys(_spots(finding, graph)))


def _spots(finding: Finding, graph: Graph) -> Iterator[Spot]:
    for edit in finding.fix.edits:
        place, named = _written(edit.object, graph), field(edit.object.kind, edit.path)
        yield Spot(place, named, _container(edit.path))
        if named.startswith(OWN_SECURITY):  # what a container does not say itself its pod says for it
            yield Spot(place, named.removeprefix("containers[]."))
    for name in objects(finding, graph):
        yield from (Spot(name, concern, finding.container) for concern in finding.fix.concerns)
    for item in finding.evidence:
        if item.pointer.startswith("/spec"):
            yield Spot(_written(item.where, graph), _field(item.where.kind, item.pointer)[0], finding.container)
        elif item.where.kind not in BY_OTHERS and item.where != finding.subject:
            yield Spot(item.where, "")


def objects(finding: Finding, graph: Graph) -> list[Ref]:
    """Return the objects a finding is about, as charts write them: a pod's workload stands for the pod."""
    edited = [edit.object for edit in finding.fix.edits]
    named = (finding.subject, *edited, *finding.roots, *finding.affected)
    return list(dict.fromkeys(_written(name, graph) for name in named))


def _written(name: Ref, graph: Graph) -> Ref:
    obj = graph.get(*name)
    return name if obj is None else ref(graph.workload(obj))


def reaches(name: Ref, pointer: str, wanted: Sequence[Spot]) -> bool:
    """Return whether a change of an object's field is one of these spots, part of one, or has one inside."""
    here, container = _field(name.kind, pointer)
    for spot in wanted:
        other = container and spot.container and container != spot.container
        inside = not (spot.field and here) or covers(spot.field, here) or covers(here, spot.field)
        if spot.object == name and inside and not other:
            return True
    return False


def is_given(pointer: str, container: str) -> bool:
    """Return whether a field is among what a program is given: how it is started, what it reads, a ConfigMap."""
    if "/template/spec/" in pointer and not GIVEN.isdisjoint(steps(pointer)):
        return not container or _container(tuple(map(_step, steps(pointer)))) in ("", container)
    return pointer.startswith(("/data", "/binaryData")) or not pointer


def is_meant(finding: Finding, pointer: str, now: str) -> bool:
    """Return whether what a program said as it ended may mean a field: by its name, or by what stands in it.

    One that said nothing may mean any; one that reached nobody means what holds a place.
    """
    said = _words(
        " ".join(item.text for item in finding.evidence if item.pointer.startswith(("log", "event Unhealthy")))
    )
    name = _called(pointer)
    if finding.mode in UNREACHED and (HOLDS_PLACE.search(name) or name.lower().endswith("port")):
        return True
    return not said or not said.isdisjoint(_words(f"{name} {now}"))


def _called(pointer: str) -> str:
    """Return what a field is called: a variable by its name, anything else by its last key."""
    *above, last = steps(pointer) or [""]
    return above[-1][6:-1] if last == "value" and above and above[-1].startswith("[name=") else last


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w[\w.-]+\w", text.lower()))


def ran(finding: Finding) -> bool:
    """Return whether a cause is of a program that was started: then anything it was given may be what it ends by."""
    is_job = finding.subject.kind in ("Job", "CronJob")
    return is_job or any(word in item.pointer for item in finding.evidence for word in RAN)


def _field(kind: str, pointer: str) -> tuple[str, str]:
    """Return a pointer as blueprints name the field, and the container it is in."""
    path = tuple(map(_step, steps(pointer)))
    return field(kind, path), _container(path)


def _step(text: str) -> Step:
    if text.startswith("[name="):
        return Item("name", text[6:-1])
    return END if text.startswith("[") or text.isdigit() else text.replace("~1", "/").replace("~0", "~")


def _container(path: Sequence[Step]) -> str:
    above = ("containers", "initContainers")
    named = (step for before, step in pairwise(path) if before in above and isinstance(step, Item))
    return str(next((step.value for step in named), ""))
