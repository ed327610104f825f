"""What a command that stands in a blueprint would do, by its program and verb. It is read, and never run.

Lint and the checklists read commands here, so that both mean the same by one line.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from agent.invocation import NAMES


class CommandKind(StrEnum):
    """What running a command means: what a checklist's Kind column says, and what its program and verb say."""

    READS = "reads"
    CHANGES = "changes"
    INTERACTIVE = "interactive"
    """It waits for a person, or holds the terminal until it is ended: a shell, a port."""
    OBSERVES = "observes"
    """It watches what a line before it set off; only a Kind column can say so."""
    UNKNOWN = "unknown"


Known = Mapping[str, CommandKind]
"""The operations of the agent itself (`diagnose`, `blueprint list`) -> what running each means."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command taken apart."""

    text: str
    program: str
    words: tuple[str, ...]
    """Arguments that are no flags, in order, up to `--`."""
    flags: Mapping[str, str]
    """Flag -> its value, "" where it has none."""
    tail: tuple[str, ...]
    """The words behind `--`."""
    kind: CommandKind
    problem: str = ""
    """Why it has no known shape, "" when it has."""

    @property
    def verb(self) -> str:
        """Return the first word, "" when there is none."""
        return self.words[0] if self.words else ""

    @property
    def object(self) -> str:
        """Return what the verb is about (`pods`, `deployment/web`), "" when it is about nothing."""
        return self.words[1] if len(self.words) > 1 else ""


READS, CHANGES, INTERACTIVE = CommandKind.READS, CommandKind.CHANGES, CommandKind.INTERACTIVE

VERBS: Mapping[str, Mapping[CommandKind, str]] = {
    "kubectl": {
        READS: "get describe logs top version api-resources api-versions explain auth events cluster-info diff wait"
        " config kustomize rollout:status rollout:history",
        CHANGES: "apply create delete run scale patch rollout set label annotate drain cordon uncordon taint expose"
        " autoscale replace cp certificate debug",
        INTERACTIVE: "exec port-forward attach edit proxy",
    },
    "helm": {
        READS: "list ls status get history template lint show version search verify env diff dependency:list",
        CHANGES: "install upgrade uninstall delete rollback test repo pull push package plugin dependency create",
        INTERACTIVE: "",
    },
    "docker": {
        READS: "ps images inspect logs version info stats top diff history search port context:ls image:ls",
        CHANGES: "run build pull push rm rmi stop start restart kill tag compose load save create login volume network"
        " system container image context cp commit rename update pause unpause",
        INTERACTIVE: "exec attach",
    },
    "minikube": {
        READS: "status ip version logs addons:list profile:list image:ls service:list node:list docker-env config:view"
        " config:get update-check",
        CHANGES: "start stop delete addons image config pause unpause profile node cache update-context cp service",
        INTERACTIVE: "ssh tunnel dashboard mount kubectl",
    },
    "git": {
        READS: "log show diff status blame rev-parse ls-files grep describe shortlog",
        CHANGES: "revert commit push pull merge rebase reset checkout switch restore add rm mv tag branch stash fetch"
        " clone init clean cherry-pick",
        INTERACTIVE: "bisect",
    },
    "curl": {READS: "*", CHANGES: "", INTERACTIVE: ""},
}
"""Program -> kind -> verbs; `rollout:status` is a verb with its second word, `*` any."""

ASSISTANTS = frozenset(("kubectl-ai", "kagent", "gordon", "k8sgpt", "holmes"))
"""Programs that are asked in words and answer in words."""

NEEDS: Mapping[tuple[str, str], int] = {
    ("docker", "run"): 2,
    ("docker", "exec"): 3,
    ("kubectl", "get"): 2,
    ("kubectl", "logs"): 2,
    ("kubectl", "exec"): 2,
    ("kubectl", "describe"): 2,
    ("kubectl", "port-forward"): 3,
    ("helm", "status"): 2,
}
"""Words a verb needs at least, itself among them; a selector or a file is as good as a name."""

_INSTEAD = frozenset(("-l", "--selector", "-f", "--filename", "--raw", "-k"))
_TAKES_VALUE = frozenset(
    "-n --namespace --context --kubeconfig -l --selector -o --output -c --container -f --filename --image --tail -k"
    " --since --field-selector --values --set --version --timeout --for --sort-by --name -e -p -v --profile --memory"
    " --cpus --cluster --user -s --server --type --replicas --to-revision -H --max-time".split()
)
_ATTACHED = re.compile(r"-[a-z]*(?:it|ti)[a-z]*|--stdin|--tty|-t|-i")
_SHELL = re.compile(r"&&|\|\||[|;<>]|\$\(|`")


_SWITCHES = {"logs": frozenset(("-f", "-p"))}
"""Verb -> flags that take no value with it, and do with others: `kubectl logs -f web` follows."""


def read(text: str, known: Known) -> Command:
    """Return what a command is; with `problem` where it has no shape that is known."""
    try:
        argv = shlex.split(text)
    except ValueError:
        return _odd(text, "its quotes do not close")
    if not argv:
        return _odd(text, "it is empty")
    command = _apart(text, argv)
    if _SHELL.search(re.sub(r"'[^']*'|\"[^\"]*\"", "", text)):
        return replace(command, problem="it needs a shell: a pipe, a list, a file")
    return _understood(command, known)


def operation(command: Command, known: Known) -> str:
    """Return the agent's own operation a command runs, "" where it runs none that this version has."""
    if command.program not in NAMES:
        return ""
    return next((name for name in (" ".join(command.words[:2]), command.verb) if name in known), "")


def _understood(command: Command, known: Known) -> Command:
    if command.program in NAMES:
        kind = known.get(operation(command, known), CommandKind.UNKNOWN)
    elif command.program in VERBS:
        kind = _kind(VERBS[command.program], command.words)
    else:
        return replace(command, problem=f"{command.program} is not a program whose answer is understood")
    if kind is CommandKind.UNKNOWN:
        named = f"{command.program} {command.verb or 'without a verb'}"
        return replace(command, problem=f"{named} is no command of {command.program}")
    return replace(command, kind=_attached(kind, command), problem=_incomplete(command))


def _kind(verbs: Mapping[CommandKind, str], words: tuple[str, ...]) -> CommandKind:
    """Return the kind of the longest verb that fits: `rollout status` reads although `rollout` changes."""
    for candidate in (":".join(words[:2]), *words[:1]):
        for kind, known in verbs.items():
            if candidate in known.split():
                return kind
    return CommandKind.READS if verbs[CommandKind.READS] == "*" else CommandKind.UNKNOWN


def _attached(kind: CommandKind, command: Command) -> CommandKind:
    """Return the kind; what reads and yet asks for a terminal waits for a person."""
    wants_terminal = any(_ATTACHED.fullmatch(flag) for flag in command.flags)
    return CommandKind.INTERACTIVE if kind is CommandKind.READS and wants_terminal else kind


def _incomplete(command: Command) -> str:
    needed = NEEDS.get((command.program, command.verb), 0)
    if len(command.words) >= needed or command.flags.keys() & _INSTEAD:
        return ""
    return f"{command.program} {command.verb} needs to be told what"


def _apart(text: str, argv: list[str]) -> Command:
    """Return a command's words, flags and tail, its kind still unknown."""
    end = argv.index("--") if "--" in argv else len(argv)
    words, flags = list[str](), dict[str, str]()
    rest = iter(argv[1:end])
    for argument in rest:
        name, equals, value = argument.partition("=")
        if not argument.startswith("-"):
            words.append(argument)
        elif equals or not _takes_value(argument, words):
            flags[name] = value
        else:
            flags[name] = next(rest, "")
    return Command(text, argv[0], tuple(words), flags, tuple(argv[end + 1 :]), CommandKind.UNKNOWN)


def _takes_value(flag: str, words: list[str]) -> bool:
    return flag in _TAKES_VALUE and not (words and flag in _SWITCHES.get(words[0], ()))


def _odd(text: str, problem: str) -> Command:
    return Command(text, "", (), {}, (), CommandKind.UNKNOWN, problem)
