"""What a bundle holds, for people and as `bluehelm/bundle-summary/v1`."""

from agent.operate.bundle import Bundled
from agent.report.data import document
from agent.report.terminal import Screen, Terminal
from agent.snapshot.record import State

SCHEMA = "bluehelm/bundle-summary/v1"


def as_json(result: Bundled, screen: Screen) -> str:
    """Return the summary for machines."""
    snapshot = result.snapshot
    parts = [{"name": p.name, "state": p.state.value, "count": p.count, "reason": p.reason} for p in snapshot.parts]
    return document(
        SCHEMA,
        {
            "taken_at": snapshot.taken_at.isoformat(),
            "cluster": {"context": snapshot.cluster.context, "version": snapshot.cluster.version},
            "namespace": snapshot.namespace,
            "profile": snapshot.profile,
            "logs": len(snapshot.logs),
            "parts": parts,
        },
        screen,
    )


def as_text(result: Bundled, screen: Screen) -> str:
    """Return the summary for a person."""
    snapshot = result.snapshot
    terminal = Terminal(screen)
    where = snapshot.namespace or "all namespaces"
    terminal.line(f"{snapshot.origin}: {where} of context {snapshot.cluster.context}", "bold")
    terminal.line(f"Kubernetes {snapshot.cluster.version}, taken at {snapshot.taken_at:%Y-%m-%d %H:%M:%S %Z}")
    for part in snapshot.parts:
        whole = part.state is State.COMPLETE
        text = str(part.count) if whole else f"{part.count}, {part.state}: {part.reason}"
        terminal.entry(part.name, text, "" if whole else "yellow", column=28)
    terminal.entry("logs", str(len(snapshot.logs)), column=28)
    return terminal.text()
