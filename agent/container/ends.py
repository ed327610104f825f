"""How a container ended: for memory, by a signal from outside or of its own fault, or simply done."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from agent.container.cause import Cause, shown
from agent.container.look import Look, Record
from agent.diagnose.finding import Confidence
from agent.diagnose.messages.lines import telling_line
from agent.kube.fields import number
from agent.kube.wording import duration, memory
from agent.severity import Severity
from agent.snapshot.evidence import Evidence

KILL, TERM = 9, 15
SIGNALS: Mapping[int, tuple[str, str]] = {
    1: ("SIGHUP", "a hang-up"),
    2: ("SIGINT", "an interrupt"),
    3: ("SIGQUIT", "a quit request"),
    4: ("SIGILL", "an illegal instruction"),
    6: ("SIGABRT", "an abort of its own"),
    7: ("SIGBUS", "a bus error"),
    8: ("SIGFPE", "an arithmetic fault"),
    9: ("SIGKILL", "a kill"),
    11: ("SIGSEGV", "a segmentation fault"),
    13: ("SIGPIPE", "a closed pipe"),
    15: ("SIGTERM", "a request to end"),
    31: ("SIGSYS", "a system call that its seccomp profile forbids"),
}
"""Signal -> its name and what it means; an exit status of 128 and more is that signal (signal(7))."""

FAULTS: Mapping[int, str] = {
    4: "It was built for a newer processor than this one, or its memory is damaged: build it for this machine",
    6: "Read what it says right before: an assertion, an allocator or the runtime gave up",
    7: "A mapped file is cut short or /dev/shm is full: raise --shm-size, and look at the disk",
    8: "It divides by zero: read the trace, and mend the program",
    11: "Its own code or a native library reads memory that is not there: get a core dump, or update the library",
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


def ends(look: Look) -> Iterator[Cause]:
    """Yield how it ended, where that by itself is the cause."""
    if look.running or look.never_ran:
        return
    if look.state.get("OOMKilled"):
        yield _for_memory(look)
    elif signal_of(look.exit_code) in FAULTS:
        yield _by_fault(look)
    elif signal_of(look.exit_code) in (KILL, TERM):
        yield _by_signal(look)
    elif look.exit_code == 0:
        yield from _done(look)


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
    limit = number(look.host.get("Memory"))
    most = f"its limit of {memory(Decimal(limit))}" if limit else "what the host had left: it has no limit of its own"
    proof = [shown(look.name, "/State/OOMKilled", "true"), end_proof(look)]
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
    return Cause("out-of-memory", f"was killed for memory: it needs more than {most}", tuple(proof), fix, doubled)


def _by_fault(look: Look) -> Cause:
    number_ = signal_of(look.exit_code)
    name, what = SIGNALS[number_]
    line = telling_line(look.log)
    proof = (end_proof(look), *([shown(look.name, "log", line)] if line else []))
    return Cause("crashed", f"crashed by {what} ({name})", proof, FAULTS[number_])


def _by_signal(look: Look) -> Cause:
    """Tell who ended it: `docker stop` at once or after its grace, `docker kill`, or nobody the engine knows."""
    sent = [str(_attributes(item).get("signal") or "") for item in _told(look, "kill")]
    stopped = bool(_told(look, "stop"))
    proof = (end_proof(look), *([shown(look.name, "event kill", f"signal {', '.join(sent)}")] if sent else []))
    if stopped and look.exit_code == 128 + KILL and str(TERM) in sent:
        says = f"was stopped and did not end on SIGTERM within its grace ({GRACE} s by default), so it was killed"
        fix = "Let the program itself be PID 1 (exec form, or `exec` in its script) and end on SIGTERM, or use --init"
        return Cause("ignores-sigterm", says, proof, fix, 'ENTRYPOINT ["/app"]', Severity.WARNING)
    if sent or stopped:
        says = f"was ended from outside by {SIGNALS[signal_of(look.exit_code)][0]}: somebody stopped or killed it"
        return Cause(
            "ended-from-outside",
            says,
            proof,
            "Start it again if that was not meant",
            f"docker start {look.name}",
            Severity.WARNING,
        )
    says = f"was ended by {SIGNALS[signal_of(look.exit_code)][0]}, and the engine did not send it"
    fix = "See who did: the host's kernel for memory (dmesg), a script, or the program itself"
    return Cause(
        "killed", says, proof, fix, "dmesg --ctime | grep -i -E 'oom|killed process'", confidence=Confidence.LIKELY
    )


def _attributes(event: Record) -> Record:
    return (event.get("Actor") or {}).get("Attributes") or {}


def _told(look: Look, action: str) -> Sequence[Record]:
    return [item for item in look.events if str(item.get("Action") or item.get("status") or "") == action]


def _done(look: Look) -> Iterator[Cause]:
    """Yield that what should serve ended by itself; a program that did its work and is not to be restarted is fine."""
    policy = str((look.host.get("RestartPolicy") or {}).get("Name") or "no")
    serves = bool(look.config.get("ExposedPorts") or look.config.get("Healthcheck")) or policy in (
        "always",
        "unless-stopped",
    )
    lived = look.lived
    if not serves or _told(look, "stop") or (lived is not None and lived > SHORT and policy == "no"):
        return
    fix = (
        "Run it in the foreground: the container lives as long as its first process (`nginx -g 'daemon off;'`, no `&`)"
    )
    says = "ended with exit code 0, although it is to serve: its first process was done"
    yield Cause("finished", says, (end_proof(look), shown(look.name, "/Path", " ".join(look.command)[:200])), fix)
