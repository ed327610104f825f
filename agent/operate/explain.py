"""`explain`: what the causes that a diagnosis names mean, how each shows, and what it asks of a person."""

from dataclasses import dataclass

from agent.diagnose.modes import CATALOGUE, Mode, explain
from agent.diagnose.words import WORDS, word
from agent.errors import UsageError
from agent.events import Emit
from agent.kube.wording import closest
from agent.operate.arguments.explain import Explain
from agent.world.world import World


@dataclass(frozen=True, slots=True)
class Explained:
    """The failure modes asked for; `whole` says that it is all of them."""

    modes: tuple[Mode, ...]
    whole: bool
    word: str = ""
    """What Kubernetes writes (`CrashLoopBackOff`), where that was asked for, and the modes are what it may come of."""
    means: str = ""


def run(args: Explain, _: World, __: Emit) -> Explained:
    """Return one failure mode, or the catalogue."""
    if args.code is None:
        return Explained(CATALOGUE, whole=True)
    found = explain(args.code)
    name = word(args.code)
    if name:
        means, codes = WORDS[name]
        return Explained(tuple(mode for code in codes for mode in explain(code)), whole=False, word=name, means=means)
    if not found:
        near = closest(args.code.lower(), (*(mode.code for mode in CATALOGUE), *(name.lower() for name in WORDS)))
        hint = f"; did you mean {near}?" if near else "; `explain` lists them all"
        raise UsageError(f"no failure mode {args.code!r}{hint}")
    return Explained(found, whole=False)
