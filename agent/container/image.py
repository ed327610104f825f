"""What an image says of itself: its age and size, and what its Dockerfile should do otherwise.

The rules are those of https://docs.docker.com/build/building/best-practices/ and /reference/dockerfile/, each seen in
the image's own configuration or in the steps it was built by.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from agent.audit.normalise import mutable
from agent.container.look import Record
from agent.kube.fields import moment, number
from agent.kube.wording import duration, memory
from tools.redact import is_secret_name

OLD = 180
"""Days after which an image has most likely missed updates of what it is built on."""

LARGE = 1 << 30
"""Bytes above which an image is slow to pull and holds much that nobody calls."""

SHELLS = ("/bin/sh", "/bin/bash", "/bin/ash")
_ADD_URL = re.compile(r"\bADD\s+(?:--\S+\s+)*https?://", re.IGNORECASE)
_PACKAGES = re.compile(r"apt-get install(?!.*rm -rf /var/lib/apt/lists)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing a Dockerfile should do otherwise."""

    code: str
    says: str
    line: str
    """The line to write."""


def facts(image: Record, now: datetime) -> str:
    """`for amd64, 120.4Mi, built 3 d ago`: what a person wants to know first."""
    made = moment(image.get("Created"))
    age = f", built {duration((now - made).total_seconds())} ago" if made and made.year > 1980 else ""
    size = memory(Decimal(number(image.get("Size"))))
    return f"for {image.get('Os')}/{image.get('Architecture')}, {size}{age}"


def advice(image: Record, steps: Sequence[Record], name: str, now: datetime) -> Iterator[Advice]:
    """Yield what an image should do otherwise.

    Args:
        image: `docker image inspect`.
        steps: `docker history`, the newest first.
        name: what the container calls it: `web:latest`.
        now: when it was looked at.

    """
    config = image.get("Config") or {}
    if str(config.get("User") or "").partition(":")[0] in ("", "root", "0"):
        yield Advice("root-user", "It runs as root, who owns what is mounted into it", "USER 10001")
    if name and mutable(name):
        yield Advice(
            "moving-tag",
            f"{name} is moved by habit: what runs tomorrow is another image",
            f"FROM {name.partition(':')[0]}:1.2.3",
        )
    yield from _first_process(config)
    if not config.get("Healthcheck"):
        yield Advice(
            "no-healthcheck",
            "Nobody asks whether it answers",
            "HEALTHCHECK CMD wget -q -O- http://localhost:PORT/health",
        )
    secrets = [text.partition("=")[0] for text in config.get("Env") or () if is_secret_name(text.partition("=")[0])]
    if secrets:
        yield Advice(
            "secret-in-image",
            f"It carries {', '.join(secrets)}: whoever has the image has that",
            "RUN --mount=type=secret,id=...",
        )
    yield from _built(steps)
    made = moment(image.get("Created"))
    if made and made.year > 1980 and (now - made).days > OLD:
        yield Advice(
            "old-image",
            f"It was built {(now - made).days} days ago: updates of its base are missing",
            "docker build --pull --no-cache",
        )
    if number(image.get("Size")) > LARGE:
        yield Advice(
            "large-image",
            f"It has {memory(Decimal(number(image.get('Size'))))}",
            "a second stage: FROM ... AS build; COPY --from=build",
        )


def _first_process(config: Record) -> Iterator[Advice]:
    """Yield that a shell is PID 1: it passes no signal on, so that the program never hears SIGTERM."""
    words = [str(word) for word in (*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ()))]
    if len(words) > 2 and words[0] in SHELLS and words[1] == "-c" and not words[2].lstrip().startswith("exec "):
        said = words[2][:60]
        yield Advice(
            "shell-form", f"A shell is PID 1 and passes no signal on to `{said}`", f'CMD ["{said.split(" ")[0]}", ...]'
        )


def _built(steps: Sequence[Record]) -> Iterator[Advice]:
    made_by = [str(step.get("CreatedBy") or "") for step in steps]
    if any(_ADD_URL.search(step) for step in made_by):
        yield Advice(
            "add-url", "ADD of an address is fetched without a checksum", "ADD --checksum=sha256:... https://..."
        )
    if any(_PACKAGES.search(step) for step in made_by):
        yield Advice(
            "package-lists",
            "Package lists stay in a layer",
            "RUN apt-get update && apt-get install -y ... && rm -rf /var/lib/apt/lists/*",
        )


def differences(before: Record, after: Record) -> Iterator[str]:
    """Yield what is different in a newer build: what it runs, as whom, on which layers."""
    old, new = before.get("Config") or {}, after.get("Config") or {}
    for field in ("Entrypoint", "Cmd", "User", "WorkingDir", "ExposedPorts", "Healthcheck", "StopSignal"):
        if (old.get(field) or None) != (new.get(field) or None):
            yield f"{field}: {_said(old.get(field))} became {_said(new.get(field))}"
    yield from _variables(old, new)
    layers = [list((item.get("RootFS") or {}).get("Layers") or ()) for item in (before, after)]
    same = sum(1 for one, other in zip(*layers, strict=False) if one == other)
    if layers[0] != layers[1]:
        yield f"layers: the first {same} are the same, {len(layers[0]) - same} went, {len(layers[1]) - same} came"
    sizes = [number(item.get("Size")) for item in (before, after)]
    if sizes[0] != sizes[1]:
        yield f"size: {memory(Decimal(sizes[0]))} became {memory(Decimal(sizes[1]))}"


def _variables(old: Record, new: Record) -> Iterator[str]:
    before, after = (
        dict(str(text).split("=", 1) for text in item.get("Env") or () if "=" in text) for item in (old, new)
    )
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield f"variable {name}: {_said(before.get(name))} became {_said(after.get(name))}"


def _said(value: object) -> str:
    if not value:
        return "nothing"
    if isinstance(value, dict):
        return ", ".join(map(str, value))
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
