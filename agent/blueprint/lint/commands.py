"""What a command of a checklist would do, by its program and verb. It is read, and never run."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Effect(StrEnum):
    """What running a command means."""

    READS = "reads"
    CHANGES = "changes"
    INTERACTIVE = "interactive"
    """It waits for a person, or holds the terminal until it is ended."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Command:
    """One command taken apart."""

    text: str
    program: str
    words: tuple[str, ...]
    """Arguments that are no flags, in order, up to `--`."""
    flags: frozenset[str]
    effect: Effect
    problem: str = ""
    """Why it has no known shape, "" when it has."""

    @property
    def verb(self) -> str:
        """Return the first word, "" when there is none."""
        return self.words[0] if self.words else ""


READS, CHANGES, INTERACTIVE = Effect.READS, Effect.CHANGES, Effect.INTERACTIVE

VERBS: Mapping[str, Mapping[Effect, str]] = {
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
    "agent": {READS: "*", CHANGES: "apply rollback drill", INTERACTIVE: "chat tui"},
}
"""Program -> effect -> verbs; `rollout:status` is a verb with its second word, `*` any."""

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


def read(text: str) -> Command:
    """Return what a command is; with `problem` where it has no shape that is known."""
    try:
        argv = shlex.split(text)
    except ValueError:
        return _odd(text, "its quotes do not close")
    if not argv:
        return _odd(text, "it is empty")
    words, flags = _words(argv[1:])
    if _SHELL.search(re.sub(r"'[^']*'|\"[^\"]*\"", "", text)):
        return Command(text, argv[0], words, flags, Effect.UNKNOWN, "it needs a shell: a pipe, a list, a file")
    return _known(text, argv[0], words, flags)


def _known(text: str, program: str, words: tuple[str, ...], flags: frozenset[str]) -> Command:
    verbs = VERBS.get(program)
    if verbs is None:
        return Command(
            text, program, words, flags, Effect.UNKNOWN, f"{program} is not a program whose answer is understood"
        )
    effect = _effect(verbs, words)
    if effect is Effect.UNKNOWN:
        named = f"{program} {words[0]}" if words else f"{program} without a verb"
        return Command(text, program, words, flags, effect, f"{named} is no command of {program}")
    return Command(text, program, words, flags, _attached(effect, flags), _incomplete(program, words, flags))


def _effect(verbs: Mapping[Effect, str], words: tuple[str, ...]) -> Effect:
    """Return the effect of the longest verb that fits: `rollout status` reads although `rollout` changes."""
    for candidate in (":".join(words[:2]), *words[:1]):
        for effect, known in verbs.items():
            if candidate in known.split():
                return effect
    return Effect.READS if verbs[Effect.READS] == "*" else Effect.UNKNOWN


def _attached(effect: Effect, flags: frozenset[str]) -> Effect:
    """Return the effect; what reads and yet asks for a terminal waits for a person."""
    wants_terminal = any(_ATTACHED.fullmatch(flag) for flag in flags)
    return Effect.INTERACTIVE if effect is Effect.READS and wants_terminal else effect


def _incomplete(program: str, words: tuple[str, ...], flags: frozenset[str]) -> str:
    needed = NEEDS.get((program, words[0] if words else ""), 0)
    if len(words) >= needed or flags & _INSTEAD:
        return ""
    return f"{program} {words[0]} needs to be told what"


def _words(arguments: list[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    words, flags = list[str](), set[str]()
    skip = False
    for argument in arguments:
        if argument == "--":
            break
        if skip:
            skip = False
        elif argument.startswith("-"):
            flags.add(argument.partition("=")[0])
            skip = argument in _TAKES_VALUE
        else:
            words.append(argument)
    return tuple(words), frozenset(flags)


def _odd(text: str, problem: str) -> Command:
    return Command(text, "", (), frozenset(), Effect.UNKNOWN, problem)
