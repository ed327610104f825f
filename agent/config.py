"""The settings in force: defaults, then the user's file, then the environment, then flags.

Read from outside the repository only: a checkout must not choose the cluster, the binaries or the metrics origin.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from agent.argument import arg
from agent.errors import UsageError
from tools.files import read


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting, with what `config show` says about it."""

    kubeconfig: str = arg(
        'The kubeconfig file; "" means $KUBECONFIG, then ~/.kube/config, then in-cluster.', default=""
    )
    context: str = arg('The kubeconfig context; "" means its current one.', default="")
    timeout: float = arg("Seconds until a look at the cluster is given up.", default=20.0)
    profile: str = arg(
        'dev or prod: which of the blueprint\'s values apply; "" cites both where they differ.', default=""
    )
    blueprints: str = arg(
        'Folder of the blueprints; "" means ./blueprints, then your own, then the shipped ones.', default=""
    )
    path: str = arg(
        'Folders of kubectl, helm, docker and minikube, colons between; "" means the system\'s, then your PATH.',
        default="",
    )
    protected: str = arg(
        "Contexts, commas between, in which an apply needs a reason and the release's name; prod always does.",
        default="",
    )
    applier: str = arg('The kubeconfig context an apply uses; "" means the one that planned.', default="")
    signers: str = arg(
        'The `ssh-keygen` allowed-signers file of who may approve plans without a terminal; "" means nobody.',
        default="",
    )
    model: str = arg('The model of a conversation (gpt-5-mini, qwen3:8b); "" answers without one.', default="")
    endpoint: str = arg(
        'Base URL of an OpenAI-compatible endpoint (http://localhost:11434/v1); "" means OpenAI\'s own.', default=""
    )
    api_version: str = arg("Azure OpenAI's API version; \"\" means that the endpoint is not Azure's.", default="")
    fallback: str = arg('The model that is asked where the first one fails; "" means none.', default="")
    window: float = arg("Tokens that the model takes at once.", default=16_000.0)
    ca: str = arg('The file of a private authority that signed the endpoint\'s certificate; "" means none.', default="")
    patience: float = arg("Seconds until a model that says nothing is given up.", default=60.0)
    prometheus: str = arg(
        'Origin of a Prometheus server (http://host:9090), a second source of metrics; "" means none.', default=""
    )


@dataclass(frozen=True, slots=True)
class Effective:
    """The settings and where each value that is not a default came from."""

    settings: Settings
    sources: Mapping[str, str]


PROFILES = ("", "dev", "prod")


def config_file() -> Path:
    """Return where the user's settings live: $XDG_CONFIG_HOME/bluehelm/config.yaml."""
    return _base("XDG_CONFIG_HOME", ".config") / "config.yaml"


def data_dir() -> Path:
    """Return where the user's own blueprints, charts and prompts live: $XDG_DATA_HOME/bluehelm."""
    return _base("XDG_DATA_HOME", ".local/share")


def state_dir() -> Path:
    """Return where plans, ledger and caches live: $XDG_STATE_HOME/bluehelm."""
    return _base("XDG_STATE_HOME", ".local/state")


def load(flags: Mapping[str, object] | None = None) -> Effective:
    """Return the settings in force.

    Args:
        flags: what was typed, by field name; None and "" mean not typed.

    Raises:
        UsageError: the file or a BLUEHELM_ variable is wrong; says which, where.

    """
    path = config_file()
    layers = [
        (str(path), _checked(_from_file(path), str(path))),
        ("environment", _checked(_from_environment(os.environ), "environment")),
        ("command line", _typed_flags(flags or {})),
    ]
    settings, sources = Settings(), dict[str, str]()
    for source, values in layers:
        settings = replace(settings, **values)
        sources |= dict.fromkeys(values, source)
    return Effective(settings, sources)


def _typed_flags(flags: Mapping[str, object]) -> dict[str, Any]:
    """Return the flags that were typed and are settings; argparse has checked them."""
    names = {field.name for field in fields(Settings)}
    return {key: value for key, value in flags.items() if key in names and value not in (None, "")}


def _from_file(path: Path) -> Mapping[str, object]:
    try:
        text = read(path).decode("utf-8")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: {error}") from error
    return _parsed(text, path)


def _parsed(text: str, path: Path) -> Mapping[str, object]:
    import yaml

    try:
        found = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise UsageError(f"{path}: expected a mapping of settings, see {_known()}")
    return found


def _from_environment(environ: Mapping[str, str]) -> Mapping[str, object]:
    """`BLUEHELM_TIMEOUT=5` sets `timeout`; variables of no setting are left alone, tests have their own."""
    named = {f"BLUEHELM_{field.name.upper()}": field.name for field in fields(Settings)}
    return {named[key]: value for key, value in environ.items() if key in named and value}


def _checked(values: Mapping[str, object], source: str) -> dict[str, Any]:
    """Return values of the right types; pydantic is loaded only when there is something to check."""
    if not values:
        return {}
    unknown = sorted(set(values) - {field.name for field in fields(Settings)})
    if unknown:
        raise UsageError(f"{source}: unknown setting {unknown[0]!r}; known: {_known()}")
    return {key: _typed(key, value, source) for key, value in values.items()}


def _typed(key: str, value: object, source: str) -> object:
    import pydantic

    kind: type[object] = type(getattr(Settings(), key))
    try:
        typed = pydantic.TypeAdapter(kind).validate_python(value)
    except pydantic.ValidationError as error:
        raise UsageError(f"{source}: {key}: {error.errors()[0]['msg']}, got {value!r}") from error
    if (key == "profile" and typed not in PROFILES) or (key == "timeout" and not 0 < float(str(typed)) <= 3600):
        raise UsageError(f"{source}: {key}: {value!r} is not allowed; see `config show`")
    return typed


def _known() -> str:
    return ", ".join(field.name for field in fields(Settings))


def _base(variable: str, fallback: str) -> Path:
    """Return an XDG folder; a relative value is ignored, as that standard asks."""
    root = os.environ.get(variable, "")
    return (Path(root) if root.startswith("/") else Path.home() / fallback) / "bluehelm"
