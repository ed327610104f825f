"""What the engine itself refused: it says why a container could not start, in words of its own and of its runtime.

Sources: moby daemon/start.go, daemon/create.go and libnetwork; opencontainers/runc libcontainer; docker 20.10 to 28.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from agent.container.aspod import as_pod
from agent.container.cause import Cause, shown
from agent.container.look import Look
from agent.diagnose.rules.program.containers import WRONG_PLATFORM, cannot_execute
from agent.diagnose.rules.program.executables import reason
from agent.snapshot.evidence import Evidence


class Refusal(NamedTuple):
    """One way a start is refused: `says` and `fix` are filled in with the pattern's groups."""

    code: str
    pattern: re.Pattern[str]
    says: str
    fix: str
    command: str = ""


def _is(words: str) -> re.Pattern[str]:
    return re.compile(words, re.IGNORECASE | re.DOTALL)


REFUSALS = (
    Refusal(
        "port-taken",
        _is(
            r"(?:Bind for|listen tcp\d?|bind(?:ing)?:?)[^:]*?\s?(?P<at>[\d.\[\]:]*:(?P<port>\d+))[^\n]*?"
            r"(?:port is already allocated|address already in use)"
        ),
        "cannot publish port {port} of the host: somebody listens there already",
        "Publish another port of the host, or stop who has it",
        "docker ps --filter publish={port}",
    ),
    Refusal(
        "mount-mismatch",
        _is(
            r"trying to mount a directory onto a file|not a directory: unknown|mount.*?(?P<path>/\S+).*?not a directory"
        ),
        "cannot start: a directory is mounted onto a file, or a file onto a directory",
        "Name a source of the same sort as what is there; docker makes a directory of a source that is absent",
    ),
    Refusal(
        "mount-source-missing",
        _is(
            r"bind source path does not exist: (?P<path>\S+)"
            r"|error while mounting volume[^\n]*?(?P<other>/\S+)[^\n]*no such file"
        ),
        "cannot start: what is to be mounted is not on the host: {path}",
        "Create it on the host first, or correct the path",
        "ls -ld {path}",
    ),
    Refusal(
        "user-missing",
        _is(r"unable to find (?:user|group) (?P<user>[^\s:]+)|no matching entries in (?:passwd|group) file"),
        "cannot start: its image has no user {user}",
        "Create the user in the image, or name one by its number",
        "RUN adduser -D {user}",
    ),
    Refusal(
        "working-dir",
        _is(
            r"Cannot mkdir: (?P<path>\S+) is not a directory|mkdir (?P<other>/\S+): not a directory"
            r"|chdir to cwd \(\"(?P<cwd>[^\"]+)\"\)"
        ),
        "cannot start: {path} cannot be its working directory",
        "Name a directory (--workdir, WORKDIR); what is there is a file, or may not be entered",
    ),
    Refusal(
        "device-missing",
        _is(
            r"could not select device driver \"(?P<name>[^\"]*)\""
            r"|error gathering device information.*?\"(?P<device>[^\"]+)\""
        ),
        "cannot start: the engine has no device {name}",
        "Install its container toolkit on the host, or run it without that device",
    ),
    Refusal(
        "network-missing",
        _is(r"network (?P<name>\S+) not found|could not find a network matching"),
        "cannot start: its network {name} is gone",
        "Create the network and connect the container to it, or create the container anew",
        "docker network ls",
    ),
    Refusal(
        "runtime-missing",
        _is(r"unknown or invalid runtime name: (?P<name>\S+)|unknown runtime specified (?P<other>\S+)"),
        "cannot start: the engine has no runtime {name}",
        "Add the runtime to the engine's daemon.json, or leave --runtime out",
    ),
    Refusal(
        "memory-too-small",
        _is(
            r"container init was OOM-killed|memory limit too low|(?:can't|unable to) (?:get|apply).*memory.*lower than"
        ),
        "cannot start: its memory limit is too small for its process to begin",
        "Raise the limit",
    ),
    Refusal(
        "capability-missing",
        _is(r"operation not permitted"),
        "cannot start: the kernel does not permit what its start needs",
        "See which capability, seccomp or AppArmor profile it runs with",
    ),
)
"""In order: what says more stands before what says less."""

PLATFORM = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}
"""The engine's word for a machine -> the one images carry."""


def starts(look: Look) -> Iterator[Cause]:
    """Yield what kept a container from starting: a program of another machine, none at all, or the engine's refusal."""
    foreign = _foreign(look)
    if foreign is not None:
        yield foreign
        return
    refused = next(_refused(look), None)
    if refused is not None and refused.code != "capability-missing":
        yield refused
        return
    absent = _absent(look)
    if absent or refused:
        yield absent or refused  # type: ignore[misc]  # one of the two is there


def _refused(look: Look) -> Iterator[Cause]:
    error = str(look.state.get("Error") or "")
    for item in REFUSALS:
        found = item.pattern.search(error)
        if found is not None:
            named = _named(found)
            proof = (shown(look.name, "/State/Error", error[-400:]),)
            yield Cause(item.code, item.says.format_map(named), proof, item.fix, item.command.format_map(named))


def _named(found: "re.Match[str]") -> dict[str, str]:
    """Return the groups by name; what a message does not name is `it`."""
    told = {key: text for key, text in found.groupdict().items() if text}
    first = next(iter(told.values()), "it")
    return {**dict.fromkeys(("path", "name", "user", "port"), first), **told}


def _foreign(look: Look) -> Cause | None:
    """Return that its program is for another machine, or no program that the kernel knows."""
    text = f"{look.state.get('Error') or ''}\n{look.log}" if look.exit_code else ""
    line = next((line for line in text.splitlines() if WRONG_PLATFORM.search(line)), "")
    if not line:
        return None
    image, engine = str(look.image.get("Architecture") or ""), str(look.engine.get("Architecture") or "")
    proof = [shown(look.name, "/State/Error" if look.state.get("Error") else "log", line.strip()[-300:])]
    if image and engine and image != PLATFORM.get(engine, engine):
        proof.append(
            shown(look.name, "image /Architecture", f"{image}; the engine runs on {PLATFORM.get(engine, engine)}")
        )
        says = f"cannot start: its image is for {image}, and this machine is {PLATFORM.get(engine, engine)}"
        return Cause(
            "other-architecture", says, tuple(proof), "Build or pull it for this machine", _platform(look, engine)
        )
    program = " ".join(look.command[:1]) or "its program"
    says = f"cannot start: {program} is no program that the kernel knows, or a script without #!"
    fix = "Begin the script with #!/bin/sh, or call its interpreter; a binary has to be built for this machine"
    return Cause("no-executable-format", says, tuple(proof), fix)


def _platform(look: Look, engine: str) -> str:
    return f"docker pull --platform linux/{PLATFORM.get(engine, engine)} {look.config.get('Image')}"


def _absent(look: Look) -> Cause | None:
    """Return that the program cannot be executed: what runc, the kernel or a shell said of it."""
    container, graph = as_pod(look)
    found = cannot_execute(container, graph)
    if found is None:
        return None
    proof, program, why, confidence = found
    told = next((item.text for item in reversed(proof)), "")
    better = reason(container, program, told, graph)
    if better is not None:
        why, fix = better.why, better.fix
    else:
        why = why.replace(
            "its interpreter is not", "its interpreter is not (a script whose lines end in CR LF looks so)"
        )
        fix = "Name a program that is in the image and may be executed, or build it into the image"
    code = "not-executable" if "may not be executed" in why else "program-missing"
    return Cause(code, f"cannot start: {program} {why}", _own(look, proof), fix, confidence=confidence)


def _own(look: Look, proof: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """Return the evidence with the places of an inspection in place of a pod's."""
    told = {"log": "log", "log (previous)": "log"}
    return tuple(
        shown(
            look.name,
            told.get(item.pointer, "/State/ExitCode" if item.text.isdigit() else "/State/Error"),
            item.text[-400:],
        )
        for item in proof
    )
