"""Containers that start and end: killed for memory, without a command, without a setting, or simply finished."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from agent.diagnose.fields import number, seconds_since
from agent.diagnose.finding import Change, Confidence, Evidence, Finding, Fix, Severity
from agent.diagnose.logs import NO_LOG, missing_file, missing_settings, telling_line
from agent.diagnose.pods import Part, event_evidence, events_of, newest, parts, wants_to_run_on, workload_ref
from agent.diagnose.registry import rule
from agent.diagnose.wording import closest, counted, memory, said
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object
from tools.quantity import parse_quantity

OOM = "OOMKilled"
KILLED = 137
"""Exit status of a process that SIGKILL ended: the OOM killer's, and anybody else's."""

TERMINATED = (137, 143)
"""Exit statuses of a process that a signal asked or made to end: somebody outside decided that."""

NOT_EXECUTABLE, NOT_FOUND = 126, 127
NEAR_LIMIT = 0.9
"""Share of the memory limit in use from which a kill without a reason is read as one for memory."""

SHORT_LIFE = 600
"""Seconds within which a service that ends with 0 did not mean to serve."""

RECENT = 3600
"""Seconds since an end that count as now."""

TOO_SMALL = re.compile(
    r"memory limit too low|signal: killed|container init was OOM-killed|cannot allocate memory", re.I
)
NO_COMMAND = re.compile(
    r"executable file not found|exec: \"|fork/exec|no command specified|exec /\S+: no such file|is a directory: unknown"
    r"|starting container process caused.*(?:exec|permission denied)",
    re.IGNORECASE,
)
_RUNTIME_NAMED = re.compile(r"exec: \"([^\"]+)\"|exec (/\S+?):")
_SHELL_NAMED = re.compile(
    r"sh: (?:line \d+: |\d+: )?(\S+?): (?:command )?(?:not found|Permission denied)|env: [‘'\"]?([^’'\":]+)"
)
WRONG_PLATFORM = re.compile(r"exec format error", re.IGNORECASE)
START_REASONS = ("StartError", "ContainerCannotRun", "RunContainerError", "CreateContainerError")


@rule(65, "oom-killed", on="Pod")
def oom_killed(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A container used more memory than its limit, or has a limit in which nothing can start."""
    for part in parts(pod):
        found = _out_of_memory(part, graph)
        if found is not None:
            yield _oom_finding(part, graph, *found)


def _out_of_memory(part: Part, graph: Graph) -> tuple[Evidence, str, Confidence] | None:
    """Return what shows that a container was killed for memory, how it is said, and how sure that is."""
    for pointer, ended in part.ended():
        code = ended.get("exitCode")
        if ended.get("reason") == OOM:
            child = "" if code == KILLED else f"; a child process died, the container's own exit code is {code}"
            shown = Evidence(ref(part.pod), f"{pointer}/reason", f"{OOM} (exit code {code})")
            return shown, f"was killed for memory{child}", Confidence.CERTAIN
        if TOO_SMALL.search(str(ended.get("message") or "")):
            shown = Evidence(ref(part.pod), f"{pointer}/message", str(ended.get("message")))
            return shown, "cannot even start", Confidence.CERTAIN
        if code == KILLED and _full(part, graph) and not events_of(part, graph, "Killing"):
            shown = Evidence(ref(part.pod), f"{pointer}/exitCode", f"{code}, with its memory nearly full")
            return shown, "was killed, most likely for memory", Confidence.LIKELY
    return _too_small(part, graph)


def _too_small(part: Part, graph: Graph) -> tuple[Evidence, str, Confidence] | None:
    """Return what shows that the limit is too small to create the container or its sandbox."""
    message = str(part.waiting.get("message") or "")
    if TOO_SMALL.search(message):
        shown = Evidence(ref(part.pod), f"{part.status_pointer}/state/waiting/message", message)
        return shown, "cannot even start", Confidence.CERTAIN
    last = newest([event for event in graph.events(part.pod) if event.get("reason") == "FailedCreatePodSandBox"])
    waits = part.waiting.get("reason") in ("ContainerCreating", "PodInitializing")
    if last is not None and waits and _limit(part) and TOO_SMALL.search(last.get("message") or ""):
        return event_evidence(last, part.pod), "cannot even start", Confidence.LIKELY
    return None


def _oom_finding(part: Part, graph: Graph, shown: Evidence, how: str, confidence: Confidence) -> Finding:
    limit, usage = _limit(part), _usage(part, graph)
    where = f"its limit of {limit}" if limit else "what its node has left; it has no limit of its own"
    times = f" ({counted(part.restarts, 'restart')})" if part.restarts else ""
    now = (Evidence(ref(part.pod), "metrics", f"{memory(Decimal(usage))} in use"),) if usage else ()
    broken = not part.ready or part.restarts > 1
    return _finding(
        65,
        "oom-killed",
        part,
        graph,
        f"container {part.name} {how}: it needs more than {where}{times}",
        _oom_fix(part, limit),
        (shown, *_limit_evidence(part, limit), *now),
        confidence,
        Severity.ERROR if broken else Severity.WARNING,
    )


def _oom_fix(part: Part, limit: str) -> Fix:
    if not limit:
        return Fix("Set a memory request and limit that fit what it uses, so that its node is not overcommitted")
    change = Change(part.field("resources.limits.memory"), limit, _doubled(limit), "resources.limits.memory")
    return Fix("Raise the memory limit, or find what leaks", (change,))


def _limit_evidence(part: Part, limit: str) -> tuple[Evidence, ...]:
    return (Evidence(ref(part.pod), f"{part.pointer}/resources/limits/memory", limit),) if limit else ()


def _limit(part: Part) -> str:
    return str(((part.container.get("resources") or {}).get("limits") or {}).get("memory") or "")


def _doubled(limit: str) -> str:
    """Return twice a limit, at least 64Mi, as people write it."""
    bytes_ = parse_quantity(limit)
    return memory(max(2 * bytes_, Decimal(64 << 20))) if bytes_ else ""


def _usage(part: Part, graph: Graph) -> int:
    name = (ref(part.pod).namespace, ref(part.pod).name, part.name)
    return next((use.memory for use in graph.snapshot.usage if (use.namespace, use.pod, use.container) == name), 0)


def _full(part: Part, graph: Graph) -> bool:
    limit = parse_quantity(_limit(part))
    return limit is not None and limit > 0 and _usage(part, graph) / float(limit) >= NEAR_LIMIT


@rule(58, "command-not-found", on="Pod")
def command_not_found(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The command cannot be executed: it is not in the image, or no program."""
    for part in parts(pod):
        shown = _cannot_execute(part, graph)
        if shown is None or part.ready:
            continue
        command = " ".join(map(str, part.container.get("command") or part.container.get("args") or ()))
        program = _program(shown.text, _log(part, graph), command)
        refused = "permission denied" in shown.text or shown.text.startswith(str(NOT_EXECUTABLE))
        why = "cannot be executed" if refused else "is not in the image"
        change = Change(part.field("command"), command, "", "command")
        fix = Fix("Name a program that is in the image, or build it into the image", (change,))
        proof = (shown, *_log_evidence(part, graph))
        cause = f"container {part.name} cannot start: {program} {why}"
        yield _finding(58, "command-not-found", part, graph, cause, fix, proof, Confidence.CERTAIN)


def _program(message: str, log: str, command: str) -> str:
    """Return what could not be executed: named by the runtime, by the shell that looked for it, or the command itself."""
    named = _RUNTIME_NAMED.search(message) or _SHELL_NAMED.search(log)
    found = next((group for group in named.groups() if group), "") if named else ""
    return found or command.split(" ")[0] or "its command"


def _cannot_execute(part: Part, graph: Graph) -> Evidence | None:
    """Return what says that the command is none: the runtime's refusal, or a shell's 126 or 127."""
    message = str(part.waiting.get("message") or "")
    if part.waiting.get("reason") in START_REASONS and _no_command(message):
        return Evidence(ref(part.pod), f"{part.status_pointer}/state/waiting/message", message)
    for pointer, ended in part.ended():
        message, code = str(ended.get("message") or ""), ended.get("exitCode")
        if ended.get("reason") in START_REASONS and _no_command(message):
            return Evidence(ref(part.pod), f"{pointer}/message", message)
        started = ended.get("reason") not in START_REASONS and not part.initial
        if started and code in (NOT_EXECUTABLE, NOT_FOUND) and not _other_platform(part, graph):
            return Evidence(ref(part.pod), f"{pointer}/exitCode", f"{code}: command not found or not executable")
    return None


def _no_command(message: str) -> bool:
    return bool(NO_COMMAND.search(message)) and not WRONG_PLATFORM.search(message) and not TOO_SMALL.search(message)


def _other_platform(part: Part, graph: Graph) -> bool:
    return bool(WRONG_PLATFORM.search(_log(part, graph)))


@rule(62, "init-container-fails", on="Pod")
def init_container_fails(pod: Object, graph: Graph) -> Iterator[Finding]:
    """An init container ends with an error, so that the main containers never start."""
    for part in parts(pod):
        failed = _failure(part)
        if not part.initial or failed is None or _out_of_memory(part, graph) or _cannot_execute(part, graph):
            continue
        pointer, ended = failed
        line = telling_line(_log(part, graph))
        why = f": {line}" if line else ""
        cause = f"init container {part.name} fails with exit code {ended.get('exitCode')}{why}"
        shown = Evidence(ref(pod), pointer, f"{ended.get('reason') or 'ended'}, exit code {ended.get('exitCode')}")
        fix = Fix(
            f"Mend what init container {part.name} does; the pod's main containers wait for it", _setting(part, graph)
        )
        proof = (shown, *_log_evidence(part, graph))
        yield _finding(62, "init-container-fails", part, graph, cause, fix, proof, Confidence.LIKELY)


def _failure(part: Part) -> tuple[str, Mapping[str, Any]] | None:
    """Return (pointer, state) of an end with an error that nothing has mended since."""
    if part.ready or (part.running and part.kind == "containers" and not part.restarts):
        return None
    now = (part.status.get("state") or {}).get("terminated") or {}
    if now and now.get("exitCode") == 0:
        return None
    return next(((pointer, ended) for pointer, ended in part.ended() if ended.get("exitCode")), None)


@rule(69, "setting-missing", on="Pod")
def setting_missing(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The program ends because a setting it needs is not given, and its log says which."""
    for part in parts(pod):
        failed = _failure(part)
        if part.initial or failed is None or failed[1].get("exitCode") in TERMINATED or failed[1].get("reason") == OOM:
            continue
        found = _missing_setting(part, graph) or _missing_file(part, graph)
        if found is None:
            continue
        cause, change, line, confidence = found
        pointer, ended = failed
        shown = Evidence(ref(pod), pointer, f"{ended.get('reason') or 'ended'}, exit code {ended.get('exitCode')}")
        proof = (shown, Evidence(ref(pod), _which_log(part, graph), line))
        fix = Fix("Give the container what it asks for", (change,) if change else ())
        yield _finding(69, "setting-missing", part, graph, f"container {part.name} {cause}", fix, proof, confidence)


def _setting(part: Part, graph: Graph) -> tuple[Change, ...]:
    found = _missing_setting(part, graph)
    return (found[1],) if found and found[1] else ()


_Missing = tuple[str, Change | None, str, Confidence]


def _missing_setting(part: Part, graph: Graph) -> _Missing | None:
    """Return what is said of the first setting the log misses that the container indeed is not given."""
    given, opaque = _given(part, graph)
    for name, line in missing_settings(_log(part, graph)):
        variable = name if name.isupper() else re.sub(r"\W+", "_", name).upper()
        if given.get(variable) or given.get(name):
            continue
        empty = variable in given or name in given
        near = "" if empty else closest(variable, given)
        hint = f"; it is given {near}" if near else ""
        state = "is empty" if empty else f"is not set{hint}"
        cause = f"ends because its setting {name} {state}"
        confidence = Confidence.LIKELY if opaque else Confidence.CERTAIN
        return cause, Change(part.field("env"), near, "", f"env.{variable}"), line, confidence
    return None


def _given(part: Part, graph: Graph) -> tuple[dict[str, str], bool]:
    """Return variable -> value ("?" where it comes from elsewhere), and whether there may be others nobody can see."""
    given: dict[str, str] = {}
    opaque = False
    for source in part.container.get("envFrom") or ():
        wanted = (source.get("configMapRef") or {}).get("name")
        found = graph.get("ConfigMap", ref(part.pod).namespace, wanted) if wanted else None
        opaque = opaque or found is None
        given |= {f"{source.get('prefix') or ''}{key}": "?" for key in ((found or {}).get("data") or {})}
    for variable in part.container.get("env") or ():
        if variable.get("name"):
            given |= _value(variable, part, graph)
    return given, opaque


def _value(variable: Mapping[str, Any], part: Part, graph: Graph) -> dict[str, str]:
    """Return what one variable is given; nothing where it comes from an optional object that is not there."""
    source = variable.get("valueFrom") or {}
    for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
        wanted = source.get(field) or {}
        if wanted.get("optional") and graph.exists(kind, ref(part.pod).namespace, str(wanted.get("name"))) is False:
            return {}
    return {variable["name"]: "?" if source else str(variable.get("value") or "")}


def _missing_file(part: Part, graph: Graph) -> _Missing | None:
    """Return what is said of a configuration file that the log does not find and no volume brings."""
    found = missing_file(_log(part, graph))
    if found is None:
        return None
    path, line = found
    mounts = [str(mount.get("mountPath") or "") for mount in part.container.get("volumeMounts") or ()]
    covered = any(path == mount or path.startswith(f"{mount.rstrip('/')}/") for mount in mounts if mount)
    where = "it is not in the volume mounted there" if covered else "no volume is mounted there"
    return f"ends because the file {path} is missing: {where}", None, line, Confidence.LIKELY


@rule(71, "finished", on="Pod")
def finished(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The program ends with 0, although it is to serve for ever; so it is started again and again."""
    if not wants_to_run_on(pod, graph):
        return
    for part in parts(pod):
        ended = next(iter(part.ended()), None)
        if part.kind != "containers" or ended is None or not _done(part, ended[1], graph):
            continue
        times = counted(part.restarts, "restart")
        cause = f"container {part.name} finishes with exit code 0 and is started again ({times})"
        change = Change(part.field("command"), " ".join(map(str, part.container.get("command") or ())), "", "command")
        fix = Fix("Run it in the foreground, or make it a Job if it is meant to finish", (change,))
        proof = (Evidence(ref(pod), ended[0], "Completed, exit code 0"), *_log_evidence(part, graph))
        yield _finding(71, "finished", part, graph, cause, fix, proof, Confidence.CERTAIN)


def _done(part: Part, ended: Mapping[str, Any], graph: Graph) -> bool:
    """Return whether it ended by itself, after a short life, and does not run well since."""
    if number(ended.get("exitCode"), 1) != 0 or ended.get("signal") or events_of(part, graph, "Killing"):
        return False
    now = graph.snapshot
    born, died = seconds_since(now, ended.get("startedAt")), seconds_since(now, ended.get("finishedAt"))
    if died is not None and (died > RECENT or (born is not None and born - died > SHORT_LIFE)):
        return False
    return bool(part.restarts) and (not part.running or part.restarts > 2)


def _log(part: Part, graph: Graph) -> str:
    """Return the log of the end: the previous instance's, or this one's when it has ended or there is no other."""
    previous, current = (_usable(graph.log(part.pod, part.name, previous=which)) for which in (True, False))
    return current or previous if not part.running else previous or current


def _usable(log: str) -> str:
    return "" if log.startswith(NO_LOG) else log


def _which_log(part: Part, graph: Graph) -> str:
    return "log (previous)" if _log(part, graph) == graph.log(part.pod, part.name, previous=True) else "log"


def _log_evidence(part: Part, graph: Graph) -> tuple[Evidence, ...]:
    line = telling_line(_log(part, graph))
    return (Evidence(ref(part.pod), _which_log(part, graph), line),) if line else ()


def _finding(
    mode: int,
    code: str,
    part: Part,
    graph: Graph,
    cause: str,
    fix: Fix,
    evidence: tuple[Evidence, ...],
    confidence: Confidence,
    severity: Severity = Severity.ERROR,
) -> Finding:
    workload = workload_ref(part.pod, graph)
    return Finding(
        mode=mode,
        code=code,
        subject=workload,
        cause=f"{said(workload)}: {cause}",
        severity=severity,
        confidence=confidence,
        evidence=evidence,
        fix=fix,
        affected=(ref(part.pod),),
        container=part.name,
    )


RULES = (oom_killed, command_not_found, init_container_fails, setting_missing, finished)
