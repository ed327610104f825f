"""Checklist lines that cannot be executed, and those that do more than read."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from agent.blueprint.commands import ASSISTANTS, VERBS, Command, CommandKind, read
from agent.blueprint.control import ControlKind, Source
from agent.blueprint.lint.finding import Lint, Severity
from agent.blueprint.lint.subject import Subject, checklist
from agent.invocation import NAMES
from tools.kinds import kind_called

_CODE = re.compile(r"`([^`\n]{1,1000})`")
_BY_HAND = re.compile(r"(?:force-?)?(?:kill|delete|disable|stop|drain|cordon|restart|re-?enable|scale)\b(?!-)", re.I)
_OF_NAMESPACE = frozenset("get describe logs exec port-forward top run delete rollout scale events attach wait".split())
_ALL_OR_ONE = frozenset(("-n", "--namespace", "-A", "--all-namespaces"))


class CheckLine(NamedTuple):
    """One command that stands in a blueprint."""

    command: Command
    source: Source
    id: str
    kind: str
    """What the row says it is: reads, changes, interactive, observes; "" when it does not say."""
    listed: bool
    """Whether it is a line to be checked, rather than a command in prose."""


@lru_cache(maxsize=1)
def lines(subject: Subject) -> tuple[CheckLine, ...]:
    """Return every command: of check rows, of lists with boxes, and those prose mentions. Eight rules ask for them."""
    found = [line for control in subject.of(ControlKind.CHECK) for line in _of_row(subject, control.source, control.id)]
    boxes = {check.source for check in checklist(subject) if not check.id}
    for line in subject.prose:
        for code in _CODE.findall(line.text):
            command, listed = read(code, subject.commands), line.source in boxes
            known = command.program in (*VERBS, *NAMES) or command.program.casefold() in ASSISTANTS
            if listed or (known and command.words):
                found.append(CheckLine(command, line.source, "", "", listed))
    return tuple(found)


def _of_row(subject: Subject, source: Source, control_id: str) -> Iterator[CheckLine]:
    cells = subject.cells.get(source, {})
    text = cells.get("command", "").strip().strip("`")
    if text:
        yield CheckLine(read(text, subject.commands), source, control_id, cells.get("kind", "").casefold(), True)


def not_executable(subject: Subject) -> Iterator[Lint]:
    """A command of no known shape, or of a program whose answer nobody can judge."""
    for line in lines(subject):
        if line.command.problem:
            why = line.command.problem
            assistant = line.command.program.casefold() in ASSISTANTS
            instead = "a command whose answer can be judged, such as `kubectl get hpa -n NAMESPACE`"
            yield _lint(
                line,
                "check-unknown-program" if assistant else "check-not-executable",
                f"`{line.command.text}` cannot be executed as a check: {_of_assistant(line) if assistant else why}",
                f"write {instead}" if assistant else "write a whole command as it would be typed",
            )


def _of_assistant(line: CheckLine) -> str:
    sentence = any(" " in word for word in line.command.words)
    program = line.command.program
    return (
        f"{program} answers in words, which nothing can judge"
        if sentence
        else f"{program} is asked in a sentence, and has no command {line.command.verb!r}"
    )


def unknown_resource(subject: Subject) -> Iterator[Lint]:
    """`kubectl get` of something that is no resource."""
    for line in lines(subject):
        words = line.command.words
        verb = line.command.program == "kubectl" and line.command.verb in ("get", "describe", "delete")
        kind = words[1].partition("/")[0] if verb and len(words) > 1 else ""
        if kind and not _is_resource(kind):
            addons = "`minikube addons list`" if kind.startswith("addon") else f"`kubectl get {kind}.GROUP`"
            yield _lint(
                line,
                "check-unknown-resource",
                f"`{line.command.text}` names no resource of Kubernetes: there is no {kind!r}",
                f"write {addons} if that was meant, or the resource's own name",
            )


def _is_resource(name: str) -> bool:
    """Return whether `kubectl get NAME` may work: `all`, one of Kubernetes' own, or a custom one with its group."""
    return all(part == "all" or kind_called(part) or "." in part for part in name.split(","))


def pod_by_workload_name(subject: Subject) -> Iterator[Lint]:
    """A Deployment's name used as a pod's: pods of a Deployment have generated names."""
    deployed = {item.name for item in subject.blueprints.bindings if item.kind == "Deployment"}
    for line in lines(subject):
        deployed |= {name for kind, name in _objects(line.command) if kind == "Deployment"}
    for line in lines(subject):
        for kind, name in _objects(line.command):
            if kind == "Pod" and name in deployed:
                yield _lint(
                    line,
                    "check-pod-name",
                    f"`pod/{name}` is a Deployment's name: its pods have generated ones",
                    f"write `deployment/{name}` instead of `pod/{name}`",
                    Severity.ERROR,
                    (f"pod/{name}",),
                )


def unknown_object(subject: Subject) -> Iterator[Lint]:
    """A command names an object of a kind that the bindings know, by a name that they do not."""
    known = {(item.kind, item.name) for item in subject.blueprints.bindings if "{" not in item.name}
    templated = {item.kind for item in subject.blueprints.bindings if "{" in item.name}
    for line in lines(subject):
        for kind, name in _objects(line.command):
            names = sorted(other for bound, other in known if bound == kind)
            if names and kind not in templated and name not in names:
                yield _lint(
                    line,
                    "check-unknown-object",
                    f"`{line.command.text}` names the {kind} {name}, which no binding knows",
                    f"write {' or '.join(names)}",
                )


def _objects(command: Command) -> list[tuple[str, str]]:
    """Return (kind, name) of the objects a kubectl command names: `svc/web`, `get deploy web`, `logs web`."""
    if command.program != "kubectl" or command.verb in ("run", "create"):
        return []
    words = command.words[1:]
    slashed = [word.partition("/") for word in words if word.count("/") == 1]
    found = [(kind, name) for kind, _, name in slashed]
    if command.verb in ("get", "describe", "delete") and len(words) > 1 and not slashed:
        found += [(words[0], name) for name in words[1:]]
    if command.verb in ("logs", "exec", "attach") and words and not slashed:
        found.append(("pod", words[0]))
    named = [(kind_called(kind), name) for kind, name in found]
    return [(kind.name, name) for kind, name in named if kind and name]


def does_more_than_read(subject: Subject) -> Iterator[Lint]:
    """A line that changes something or waits for a person is listed, and not run."""
    for line in (line for line in lines(subject) if line.listed and not line.command.problem):
        kind = line.command.kind
        if line.kind == "reads" and kind in (CommandKind.CHANGES, CommandKind.INTERACTIVE):
            text = f"`{line.command.text}` is listed as one that reads, and {_does(kind)}"
            yield _lint(line, "check-misfiled", text, f'write "{kind}" as its kind', Severity.ERROR)
        elif kind in (CommandKind.CHANGES, CommandKind.INTERACTIVE):
            text = f"`{line.command.text}` {_does(kind)}: it is listed, and not run by default"
            yield _lint(line, f"check-{kind}", text, _instead(kind), Severity.INFO)
    yield from _by_hand(subject)


def _by_hand(subject: Subject) -> Iterator[Lint]:
    """Yield the lines without a command that ask a person to change something."""
    with_command = {line.source for line in lines(subject)}
    for check in (check for check in checklist(subject) if check.source not in with_command):
        kind = subject.cells.get(check.source, {}).get("kind", "").casefold()
        if kind == "changes" or (not kind and _BY_HAND.match(check.text)):
            yield Lint(
                code="check-changes",
                severity=Severity.INFO,
                text=f'"{check.text}" asks for a change and names no command: it is listed, and not run',
                sources=(check.source,),
                controls=(check.id,) if check.id else (),
                suggestion="name the command that would do it, or the drill that does",
            )


def _does(kind: CommandKind) -> str:
    return "changes something" if kind is CommandKind.CHANGES else "holds the terminal or enters a pod"


def _instead(kind: CommandKind) -> str:
    if kind is CommandKind.CHANGES:
        return "keep it for a drill, and check its outcome with a line that only reads"
    return "check the same with a line that only reads and ends by itself"


def without_namespace(subject: Subject) -> Iterator[Lint]:
    """A line names no namespace where others do: it looks wherever the context happens to point."""
    listed = [line for line in lines(subject) if line.listed and _in_namespace(line.command)]
    named = [line for line in listed if line.command.flags.keys() & _ALL_OR_ONE]
    for line in listed if named else ():
        if not line.command.flags.keys() & _ALL_OR_ONE:
            given = re.search(r"(?:-n|--namespace)[ =](\S+)", named[0].command.text)
            where = given[1] if given else "NAMESPACE"
            text = f"`{line.command.text}` names no namespace, where other lines name {where}"
            yield _lint(line, "check-without-namespace", text, f"add `-n {where}`", other=named[0].source)


def _in_namespace(command: Command) -> bool:
    known = command.verb not in ("get", "describe", "delete", "top") or _is_resource(command.object)
    return command.program == "kubectl" and command.verb in _OF_NAMESPACE and known and not _is_of_cluster(command)


def _is_of_cluster(command: Command) -> bool:
    kind = kind_called(command.object)
    return kind is not None and not kind.namespaced


def _lint(
    line: CheckLine,
    code: str,
    text: str,
    suggestion: str,
    severity: Severity = Severity.WARNING,
    about: tuple[str, ...] = (),
    other: Source | None = None,
) -> Lint:
    """Return a finding about a command; one that stands in prose, and is nobody's check, is worth a note."""
    return Lint(
        code=code,
        severity=severity if line.listed else Severity.INFO,
        text=text,
        sources=(line.source, other) if other else (line.source,),
        controls=(line.id,) if line.id else (),
        suggestion=suggestion,
        about=(about or (line.command.text,),) if severity is not Severity.INFO else (),
    )


RULES: tuple[Callable[[Subject], Iterator[Lint]], ...] = (
    not_executable,
    unknown_resource,
    pod_by_workload_name,
    unknown_object,
    does_more_than_read,
    without_namespace,
)
