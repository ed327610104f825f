"""Whether a helm on this machine is at work on a release, by what the kernel says of the processes it shows us."""

import re
from collections.abc import Iterator
from pathlib import Path

PROCESSES = Path("/proc")
"""One folder a process, named by its number; only Linux has it."""

_NAMESPACE = re.compile(r" (?:-n|--namespace)[ =]?(\S+)")

CHANGES = ("install", "upgrade", "rollback", "uninstall")
"""What helm is asked for when it changes a release."""


def at_work(release: str, namespace: str) -> int:
    """Return the process that changes a release of this name, in whatever cluster; 0 where none is seen."""
    return next((pid for pid, words in _commands() if _changes(words, release, namespace)), 0)


def _changes(words: list[str], release: str, namespace: str) -> bool:
    is_helm = Path(words[0]).name.partition("-")[0] in ("helm", "helm3", "helm4")
    if not (is_helm and release in words and any(verb in words for verb in CHANGES)):
        return False
    named = _NAMESPACE.search(" ".join(words))
    return named is None or named[1] == namespace  # without a name it is the context's, which may be this one


def _commands() -> Iterator[tuple[int, list[str]]]:
    """Yield every process that may be seen, with its words."""
    for folder in PROCESSES.glob("[0-9]*"):
        try:
            said = (folder / "cmdline").read_bytes()
        except OSError:  # it has ended, or is not ours to see
            continue
        words = said.decode(errors="replace").split("\0")
        if said and words:
            yield int(folder.name), words
