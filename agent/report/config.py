"""How the settings read: for people, and as `bluehelm/config/v1`."""

from dataclasses import asdict

from agent.operate.config import Configured
from agent.report.data import document
from agent.report.terminal import Screen, Terminal

SCHEMA = "bluehelm/config/v1"


def as_json(result: Configured, screen: Screen) -> str:
    """Return the settings for machines."""
    values, sources = asdict(result.effective.settings), result.effective.sources
    return document(SCHEMA, {"file": str(result.file), "settings": values, "sources": sources}, screen)


def as_text(result: Configured, screen: Screen) -> str:
    """Return each setting, where its value comes from, and what it means."""
    terminal = Terminal(screen)
    terminal.line(f"file: {result.file}{'' if result.exists else ' (does not exist yet)'}", "dim")
    for name, meaning in result.meanings.items():
        value = getattr(result.effective.settings, name)
        terminal.entry(name, f"{value!r}  from {result.effective.sources.get(name, 'default')}", "bold", column=16)
        terminal.entry("", meaning, "dim", column=16)
    return terminal.text()
