"""What Argo CD and Flux leave in a cluster: their kinds, served as any API serves them, with objects but no controller.

A controller would only undo what is tried here; what is read of it are the objects a person wrote.
"""

import json
from collections.abc import Mapping
from typing import Any

from tests.cluster.plugin import Cluster
from tools.kinds import GITOPS

VERSIONS = {"argoproj.io": "v1alpha1", "helm.toolkit.fluxcd.io": "v2"}
"""API group -> the version it is served in, `v1` for the others."""


def serve(cluster: Cluster, *kinds: str) -> None:
    """Make the API server serve these kinds."""
    for kind in kinds:
        cluster.kubectl("apply", "--filename=-", stdin=json.dumps(_definition(kind)))
        cluster.kubectl("wait", "--for=condition=Established", f"crd/{_plural(kind)}", "--timeout=30s")


def unserve(cluster: Cluster, *kinds: str) -> None:
    """Take these kinds away again, with every object of theirs."""
    cluster.kubectl("delete", "crd", *map(_plural, kinds), "--ignore-not-found")


def make(cluster: Cluster, kind: str, namespace: str, name: str, spec: Mapping[str, Any], **labels: str) -> None:
    """Make one object."""
    group = GITOPS[kind][0]
    meta = {"name": name, "namespace": namespace, "labels": labels}
    obj = {"apiVersion": f"{group}/{VERSIONS.get(group, 'v1')}", "kind": kind, "metadata": meta, "spec": spec}
    cluster.kubectl("apply", "--filename=-", stdin=json.dumps(obj))


def _plural(kind: str) -> str:
    group, plural = GITOPS[kind]
    return f"{plural}.{group}"


def _definition(kind: str) -> dict[str, Any]:
    group, plural = GITOPS[kind]
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": VERSIONS.get(group, "v1"), "served": True, "storage": True, "schema": schema}
    names = {"kind": kind, "plural": plural, "singular": kind.casefold(), "listKind": f"{kind}List"}
    spec = {"group": group, "scope": "Namespaced", "names": names, "versions": [version]}
    meta = {"name": f"{plural}.{group}"}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": meta, "spec": spec}
