"""A scenario's files, read strictly: a key or type that is not in the format is an error, not an expectation less."""

import json
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from tests.cluster.trouble import Trouble

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent
CAPTURES = ROOT / "tests" / "fixtures" / "scenarios"
NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,45}[a-z0-9])?")
"""A scenario's name is part of its namespace's."""

Object = dict[str, Any]

OUTSIDE = frozenset(
    "Node PersistentVolume StorageClass VolumeAttachment CSIDriver PriorityClass RuntimeClass IngressClass "
    "GatewayClass ClusterRole ClusterRoleBinding CustomResourceDefinition APIService ValidatingWebhookConfiguration "
    "MutatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding MutatingAdmissionPolicy "
    "MutatingAdmissionPolicyBinding".split()
)
"""Kinds that live in no namespace: what a scenario makes of them is taken away one by one."""

Parsed = TypeVar("Parsed")


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"is no pattern: {error}") from error
    return text


def _words(text: str) -> str:
    if not shlex.split(text):
        raise ValueError("is empty")
    return text


class Strict(BaseModel):
    """Unknown keys and other types than the format's are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Condition(Strict):
    """`kubectl get GET -o jsonpath=JSONPATH` prints something the pattern is found in."""

    get: Annotated[str, AfterValidator(_words)]
    jsonpath: str
    matches: Annotated[str, AfterValidator(_pattern)]

    def __str__(self) -> str:
        return f"{self.get} {self.jsonpath} =~ {self.matches}"


class Expected(Strict):
    """One cause the diagnosis must name."""

    mode: int
    subject: Annotated[str, Field(pattern=r"^[A-Z]\w+/\S+$")]
    says: list[str]


class Expectation(Strict):
    """expect.yaml."""

    about: Annotated[str, Field(min_length=1)]
    origin: Annotated[str, Field(pattern=r"^rules$|https?://\S+$")]
    alone: bool = False
    until: Annotated[list[Condition], Field(min_length=1)]
    timeout: Annotated[int, Field(gt=0, le=900)] = 180
    find: list[Expected]
    also: list[int] = []
    never: Annotated[list[int], Field(alias="not")] = []


class Step(Strict):
    """One step: exactly one of kubectl, helm or until."""

    kubectl: list[str] = []
    helm: list[str] = []
    until: Condition | None = None
    fails: bool = False
    """The command must fail (a hook that fails, say)."""
    interrupted: Condition | None = None
    """The command is killed once this holds, as a CI job is."""

    @model_validator(mode="after")
    def _one(self) -> "Step":
        if sum(map(bool, (self.kubectl, self.helm, self.until))) != 1:
            raise ValueError("a step is exactly one of kubectl, helm and until")
        if self.until and (self.fails or self.interrupted):
            raise ValueError("only a command fails or is interrupted")
        return self


class Scenario(Strict):
    """One folder, read."""

    name: str
    folder: Path
    expect: Expectation
    steps: list[Step]

    @property
    def manifest(self) -> Path | None:
        """Return the objects to apply, None for a chart's values."""
        path = self.folder / "manifest.yaml"
        return path if path.exists() else None


def names(folder: Path = FOLDER) -> list[str]:
    """Return the scenarios there are."""
    return sorted(path.parent.name for path in folder.glob("*/expect.yaml"))


def load(name: str, folder: Path = FOLDER) -> Scenario:
    """Read one scenario.

    Raises:
        Trouble: a file is missing or not of the format; says which field of which file.
    """
    home = folder / name
    if not NAME.fullmatch(name):
        raise Trouble(f"{name}: not a scenario's name (lower case, digits and dashes, at most 47)")
    if not (home / "expect.yaml").exists():
        raise Trouble(f"there is no scenario {name}: {home / 'expect.yaml'} is missing")
    if (home / "manifest.yaml").exists() == (home / "values.yaml").exists():
        raise Trouble(f"{name}: exactly one of manifest.yaml and values.yaml is needed")
    steps = _parsed(home / "steps.yaml", list[Step]) if (home / "steps.yaml").exists() else []
    return Scenario(name=name, folder=home, expect=_parsed(home / "expect.yaml", Expectation), steps=steps)


def outside(scenario: Scenario, namespace: str) -> list[Object]:
    """Return the objects of a scenario that live in no namespace, named as they are when it plays in this one."""
    own = ("expect.yaml", "steps.yaml", "values.yaml")
    files = [path for path in sorted(scenario.folder.glob("*.yaml")) if path.name not in own]
    found = [item for path in files for item in documents(path) if item.get("kind") in OUTSIDE]
    renamed: list[Object] = json.loads(json.dumps(found).replace("$NAMESPACE", namespace))
    return renamed


def documents(path: Path) -> Sequence[Object]:
    """Return the Kubernetes objects of one file."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [found for found in yaml.load_all(path.read_text(), Loader=loader) if found]


def _parsed(path: Path, shape: type[Parsed]) -> Parsed:
    try:
        return TypeAdapter(shape).validate_python(documents(path)[0])
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise Trouble(f"{path.parent.name}/{path.name}: {where}: {first['msg']}") from error
    except (yaml.YAMLError, IndexError) as error:
        raise Trouble(f"{path.parent.name}/{path.name}: not readable: {error}") from error
