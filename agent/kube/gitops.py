"""Who keeps an object as a repository has it: Argo CD or Flux, by their marks. They undo changes by hand."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agent.kube.fields import metadata
from agent.snapshot.graph import Graph, labels, ref
from agent.snapshot.record import Object, Ref

ARGO_LABEL = "argocd.argoproj.io/instance"
ARGO_TRACKING = "argocd.argoproj.io/tracking-id"
"""`APPLICATION:GROUP/KIND:NAMESPACE/NAME` of the object it was written for."""
INSTANCE = "app.kubernetes.io/instance"
"""Argo CD's mark of old; many others set it too."""

FLUX = {"helm.toolkit.fluxcd.io": "HelmRelease", "kustomize.toolkit.fluxcd.io": "Kustomization"}
"""Prefix of the labels `name` and `namespace` -> the kind that owns what carries them."""


class Keeper(NamedTuple):
    """The object by which a GitOps tool keeps others as a repository has them."""

    tool: str
    """`Argo CD` or `Flux`."""
    kind: str
    name: str
    namespace: str
    """"" where nothing says it."""

    def __str__(self) -> str:
        """`Flux's HelmRelease shop in flux-system`."""
        return f"{self.tool}'s {self.kind} {self.name}{f' in {self.namespace}' if self.namespace else ''}"


def keeper(objects: Sequence[Ref], graph: Graph) -> Keeper | None:
    """Return who keeps the first of these objects that anybody keeps, None where nobody does."""
    for name in objects:
        obj = graph.get(*name)
        found = (_flux(obj) or _argo(obj, graph)) if obj is not None else None
        if found is not None:
            return found
    return None


def keeper_of(obj: Object) -> Keeper | None:
    """Return who keeps one object by the marks that only a GitOps tool sets."""
    name = str(labels(obj).get(ARGO_LABEL) or _tracked(obj) or "")
    return _flux(obj) or (_application(name, {}) if name else None)


def _flux(obj: Object) -> Keeper | None:
    found = labels(obj)
    for prefix, kind in FLUX.items():
        if found.get(f"{prefix}/name"):
            return Keeper("Flux", kind, str(found[f"{prefix}/name"]), str(found.get(f"{prefix}/namespace") or ""))
    return None


def _argo(obj: Object, graph: Graph) -> Keeper | None:
    name = labels(obj).get(ARGO_LABEL) or _tracked(obj) or ""
    instance = labels(obj).get(INSTANCE)
    known = {ref(found).name: ref(found).namespace for found in graph.all("Application")}
    name = name or (instance if instance in known else "")
    return _application(str(name), known) if name else None


def _application(named: str, known: Mapping[str, str]) -> Keeper:
    """Return an application by its instance name: `NAMESPACE_NAME` where it lives beside Argo CD's own namespace."""
    namespace, _, name = named.rpartition("_")
    return Keeper("Argo CD", "Application", name, namespace or known.get(name, ""))


def _tracked(obj: Object) -> str:
    """Return the application that tracks this very object; controllers copy annotations to what they make."""
    found = str((metadata(obj).get("annotations") or {}).get(ARGO_TRACKING) or "")
    application, _, rest = found.partition(":")
    kind, _, name = rest.partition(":")
    same = kind.endswith(f"/{obj.get('kind')}") and name.endswith(f"/{ref(obj).name}")
    return application if same else ""
