"""How a container ended: for memory, by a signal from outside or of its own fault, or simply done."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from agent.container.cause import Cause, shown
from agent.container.look import Look, Record, attribute_of
from agent.diagnose.finding import Confidence
from agent.diagnose.messages.lines import telling_line
from agent.kube.fields import number
from agent.kube.wording import duration, memory
from agent.severity import Severity
from agent.snapshot.evidence import Evidence

INT, TRAP, ABORT, KILL, TERM = 2, 5, 6, 9, 15
SIGNALS: Mapping[int, tuple[str, str]] = {
    1: ("SIGHUP", "a hang-up"),
    2: ("SIGINT", "an interrupt"),
    3: ("SIGQUIT", "a quit request"),
    4: ("SIGILL", "an illegal instruction"),
    5: ("SIGTRAP", "a trap"),
    6: ("SIGABRT", "an abort of its own"),
    7: ("SIGBUS", "a bus error"),
    8: ("SIGFPE", "an arithmetic fault"),
    9: ("SIGKILL", "a kill"),
    10: ("SIGUSR1", "a signal of a program's own"),
    11: ("SIGSEGV", "a segmentation fault"),
    12: ("SIGUSR2", "a signal of a program's own"),
    13: ("SIGPIPE", "a closed pipe"),
    14: ("SIGALRM", "an alarm of its own"),
    15: ("SIGTERM", "a request to end"),
    24: ("SIGXCPU", "its limit of processor time"),
    25: ("SIGXFSZ", "its limit of a file's size"),
    31: ("SIGSYS", "a system call that its seccomp profile forbids"),
}
"""Signal -> its name and what it means; an exit status of 128 and more is that signal (signal(7))."""

FAULTS: Mapping[int, str] = {
    4: "It was built for a newer processor than this one, or its memory is damaged: build it for this machine",
    5: "Read what it says right before: a runtime (V8, Swift) stopped itself, or a break point is left in it",
    6: "Read what it says right before: an assertion, an allocator or the runtime gave up",
    7: "A mapped file is cut short or /dev/shm is full: raise --shm-size, and look at the disk",
    8: "It divides by zero: read the trace, and mend the program",
    11: "Its own code or a native library reads memory that is not there: get a core dump, or update the library",
    24: "Raise --ulimit cpu, or see what it computes for so long",
    25: "Raise --ulimit fsize, or let it write smaller files",
    31: "Run it with --security-opt seccomp=PROFILE that allows the call, or find which one: agent strace",
}
"""Faults of the program itself -> what to do."""

GRACE = 10
"""Seconds `docker stop` waits after its first signal."""

SHORT = 60
"""Seconds within which what is to serve and ends with 0 did not mean to end."""


def signal_of(code: int) -> int:
    """Return the signal an exit status stands for, 0 for none."""
    return code - 128 if 128 < code < 160 else 0


def decoded(code: int) -> str:
    """`137 (SIGKILL, a kill)`, `3`: an exit status in words."""
    found = SIGNALS.get(signal_of(code))
    return f"{code} ({found[0]}, {found[1]})" if found else str(code)


def aborted(look: Look) -> bool:
    """Return whether the program, or its runtime, ended itself by a signal: right before it says why."""
    return signal_of(look.exit_code) in (TRAP, ABORT)


def ends(look: Look) -> Iterator[Cause]:
    """Yield how it ended, where that by itself is the cause."""
    if look.never_ran:
        return
    if look.state.get("OOMKilled") or look.told("oom"):
        yield _for_memory(look)
    elif look.running:
        return
    elif signal_of(look.exit_code) in FAULTS.keys() - _sent(look):
        yield _by_fault(look)
    elif look.exit_code == 0:
        yield from _done(look)
    else:
        yield from _by_signal(look)


def end_proof(look: Look) -> Evidence:
    """Return the end as evidence: status, and how long it had run."""
    lived = look.lived
    after = (
        f" after {lived * 1000:.0f} ms"
        if lived is not None and lived < 1
        else f" after {duration(lived)}"
        if lived
        else ""
    )
    return shown(look.name, "/State/ExitCode", f"exit code {decoded(look.exit_code)}{after}")


def _for_memory(look: Look) -> Cause:
    """Say that memory was short: the kernel kills one process of the container, which need not be its first one."""
    limit = number(look.host.get("Memory"))
    most = f"its limit of {memory(Decimal(limit))}" if limit else "what the host had left: it has no limit of its own"
    proof = [shown(look.name, "/State/OOMKilled", "true") if look.state.get("OOMKilled") else _oom_event(look)]
    proof += [] if look.running else [end_proof(look)]
    proof += [shown(look.name, "/HostConfig/Memory", f"{memory(Decimal(limit))}, all of it used")] if limit else []
    fix = (
        "Raise --memory (mem_limit) above what it needs, or let the program use less"
        if limit
        else "Give it a limit, and the host more memory"
    )
    doubled = (
        f"docker update --memory {memory(Decimal(limit * 2)).lower().removesuffix('i')} --memory-swap -1 {look.name}"
        if limit
        else ""
    )
    went_on = look.running or look.exit_code == 0
    severity = Severity.WARNING if went_on else Severity.ERROR
    return Cause("out-of-memory", f"{_killed(look)}: it needs more than {most}", tuple(proof), fix, doubled, severity)


def _killed(look: Look) -> str:
    if look.running:
        return "goes on, and one of its processes was killed for memory"
    if look.exit_code == 128 + KILL:
        return "was killed for memory"
    return f"ended with exit code {look.exit_code} after one of its processes was killed for memory"


def _oom_event(look: Look) -> Evidence:
    return shown(look.name, "event oom", f"{len(look.told('oom'))} in this run")


def _by_fault(look: Look) -> Cause:
    number_ = signal_of(look.exit_code)
    name, what = SIGNALS[number_]
    line = telling_line(look.log)
    proof = (end_proof(look), *([shown(look.name, "log", line)] if line else []))
    return Cause("crashed", f"crashed by {what} ({name})", proof, FAULTS[number_])


def _by_signal(look: Look) -> Iterator[Cause]:
    """Tell who ended it: `docker stop` at once or after its grace, `docker kill`, a terminal, or nobody known.

    Whoever was asked to stop may end with any status; a signal that did not end it (a HUP to read anew) says nothing.
    """
    ended, stopped = signal_of(look.exit_code), bool(look.told("stop"))
    sent = _sent(look)
    told = [shown(look.name, "event kill", f"signal {', '.join(map(str, sent))}")] if sent else []
    proof = (end_proof(look), *told)
    asked = [item for item in sent if item != KILL]
    if stopped and ended == KILL and asked:
        yield _deaf(look, asked[0], proof)
    elif stopped or ended in sent or (ended == INT and look.config.get("Tty")):
        by = SIGNALS[ended][0] if ended in SIGNALS else f"exit code {look.exit_code} on its stop signal"
        says = f"was ended from outside by {by}: somebody stopped or killed it"
        again, command = "Start it again if that was not meant", f"docker start {look.name}"
        yield Cause("ended-from-outside", says, proof, again, command, Severity.WARNING)
    elif ended in (KILL, TERM):
        yield _by_somebody(look, ended, proof)


def _deaf(look: Look, signal: int, proof: tuple[Evidence, ...]) -> Cause:
    name = SIGNALS.get(signal, (f"signal {signal}",))[0]
    says = f"was stopped and did not end on {name} within its grace ({GRACE} s by default), so it was killed"
    fix = f"Let the program itself be PID 1 (exec form, or `exec` in its script) and end on {name}, or use --init"
    return Cause("ignores-sigterm", says, proof, fix, 'ENTRYPOINT ["/app"]', Severity.WARNING)


def _by_somebody(look: Look, signal: int, proof: tuple[Evidence, ...]) -> Cause:
    """Say that a signal ended it that the engine did not send, or that its events no longer tell.

    A request to end is what people, the engine's own end and a machine's shutdown send; a kill may be the kernel's.
    """
    name = SIGNALS[signal][0]
    if look.ends_known:
        says = f"was ended by {name}, and the engine did not send it"
        fix = "See who did: the host's kernel for memory (dmesg), a script, or the program itself"
        dmesg = "dmesg --ctime | grep -i -E 'oom|killed process'"
        return Cause("killed", says, proof, fix, dmesg, confidence=Confidence.LIKELY)
    says = f"was ended by {name}, and by whom is not known: the engine's events do not reach back to it"
    fix = "Start it again if it was stopped; else see the host's kernel for memory (dmesg)"
    severity = Severity.WARNING if signal == TERM else Severity.ERROR
    return Cause("killed", says, proof, fix, f"docker start {look.name}", severity, Confidence.POSSIBLE)


def _sent(look: Look) -> list[int]:
    """Return the signals that were sent to it through the engine in its last run."""
    return [number for item in look.told("kill") if (number := _signal(item))]


def _signal(event: Record) -> int:
    """Return the number of a signal that an event tells of: `9`, `SIGKILL`, `KILL`."""
    said = str(attribute_of(event, "signal") or "").upper()
    named = {name: found for found, (name, _) in SIGNALS.items()}
    return int(said) if said.isascii() and said.isdigit() else named.get(f"SIG{said.removeprefix('SIG')}", 0)


def _done(look: Look) -> Iterator[Cause]:
    """Yield that what should serve ended by itself; a program that did its work and is not to be restarted is fine."""
    lived = look.lived
    again = bool(look.state.get("Restarting"))
    if not again and (not _serves(look) or look.told("stop") or (lived is not None and lived > SHORT)):
        return
    fix = (
        "Run it in the foreground: the container lives as long as its first process (`nginx -g 'daemon off;'`, no `&`)"
    )
    says = "ended with exit code 0, although it is to serve: its first process was done"
    yield Cause("finished", says, (end_proof(look), shown(look.name, "/Path", " ".join(look.command)[:200])), fix)


def _serves(look: Look) -> bool:
    """Return whether it is to run on: it has ports of the host, or runs what its image does, which exposes some.

    A restart policy says it only while it restarts: what rests under `always` was stopped by somebody. Another command
    than the image's (a dump, a migration, `redis-cli`) is a job of its own.
    """
    image = look.image.get("Config") or {}
    own = all((look.config.get(key) or None) == (image.get(key) or None) for key in ("Entrypoint", "Cmd"))
    test = (look.config.get("Healthcheck") or {}).get("Test") or ["NONE"]
    return bool(look.host.get("PortBindings")) or (own and (bool(look.config.get("ExposedPorts")) or test != ["NONE"]))
