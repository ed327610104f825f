"""Last words of real programs (tests/fixtures/messages), in the mouth of a container that ends again and again."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from agent.snapshot.record import Snapshot
from tests.fakes.captures import world

FOLDER = Path(__file__).parent.parent / "fixtures" / "messages"


@dataclass(frozen=True, slots=True)
class LastWords:
    """One log tail and what it means."""

    software: str
    log: str
    mode: str
    """The code of the mode that explains it; `exception` for an error of the program's own."""
    words: Sequence[str] = ()
    """What the cause or its evidence must say."""
    mount: str = ""
    """Where the container has a volume, "" for none."""
    near: bool = False
    """Whether it only sounds like another mode."""


def corpus(*names: str) -> Iterator[LastWords]:
    """Yield the log tails of the files named, of all for none."""
    for path in sorted(FOLDER.glob("*.yaml")):
        if not names or path.stem in names:
            for item in yaml.safe_load(path.read_text(encoding="utf-8")):
                yield LastWords(**item)


def ending_with(
    log: str, *, env: Sequence[Mapping[str, Any]] = (), mount: str = "", name: str = "exception-at-start"
) -> Snapshot:
    """Return the capture of a program that ends again and again, with another log, variables and volume."""
    base = world(name)
    pods = [copy.deepcopy(dict(pod)) for pod in base.objects["Pod"]]
    for pod in pods:
        container = pod["spec"]["containers"][0]
        container["env"] = list(env)
        if mount:
            container.setdefault("volumeMounts", []).append({"name": "data", "mountPath": mount})
            pod["spec"].setdefault("volumes", []).append({"name": "data", "emptyDir": {}})
    return replace(base, logs=dict.fromkeys(base.logs, log), objects={**base.objects, "Pod": pods})
