"""What the engine itself refused: it says why a container could not start, in words of its own and of its runtime.

Sources: moby daemon/start.go, daemon/create.go and libnetwork; opencontainers/runc libcontainer; docker 20.10 to 28.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from agent.container.aspod import as_pod
from agent.container.cause import Cause, shown
from agent.container.look import Look
from agent.diagnose.rules.program.containers import NOT_EXECUTABLE, WRONG_PLATFORM, cannot_execute
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
        _is(r"trying to mount a directory onto a file|mount\w* [^\n]*: not a directory"),
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
        _is(r"unable to find user (?P<user>[^\s:]+): (?:no matching|invalid)|no matching entries in passwd file"),
        "cannot start: its image has no user {user}",
        "Create the user in the image, or name one by its number",
        "RUN adduser -D {user}",
    ),
    Refusal(
        "user-missing",
        _is(r"unable to find group (?P<name>[^\s:]+): (?:no matching|invalid)|no matching entries in group file"),
        "cannot start: its image has no group {name}",
        "Create the group in the image, or name one by its number",
        "RUN addgroup {name}",
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
        "volume-failed",
        _is(r"error while mounting volume '[^']*': (?P<name>[^\n]+)"),
        "cannot start: a volume of it cannot be mounted ({name})",
        "See what the volume names (its server, path and options), or make it anew",
        "docker volume ls",
    ),
    Refusal(
        "log-driver",
        _is(r"failed to (?:initialize|create|start) logg(?:ing driver|er): (?P<name>[^\n]+)"),
        "cannot start: its log driver does not work ({name})",
        "Bring up what takes its logs, or create it anew with --log-driver=json-file or mode=non-blocking",
    ),
    Refusal(
        "address-taken",
        _is(
            r"^Address already in use|(?P<name>[\d.:a-f]+)[^\n]*already in use by (?:container|endpoint)"
            r"|no available IPv\d addresses|requested address is (?:not available|out of range)"
            r"|[Uu]ser specified IP address is supported only"
        ),
        "cannot start: its network cannot give it the address that it asks for",
        "Leave --ip (ipv4_address) out, or name a free address of the network's own subnet",
        "docker network ls",
    ),
    Refusal(
        "other-container",
        _is(
            r"cannot join \w+ of a (?:non running|restarting) container: (?P<name>\S+)"
            r"|No such container: (?P<other>\S+)|container (?P<whose>\S+) is (?:not running|restarting)"
        ),
        "cannot start: container {name}, whose network or processes it shares, does not run",
        "Start that one first; if it was made anew, make this one anew too",
        "docker start {name}",
    ),
    Refusal(
        "kernel-setting",
        _is(r"open /proc/sys/(?P<name>\S+): no such file"),
        "cannot start: the kernel of its host has no setting {name}",
        "Leave that --sysctl out, or load the module that brings it",
    ),
    Refusal(
        "user-limit",
        _is(r"setting rlimit|too many open files"),
        "cannot start: its user limits (--ulimit) are more than the engine may give, or less than a start needs",
        "Name limits between what a start needs and what the engine itself has",
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


_ROUTE = re.compile(
    r"failed to create (?:shim task|task for container)|(?:OCI runtime|runc) (?:create|start) failed|unknown"
    r"|unable to (?:start container process|retrieve OCI runtime error)|error during container init"
    r"|starting container process caused|container_linux\.go:\d+|process_linux\.go:\d+",
    re.IGNORECASE,
)
"""Steps of a refusal's way from the kernel to the engine; what is between and behind them says why."""


def starts(look: Look) -> Iterator[Cause]:
    """Yield what kept a container from starting: a program of another machine, none at all, or the engine's refusal."""
    foreign = _foreign(look)
    if foreign is not None:
        yield foreign
        return
    refused = next(_refused(look), None)
    vague = refused is None or refused.code == "capability-missing"
    found = (_absent(look) if vague else None) or refused or _unknown(look)
    if found is not None:
        yield found


def _unknown(look: Look) -> Cause | None:
    """Return the refusal in the engine's own words, where they are none that are known."""
    error = str(look.state.get("Error") or "")
    if not error or look.running:
        return None
    said = ": ".join(part for part in error.split(": ") if part.strip() and not _ROUTE.fullmatch(part.strip()))
    fix, proof = "Change what the engine names, and create the container anew", shown(look.name, "/State/Error", error)
    return Cause("start-refused", f"cannot start: {said[-300:]}", (proof,), fix)


def _refused(look: Look) -> Iterator[Cause]:
    error = str(look.state.get("Error") or "")
    for item in REFUSALS:
        found = item.pattern.search(error)
        if found is not None:
            named = _named(found, look)
            proof = (shown(look.name, "/State/Error", error[-400:]),)
            yield Cause(item.code, item.says.format_map(named), proof, item.fix, item.command.format_map(named))


def _named(found: "re.Match[str]", look: Look) -> dict[str, str]:
    """Return the groups by name; what a message does not name is `it`, and a container's id is its name."""
    names = {str(item.get("ID")): str(item.get("Names")) for item in look.neighbours}
    told = {key: names.get(text, text) for key, text in found.groupdict().items() if text}
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
    code = "not-executable" if look.exit_code == NOT_EXECUTABLE or why.startswith("may not") else "program-missing"
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
