"""How far a container is from what a blueprint decided for its service: image, port, limits, environment.

A row speaks of the container's field in Kubernetes (`containers[].resources.limits.memory`); the same is held against
what the engine gives this one. What an engine has no word for (probes, replicas, pull policy) is left out.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from agent.audit.expected import expected
from agent.audit.normalise import text
from agent.blueprint.control import Binding, Blueprints, Control, Profile
from agent.container.examined import Difference
from agent.container.look import SERVICE, Look
from agent.kube.fields import number
from agent.kube.wording import cores, memory
from agent.remedy.ground import citation

NANO = 1_000_000_000


def differences(look: Look, blueprints: Blueprints, profile: Profile | None) -> Iterator[Difference]:
    """Yield each row of its service that the container breaks; nothing where no blueprint speaks of it."""
    binding = _binding(look, blueprints)
    for row in blueprints.controls if binding else ():
        if binding is not None and row.component == binding.component:
            for field in row.fields:
                if field in FIELDS:
                    yield from _difference(row, field, look, profile)


def _binding(look: Look, blueprints: Blueprints) -> Binding | None:
    """Return the component a container is: by its image's name, its service in compose, or its own name."""
    image = str(look.config.get("Image") or "").rpartition("/")[2].partition(":")[0].partition("@")[0]
    service = str((look.config.get("Labels") or {}).get(SERVICE) or "")
    names = {image, service, look.name}
    return next((item for item in blueprints.bindings if item.name in names and item.container), None)


def _difference(row: Control, field: str, look: Look, profile: Profile | None) -> Iterator[Difference]:
    asked = [item for chosen in ([profile] if profile else list(row.values)) for item in expected(row, chosen)]
    has = FIELDS[field](look)
    if asked and not any(
        item.met(found, f"/{field.rpartition('.')[0]}/{field.rpartition('.')[2]}")
        for item in asked
        for found in has or [None]
    ):
        wanted = " / ".join(dict.fromkeys(item.shown() if item.value is not None else "nothing" for item in asked))
        cited = citation(row, next(iter(row.paths), ""), profile)
        yield Difference(
            cited, row.raw if isinstance(asked[0].value, dict) else wanted, ", ".join(map(text, has)) or "nothing"
        )


def _image(look: Look) -> list[object]:
    return [str(look.config.get("Image") or "")]


def _ports(look: Look) -> list[object]:
    return [number(name.partition("/")[0]) for name in look.config.get("ExposedPorts") or {}]


def _memory(look: Look) -> list[object]:
    limit = number(look.host.get("Memory"))
    return [memory(Decimal(limit))] if limit else []


def _cpu(look: Look) -> list[object]:
    nano = number(look.host.get("NanoCpus"))
    return [cores(Decimal(nano) / NANO)] if nano else []


FIELDS: Mapping[str, Callable[[Look], list[object]]] = {
    "containers[].image": _image,
    "containers[].ports[].containerPort": _ports,
    "containers[].resources.limits.memory": _memory,
    "containers[].resources.limits.cpu": _cpu,
}
"""A field of the blueprints -> what an engine has of it."""
