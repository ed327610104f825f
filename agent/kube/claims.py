"""What a claim asks of a volume, and what keeps each volume from it: the volume controller's match, on objects."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from agent.kube.fields import claims, metadata, spec, status
from agent.kube.memo import per_graph
from agent.kube.selectors import matches
from agent.snapshot.graph import Graph, labels, ref
from agent.snapshot.record import Object, Ref
from tools.quantity import parse_quantity

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
BY_HAND = "kubernetes.io/no-provisioner"
"""The provisioner of a class whose volumes people make."""

LATE = "WaitForFirstConsumer"


@dataclass(frozen=True, slots=True)
class Match:
    """What one volume says to one claim. All empty: it could be bound."""

    volume: Object
    held: bool
    """Another claim has it, or had it and left it reserved."""
    modes: bool
    """It lacks an access mode the claim wants, or is a block device where files are wanted."""
    size: bool
    """It is smaller than asked."""
    selector: bool
    """The claim's selector does not select it."""

    @property
    def obstacles(self) -> int:
        """How many things keep it from the claim."""
        return self.held + self.modes + self.size + self.selector


def pending(claim: Object) -> bool:
    """Return whether a claim waits for a volume."""
    return (status(claim).get("phase") or "Pending") == "Pending" and not metadata(claim).get("deletionTimestamp")


def class_of(obj: Object) -> str:
    """Return the class a claim or a volume is of, "" for none."""
    legacy = (metadata(obj).get("annotations") or {}).get("volume.beta.kubernetes.io/storage-class")
    return str(spec(obj).get("storageClassName") or legacy or "")


def wanted_size(claim: Object) -> Decimal:
    """Return the bytes a claim asks for."""
    wants = ((spec(claim).get("resources") or {}).get("requests") or {}).get("storage")
    return parse_quantity(str(wants)) or Decimal() if wants is not None else Decimal()


def size(volume: Object) -> Decimal:
    """Return the bytes a volume has."""
    return parse_quantity(str((spec(volume).get("capacity") or {}).get("storage") or 0)) or Decimal()


def holder(volume: Object) -> Ref | None:
    """Return the claim a volume is bound to or reserved for, None when it is free."""
    claimed = spec(volume).get("claimRef") or {}
    return Ref("PersistentVolumeClaim", claimed.get("namespace", ""), claimed["name"]) if claimed.get("name") else None


def is_for(volume: Object, claim: Object) -> bool:
    """Return whether a volume is free or reserved for exactly this claim (by uid, once it was bound)."""
    claimed = spec(volume).get("claimRef") or {}
    if not claimed.get("name"):
        return True
    same = holder(volume) == ref(claim)
    return same and (not claimed.get("uid") or claimed["uid"] == metadata(claim).get("uid"))


def match(claim: Object, volume: Object) -> Match:
    """Return what keeps a volume from a claim of the same class."""
    modes = set(spec(claim).get("accessModes") or ()) - set(spec(volume).get("accessModes") or ())
    kind = (spec(claim).get("volumeMode") or "Filesystem") != (spec(volume).get("volumeMode") or "Filesystem")
    selector = spec(claim).get("selector")
    return Match(
        volume,
        held=not is_for(volume, claim),
        modes=bool(modes) or kind,
        size=size(volume) < wanted_size(claim),
        selector=bool(selector) and not matches(selector or {}, labels(volume)),
    )


@per_graph
def _by_class(graph: Graph) -> Mapping[str, list[Object]]:
    found: dict[str, list[Object]] = defaultdict(list)
    for volume in graph.all("PersistentVolume"):
        found[class_of(volume)].append(volume)
    return found


def candidates(claim: Object, graph: Graph) -> Sequence[Match]:
    """Return every volume of the claim's class, the nearest to fitting first."""
    found = [match(claim, volume) for volume in _by_class(graph).get(class_of(claim), ())]
    return sorted(found, key=lambda item: (item.obstacles, item.held, ref(item.volume).name))


def default_class(graph: Graph) -> str:
    """Return the cluster's default class, "" when it has none."""
    for found in graph.all("StorageClass"):
        if (metadata(found).get("annotations") or {}).get(DEFAULT_CLASS) == "true":
            return ref(found).name
    return ""


def waits_for_consumer(claim: Object, graph: Graph) -> bool:
    """Return whether a claim gets its volume with the first pod that mounts it, and no pod does."""
    found = graph.get("StorageClass", "", class_of(claim) or default_class(graph)) or {}
    late = found.get("volumeBindingMode") == LATE or any(event.get("reason") == LATE for event in graph.events(claim))
    return pending(claim) and late and (ref(claim).namespace, ref(claim).name) not in consumers(graph)


def template_of(claim: Object, graph: Graph) -> tuple[Object, str] | None:
    """Return the StatefulSet whose controller makes a claim (`data-db-0`) again when it is gone, and the template."""
    for creator in graph.all("StatefulSet", ref(claim).namespace):
        for found in spec(creator).get("volumeClaimTemplates") or ():
            name = str((found.get("metadata") or {}).get("name"))
            if re.fullmatch(rf"{re.escape(name)}-{re.escape(ref(creator).name)}-\d+", ref(claim).name):
                return creator, name
    return None


@per_graph
def consumers(graph: Graph) -> dict[tuple[str, str], list[Ref]]:
    """Return (namespace, claim) -> the pods that mount it."""
    found: dict[tuple[str, str], list[Ref]] = {}
    for pod in graph.all("Pod"):
        for _, name in claims(pod):
            found.setdefault((ref(pod).namespace, name), []).append(ref(pod))
    return found


def users(claim: Object, graph: Graph) -> list[Object]:
    """Return the pods that mount a claim."""
    name = ref(claim)
    return [pod for pod in graph.all("Pod", name.namespace) if any(used == name.name for _, used in claims(pod))]
