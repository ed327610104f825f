"""`strace`: which system call of a container fails, once a person lets it be followed."""

import getpass
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from agent.apply import ledger
from agent.apply.ledger import Event
from agent.approval.consent import Answer, Question
from agent.change.plan import digest
from agent.container.calls import Call, End, calls, failing, of_container, tail
from agent.container.ends import decoded
from agent.container.look import Look
from agent.errors import Denied, Indeterminate, UsageError
from agent.events import Emit, Progress
from agent.exitcode import ExitCode
from agent.kube.wording import listed
from agent.operate.arguments.strace import Strace
from agent.world.containers import found
from agent.world.owners import Owner, owner
from agent.world.tracing import captured
from agent.world.world import World
from tools import docker
from tools.failure import Failure
from tools.permit import Permit
from tools.redact import MASK
from tools.sandbox import sandbox
from tools.strace import Copy, containerd_of, copied, follow, forbidden

T = TypeVar("T")

SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Traced:
    """What was seen of a container's calls."""

    look: Look
    """As it was before."""
    commands: tuple[tuple[str, ...], ...]
    call: Call | None
    """The one that most likely ended it, None where none failed that matters."""
    owner: Owner | None
    """Whose the file is that it could not have."""
    seen: int
    """Calls of its own processes."""
    last: tuple[str, ...]
    """The last of them, as a person reads them."""
    ended: str
    """How its first process ended, "" where it did not."""


def run(args: Strace, world: World, emit: Emit) -> Traced:
    """Follow a container's system calls, bounded, once a person has agreed to exactly that."""
    look = _only(args, world)
    commands, seconds = _commands(look, docker.endpoint(), args), args.seconds or SECONDS
    question = Question(_title(look, args), commands, _bounds(seconds), _leaves(look, args))
    said = world.consenter(question) if world.consenter else Answer(yes=False, why="nobody can be asked here")
    _noted(said, look, commands)
    emit(Progress(f"following {look.name}"))
    permit = Permit(_id(commands), frozenset(commands))
    with sandbox(path=world.settings.path, docker_host=docker.endpoint()) as box:
        text = captured(commands, look, seconds, box, permit)
    if isinstance(text, Failure):
        raise Indeterminate(f"{text}; agent debug {look.name} still works")
    return _traced(text, look, commands, attached=look.running and not args.copy)


def code(result: Traced) -> ExitCode:
    """Return whether a failing call was found; where nothing of the container was seen nobody can say."""
    if not result.seen:
        return ExitCode.INDETERMINATE
    return ExitCode.FOUND if result.call is not None else ExitCode.OK


def _only(args: Strace, world: World) -> Look:
    meant = found(args.name, world.settings, world.deadline).looks
    if len(meant) != 1:
        names = ", ".join(look.name for look in meant)
        raise UsageError(
            f"{args.name}: {f'say which of {names}' if meant else 'it is an image, and only a container runs'}"
        )
    return meant[0]


def _commands(look: Look, host: str, args: Strace) -> tuple[tuple[str, ...], ...]:
    """Return what would run: strace on its process, or on the runtime that starts it once more, or on a copy.

    Raises:
        Denied: this machine does not let anybody be followed; says why.

    """
    why = forbidden()
    if args.copy:
        return (_known(copied(_copy(look), args.seconds or SECONDS)),)
    if why is not None:
        raise Denied(f"{why}; --copy follows a throw-away copy instead, agent debug {look.name} follows nothing")
    if look.running:
        return (follow(int(look.state.get("Pid") or 0)),)
    starting = () if look.state.get("Restarting") else (("docker", "start", look.name),)
    return (follow(_known(containerd_of(host))), *starting)


def _known(found: T | Failure) -> T:
    if isinstance(found, Failure):
        raise Denied(str(found))
    return found


def _copy(look: Look) -> Copy:
    """Return the container as a copy is made of it; a variable that was masked when it was read is left out."""
    images = set((look.image.get("Config") or {}).get("Env") or ())
    own = {name: value for name, value in look.environment.items() if f"{name}={value}" not in images}
    known = [f"{name}={value}" for name, value in own.items() if MASK not in value and "\n" not in value]
    return Copy(
        name=look.name,
        image=str(look.container.get("Image") or "").removeprefix("sha256:"),
        network=next((name for name in look.networks if name not in ("bridge", "host")), "none"),
        user=str(look.config.get("User") or ""),
        workdir=str(look.config.get("WorkingDir") or ""),
        memory=int(look.host.get("Memory") or 0),
        variables=tuple(known),
        command=tuple(look.command),
    )


def _title(look: Look, args: Strace) -> str:
    if args.copy:
        return f"Follow the system calls of a throw-away copy of container {look.name}"
    if look.running:
        return f"Follow the system calls of container {look.name} while it runs"
    how = "at its next restart" if look.state.get("Restarting") else "while it is started once more, as it is"
    return f"Follow the system calls of container {look.name} {how}"


def _bounds(seconds: float) -> str:
    return f"{seconds:g} s at most, a mebibyte of names of files and addresses, nothing that is read, written or sent"


def _leaves(look: Look, args: Strace) -> str:
    if args.copy:
        hidden = [name for name, value in look.environment.items() if MASK in value]
        more = f"; it runs without {listed(hidden)}, whose values nobody here has seen" if hidden else ""
        return f"nothing: the copy is removed{more}"
    if look.running:
        return "nothing; it runs more slowly meanwhile"
    return "nothing but one more start in its history; should it not crash this time, it stays up"


def _noted(said: Answer, look: Look, commands: Sequence[tuple[str, ...]]) -> None:
    """Write down what was said before anything runs.

    Raises:
        Denied: nobody said yes, or it cannot be written down.

    """
    event = Event.APPROVED if said.yes else Event.REJECTED
    detail = {"container": look.name, "commands": [list(words) for words in commands], "how": "terminal"}
    if said.yes or not said.why:
        written = ledger.append(event, "", said.by or getpass.getuser(), detail)
        if isinstance(written, Failure):
            raise Denied(str(written))
    if not said.yes:
        raise Denied(f"strace of {look.name}: {said.why or 'not approved'}; agent debug {look.name} still works")


def _id(commands: Sequence[tuple[str, ...]]) -> str:
    return digest("\n".join(" ".join(words) for words in commands).encode())


def _traced(text: str, look: Look, commands: tuple[tuple[str, ...], ...], *, attached: bool) -> Traced:
    every, ended = calls(text)
    own = every if attached else of_container(every, look.command)
    pids = {call.pid for call in own}
    ends = [end for end in ended if end.pid in pids]
    wrong = failing(own, ends)
    first = next((end for end in ends if own and end.pid == own[0].pid), None)
    whose = owner(look, wrong.path) if wrong is not None and wrong.path.startswith("/") else None
    return Traced(look, commands, wrong, whose, len(own), tuple(tail(own)), _ended(first))


def _ended(first: End | None) -> str:
    if first is None:
        return ""
    return f"killed by {first.signal}" if first.signal else f"exit code {decoded(first.code or 0)}"
