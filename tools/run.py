"""The only door to a process.

A command is an argv list; tools/policy.py reads it whole before it runs, and what changes something needs a permit too.
The process gets an environment made from nothing, an empty private folder, no input, limits of time and memory, a cap
on what it may print and, where the policy says that it needs none, no network; what it printed is decoded and redacted
before anyone sees it. When the time is up its whole process group ends, also children that ignore the request.
"""

import re
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

from tools import policy
from tools.deadline import Deadline
from tools.documents import Unreadable, json_lines, manifest, one_json, sourced
from tools.failpoints import reached
from tools.failure import Failure, FailureKind
from tools.permit import Permit
from tools.process import MOST_MEMORY, UNDOING, Done, execute, signalled
from tools.programs import SYSTEM, find, looked_in, pinned
from tools.redact import redact
from tools.sandbox import Sandbox
from tools.text import clean

CAP = 1 << 20
"""Bytes of standard output kept unless a caller needs more; standard error gets 64 KiB."""

TRUNCATED = "\n[truncated]"

DEATHS = (signal.SIGABRT, signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM)
"""Signals a wrapper script reports as exit status 128 + number."""

LAST_WORDS = (
    ("is forbidden", FailureKind.FORBIDDEN),
    ("unauthorized", FailureKind.UNAUTHORIZED),
    ("must be logged in", FailureKind.UNAUTHORIZED),
    ("release: not found", FailureKind.NOT_FOUND),
    ("(notfound)", FailureKind.NOT_FOUND),
    ("no such container", FailureKind.NOT_FOUND),
    ("no such image", FailureKind.NOT_FOUND),
    ("timed out waiting for the condition", FailureKind.TIMEOUT),
    ("connection refused", FailureKind.UNREACHABLE),
    ("cluster unreachable", FailureKind.UNREACHABLE),
    ("no such host", FailureKind.UNREACHABLE),
    ("no such object", FailureKind.NOT_FOUND),
    ("failed to connect to the docker api", FailureKind.UNREACHABLE),
    ("cannot connect to the docker daemon", FailureKind.UNREACHABLE),
)
"""What a client's last line says of why it failed (lower case)."""

_NO_MEMORY = re.compile(
    rb"^(?:fatal error: |fatal: |runtime: )*(?:out of memory|cannot (?:allocate|map|reserve)|MemoryError)", re.I | re.M
)
"""How a program of Go, of C (git) or of Python says that it got no more memory."""

_NO_NETWORK = (("--net",), ("--net", "--map-root-user"))
"""What `unshare` is asked for: by root, and by anybody else where the kernel lets users have namespaces."""

OTHERWISE = "install it, or name its folder in the setting `path`"

WHAT_TO_DO = {
    "kubectl": "install kubectl, or name its folder in the setting `path`",
    "helm": "install helm 4, or name its folder in the setting `path`",
}


@dataclass(frozen=True, slots=True)
class Output:
    """What a process that ended by itself, with a status that is an answer, printed; redacted."""

    argv: tuple[str, ...]
    stdout: str
    stderr: str
    truncated: bool
    code: int = 0


def run(
    argv: Sequence[str], box: Sandbox, *, timeout: float = 20.0, cap: int = CAP, answers: Sequence[int] = (0,)
) -> Output | Failure:
    """Run one command that the policy allows.

    Args:
        argv: the program's plain name and its arguments, long flags as `--flag=value`.
        box: where it runs.
        timeout: seconds until its process group is ended; sooner where the command's own time is up.
        cap: bytes of standard output kept; the rest is read and thrown away, and the output says so.
        answers: exit statuses that are answers: `helm lint` says 1 of a chart with errors.

    Returns:
        What it printed, or why there is nothing: denied, missing, timed out, killed, another exit status.

    """
    done = _run(argv, box, timeout, cap, answers)
    return done if isinstance(done, Failure) else _output(argv, done)


class Running:
    """A process that another thread waits for: who holds this may ask it to stop, also before it has started."""

    def __init__(self, keeps: Sequence[int] = (), place: str = "") -> None:
        """Begin with no process.

        Args:
            keeps: descriptors that it shall inherit, with the locks on them.
            place: what the fault tests call its start.

        """
        self.keeps = tuple(keeps)
        self._place = place
        self._group = 0
        self._asked = False

    def started(self, group: int) -> None:
        """Note the process group."""
        self._group = group
        reached(self._place)
        if self._asked:
            signalled(group, signal.SIGINT)

    def ended(self) -> None:
        """Note that there is none any more: its number may be given to another."""
        self._group = 0

    def interrupt(self) -> None:
        """Ask once, as ^C does: helm then takes back what it began."""
        self._asked = True
        if self._group:
            signalled(self._group, signal.SIGINT)


def run_planned(
    argv: Sequence[str],
    box: Sandbox,
    permit: Permit,
    *,
    timeout: float,
    running: Running | None = None,
    more: Mapping[str, str] | None = None,
    answers: Sequence[int] = (0,),
) -> Output | Failure:
    """Run one command that changes something: one the policy asks about, and a person approved as it stands.

    Args:
        argv: as `run` takes it.
        box: where it runs.
        permit: what was approved.
        timeout: seconds until its process group is asked to end.
        running: told of the process, for who may have to interrupt it.
        more: variables of its environment beside those of the sandbox.
        answers: exit statuses that are answers.

    """
    decision = policy.decide(argv)
    if decision.permission is policy.Permission.ASK and permit.covers(argv):
        binary = _binary(argv[0], box)
        if isinstance(binary, Failure):
            return binary
        deadline = Deadline.after(timeout)
        environment = box.environment() | dict(more or {})
        running = running or Running()
        whole = [*(offline() if decision.offline else ()), binary, *argv[1:]]
        done = execute(
            whole, environment, box.folder / "empty", deadline, CAP,
            started=running.started, memory=MOST_MEMORY, grace=UNDOING, keeps=running.keeps,
        )  # fmt: skip
        running.ended()
        return _failed(policy.shown(argv), done, answers) or _output(argv, done)
    reason = (
        "it is no command of the approved plan" if decision.permission is policy.Permission.ASK else decision.reason
    )
    return Failure(FailureKind.DENIED, policy.shown(argv), reason)


def run_json(
    argv: Sequence[str], box: Sandbox, *, timeout: float = 20.0, cap: int = 64 << 20, answers: Sequence[int] = (0,)
) -> Any:
    """Run one command and return the JSON it prints, redacted, or a Failure: also when it is cut short or no JSON."""
    return _parsed(argv, _run(argv, box, timeout, cap, answers), cap, one_json)


def run_json_lines(argv: Sequence[str], box: Sandbox, *, timeout: float = 20.0, cap: int = CAP) -> Any:
    """Run one command that prints one JSON mapping a line, and return them, redacted, or a Failure."""
    return _parsed(argv, _run(argv, box, timeout, cap), cap, json_lines)


def run_manifest(argv: Sequence[str], box: Sandbox, *, timeout: float = 20.0, cap: int = 16 << 20) -> Any:
    """Run one command that prints a manifest (YAML documents), and return its objects without Secrets, or a Failure."""
    return _parsed(argv, _run(argv, box, timeout, cap), cap, manifest)


def run_sourced(argv: Sequence[str], box: Sandbox, *, timeout: float = 20.0, cap: int = 16 << 20) -> Any:
    """Run `helm template` and return its objects with the template each came out of, or a Failure."""
    return _parsed(argv, _run(argv, box, timeout, cap), cap, sourced)


def _run(argv: Sequence[str], box: Sandbox, timeout: float, cap: int, answers: Sequence[int] = (0,)) -> Done | Failure:
    decision = policy.decide(argv)
    if decision.permission is not policy.Permission.ALLOW:
        return Failure(FailureKind.DENIED, policy.shown(argv), decision.reason)
    binary = _binary(argv[0], box)
    if isinstance(binary, Failure):
        return binary
    deadline = box.deadline.no_later(timeout) if box.deadline else Deadline.after(timeout)
    before = offline() if decision.offline else ()
    done = execute([*before, binary, *argv[1:]], box.environment(), box.folder / "empty", deadline, cap)
    return _failed(policy.shown(argv), done, answers) or done


def _binary(name: str, box: Sandbox) -> str | Failure:
    """Return the absolute path of a program."""
    found = pinned(name, box.folders(name))
    hint = f"{looked_in(box.folders(name))}; {WHAT_TO_DO.get(name, OTHERWISE)}"
    return found or Failure(FailureKind.MISSING, name, "not installed", hint)


@cache
def offline() -> tuple[str, ...]:
    """Return the words that, before a command, put it where no network is; none where this machine cannot do that."""
    unshare, nothing = find("unshare"), find("true")
    for words in _NO_NETWORK if unshare and nothing else ():
        before = (str(unshare), *words, "--")
        tried = execute([*before, str(nothing)], {"PATH": SYSTEM}, Path("/"), Deadline.after(5.0), CAP)
        if tried.code == 0:
            return before
    return ()


def _parsed(argv: Sequence[str], done: Done | Failure, cap: int, parse: Callable[[bytes], Any]) -> Any:
    if isinstance(done, Failure):
        return done
    if done.truncated:
        return Failure(FailureKind.TRUNCATED, policy.shown(argv), f"more than {cap >> 20} MiB of output")
    try:
        return parse(bytes(done.stdout))
    except Unreadable as error:
        return Failure(FailureKind.MALFORMED, policy.shown(argv), clean(redact(str(error)), 160))


def run_credential_plugin(
    argv: Sequence[str], environment: Mapping[str, str], *, deadline: Deadline
) -> Output | Failure:
    """Run a kubeconfig's credential plugin: named by the user's own file, the only process with the user's environment.

    Its output holds a credential, so it is not redacted and must not be shown.
    """
    binary = argv[0] if argv[0].startswith("/") else find(argv[0], environment.get("PATH", SYSTEM))
    if binary is None or not Path(binary).is_file():
        return Failure(FailureKind.MISSING, argv[0], "the kubeconfig's credential plugin is not installed")
    home = Path(environment.get("HOME") or "/")  # a service account's is often no folder that exists
    folder = home if home.is_dir() else Path("/")
    done = execute([binary, *argv[1:]], dict(environment), folder, deadline, CAP, memory=MOST_MEMORY)
    return _failed(argv[0], done) or Output(tuple(argv), _text(done.stdout), "", done.truncated)


def run_signature_check(arguments: Sequence[str], message: bytes) -> Output | Failure:
    """Run `ssh-keygen -Y` with a message on its input: it reads files that were named, and has only short flags."""
    binary = find("ssh-keygen")
    if binary is None:
        return Failure(FailureKind.MISSING, "ssh-keygen", "not installed", "without it no signature can be checked")
    done = execute([binary, *arguments], {"PATH": SYSTEM}, Path("/"), Deadline.after(10.0), CAP, message=message)
    return _failed("ssh-keygen", done) or _output(("ssh-keygen", *arguments), done)


def _output(argv: Sequence[str], done: Done) -> Output:
    shown = redact(_text(done.stdout)) + (TRUNCATED if done.truncated else "")
    return Output(tuple(argv), shown, redact(_text(done.stderr)), done.truncated, done.code or 0)


def _failed(what: str, done: Done, answers: Sequence[int] = (0,)) -> Failure | None:
    """Return why a process gave nothing to use, None when it ended well."""
    if done.error:
        return Failure(FailureKind.MISSING, what, done.error)
    if done.outgrown or (done.code and _NO_MEMORY.search(done.stderr)):
        return Failure(FailureKind.KILLED, what, f"{what.split()[0]} needed more than {done.memory >> 20} MB")
    if done.code is None:
        return Failure(FailureKind.TIMEOUT, what, f"no answer within {done.seconds:.0f} s")
    if done.code in answers:
        return None
    if done.code < 0 or done.code - 128 in DEATHS:
        return Failure(FailureKind.KILLED, what, f"killed by {_signal_name(abs(done.code) % 128)}")
    last = _last_word(done.stderr)
    return Failure(_reason(last), what, f"exit status {done.code}{': ' + last if last else ''}")


def _last_word(stderr: bytearray) -> str:
    """Return the line that says why, with what it lists: the last one that starts with "error", else the last."""
    lines = [line for line in redact(_text(stderr)).splitlines() if line.strip()] or [""]
    errors = [place for place, line in enumerate(lines) if clean(line).lower().startswith("error")]
    place = (errors or [len(lines) - 1])[-1]
    listed = takewhile(lambda line: line.lstrip().startswith("- "), lines[place + 1 :])
    return clean(" ".join((lines[place], *listed)), 500)


def _reason(said: str) -> FailureKind:
    """Return what the client's last words mean: helm and kubectl have one exit status for everything."""
    lowered = said.lower()
    return next((kind for text, kind in LAST_WORDS if text in lowered), FailureKind.EXIT)


def _signal_name(number: int) -> str:
    return signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"


def _text(content: bytearray) -> str:
    return content.decode("utf-8", errors="replace")
