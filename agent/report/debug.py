"""How a debugged container reads: for people, and as `bluehelm/debug/v1`."""

from agent.container.cause import Cause
from agent.container.ends import decoded
from agent.container.examined import Difference, Examined
from agent.container.image import Advice
from agent.container.look import Look
from agent.diagnose.finding import Confidence
from agent.operate.debug import Debugged, OfImage
from agent.report.data import Data, document
from agent.report.terminal import Screen, Terminal
from agent.severity import Severity

SCHEMA = "bluehelm/debug/v1"
COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def as_text(result: Debugged, screen: Screen) -> str:
    """Return what was found out for a person: the cause, its proof, what to do; then the rest in short."""
    terminal = Terminal(screen)
    for number, item in enumerate(result.containers):
        if number:
            terminal.line()
        _container(terminal, item)
    if result.image is not None:
        _image(terminal, result.image)
    return terminal.text()


def _container(terminal: Terminal, item: Examined) -> None:
    look = item.look
    terminal.line(f"{_verdict(item)}: container {look.name}, {_state(look)}", "bold")
    for sentence in item.proof:
        terminal.line(f"   {sentence}")
    for number, cause in enumerate(item.causes, 1):
        terminal.line()
        _cause(terminal, number, cause, look)
    terminal.line()
    terminal.entry("image", f"{look.config.get('Image')} {item.image}")
    for change in item.changes:
        terminal.entry("newer build", change, "yellow", column=15)
    if look.usage is not None:
        terminal.entry("uses", _usage(look))
    for apart in item.differences:
        terminal.entry("blueprint", _apart(apart), "yellow")
    _advice(terminal, item.advice)
    for gap in item.unknown:
        terminal.entry("not known", gap, "yellow")


def _verdict(item: Examined) -> str:
    errors = sum(cause.severity is Severity.ERROR for cause in item.causes)
    if errors:
        return "1 cause found" if errors == 1 else f"{errors} causes found"
    if item.causes:
        return "Nothing is broken, something to look at"
    return "Nothing is wrong" if item.look.running and not item.unknown else "No cause found in what could be read"


def _state(look: Look) -> str:
    state = str(look.state.get("Status") or "unknown")
    ended = state in ("exited", "dead", "restarting")
    return f"{state} ({decoded(look.exit_code)})" if ended else state


def _cause(terminal: Terminal, number: int, cause: Cause, look: Look) -> None:
    badge = terminal.style(f"{cause.severity.upper():<7}", COLOURS[cause.severity])
    doubt = "" if cause.confidence is Confidence.CERTAIN else f" ({cause.confidence})"
    terminal.row(f"{number:>2} {badge} {terminal.style(cause.code, 'bold')}")
    terminal.line(f"   Container {look.name} {cause.says}{doubt}")
    for place, shown in enumerate(cause.evidence):
        terminal.entry("evidence" if place == 0 else "", f"{shown.pointer}: {shown.text}")
    terminal.entry("fix", cause.fix, "green")
    terminal.block(cause.command, style="cyan")


def _usage(look: Look) -> str:
    told = look.usage or {}
    return f"{told.get('CPUPerc')} CPU, {told.get('MemUsage')} of memory, {told.get('PIDs')} processes"


def _apart(item: Difference) -> str:
    return f"{item.row.control} {item.row.title}: {item.wanted} ({item.row.source}), it has {item.has}"


def _advice(terminal: Terminal, found: tuple[Advice, ...]) -> None:
    for place, item in enumerate(found):
        terminal.entry("Dockerfile" if place == 0 else "", f"{item.says}: {item.line}", "dim", column=15)


def _image(terminal: Terminal, item: OfImage) -> None:
    terminal.line(f"Image {item.name} {item.says}", "bold")
    for change in item.changes:
        terminal.entry("changed", change)
    _advice(terminal, item.advice)
    if not item.advice:
        terminal.line("   Its Dockerfile keeps to every rule that can be seen from the image.", "green")


def as_json(result: Debugged, screen: Screen) -> str:
    """Return what was found out for machines."""
    return document(
        SCHEMA,
        {
            "name": result.name,
            "engine": result.engine,
            "containers": [_examined(item) for item in result.containers],
            "image": _of_image(result.image),
        },
        screen,
    )


def _examined(item: Examined) -> Data:
    look = item.look
    return {
        "name": look.name,
        "state": str(look.state.get("Status") or ""),
        "exit_code": look.exit_code,
        "restarts": look.restarts,
        "causes": [_caused(cause) for cause in item.causes],
        "proof": list(item.proof),
        "image": {"name": str(look.config.get("Image") or ""), "says": item.image, "changes": list(item.changes)},
        "usage": _used(look),
        "blueprint": [_differs(apart) for apart in item.differences],
        "dockerfile": [_advised(found) for found in item.advice],
        "unknown": list(item.unknown),
    }


def _caused(cause: Cause) -> Data:
    return {
        "code": cause.code,
        "severity": cause.severity.value,
        "confidence": cause.confidence.value,
        "says": cause.says,
        "evidence": [{"pointer": shown.pointer, "text": shown.text} for shown in cause.evidence],
        "fix": cause.fix,
        "command": cause.command,
    }


def _used(look: Look) -> Data | None:
    told = look.usage
    return (
        None if told is None else {key: str(told.get(key) or "") for key in ("CPUPerc", "MemUsage", "MemPerc", "PIDs")}
    )


def _differs(item: Difference) -> Data:
    file, line = item.row.source
    return {"control": item.row.control, "wanted": item.wanted, "has": item.has, "file": file, "line": line}


def _advised(item: Advice) -> Data:
    return {"code": item.code, "says": item.says, "line": item.line}


def _of_image(item: OfImage | None) -> Data | None:
    if item is None:
        return None
    told = [_advised(found) for found in item.advice]
    return {"name": item.name, "says": item.says, "dockerfile": told, "changes": list(item.changes)}
