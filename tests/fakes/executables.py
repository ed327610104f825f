"""Programs that replay what was recorded: output, exit code, delay, signals; argv and environment are kept."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Replay:
    """What one call does."""

    stdout: bytes = b""
    stderr: bytes = b""
    code: int = 0
    delay: float = 0.0
    """Seconds before it prints."""
    repeat: int = 1
    """How often stdout is printed: 200 MB need no file of that size."""
    signal: int = 0
    """The signal it ends itself with, after printing."""
    stubborn: bool = False
    """Ignore SIGTERM, start a child that ignores it too, and then sleep for an hour."""
    forwards: bool = False
    """Lead the first port of LOCAL:REMOTE in its argv to the second one of this machine, until it is interrupted."""


class Call(NamedTuple):
    """One call as it came in."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    folder: str
    pid: int
    child: int


SCRIPT = """#!{python} -IS
import json, os, signal, socket, sys, threading, time
here = {folder!r}
calls = json.load(open(here + "/.{name}.json"))
found = next((c for c in calls if all(w in sys.argv[1:] for w in c["words"])), None)
child = 0
if found and found["stubborn"]:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = os.fork()
    if child == 0:
        time.sleep(3600)
        os._exit(0)
def passed(source, sink):
    try:
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        source.close(), sink.close()
def forward():
    words = next(word for word in sys.argv if word.replace(":", "").isdigit()).split(":")
    local, remote = map(int, words)
    server = socket.create_server(("127.0.0.1", local))
    while True:
        one = server.accept()[0]
        try:
            other = socket.create_connection(("127.0.0.1", remote))
        except OSError:
            one.close()
            continue
        for ends in ((one, other), (other, one)):
            threading.Thread(target=passed, args=ends, daemon=True).start()
line = json.dumps([sys.argv[1:], dict(os.environ), os.getcwd(), os.getpid(), child]) + "\\n"
with open(here + "/.{name}.calls", "a") as out:
    out.write(line)
if found is None:
    sys.exit("{name}: nothing was recorded for: " + " ".join(sys.argv[1:]))
time.sleep(found["delay"])
os.write(2, found["stderr"].encode("latin-1"))
text = found["stdout"].encode("latin-1")
for _ in range(found["repeat"]):
    sys.stdout.buffer.write(text)
sys.stdout.buffer.flush()
if found["forwards"]:
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))
    forward()
if found["signal"]:
    os.kill(os.getpid(), found["signal"])
if found["stubborn"]:
    time.sleep(3600)
sys.exit(found["code"])
"""


@dataclass(frozen=True, slots=True)
class Executable:
    """One program in a folder."""

    path: Path

    def calls(self) -> list[Call]:
        """Return every call so far."""
        kept = self.path.with_name(f".{self.path.name}.calls")
        lines = kept.read_text(encoding="utf-8").splitlines() if kept.exists() else []
        return [Call(*json.loads(line)) for line in lines]


def install(folder: Path, name: str, replays: Replay | Mapping[str, Replay]) -> Executable:
    """Write a program; a mapping says what each call does by words that stand in its argv, the first that fits wins."""
    folder.mkdir(parents=True, exist_ok=True)
    known = {"": replays} if isinstance(replays, Replay) else replays
    calls = [_call(words, replay) for words, replay in known.items()]
    (folder / f".{name}.json").write_text(json.dumps(calls), encoding="utf-8")
    path = folder / name
    path.write_text(SCRIPT.format(python=sys.executable, folder=str(folder), name=name), encoding="utf-8")
    path.chmod(0o755)
    return Executable(path)


def _call(words: str, replay: Replay) -> dict[str, Any]:
    return {
        "words": words.split(),
        "stdout": replay.stdout.decode("latin-1"),
        "stderr": replay.stderr.decode("latin-1"),
        "code": replay.code,
        "delay": replay.delay,
        "repeat": replay.repeat,
        "signal": replay.signal,
        "stubborn": replay.stubborn,
        "forwards": replay.forwards,
    }
