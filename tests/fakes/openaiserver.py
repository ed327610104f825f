"""An OpenAI-compatible endpoint over real HTTP and SSE on 127.0.0.1: scripted turns, and every way one can go wrong."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call of a turn."""

    name: str
    arguments: str = "{}"
    """As the model writes them, which need not be JSON."""
    id: str = "call_1"


@dataclass(frozen=True, slots=True)
class Turn:
    """What the endpoint answers once."""

    text: str | None = None
    calls: Sequence[Call] = ()
    reasoning: str = ""
    pieces: int = 7
    """Characters of one fragment, of text and of arguments alike."""
    usage: bool = True
    finish: str = ""
    """"" for what fits: `tool_calls` or `stop`."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """The whole answer, in place of all else."""
    cut: int | None = None
    """After how many fragments the connection is dropped."""
    delay: float = 0.0
    """Seconds before each fragment."""
    hang: float = 0.0
    """Seconds before the first byte."""
    role: bool = True
    """Whether the first fragment says whose words they are, as most servers do."""


Script = Sequence[Turn | Callable[[Raw], Turn]]
"""Turns in their order, the last one again and again; a function makes its turn of the request."""

TOO_LONG = Turn(
    status=400,
    body=b"""{"error": {"message": "This model's maximum context length is 4096 tokens.",
    "code": "context_length_exceeded"}}""",
)
UNAUTHORIZED = Turn(status=401, body=b'{"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}')
NO_MODEL = Turn(status=404, body=b'{"error": {"message": "The model `x` does not exist", "code": "model_not_found"}}')
BUSY = Turn(status=429, headers={"Retry-After": "0"}, body=b'{"error": {"message": "Rate limit reached"}}')
BROKEN = Turn(status=500, body=b'{"error": {"message": "The server had an error"}}')
LOGIN = Turn(body=b"<html><body>Please log in</body></html>", headers={"Content-Type": "text/html"})
NOT_JSON = Turn(body=b'{"choices": [{"mess')


@dataclass(slots=True)
class OpenAIServer:
    """A running endpoint, and what it was asked."""

    base_url: str
    script: Script
    requests: list[Raw] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def turn(self, request: Raw) -> Turn:
        """Return what this request is answered with."""
        with self.lock:
            place = min(len(self.requests), len(self.script) - 1)
            self.requests.append(request)
        found = self.script[place]
        return found if isinstance(found, Turn) else found(request)


@contextmanager
def serving(*script: Turn | Callable[[Raw], Turn]) -> Iterator[OpenAIServer]:
    """Serve a script until the end of the block."""
    found = OpenAIServer("", script)
    handler = type("Handler", (_Handler,), {"found": found})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    found.base_url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    found: OpenAIServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._whole(200, json.dumps({"object": "list", "data": [{"id": "scripted", "object": "model"}]}).encode(), {})

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        self.found.headers.append(dict(self.headers))
        turn = self.found.turn(request)
        time.sleep(turn.hang)
        try:
            if turn.body is not None:
                self._whole(turn.status, turn.body, turn.headers)
            elif request.get("stream"):
                self._stream(turn, wants_usage=bool((request.get("stream_options") or {}).get("include_usage")))
            else:
                self._whole(200, json.dumps(_message(turn)).encode(), turn.headers)
        except OSError:
            self.close_connection = True  # who asked has gone

    def _whole(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for key, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, turn: Turn, *, wants_usage: bool) -> None:
        self.send_response(turn.status)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        for number, chunk in enumerate(_chunks(turn, wants_usage=wants_usage)):
            if turn.cut is not None and number >= turn.cut:
                return
            time.sleep(turn.delay)
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
            self.wfile.flush()
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _finish(turn: Turn) -> str:
    return turn.finish or ("tool_calls" if turn.calls else "stop")


USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}


def _message(turn: Turn) -> Raw:
    message: Raw = {"role": "assistant", "content": turn.text}
    if turn.calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in turn.calls
        ]
    if turn.reasoning:
        message["reasoning_content"] = turn.reasoning
    choice = {"index": 0, "message": message, "finish_reason": _finish(turn)}
    return {"id": "c", "object": "chat.completion", "model": "scripted", "choices": [choice], "usage": USAGE}


def _chunks(turn: Turn, *, wants_usage: bool) -> Iterator[Raw]:
    if turn.role:
        yield _chunk({"role": "assistant", "content": ""})
    yield from (_chunk({"reasoning_content": part}) for part in _parts(turn.reasoning, turn.pieces))
    yield from (_chunk({"content": part}) for part in _parts(turn.text or "", turn.pieces))
    for index, call in enumerate(turn.calls):
        head = {"index": index, "id": call.id, "type": "function", "function": {"name": call.name, "arguments": ""}}
        yield _chunk({"tool_calls": [head]})
        for part in _parts(call.arguments, turn.pieces):
            yield _chunk({"tool_calls": [{"index": index, "function": {"arguments": part}}]})
    yield _chunk({}, finish=_finish(turn))
    if turn.usage and wants_usage:
        yield {"id": "c", "object": "chat.completion.chunk", "model": "scripted", "choices": [], "usage": USAGE}


def _parts(text: str, size: int) -> Iterator[str]:
    return (text[place : place + size] for place in range(0, len(text), size))


def _chunk(delta: Raw, *, finish: str | None = None) -> Raw:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "model": "scripted", "choices": [choice]}
