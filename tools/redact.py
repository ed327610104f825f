"""Secrets never enter. Applied where data comes in: to every object of the API and every byte a process prints."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

MASK = "***"

_HINT = re.compile(
    r"(?i)bearer|basic |eyJ|-----BEGIN|AKIA|ASIA|gh[opsur]_|github_pat_|xox[abprs]-|sk-|glpat-|npm_|AIza"
    r"|://[^/\s:@]*:[^/\s@]+@"
    r"|pass(?:word|wd|phrase)?|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credential|authorization|\bpwd\b"
)
"""Cheap test: a text without any of these has nothing to redact."""

_NAMED = (
    r"[\w.-]*(?:password|passwd|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?|_pass|\bpass|\bpwd)"
    r"[\w.-]*"
)

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), MASK),
    (re.compile(r"\b(?i:(bearer|basic)) [A-Za-z0-9._~+/=-]{6,}"), rf"\1 {MASK}"),
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?"), MASK),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), MASK),
    (re.compile(r"\b(?:gh[opsur]_|github_pat_|glpat-|npm_|xox[abprs]-|sk-|AIza)[\w-]{16,}"), MASK),
    (re.compile(r"(://[^/\s:@]*:)[^/\s@]+@"), rf"\1{MASK}@"),
    (re.compile(rf"(?i)(?P<k>[\"']?{_NAMED}[\"']?\s*[=:]\s*)(?P<q>[\"'])(?:\\.|(?!(?P=q)).)*(?P=q)?"), rf"\g<k>{MASK}"),
    (
        re.compile(rf"(?i)(?P<k>\b{_NAMED}\s*(?:=|:(?!/))\s*)(?!\*\*\*)(?:bearer |basic )?[^\s,;&\"'{{}}\[\]()]+"),
        rf"\g<k>{MASK}",
    ),
)

SECRET_NAME = re.compile(
    r"(?i)pass(word|wd|phrase)?$|pass(word|wd)|secret|token|api_?key|access_?key|private_?key|encryption_?key|signing_?key"
    r"|credential|(^|_)dsn$|(^|_)auth$|connection_?string|(^|_)pwd$|jwt|salt$"
)
"""Names of environment variables whose literal value is masked."""

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

TEMPLATED = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job")


def redact(text: str) -> str:
    """Return the text with everything that looks like a credential masked."""
    if not _HINT.search(text):
        return text
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def redact_object(obj: dict[str, Any]) -> dict[str, Any]:
    """Return a Kubernetes object fit to keep: the same one where nothing had to go, otherwise a changed copy.

    Managed fields and the last-applied annotation are dropped, a Secret loses its data, literal environment values
    with telling names are masked, ConfigMap values are redacted as text.
    """
    kind = obj.get("kind")
    if kind == "Secret":
        return {key: value for key, value in _lean(obj).items() if key not in ("data", "stringData")}
    obj = _lean(obj)
    if kind == "ConfigMap":
        return _with_values(obj)
    if kind == "Pod":
        return _masked(obj, ("spec",))
    if kind in TEMPLATED:
        return _masked(obj, ("spec", "template", "spec"))
    return _masked(obj, ("spec", "jobTemplate", "spec", "template", "spec")) if kind == "CronJob" else obj


def _lean(obj: dict[str, Any]) -> dict[str, Any]:
    meta = obj.get("metadata")
    if not isinstance(meta, dict):
        return obj
    notes = meta.get("annotations")
    heavy = isinstance(notes, dict) and LAST_APPLIED in notes
    if not heavy and "managedFields" not in meta:
        return obj
    meta = {key: value for key, value in meta.items() if key != "managedFields"}
    if heavy:
        meta["annotations"] = {key: value for key, value in meta["annotations"].items() if key != LAST_APPLIED}
    return obj | {"metadata": meta}


def _with_values(obj: dict[str, Any]) -> dict[str, Any]:
    """Return a ConfigMap with its values redacted: a key named like a password is masked whole."""
    data = obj.get("data")
    if not isinstance(data, dict):
        return obj
    return obj | {"data": {key: _value(str(key), value) for key, value in data.items()}}


def _value(name: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    return MASK if value and SECRET_NAME.search(name) and "\n" not in value else redact(value)


def _masked(obj: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    spec = obj
    for key in path:
        spec = spec.get(key) or {}
        if not isinstance(spec, dict):
            return obj
    return _replaced(obj, path, _without_literals(spec)) if _has_literals(spec) else obj


def _has_literals(spec: Mapping[str, Any]) -> bool:
    return any(_telling(variable) for container in _containers(spec) for variable in container.get("env") or ())


def _telling(variable: object) -> bool:
    if not isinstance(variable, dict):
        return False
    value = variable.get("value")
    return bool(value) and isinstance(value, str) and _env_value(str(variable.get("name")), value) != value


def _env_value(name: str, value: str) -> str:
    return MASK if SECRET_NAME.search(name) else redact(value)


def _containers(spec: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found = [
        *(spec.get("containers") or ()),
        *(spec.get("initContainers") or ()),
        *(spec.get("ephemeralContainers") or ()),
    ]
    return [container for container in found if isinstance(container, dict)]


def _without_literals(spec: Mapping[str, Any]) -> dict[str, Any]:
    kinds = ("containers", "initContainers", "ephemeralContainers")
    return {key: [_quiet(item) for item in value or ()] if key in kinds else value for key, value in spec.items()}


def _quiet(container: Any) -> Any:
    if not isinstance(container, dict) or not container.get("env"):
        return container
    env = [
        item | {"value": _env_value(item["name"], item["value"])} if _telling(item) else item
        for item in container["env"]
    ]
    return container | {"env": env}


def _replaced(obj: dict[str, Any], path: tuple[str, ...], value: object) -> dict[str, Any]:
    first, *rest = path
    return obj | {first: _replaced(obj[first], tuple(rest), value) if rest else value}
