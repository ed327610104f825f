"""A snapshot of everything, seen from one namespace."""

from dataclasses import replace

from agent.snapshot.record import Object, Snapshot


def narrow(snapshot: Snapshot, namespace: str) -> Snapshot | None:
    """Return what a look at one namespace would have found: its own objects and the cluster-scoped ones.

    None when the snapshot never looked there, or knows no such namespace.
    """
    if snapshot.namespace not in (None, namespace):
        return None
    objects = {kind: [obj for obj in found if _seen(obj, namespace)] for kind, found in snapshot.objects.items()}
    if not any(_namespace(obj) == namespace or _is(obj, namespace) for found in objects.values() for obj in found):
        return None
    return replace(
        snapshot,
        namespace=namespace,
        objects=objects,
        logs={key: text for key, text in snapshot.logs.items() if key.namespace == namespace},
        usage=[usage for usage in snapshot.usage if usage.namespace == namespace],
        releases=[release for release in snapshot.releases if release.namespace == namespace],
    )


def _seen(obj: Object, namespace: str) -> bool:
    return _namespace(obj) in ("", namespace)


def _namespace(obj: Object) -> str:
    return str((obj.get("metadata") or {}).get("namespace") or "")


def _is(obj: Object, namespace: str) -> bool:
    return obj.get("kind") == "Namespace" and (obj.get("metadata") or {}).get("name") == namespace
