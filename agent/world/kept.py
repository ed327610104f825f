"""Where a GitOps tool takes from what it keeps: its own object and its sources, read from the cluster."""

from collections.abc import Mapping
from urllib.parse import quote

from agent.change.plan import JSON, Elsewhere
from agent.kube.fields import metadata
from agent.kube.gitops import Keeper, keeper_of
from agent.kube.gitsources import Source, chart_reference, inline, of_application, of_kustomization, of_release
from agent.remedy.patch import Setting, patch
from agent.snapshot.record import Object
from tools.access import Access
from tools.cluster import Reader, connect
from tools.deadline import Deadline
from tools.failure import Failure, FailureKind
from tools.kinds import GITOPS


def elsewhere(keeper: Keeper, wanted: Mapping[str, JSON], access: Access, deadline: Deadline) -> Elsewhere:
    """Return where a keeper takes from what it applies, and in which of it these values belong.

    Args:
        keeper: who keeps the release.
        wanted: values path -> the value it is to have.
        access: the cluster.
        deadline: when the command must have ended.

    """
    reader = connect(access, deadline)
    if isinstance(reader, Failure):
        return Elsewhere(str(keeper), (), "", "", (), str(reader))
    try:
        return _told(keeper, wanted, reader)
    finally:
        reader.close()


def _told(keeper: Keeper, wanted: Mapping[str, JSON], reader: Reader) -> Elsewhere:
    obj = _object(reader, keeper.kind, keeper.namespace, keeper.name)
    if isinstance(obj, Failure):
        return Elsewhere(str(keeper), (), "", "", (), str(obj))
    named = keeper._replace(namespace=str(metadata(obj).get("namespace") or ""))
    holder, values = _inside(obj, wanted)
    return Elsewhere(str(named), _sources(reader, obj), holder, values, _home(reader, keeper_of(obj)))


def _inside(obj: Object, wanted: Mapping[str, JSON]) -> tuple[str, str]:
    """Return which values of the tool's own object win over the files for these paths, and what they are to be."""
    for given in inline(obj):
        found = [Setting(path, value) for path, value in wanted.items() if given.sets(path)]
        if found:
            return given.holder, patch(found)
    return "", ""


def _sources(reader: Reader, obj: Object) -> tuple[Source, ...]:
    if obj.get("kind") == "Application":
        return tuple(of_application(obj))
    named = chart_reference(obj)
    found = _object(reader, str(named.get("kind")), str(named.get("namespace") or ""), str(named.get("name")))
    source = None if isinstance(found, Failure) else found
    return tuple((of_release if obj.get("kind") == "HelmRelease" else of_kustomization)(obj, source))


def _home(reader: Reader, above: Keeper | None) -> tuple[Source, ...]:
    """Return where the object is kept that another one makes."""
    obj = _object(reader, above.kind, above.namespace, above.name) if above is not None else None
    return () if obj is None or isinstance(obj, Failure) else _sources(reader, obj)


def _object(reader: Reader, kind: str, namespace: str, name: str) -> Object | Failure:
    """Return one object, of the version that its group prefers; where no namespace is known, the only one so named."""
    if kind not in GITOPS:
        return Failure(FailureKind.NOT_SERVED, f"{kind} {name}")
    group, plural = GITOPS[kind]
    told = reader.json(f"/apis/{group}")
    if isinstance(told, Failure):
        return told
    prefix = f"/apis/{told['preferredVersion']['groupVersion']}"
    if namespace:
        found = reader.json(f"{prefix}/namespaces/{namespace}/{plural}/{name}")
        return found if isinstance(found, Failure) else {**found, "kind": kind}
    listed = reader.json(f"{prefix}/{plural}", f"fieldSelector=metadata.name%3D{quote(name)}")
    if isinstance(listed, Failure):
        return listed
    return next(({**item, "kind": kind} for item in listed["items"]), Failure(FailureKind.NOT_FOUND, f"{kind} {name}"))
