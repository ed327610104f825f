"""Containers that start and end: without a command, without a setting, failing before the start, or simply finished."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, finding
from agent.diagnose.messages.lines import last_words, telling_line
from agent.diagnose.messages.match import Match
from agent.diagnose.registry import rule
from agent.diagnose.rules.program.executables import CARRIAGE_RETURN, reason
from agent.diagnose.rules.program.memory import OOM, TOO_SMALL, out_of_memory
from agent.diagnose.rules.program.messages import match_of
from agent.kube.containers import Container, containers_of, end_log, killed_by_probe, last_end, wants_to_run_on
from agent.kube.edits import container_edits, variable_edits
from agent.kube.environment import Environment, environment, holders
from agent.kube.fields import number, seconds_since
from agent.kube.mounts import mount_at
from agent.kube.remedies import Edit, NeedsPerson
from agent.kube.wording import counted, listed
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object
from tools.redact import is_secret_name

TERMINATED = (137, 143)
"""Exit statuses of a process that a signal asked or made to end: somebody outside decided that."""

GO_TERMINATED = 2
"""Exit status of a Go program that a signal ended; also of one that panics."""

NOT_EXECUTABLE, NOT_FOUND = 126, 127
SHORT_LIFE = 600
"""Seconds within which a service that ends with 0 did not mean to serve."""

NO_COMMAND = re.compile(
    r"executable file .*not found|exec: \"|fork/exec|no command specified|exec /\S+: no such file"
    r"|starting container process caused.*(?:exec|permission denied)|chdir to cwd|mkdir \S+: not a directory"
    r"|crun: open executable|cannot find the file specified",
    re.IGNORECASE,
)
WRONG_PLATFORM = re.compile(r"exec format error|CPU does not support x86-64-v\d", re.IGNORECASE)
START_REASONS = ("StartError", "ContainerCannotRun", "RunContainerError", "CreateContainerError")

_PROGRAM = re.compile(
    r"exec: \"(?P<a>[^\"]+)\"|executable file [`'\"](?P<b>[^`'\"]+)[`'\"] not found|exec (?P<c>/\S+?):"
)
_PLACE = re.compile(r"chdir to cwd \(\"(?P<a>[^\"]+)\"\)|mkdir (?P<b>\S+): not a directory")
_SHELL_SAYS = re.compile(
    r"(?:^|: |\d+: )(?P<program>[^\s:]+): (?:command not found|not found|inaccessible or not found|Permission denied"
    r"|No such file or directory|cannot execute|is a directory|Is a directory)",
    re.MULTILINE,
)
_EXEC_SAYS = re.compile(
    r"^exec (?P<program>/\S+?): (?P<why>no such file or directory"
    r"|permission denied)",
    re.MULTILINE,
)
_NO_SCRIPT = re.compile(
    r"can't open file '(?P<a>[^']+)'|Cannot find module '(?P<b>/[^']+)'|Unable to access jarfile (?P<c>\S+)"
    r"|[Cc]ould not find or load main class (?P<d>\S+)|No module named (?P<e>\S+)$|(?:can't"
    r"|cannot) open '?(?P<f>/[^\s':]+)",
    re.MULTILINE,
)
"""What interpreters say when the program they are to run is not there."""


@rule(modes.COMMAND_NOT_FOUND, on="Pod")
def command_not_found(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The command cannot be executed: it is not in the image, or no program."""
    for container in containers_of(pod):
        found = cannot_execute(container, graph)
        if found is None:
            continue
        shown, program, why, confidence = found
        told = next((item.text for item in reversed(shown)), "")
        better = reason(container, program, told, graph)
        if better is not None:
            fix, shown, why = Fix(better.fix), (*shown, *better.evidence), better.why
        else:
            fix = Fix(
                "Name a program that is in the image and may be executed, or build it into the image",
                _other_program(container, graph, program, why),
                (container.field("workingDir" if "working directory" in why else "command"),),
            )
        cause = f"{container.said} cannot start: {program} {why}"
        yield finding(modes.COMMAND_NOT_FOUND, container, graph, cause, fix, shown, confidence)


def _other_program(container: Container, graph: Graph, program: str, why: str) -> tuple[Edit, ...]:
    """Return the edit of the word that names what cannot be executed, none where the image itself decides that."""
    if "working directory" in why:
        value = NeedsPerson("a directory that is in the image")
        return container_edits(container.pod, graph, container.name, ("workingDir",), value)
    for field in ("command", "args"):
        words = container.spec.get(field) or []
        if program in words:
            value = NeedsPerson("a program that is in the image")
            path = (field, words.index(program))
            return container_edits(container.pod, graph, container.name, path, value)
    return ()


_Refusal = tuple[tuple[Evidence, ...], str, str, Confidence]


def cannot_execute(container: Container, graph: Graph) -> _Refusal | None:
    """Return what says that the command is none, the program, what is wrong with it, and how sure that is."""
    message = str(container.waiting.get("message") or "")
    if container.waiting.get("reason") in START_REASONS and _no_command(message):
        return _refused(Evidence(ref(container.pod), f"{container.status_pointer}/state/waiting/message", message))
    found = last_end(container, graph)
    if found is None:
        return None
    pointer, ended = found
    message = str(ended.get("message") or "")
    if ended.get("reason") in START_REASONS and _no_command(message):
        return _refused(Evidence(ref(container.pod), f"{pointer}/message", message))
    if ended.get("reason") in (*START_REASONS, OOM) or not ended.get("exitCode") or container.initial:
        return None
    return _shell_refused(container, graph, pointer, ended)


def _no_command(message: str) -> bool:
    return bool(NO_COMMAND.search(message)) and not WRONG_PLATFORM.search(message) and not TOO_SMALL.search(message)


def _refused(shown: Evidence) -> _Refusal:
    """Return the runtime's refusal in words."""
    place = _PLACE.search(shown.text)
    if place:
        why = "is not a directory, so it cannot be the working directory"
        return (shown,), str(place["a"] or place["b"]), why, Confidence.CERTAIN
    named = _PROGRAM.search(shown.text)
    program = (named["a"] or named["b"] or named["c"]) if named else "its command"
    return (shown,), program, _why(shown.text), Confidence.CERTAIN


def _why(text: str) -> str:
    if "permission denied" in text.lower():
        return "may not be executed"
    return "is a directory" if "is a directory" in text else "is not in the image"


def _shell_refused(container: Container, graph: Graph, pointer: str, ended: Mapping[str, Any]) -> _Refusal | None:
    """Return what a shell, an interpreter or the exec call itself said before the container ended."""
    name, log = end_log(container, graph)
    if WRONG_PLATFORM.search(log):
        return None
    code = ended.get("exitCode")
    proof = Evidence(ref(container.pod), f"{pointer}/exitCode", str(code))
    broken = next((line for line in last_words(log) if CARRIAGE_RETURN.search(line)), "")
    if broken:
        return (proof, Evidence(ref(container.pod), name, broken)), _command(container), "", Confidence.LIKELY
    executed, shell, script = _EXEC_SAYS.search(log), _SHELL_SAYS.search(log), _absent_script(container, log)
    if executed:
        why = (
            "is not in the image, or its interpreter is not" if "no such" in executed["why"] else "may not be executed"
        )
        return (proof, _line(container, name, log, executed)), executed["program"], why, Confidence.CERTAIN
    if script:
        return (proof, _line(container, name, log, script)), _first(script), "is not in the image", Confidence.LIKELY
    if code not in (NOT_EXECUTABLE, NOT_FOUND):
        return None
    if shell:
        return (proof, _line(container, name, log, shell)), shell["program"], _why(shell[0]), Confidence.CERTAIN
    spoken = (Evidence(ref(container.pod), name, telling_line(log)),) if log else ()
    why = f"ends with exit code {code}, by which shells say that a command is missing or may not be executed"
    return (proof, *spoken), "its program", why, Confidence.POSSIBLE if log else Confidence.LIKELY


def _command(container: Container) -> str:
    """Return the file a container is told to run: its script where it names the interpreter itself."""
    words = [str(word) for word in (*(container.spec.get("command") or ()), *(container.spec.get("args") or ()))]
    scripts = [word for word in words if "/" in word and not word.startswith("-")]
    return next(iter(scripts[::-1] or words), "its program")


def _absent_script(container: Container, log: str) -> "re.Match[str] | None":
    """Return what an interpreter says of a missing program, when it is the one the pod names."""
    found = _NO_SCRIPT.search(log)
    wanted = [*(container.spec.get("command") or ()), *(container.spec.get("args") or ())]
    return found if found and any(_first(found).endswith(str(word)) for word in wanted if len(str(word)) > 2) else None


def _first(found: "re.Match[str]") -> str:
    return next((text.strip("'\"") for text in found.groups() if text), "")


def _line(container: Container, name: str, log: str, found: "re.Match[str]") -> Evidence:
    start = log.rfind("\n", 0, found.start() + 1) + 1 if found[0][:1] == "\n" else log.rfind("\n", 0, found.start()) + 1
    return Evidence(ref(container.pod), name, log[start:].split("\n", 1)[0].strip())


@rule(modes.INIT_CONTAINER_FAILS, on="Pod")
def init_container_fails(pod: Object, graph: Graph) -> Iterator[Finding]:
    """An init container ends with an error, so that the main containers never start."""
    for container in containers_of(pod):
        found = last_end(container, graph) if container.initial else None
        if found is None or not found[1].get("exitCode"):
            continue
        if out_of_memory(container, graph) or cannot_execute(container, graph):
            continue
        name, log = end_log(container, graph)
        missing = _missing(container, graph)
        line = telling_line(log)
        why = f"; it {missing[0]}" if missing else f": {line}" if line else ""
        cause = f"init container {container.name} fails with exit code {found[1].get('exitCode')}{why}"
        fix = Fix(
            f"Mend what init container {container.name} does; the pod's main containers wait for it",
            missing[1] if missing else (),
        )
        proof = (
            _how(container, *found),
            *((Evidence(ref(pod), name, missing[2] if missing else line),) if line else ()),
        )
        yield finding(modes.INIT_CONTAINER_FAILS, container, graph, cause, fix, proof, Confidence.LIKELY)


def _how(container: Container, pointer: str, ended: Mapping[str, Any]) -> Evidence:
    text = f"{ended.get('reason') or 'ended'}, exit code {ended.get('exitCode')}"
    return Evidence(ref(container.pod), pointer, text)


@rule(modes.SETTING_MISSING, on="Pod")
def setting_missing(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The program ends because a setting it needs is not given, and its log says which."""
    for container in containers_of(pod):
        ended = last_end(container, graph)
        if container.initial or ended is None or not ended_itself(container, ended[1], graph):
            continue
        name, found = end_log(container, graph)[0], _missing(container, graph)
        if found is None or cannot_execute(container, graph):
            continue
        cause, edits, line, confidence = found
        proof = (_how(container, *ended), Evidence(ref(pod), name, line))
        fix = Fix("Give the container what it asks for", edits)
        yield finding(modes.SETTING_MISSING, container, graph, f"{container.said} {cause}", fix, proof, confidence)


def ended_itself(container: Container, ended: Mapping[str, Any], graph: Graph) -> bool:
    """Return whether the program ended with an error of its own, not by a signal, for memory or for a probe."""
    code = ended.get("exitCode")
    if code in (0, None, *TERMINATED) or ended.get("reason") in (OOM, *START_REASONS):
        return False
    return code != GO_TERMINATED or not killed_by_probe(container, ended, graph)


_Missing = tuple[str, tuple[Edit, ...], str, Confidence]


def _missing(container: Container, graph: Graph) -> _Missing | None:
    """Return what is said of the setting or file that a container's log misses; None where it misses nothing."""
    found = match_of(container, graph)
    if found is None or found.mode is not modes.SETTING_MISSING:
        return None
    if found.name.startswith("/"):
        return _missing_file(container, found)
    return _missing_setting(container, graph, found)


def _missing_setting(container: Container, graph: Graph, found: Match) -> _Missing:
    known = environment(container.spec, ref(container.pod).namespace, graph)
    named = found.variable or found.name
    if not named:
        return f"ends because a setting is missing: {found.line[:200]}", (), found.line, Confidence.LIKELY
    edits = variable_edits(container, graph, named, _to_give(named)) if found.variable else ()
    cause = f"ends because its setting {named} {_state(named, known, container, graph)}"
    return cause, edits, found.line, Confidence.CERTAIN if known.whole else Confidence.LIKELY


def _to_give(variable: str) -> NeedsPerson:
    kept = ", better taken from a Secret (secretKeyRef)" if is_secret_name(variable) else ""
    return NeedsPerson(f"the value of {variable}{kept}")


def _state(variable: str, known: Environment, container: Container, graph: Graph) -> str:
    if variable in known.lost:
        return f"is not set: {known.lost[variable]}"
    if variable in known.variables:
        return "is empty"
    near, kept = known.near(variable), list(holders(variable, ref(container.pod).namespace, graph))
    hint = f"; it is given {near}" if near else f"; ConfigMap {listed(kept)} has it" if kept else ""
    return f"is not set{hint}"


def _missing_file(container: Container, found: Match) -> _Missing:
    """Return what is said of a configuration file that the log does not find."""
    mount = mount_at(container, found.name)
    where = f"it is not in volume {mount.mount['name']} mounted there" if mount else "no volume is mounted there"
    return f"ends because the file {found.name} is missing: {where}", (), found.line, Confidence.LIKELY


@rule(modes.FINISHED, on="Pod")
def finished(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The program ends with 0, although it is to serve for ever; so it is started again and again."""
    if not wants_to_run_on(pod, graph):
        return
    for container in containers_of(pod):
        ended = last_end(container, graph)
        if container.initial or ended is None or not _done(container, ended[1], graph):
            continue
        times = counted(container.restarts, "restart")
        cause = f"{container.said} finishes with exit code 0 and is started again ({times})"
        fix = Fix(
            "Run it in the foreground, or make it a Job if it is meant to finish",
            concerns=(container.field("command"),),
        )
        proof = (Evidence(ref(pod), ended[0], "Completed, exit code 0"), *_log_evidence(container, graph))
        probed = any(container.spec.get(kind) for kind in ("livenessProbe", "startupProbe"))
        confidence = Confidence.LIKELY if probed else Confidence.CERTAIN
        yield finding(modes.FINISHED, container, graph, cause, fix, proof, confidence)


def _done(container: Container, ended: Mapping[str, Any], graph: Graph) -> bool:
    """Return whether it ended by itself and soon; not for a probe, after which a tidy program ends with 0 too."""
    if number(ended.get("exitCode"), 1) != 0 or ended.get("signal") or ended.get("reason") == OOM:
        return False
    if killed_by_probe(container, ended, graph):
        return False
    now = graph.snapshot
    born, died = seconds_since(now, ended.get("startedAt")), seconds_since(now, ended.get("finishedAt"))
    return born is None or died is None or born - died <= SHORT_LIFE


def _log_evidence(container: Container, graph: Graph) -> tuple[Evidence, ...]:
    name, log = end_log(container, graph)
    line = telling_line(log)
    return (Evidence(ref(container.pod), name, line),) if line else ()


RULES = (command_not_found, init_container_fails, setting_missing, finished)
