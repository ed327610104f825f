"""How an exporter reads: where it answers, and nothing more once it has ended."""

from agent.operate.exporter import Exported
from agent.report.terminal import Screen, Terminal


def as_text(result: Exported, screen: Screen) -> str:
    """Return where metrics are answered."""
    terminal = Terminal(screen)
    if not result.ended:
        host = f"[{result.address}]" if ":" in result.address else result.address
        terminal.line(f"Metrics of the cluster's PolicyReports: http://{host}:{result.port}/metrics", "bold")
    return terminal.text()
