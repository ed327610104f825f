"""The one form in which helm changes a release, and the question to the server what it would do."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.failure import Failure, FailureKind
from tools.helm import refusal
from tools.run import run
from tools.sandbox import Sandbox

UNDO = {"v4": "--rollback-on-failure", "v3": "--atomic"}
"""helm's major version -> the flag by which it takes back what failed."""

MARGIN = 60.0
"""Seconds beyond helm's own time until it is taken to hang."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """One upgrade of one release from a chart on this machine."""

    release: str
    namespace: str
    context: str
    chart: Path
    files: Sequence[Path]
    seconds: int
    """How long helm may wait for each thing it waits for."""
    waits: bool = True
    """Whether helm waits until everything is ready, and takes back what is not: not where it failed before, too."""


def argv(upgrade: Upgrade, version: str, description: str, *, install: bool = False) -> tuple[str, ...] | Failure:
    """Return the command that carries an upgrade out; a Failure for a helm whose flags are not known.

    Args:
        upgrade: what to upgrade, from what.
        version: helm's, as `v4.1.4`.
        description: what the revision will say of itself.
        install: whether this makes the release's first revision.

    """
    undo = UNDO.get(version.partition(".")[0])
    if undo is None:
        return Failure(FailureKind.DENIED, f"helm {version}", "a helm of this version is not known here", "use helm 4")
    words = [
        *_words(upgrade),
        *(["--install"] if install else []),
        "--reset-values",
        *(["--wait", undo] if upgrade.waits else []),
        f"--timeout={upgrade.seconds}s",
        "--history-max=20",
        f"--description={description}",
    ]
    return tuple(words)


def rollback(upgrade: Upgrade, revision: int) -> tuple[str, ...]:
    """Return the command that takes a release back to a revision."""
    where = (f"--namespace={upgrade.namespace}", f"--kube-context={upgrade.context}")
    wait = ("--wait",) if upgrade.waits else ()
    return ("helm", "rollback", upgrade.release, str(revision), *where, *wait, f"--timeout={upgrade.seconds}s")


def uninstall(upgrade: Upgrade) -> tuple[str, ...]:
    """Return the command by which a person takes a first revision away. It is shown, and never run here."""
    where = (f"--namespace={upgrade.namespace}", f"--kube-context={upgrade.context}")
    return ("helm", "uninstall", upgrade.release, *where, "--wait")


def dry_run(box: Sandbox, upgrade: Upgrade, *, install: bool = False) -> Failure | None:
    """Ask the server what an upgrade would come to; a Failure where it, or helm, says no. Nothing changes."""
    odd = refusal(upgrade.chart, upgrade.files)
    if odd is not None:
        return odd
    asked = [
        *_words(upgrade),
        *(["--install"] if install else []),
        "--reset-values",
        "--dry-run=server",
        "--hide-secret",
    ]
    done = run([*asked, "--output=json"], box, timeout=60.0, cap=64 << 20)
    return done if isinstance(done, Failure) else None


def patience(seconds: int, hooks: int) -> float:
    """Return how long an upgrade may take: helm's time bounds each wait and each hook, and its rollback starts anew."""
    return 2.0 * seconds * (1 + hooks) + MARGIN


def _words(upgrade: Upgrade) -> list[str]:
    return [
        "helm",
        "upgrade",
        upgrade.release,
        str(upgrade.chart.resolve()),
        f"--namespace={upgrade.namespace}",
        f"--kube-context={upgrade.context}",
        *(f"--values={path.resolve()}" for path in upgrade.files),
    ]
