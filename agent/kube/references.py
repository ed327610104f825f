"""Which workloads read a ConfigMap or a Secret: as variables, as files, or in a projected volume."""

from collections.abc import Iterator, Mapping
from typing import Any

from agent.kube.endpoints import workloads
from agent.kube.fields import containers, spec, template
from agent.snapshot.graph import Graph, controller, ref
from agent.snapshot.record import Object, Ref


def readers(config: Object, graph: Graph) -> list[Ref]:
    """Return the workloads, and pods of no workload, whose template names this ConfigMap or Secret."""
    name = ref(config)
    alone = [pod for pod in graph.all("Pod", name.namespace) if controller(pod) is None]
    near = (*workloads(name.namespace, graph), *alone)
    return [ref(obj) for obj in near if (name.kind, name.name) in set(named(template(obj)))]


def configs(workload: Object) -> list[Ref]:
    """Return the ConfigMaps that a workload's template, or a pod, names."""
    home = ref(workload).namespace
    found = named(template(workload))
    return list(dict.fromkeys(Ref(kind, home, name) for kind, name in found if kind == "ConfigMap"))


def named(pod: Object) -> Iterator[tuple[str, str]]:
    """Yield (kind, name) of every ConfigMap and Secret a pod template names."""
    for _, container in containers(pod):
        for source in container.get("envFrom") or ():
            yield from _one(source, "configMapRef", "secretRef", "name")
        for variable in container.get("env") or ():
            yield from _one(variable.get("valueFrom") or {}, "configMapKeyRef", "secretKeyRef", "name")
    for volume in spec(pod).get("volumes") or ():
        yield from _one(volume, "configMap", "secret", "secretName")
        for source in (volume.get("projected") or {}).get("sources") or ():
            yield from _one(source, "configMap", "secret", "name")
    for secret in spec(pod).get("imagePullSecrets") or ():
        yield "Secret", str(secret.get("name"))


def _one(source: Mapping[str, Any], config: str, secret: str, key: str) -> Iterator[tuple[str, str]]:
    if source.get(config):
        yield "ConfigMap", str(source[config].get("name"))
    if source.get(secret):
        yield "Secret", str(source[secret].get(key))
