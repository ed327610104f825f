"""How the objects of a snapshot hang together: owners, selectors, references, events.

Built once, indexed lazily: a rule that never asks for events never pays for their index.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from agent.snapshot.record import LogKey, Object, Ref, Snapshot


def ref(obj: Object) -> Ref:
    """Return the name of an object."""
    meta = obj.get("metadata") or {}
    return Ref(obj.get("kind", ""), meta.get("namespace", ""), meta.get("name", ""))


def labels(obj: Object) -> Mapping[str, str]:
    """Return an object's labels, empty when it has none."""
    return (obj.get("metadata") or {}).get("labels") or {}


def controller(obj: Object) -> Mapping[str, str] | None:
    """Return the ownerReference of the controller that made this object, or None."""
    owners = (obj.get("metadata") or {}).get("ownerReferences") or ()
    return next((owner for owner in owners if owner.get("controller")), None)


def _same_uid(obj: Object, wanted: Mapping[str, str]) -> bool:
    """Return whether an ownerReference means this object: uids decide where both carry one."""
    own, named = (obj.get("metadata") or {}).get("uid"), wanted.get("uid")
    return not own or not named or own == named


def covers(selector: Mapping[str, str], found: Mapping[str, str]) -> bool:
    """Return whether a plain label selector selects these labels; an empty selector selects nothing."""
    return bool(selector) and all(found.get(key) == value for key, value in selector.items())


DEEPEST = 20
"""Owners above each other that are followed; Kubernetes' own, and the operators' above them, are four or five."""


class Graph:
    """The joins rules make. Every answer is about this snapshot only; `exists` is None where the list is not whole."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.memo: dict[Callable[[Graph], Any], Any] = {}
        """What was computed from this look once, by the function that did (agent/kube/memo.py)."""

    def all(self, kind: str, namespace: str | None = None) -> Sequence[Object]:
        """Return the objects of a kind, in one namespace when named."""
        if namespace is None:
            return self._plain_events if kind == "Event" else self.snapshot.objects.get(kind, ())
        return self._by_namespace(kind).get(namespace, ())

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """Return one object, or None when the snapshot has none of that name."""
        return self._by_ref(kind).get((namespace, name))

    def exists(self, kind: str, namespace: str, name: str) -> bool | None:
        """Return whether the object exists; None when the list of its kind is not whole, so nobody can say."""
        if self.get(kind, namespace, name) is not None:
            return True
        return False if self.snapshot.knows(kind) and self.in_scope(namespace) else None

    def in_scope(self, namespace: str) -> bool:
        """Return whether this snapshot looked at that namespace ("" is cluster scope, always looked at)."""
        return self.snapshot.namespace in (None, namespace) or not namespace

    def owner(self, obj: Object) -> Object | None:
        """Return the controller that made this object, when the snapshot has it."""
        wanted = controller(obj)
        if wanted is None:
            return None
        found = self.get(wanted.get("kind", ""), ref(obj).namespace, wanted.get("name", ""))
        return found if found is not None and _same_uid(found, wanted) else None

    def workload(self, obj: Object) -> Object:
        """Return the topmost controller above an object (a pod's Deployment), or the object itself."""
        return next(reversed([obj, *self.owners(obj)]))

    def owners(self, obj: Object) -> Iterator[Object]:
        """Yield the controllers above an object, the nearest first; a ring of owners ends where it would close."""
        seen = {ref(obj)}
        above = self.owner(obj)
        while above is not None and ref(above) not in seen and len(seen) < DEEPEST:
            yield above
            seen.add(ref(above))
            above = self.owner(above)

    def children(self, obj: Object) -> Sequence[Object]:
        """Return what an object controls directly: a Deployment's ReplicaSets, a ReplicaSet's Pods."""
        found = self._children.get(ref(obj), ())
        return [child for child in found if _same_uid(obj, controller(child) or {})]

    def below(self, obj: Object) -> Iterator[Object]:
        """Yield what an object controls, directly or through others; in a ring of owners each once."""
        seen, left = {ref(obj)}, [(child, 1) for child in reversed(self.children(obj))]
        while left:
            child, depth = left.pop()
            if ref(child) not in seen and depth < DEEPEST:
                yield child
                seen.add(ref(child))
                left += [(item, depth + 1) for item in reversed(self.children(child))]

    def pods(self, obj: Object) -> Iterator[Object]:
        """Yield the pods below a workload, at any depth; a Pod yields itself."""
        if obj.get("kind") == "Pod":
            yield obj
            return
        yield from (found for found in self.below(obj) if found.get("kind") == "Pod")

    def events(self, obj: Object) -> Sequence[Object]:
        """Return the events about exactly this object (kind, name, and uid where both carry one), newest last."""
        uid = (obj.get("metadata") or {}).get("uid", "")
        found = self._events.get(ref(obj), ())
        return [event for event in found if (event["involvedObject"].get("uid") or uid) == uid or not uid]

    def selected(self, service: Object) -> list[Object]:
        """Return the pods a Service's selector selects."""
        selector = (service.get("spec") or {}).get("selector") or {}
        return [pod for pod in self.all("Pod", ref(service).namespace) if covers(selector, labels(pod))]

    def slices(self, service: Object) -> list[Object]:
        """Return the EndpointSlices of a Service."""
        wanted = ref(service)
        return [
            found
            for found in self.all("EndpointSlice", wanted.namespace)
            if labels(found).get("kubernetes.io/service-name") == wanted.name
        ]

    def log(self, pod: Object, container: str, *, previous: bool) -> str:
        """Return one container's log, "" when it was not read."""
        name = ref(pod)
        return self.snapshot.logs.get(LogKey(name.namespace, name.name, container, previous), "")

    def _by_ref(self, kind: str) -> Mapping[tuple[str, str], Object]:
        found = self._indexes.get(kind)
        if found is None:
            found = {(ref(obj).namespace, ref(obj).name): obj for obj in self.all(kind)}
            self._indexes[kind] = found
        return found

    @cached_property
    def _indexes(self) -> dict[str, Mapping[tuple[str, str], Object]]:
        return {}

    def _by_namespace(self, kind: str) -> Mapping[str, Sequence[Object]]:
        found = self._namespaces.get(kind)
        if found is None:
            index: dict[str, list[Object]] = defaultdict(list)
            for obj in self.all(kind):
                index[(obj.get("metadata") or {}).get("namespace", "")].append(obj)
            found = self._namespaces[kind] = index
        return found

    @cached_property
    def _namespaces(self) -> dict[str, Mapping[str, Sequence[Object]]]:
        return {}

    @cached_property
    def _children(self) -> Mapping[Ref, Sequence[Object]]:
        index: dict[Ref, list[Object]] = defaultdict(list)
        for kind in ("Pod", "ReplicaSet", "Job"):
            for obj in self.all(kind):
                above = controller(obj)
                if above is not None:
                    index[Ref(above.get("kind", ""), ref(obj).namespace, above.get("name", ""))].append(obj)
        return index

    @cached_property
    def _plain_events(self) -> Sequence[Object]:
        """Return the events, each with its message as it was first said: the same for every rule."""
        return [_plain(event) for event in self.snapshot.objects.get("Event", ())]

    @cached_property
    def _events(self) -> Mapping[Ref, Sequence[Object]]:
        index: dict[Ref, list[Object]] = defaultdict(list)
        for event in sorted(self.all("Event"), key=event_time):
            about = event.get("involvedObject") or {}
            index[Ref(about.get("kind", ""), about.get("namespace", ""), about.get("name", ""))].append(event)
        return index


COMBINED = "(combined from similar events): "
"""What the API's clients put before the message of events they count together."""


def _plain(event: Object) -> Object:
    """Return the event with its message as it was first said."""
    message = event.get("message") or ""
    return {**event, "message": message.removeprefix(COMBINED)} if message.startswith(COMBINED) else event


def event_time(event: Object) -> str:
    """Return when an event was last seen, as the API's RFC 3339 text (which sorts), "" when it carries no time."""
    series = event.get("series") or {}
    return series.get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime") or ""
