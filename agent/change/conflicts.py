"""Which fields helm's server-side apply will not be allowed to set, in the API server's own words. Pure.

The server refuses a field that somebody else holds and that would change. Everybody who wrote it under another name or
in another way counts: an autoscaler, `kubectl edit`, and helm itself from before it applied on the server.
"""

from collections.abc import Iterator, Sequence

from agent.audit.drift import differing_pairs
from agent.audit.inputs import Objects, identity
from agent.audit.normalise import is_empty, is_masked
from agent.audit.owners import Owner, held, is_controller, is_helm
from agent.change.plan import Conflict
from agent.snapshot.record import Object

APPLIER = "helm"
"""The manager under which helm applies."""


def conflicts(wanted: Sequence[Object], live: Objects, namespace: str) -> list[Conflict]:
    """Return every field of the objects helm is about to apply on the server that it will be refused."""
    return [found for obj in wanted for found in _of_object(obj, live, namespace)]


def _of_object(wanted: Object, live: Objects, namespace: str) -> Iterator[Conflict]:
    name = identity(wanted, namespace)
    now = live.get(name)
    seen: set[tuple[Owner, str]] = set()
    for pointer, asked, found in differing_pairs(wanted, now) if now is not None else ():
        if is_empty(asked) or is_masked(asked) or is_masked(found):
            continue
        for owner, path in held(now or {}, pointer):
            if not _is_own(owner) and (owner, path) not in seen:
                seen.add((owner, path))
                yield Conflict(
                    str(name), path, owner.manager, owner.operation, owner.subresource, _why(owner, path, str(name))
                )


def _is_own(owner: Owner) -> bool:
    return owner.manager == APPLIER and owner.operation == "Apply" and not owner.subresource


def _why(owner: Owner, path: str, name: str) -> str:
    """Return whose a field is, and what would end the conflict."""
    if owner.subresource == "scale" or (path == ".spec.replicas" and is_controller(owner)):
        return f"an autoscaler sets {path} of {name}: leave the number out of the chart while autoscaling is on"
    if is_helm(owner):
        return f"helm itself holds {path} of {name} from before it applied on the server"
    verb = "applied" if owner.operation == "Apply" else "edited"
    when = f" at {owner.time}" if owner.time else ""
    return f"{owner.manager} {verb} {path} of {name}{when}: that manager has to give it up first"


def said(found: Sequence[Conflict]) -> str:
    """Return the words of the API server for the conflicts of one object."""
    return "; ".join(f'conflict with "{item.manager}"{_with(item)}: {item.pointer}' for item in found)


def _with(item: Conflict) -> str:
    return f' with subresource "{item.subresource}"' if item.subresource else ""
