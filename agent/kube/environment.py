"""The environment of a container, by Kubernetes' own rules: what a kubelet would set, as far as objects tell.

`envFrom` comes first, a later entry before an earlier one; `env` goes over both. `$(NAME)` stands for a variable set
before, `$$(NAME)` for itself, an unknown one stays as written. An optional reference to nothing sets nothing.
Source: the API reference of EnvVar and EnvFromSource, and the kubelet's makeEnvironmentVariables.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.kube.fields import spec
from agent.kube.wording import closest
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object

_REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")
_SHELL = re.compile(r"\$\{(\w+)(?::?-[^}]*)?\}|\$(\w+)")
_LINKED = re.compile(r"\b(?:tcp|udp|sctp)://(?P<host>\d+(?:\.\d+){3}):(?P<port>\d+)")
_LINK = re.compile(r"(?P<name>\w+)_SERVICE_(?P<what>HOST|PORT)")


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable a container is given."""

    value: str
    """What it holds. "" where nobody can say; references to what nobody can say stay as written, `$(PASSWORD)`."""
    source: str = ""
    """The object it is taken from, `Secret db`, `ConfigMap web`, `field status.podIP`; "" for the container itself."""
    known: bool = True
    """Whether the value is known: a Secret's never is."""


@dataclass(frozen=True, slots=True)
class Environment:
    """The variables of one container."""

    variables: Mapping[str, Variable]
    lost: Mapping[str, str] = field(default_factory=dict)
    """Variable to why its optional reference gives it nothing, in words."""
    whole: bool = True
    """Whether no variables are given that cannot be seen here, as those of a Secret taken whole."""

    @property
    def values(self) -> dict[str, str]:
        """Return variable to value, of those whose value is known."""
        return {name: found.value for name, found in self.variables.items() if found.known}

    def has(self, name: str) -> bool:
        """Return whether a variable of that name has a value, in any case and behind any prefix (`APP_` + name)."""
        wanted = name.upper()
        found = ((key.upper(), value) for key, value in self.variables.items())
        return any(
            value.value or not value.known
            for key, value in found
            if key == wanted or (name.islower() and key.endswith(f"_{wanted}"))
        )

    def near(self, name: str) -> str:
        """Return the variable that is set and was most likely meant, "" when none is near."""
        return closest(name, (key for key, found in self.variables.items() if found.value or not found.known))

    def expand(self, text: str) -> str:
        """Return a command's or argument's text as the kubelet expands it."""
        return expand(text, self.values)

    def shell(self, text: str) -> str:
        """Return a script's text with `$NAME` and `${NAME}` filled in, where their values are known."""
        values = self.values
        return _SHELL.sub(lambda found: values.get(found[1] or found[2], found[0]), self.expand(text))


def expand(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its `$(NAME)` filled in; unknown ones stay, `$$` becomes `$`."""

    def filled(found: re.Match[str]) -> str:
        return "$" if found[1] is None else values.get(found[1], found[0])

    return _REFERENCE.sub(filled, text)


def environment(container: Mapping[str, Any], namespace: str, graph: Graph) -> Environment:
    """Return the environment of a container (its spec, in a pod or a template) of a namespace."""
    variables: dict[str, Variable] = {}
    lost: dict[str, str] = {}
    whole = True
    for source in container.get("envFrom") or ():
        taken, known = _taken(source, namespace, graph)
        variables |= taken
        whole = whole and known
    for entry in container.get("env") or ():
        name, chosen = str(entry.get("name") or ""), entry.get("valueFrom") or {}
        missing = _gives_nothing(chosen, namespace, graph)
        if missing:
            lost[name] = missing
        elif entry.get("value") or not chosen:
            variables[name] = Variable(_expanded(str(entry.get("value") or ""), variables, namespace, graph))
        else:
            variables[name] = _chosen(chosen, namespace, graph)
    return Environment(variables, {name: why for name, why in lost.items() if name not in variables}, whole)


def holders(name: str, namespace: str, graph: Graph) -> Iterator[str]:
    """Yield the ConfigMaps of a namespace that have a key of that name."""
    for found in graph.all("ConfigMap", namespace):
        if name in (found.get("data") or {}):
            yield ref(found).name


def _expanded(text: str, variables: Mapping[str, Variable], namespace: str, graph: Graph) -> str:
    values = {name: found.value for name, found in variables.items() if found.known}
    links = {name: value for name in _REFERENCE.findall(text) if (value := _link(name, namespace, graph))}
    return expand(text, {**links, **values})


def _link(name: str, namespace: str, graph: Graph) -> str:
    """Return what the kubelet sets for each Service of the namespace (`DB_SERVICE_HOST`), "" for other names."""
    named = _LINK.fullmatch(name)
    service = graph.get("Service", namespace, named["name"].lower().replace("_", "-")) if named else None
    if named is None or service is None or spec(service).get("clusterIP") in (None, "", "None"):
        return ""
    ports: Sequence[Mapping[str, Any]] = spec(service).get("ports") or ({},)
    return str(spec(service)["clusterIP"] if named["what"] == "HOST" else ports[0].get("port") or "")


def link_in(text: str, namespace: str, graph: Graph) -> tuple[str, Object] | None:
    """Return (variable, Service) of the address a text quotes that the kubelet sets for a Service: `DB_PORT=tcp://…`."""
    found = _LINKED.search(text)
    for service in graph.all("Service", namespace) if found else ():
        ports = {str(port.get("port")) for port in spec(service).get("ports") or ()}
        if found and spec(service).get("clusterIP") == found["host"] and found["port"] in ports:
            return f"{ref(service).name.upper().replace('-', '_')}_PORT", service
    return None


def _taken(source: Mapping[str, Any], namespace: str, graph: Graph) -> tuple[dict[str, Variable], bool]:
    """Return the variables an `envFrom` entry gives, and whether those are all it may give."""
    prefix = source.get("prefix") or ""
    wanted = (source.get("configMapRef") or {}).get("name")
    if wanted:
        found = graph.get("ConfigMap", namespace, wanted)
        known = found is not None or graph.exists("ConfigMap", namespace, wanted) is False
        data = ((found or {}).get("data") or {}).items()
        return {f"{prefix}{key}": Variable(str(value), f"ConfigMap {wanted}") for key, value in data}, known
    secret = (source.get("secretRef") or {}).get("name")
    held = graph.get("Secret", namespace, secret) if secret else None
    empty = held is not None and held.get("keys") == 0
    return {}, not secret or empty or graph.exists("Secret", namespace, secret) is False


def _chosen(chosen: Mapping[str, Any], namespace: str, graph: Graph) -> Variable:
    """Return the variable a `valueFrom` gives."""
    if (chosen.get("fieldRef") or {}).get("fieldPath") == "metadata.namespace":
        return Variable(namespace, "field metadata.namespace")
    wanted = chosen.get("configMapKeyRef") or {}
    if wanted:
        found = graph.get("ConfigMap", namespace, wanted.get("name") or "")
        value = ((found or {}).get("data") or {}).get(wanted.get("key") or "")
        return Variable(str(value or ""), f"ConfigMap {wanted.get('name')}", value is not None)
    secret = (chosen.get("secretKeyRef") or {}).get("name")
    where = (chosen.get("fieldRef") or {}).get("fieldPath") or (chosen.get("resourceFieldRef") or {}).get("resource")
    return Variable("", f"Secret {secret}" if secret else f"field {where}", known=False)


def _gives_nothing(chosen: Mapping[str, Any], namespace: str, graph: Graph) -> str:
    """Return in words why an optional reference gives no value, "" when it does or nobody can say."""
    for name, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
        wanted = chosen.get(name) or {}
        if not wanted.get("optional") or not wanted.get("name"):
            continue
        if graph.exists(kind, namespace, wanted["name"]) is False:
            return f"the optional {kind} {wanted['name']} it would come from does not exist"
        found = graph.get(kind, namespace, wanted["name"]) if kind == "ConfigMap" else None
        if found is not None and wanted.get("key") not in (found.get("data") or {}):
            return f"the optional key {wanted.get('key')} of {kind} {wanted['name']} does not exist"
    return ""
