"""Secrets never enter. Applied where data comes in: to every object of the API and to all that a process prints.

Text is masked by patterns (`redact`), parsed data by its keys and by those patterns (`redact_tree`), Kubernetes objects
by what each kind is known to carry (`redact_object`). Structured output is parsed first and masked afterwards: patterns
run over raw JSON or YAML would break it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from tools.written import with_writes

MASK = "***"

SECRET_NAME = re.compile(
    r"(?i)pass$|passw(or)?d|passphrase|secret|token|credential|connection_?string|encryption_?key|jwt|salt$"
    r"|(^|[_-])(dsn|auth|pwd)$|api_?key|[_-]key$|(access|account|private|signing|master|license)[_-]?key$|^key_"
)
"""Names of environment variables and values whose text is masked."""

REFERENCE_NAME = re.compile(
    r"(?i)^existing|(name|names|ref|refs|path|file|dir|mount|type|url|uri|host|port|namespace|class)$"
)
"""Names that only say where a secret is."""

APPLIED = frozenset(
    ("kubectl.kubernetes.io/last-applied-configuration", "kapp.k14s.io/original", "objectset.rio.cattle.io/applied")
)
"""Annotations that hold a whole earlier object, a Secret's data included."""

POD_SPECS: Mapping[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"),
        ("spec", "template", "spec"),
    ),
}
"""Where each kind keeps its pod spec."""

CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
PROBES = ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle")

_WORD = (
    r"(?<!existing)(?:passw(?:or)?d|passphrase|secret|token|credential|api[-_]?key|access[-_]?key|account[-_]?key|private[-_]?key"
    r"|(?:signing|encryption|master)[-_]?key|cookie|(?<![a-z])(?:pass|pwd)(?![a-z]))"
)
_PLACE = r"(?![\w.-]{0,60}?(?:names?|refs?|paths?|files?|dir|type|uri)\\*[\"']?[ \t]{0,9}[=:])"
_COLOUR = r"(?:\x1b\[[\d;]{0,12}m)*"
_KEY = rf"{_WORD}{_PLACE}[\w.-]{{0,60}}\\*[\"']?{_COLOUR}[ \t]{{0,9}}(?:=>|=|:(?!//)){_COLOUR}[ \t]{{0,9}}{_COLOUR}"
_QUOTED = r"(?P<q>\\*[\"'])(?:(?<!\\)(?P=q)(?P=q)|(?!(?<!\\)(?P=q)).)*+(?:(?P=q)|$)"
_BARE = r"(?!\\*[\"'*])(?:(?:bearer|basic|token)[ \t]+)?(?:[^\s,;&\"'\\{}\[\]()<>\x1b]|\\(?![\"']))+"
_PROSE = (
    r"(?!(?:unexpected|invalid|expired|not|no|missing|failed|failure|error|none|null|nil|true|false|undefined|denied"
    r"|unauthorized|required|must|cannot|could|unable|the|an?|is|are|was|has|rpc|context|dial|get|post|server|name"
    r"|[1-5]\d\d(?=[ ][A-Z][a-z]))"
    r"(?:[\s,.;:}\]]|$))"
)
"""What follows a colon in an error message (`failed to fetch token: unexpected status`) and is nobody's password."""

_WORDS = frozenset(("pass", "pwd", "secret", "token", "credential", "key", "cookie"))


class _Rule(NamedTuple):
    """One pattern; it is tried only on lines (lower case) that hold one of the needles."""

    needles: frozenset[str]
    pattern: re.Pattern[str]
    replacement: str


def _rule(needles: str, pattern: str, replacement: str = MASK, flags: re.RegexFlag = re.NOFLAG) -> _Rule:
    return _Rule(frozenset(needles.split()) or _WORDS, re.compile(pattern, flags), replacement)


_SPANNING = (
    _Rule(  # a Secret printed as YAML, and what else stands beside it
        frozenset(("kind: secret",)),
        re.compile(r"^((?:data|stringData):)[ \t]*(?:\{[^\n]*\n|\n(?:[ \t]+[^\n]*(?:\n|\Z)|[ \t]*\n)*)", re.MULTILINE),
        rf"\1 {MASK}\n",
    ),
    _Rule(  # and as JSON
        frozenset(('"kind":"secret"', '"kind": "secret"')),
        re.compile(r'("(?:data|stringData)"\s{0,9}:\s{0,9})\{[^{}]*\}?'),
        r"\1{}",
    ),
    _rule(
        "-----begin",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
        r".*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)",
        flags=re.DOTALL,
    ),
    _rule(  # a block scalar: all lines that are indented deeper than their key
        "",
        rf"^([ \t]*+)([^\n]{{0,256}}?{_WORD}[\w.-]{{0,60}}[\"']?:[ \t]*[|>][-+\d]*[ \t]*\n)"
        r"(?:\1[ \t]+[^\n]*(?:\n|\Z)|[ \t]*\n)+",
        rf"\1\2\1  {MASK}\n",
        re.IGNORECASE | re.MULTILINE,
    ),
    _rule(  # an environment variable as Kubernetes writes it
        "",
        rf"(?P<k>name\\*[\"']?\s{{0,9}}[:=]\s{{0,9}}\\*[\"']?[\w.-]{{0,60}}?{_WORD}[\w.-]{{0,60}}\\*[\"']?\s{{0,99}},?"
        rf"\s{{0,99}}\\*[\"']?value\\*[\"']?\s{{0,9}}[:=][ \t]{{0,9}})(?:\\*\"(?:\\.|[^\"\\])*\\*\"?|[^\s,}}]+)",
        rf'\g<k>"{MASK}"',
        re.IGNORECASE,
    ),
)
"""Tried on the whole text."""

_LINE = (
    _rule(
        "bearer",
        r"\b(bearer)\s+(?!realm=|authenti|authori|error)[\w.~+/=:-]{6,}",
        rf"\1 {MASK}",
        re.IGNORECASE,
    ),
    _rule("basic", r"\b([Bb]asic|BASIC)\s+(?![Aa]uth)(?=\S*[0-9=]|\S+[A-Z])[A-Za-z0-9+/=_-]{8,}", rf"\1 {MASK}"),
    _rule("eyj", r"(?:(?<![\w-])|(?<=%[0-9A-Fa-f]{2}))eyJ[\w-]{5,}+\.[\w-]{5,}+(?:\.[\w-]*+)?"),
    _rule("akia asia", r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"),
    _rule(
        "ghp_ gho_ ghs_ ghu_ ghr_ github_pat_ glpat- npm_ xox sk- sk_ rk_ aiza hf_ pypi-",
        r"(?<![A-Za-z0-9])(?:gh[opsur]_|github_pat_|glpat-|npm_|xox[abeprs]-|[sr]k[-_]|AIza|hf_|pypi-)[\w-]{16,}+",
    ),
    _rule("@", r"(://[^/\s:@\"'<>]{0,256}:)(?!\d{1,5}(?:/|\s|$))[^\s\"'<>]{1,512}@", rf"\1{MASK}@"),
    _rule("", rf"((?<![\w-])--[\w-]{{0,40}}?{_WORD}[\w-]{{0,40}}[ \t]+)(?!-)[^\s\"']+", rf"\1{MASK}", re.IGNORECASE),
    _rule("-u", r"((?:^|\s)(?:-u ?|--user[= ])[\w.@-]{1,100}:)[^\s\"']+", rf"\1{MASK}"),
    _rule("", rf"(<[\w:.-]{{0,40}}?{_WORD}[\w:.-]{{0,40}}>)[^<]+", rf"\1{MASK}", re.IGNORECASE),
    _rule(
        "authorization",
        r"(authorization\\*[\"']?\s{0,9}[:=]\s{0,9}\\*[\"']?)(?!bearer|basic)(?:[\w-]+ )?(?=\S*\d)[\w.~+/=:-]{8,}",
        rf"\1{MASK}",
        re.IGNORECASE,
    ),
    _rule("", rf"(?P<k>{_KEY}){_QUOTED}", rf"\g<k>\g<q>{MASK}\g<q>", re.IGNORECASE),
    _rule("", rf"(?P<k>{_KEY}){_PROSE}{_BARE}", rf"\g<k>{MASK}", re.IGNORECASE),
)
"""Tried line by line."""

_NEEDLES = tuple(sorted(frozenset[str]().union(*(rule.needles for rule in (*_SPANNING, *_LINE)))))


def redact(text: str) -> str:
    """Return the text with everything that looks like a credential masked. Linear in its length, also for hostile text.

    Needles are looked for first, in the whole text and then in each line: an ordinary log costs about 0.01 us a byte.
    """
    lowered = text.lower()
    hints = [needle for needle in _NEEDLES if needle in lowered]
    if not hints:
        return text
    for rule in _SPANNING:
        if not rule.needles.isdisjoint(hints):
            text = rule.pattern.sub(rule.replacement, text)
    return "\n".join([_redacted(line, hints) for line in text.split("\n")])


def _redacted(line: str, hints: Sequence[str]) -> str:
    lowered = line.lower()
    here = [needle for needle in hints if needle in lowered]
    if here:
        for rule in _LINE:
            if not rule.needles.isdisjoint(here):
                line = rule.pattern.sub(rule.replacement, line)
    return line


def redact_tree(value: Any) -> Any:
    """Return parsed data (JSON, YAML, chart values) with what looks like a credential masked, by key or by text."""
    if isinstance(value, dict):
        hidden = ("data", "stringData") if value.get("kind") == "Secret" else ()
        return {key: _named(str(key), item) for key, item in value.items() if key not in hidden}
    if isinstance(value, list):
        return [redact_tree(item) for item in value]
    return redact(value) if isinstance(value, str) else value


def _named(name: str, value: Any) -> Any:
    telling = isinstance(value, (str, int, float)) and not isinstance(value, bool) and is_secret_name(name)
    return MASK if telling and value != "" else redact_tree(value)


@lru_cache(4096)
def is_secret_name(name: str) -> bool:
    """Return whether a variable or value of that name holds a secret, and not merely the place of one."""
    return SECRET_NAME.search(name) is not None and REFERENCE_NAME.search(name) is None


def redact_object(obj: dict[str, Any], *, owners: bool = False) -> dict[str, Any]:
    """Return a Kubernetes object fit to keep: the same one where nothing had to go, otherwise a changed copy.

    Managed fields (unless `owners` are asked; a ConfigMap keeps when each key was written) and annotations that hold
    an earlier object are dropped, a Secret loses its data, literal environment values with telling names, credentials
    in arguments and in probe headers are masked, ConfigMap values and messages are redacted as text. The items of a
    List are treated one by one.
    """
    kind = obj.get("kind")
    whole, obj = obj, _lean(obj, owners=owners and kind not in BY_CONTROLLERS)
    if kind == "Secret":
        return {key: value for key, value in obj.items() if key not in ("data", "stringData")}
    if kind == "Pod":
        obj = _at(obj, ("status",), _quiet_status)
    if isinstance(kind, str) and kind in POD_SPECS:
        return _at(obj, POD_SPECS[kind], _quiet_spec)
    if kind == "ConfigMap":
        return _at(_at(obj if owners else with_writes(obj, whole), ("data",), _quiet_data), ("binaryData",), _blank)
    if kind == "Event":
        return _with_message(obj)
    if isinstance(kind, str) and kind.endswith("List") and isinstance(obj.get("items"), list):
        return _with_items(obj, kind.removesuffix("List"))
    return obj


def redact_documents(documents: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the objects among a manifest's documents, without Secrets; unknown kinds are redacted throughout."""
    found = [document for document in documents if isinstance(document, dict) and isinstance(document.get("kind"), str)]
    return [_document(document) for document in found if document["kind"] not in ("Secret", "SecretList")]


def _document(document: dict[str, Any]) -> dict[str, Any]:
    kind = document["kind"]
    if kind == "List":
        items = document.get("items")
        return document | {"items": redact_documents(items if isinstance(items, list) else [])}
    tree: dict[str, Any] = document if kind in POD_SPECS or kind in PLAIN else redact_tree(document)
    return redact_object(tree)


PLAIN = frozenset(
    (
        "ConfigMap Service ServiceAccount Ingress IngressClass NetworkPolicy HorizontalPodAutoscaler"
        " PodDisruptionBudget PersistentVolumeClaim PersistentVolume StorageClass ResourceQuota LimitRange"
        " Namespace Role RoleBinding ClusterRole ClusterRoleBinding PriorityClass EndpointSlice APIService"
        " CustomResourceDefinition"
    ).split()
)
"""Kinds that carry no credential beyond what `redact_object` looks for, though their field names may sound like it."""


BY_CONTROLLERS = frozenset(("Pod", "Event", "ReplicaSet", "EndpointSlice", "Node", "Secret", "SecretList"))
"""Kinds nobody owns by hand: their managed fields say nothing, and there are thousands of them."""


def _lean(obj: dict[str, Any], *, owners: bool) -> dict[str, Any]:
    meta = obj.get("metadata")
    if not isinstance(meta, dict):
        return obj
    notes = meta.get("annotations")
    heavy = isinstance(notes, dict) and not APPLIED.isdisjoint(notes)
    if not heavy and (owners or "managedFields" not in meta):
        return obj
    meta = {key: value for key, value in meta.items() if owners or key != "managedFields"}
    if heavy:
        meta["annotations"] = {key: value for key, value in meta["annotations"].items() if key not in APPLIED}
    return obj | {"metadata": meta}


def _at(obj: dict[str, Any], path: tuple[str, ...], change: Callable[[Any], Any]) -> dict[str, Any]:
    """Return the object with one part changed; the same object where that part is absent or stays as it is."""
    first = path[0]
    part = obj.get(first)
    if not isinstance(part, dict):
        return obj
    changed = _at(part, path[1:], change) if len(path) > 1 else change(part)
    return obj if changed is part else obj | {first: changed}


def _with_items(obj: dict[str, Any], kind: str) -> dict[str, Any]:
    items = [
        redact_object(item if "kind" in item or not kind else {"kind": kind, **item})
        for item in obj["items"]
        if isinstance(item, dict)
    ]
    return obj if all(map(_same, items, obj["items"])) and len(items) == len(obj["items"]) else obj | {"items": items}


def _same(one: object, other: object) -> bool:
    return one is other


def _with_message(obj: dict[str, Any]) -> dict[str, Any]:
    """Return an object whose `message` (of an event, of a container that ended) is redacted."""
    message = obj.get("message")
    quiet = redact(message) if isinstance(message, str) else message
    return obj if quiet == message else obj | {"message": quiet}


def _quiet_data(data: dict[str, Any]) -> dict[str, Any]:
    quiet = {key: _entry(str(key), value) for key, value in data.items()}
    return data if quiet == data else quiet


def _entry(name: str, value: object) -> object:
    """Return one ConfigMap value: masked whole when its key is named like a password and it is one line."""
    if not isinstance(value, str):
        return value
    return MASK if value and "\n" not in value and is_secret_name(name) else redact(value)


def _blank(data: dict[str, Any]) -> dict[str, Any]:
    return dict.fromkeys(data, MASK)


def _quiet_status(status: dict[str, Any]) -> dict[str, Any]:
    """Return a pod's status with the last words of its containers redacted: they may be the end of a log."""
    for key in ("containerStatuses", "initContainerStatuses"):
        listed = status.get(key)
        if isinstance(listed, list) and any(map(_speaks, listed)):
            status = status | {key: [_quiet_container_status(item) for item in listed]}
    return status


def _speaks(item: Any) -> bool:
    """Return whether a container is or was anything but running."""
    return isinstance(item, dict) and bool(item.get("lastState") or "running" not in (item.get("state") or ()))


def _quiet_container_status(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    for state in ("state", "lastState"):
        for phase in ("waiting", "terminated"):
            item = _at(item, (state, phase), _with_message)
    return item


def _quiet_spec(spec: dict[str, Any]) -> dict[str, Any]:
    for key in CONTAINERS:
        listed = spec.get(key)
        if isinstance(listed, list):
            quiet = [_quiet_container(item) if isinstance(item, dict) else item for item in listed]
            spec = spec if all(map(_same, quiet, listed)) else spec | {key: quiet}
    return spec


def _quiet_container(container: dict[str, Any]) -> dict[str, Any]:
    env = container.get("env")
    if isinstance(env, list) and any(map(_telling, env)):
        container = container | {"env": [item | {"value": MASK} if _telling(item) else item for item in env]}
    for key in ("command", "args"):
        if key in container:
            container = _with_words(container, key)
    for key in PROBES:
        if key in container:
            container = _at(container, (key,), _quiet_probe)
    return container


def _telling(variable: Any) -> bool:
    """Return whether an environment variable's literal value must go."""
    if not isinstance(variable, dict):
        return False
    value = variable.get("value")
    return isinstance(value, str) and value not in ("", MASK) and _holds_secret(str(variable.get("name")), value)


def _holds_secret(name: str, value: str) -> bool:
    return is_secret_name(name) or redact(value) != value


def _with_words(holder: dict[str, Any], key: str) -> dict[str, Any]:
    """Return a container or exec action with credentials masked in its words, also where flag and value are two."""
    words = holder[key]
    if not isinstance(words, list) or not words:
        return holder
    line = " ".join(map(str, words))
    if redact(line) == line:
        return holder
    quiet = [redact(str(word)) for word in words]
    for index in range(1, len(quiet)):
        if quiet[index - 1].startswith("-") and "=" not in quiet[index - 1] and is_secret_name(quiet[index - 1]):
            quiet[index] = MASK
    return holder | {key: quiet}


def _quiet_probe(probe: dict[str, Any]) -> dict[str, Any]:
    """Return a probe, or the hooks of a lifecycle, without credentials in its headers and commands."""
    if "httpGet" in probe:
        probe = _at(probe, ("httpGet",), _quiet_headers)
    if "exec" in probe:
        probe = _at(probe, ("exec",), lambda action: _with_words(action, "command") if "command" in action else action)
    for hook in ("postStart", "preStop"):
        if hook in probe:
            probe = _at(probe, (hook,), _quiet_probe)
    return probe


def _quiet_headers(action: dict[str, Any]) -> dict[str, Any]:
    headers = action.get("httpHeaders")
    if not isinstance(headers, list) or not any(map(_secret_header, headers)):
        return action
    quiet = [item | {"value": MASK} if _secret_header(item) else item for item in headers]
    return action | {"httpHeaders": quiet}


def _secret_header(item: Any) -> bool:
    name = str(item.get("name")) if isinstance(item, dict) else ""
    return bool(name) and (name.lower() in ("authorization", "cookie") or _holds_secret(name, str(item.get("value"))))
