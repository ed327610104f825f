"""The variables a container is given, as far as objects tell: from its own list, from ConfigMaps, from Secrets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agent.kube.containers import Container
from agent.kube.wording import closest
from agent.snapshot.graph import Graph, ref

ELSEWHERE = "?"
"""Stands for a value that is not written in the container itself."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What a container is given."""

    given: Mapping[str, str]
    """Variable to value, `ELSEWHERE` for one that comes from another object, "" for an empty one."""
    lost: Mapping[str, str]
    """Variable to the optional reference that gives it nothing, `ConfigMap db-config (optional) …` in words."""
    whole: bool
    """Whether nobody gives it variables that cannot be seen here, as a Secret taken whole does."""

    def has(self, name: str) -> bool:
        """Return whether a variable of that name has a value, in any case and behind any prefix (`APP_` + name)."""
        wanted = name.upper()
        found = ((key.upper(), value) for key, value in self.given.items())
        return any(value for key, value in found if key == wanted or (name.islower() and key.endswith(f"_{wanted}")))

    def near(self, name: str) -> str:
        """Return the variable that is set and was most likely meant, "" when none is near."""
        return closest(name, (key for key, value in self.given.items() if value))


def environment(container: Container, graph: Graph) -> Environment:
    """Return the variables of a container."""
    given: dict[str, str] = {}
    lost: dict[str, str] = {}
    whole = True
    for source in container.spec.get("envFrom") or ():
        names, known = _taken(source, container, graph)
        given |= dict.fromkeys(names, ELSEWHERE)
        whole = whole and known
    for variable in container.spec.get("env") or ():
        name = str(variable.get("name") or "")
        missing = _gives_nothing(variable.get("valueFrom") or {}, container, graph)
        if missing:
            lost[name] = missing
        else:
            given[name] = ELSEWHERE if variable.get("valueFrom") else str(variable.get("value") or "")
    return Environment(given, lost, whole)


def holders(name: str, namespace: str, graph: Graph) -> Iterator[str]:
    """Yield the ConfigMaps of a namespace that have a key of that name."""
    for found in graph.all("ConfigMap", namespace):
        if name in (found.get("data") or {}):
            yield ref(found).name


def _taken(source: Mapping[str, Any], container: Container, graph: Graph) -> tuple[list[str], bool]:
    """Return the variables an `envFrom` entry gives, and whether those are all it may give."""
    namespace, prefix = ref(container.pod).namespace, source.get("prefix") or ""
    wanted = (source.get("configMapRef") or {}).get("name")
    if wanted:
        found = graph.get("ConfigMap", namespace, wanted)
        known = found is not None or graph.exists("ConfigMap", namespace, wanted) is False
        return [f"{prefix}{key}" for key in ((found or {}).get("data") or {})], known
    secret = (source.get("secretRef") or {}).get("name")
    held = graph.get("Secret", namespace, secret) if secret else None
    empty = held is not None and held.get("keys") == 0
    return [], not secret or empty or graph.exists("Secret", namespace, secret) is False


def _gives_nothing(chosen: Mapping[str, Any], container: Container, graph: Graph) -> str:
    """Return in words why an optional reference gives no value, "" when it does or nobody can say."""
    namespace = ref(container.pod).namespace
    for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
        wanted = chosen.get(field) or {}
        if not wanted.get("optional") or not wanted.get("name"):
            continue
        if graph.exists(kind, namespace, wanted["name"]) is False:
            return f"the optional {kind} {wanted['name']} it would come from does not exist"
        found = graph.get(kind, namespace, wanted["name"]) if kind == "ConfigMap" else None
        if found is not None and wanted.get("key") not in (found.get("data") or {}):
            return f"the optional key {wanted.get('key')} of {kind} {wanted['name']} does not exist"
    return ""
