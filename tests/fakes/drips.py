"""Servers that never finish, each at another place of an exchange: a byte now and then, for ever."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Drip:
    """What a server says at once, and what it then says again and again; `scheme` and `proxy` are how it is asked."""

    first: bytes
    then: bytes
    scheme: str = "http"
    proxy: bool = False


DRIPS = {
    "status": Drip(b"HTTP/1.1 200 ", b"O"),
    "headers": Drip(_OK + b"X-Slow: ", b"a"),
    "header-lines": Drip(_OK, b"X-Slow: a\r\n"),
    "continue": Drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "chunk-sizes": Drip(_CHUNKED, b"0"),
    "chunks": Drip(_CHUNKED, b"1\r\n \r\n"),
    "trailers": Drip(_CHUNKED + b"2\r\n{}\r\n0\r\nX-Slow: ", b"a"),
    "body": Drip(_OK + b"Content-Length: 1000000\r\n\r\n", b" "),
    "log-in-half": Drip(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 1000000\r\n\r\n", b" "),
    "silence": Drip(b"", b""),
    "tls": Drip(b"\x16\x03\x03\x40\x00", b"\x00", scheme="https"),
    "proxy": Drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a", scheme="https", proxy=True),
}


@contextmanager
def dripping(drip: Drip, pause: float = 0.05) -> Iterator[int]:
    """Serve it on a port of this machine while the block runs."""
    stopping = threading.Event()
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        server.settimeout(0.05)
        threads = [threading.Thread(target=_accept, args=(server, drip, pause, stopping), daemon=True)]
        threads[0].start()
        try:
            yield server.getsockname()[1]
        finally:
            stopping.set()
            threads[0].join()


def _accept(server: socket.socket, drip: Drip, pause: float, stopping: threading.Event) -> None:
    serving = []
    while not stopping.is_set():
        with suppress(TimeoutError):
            connected, _ = server.accept()
            serving.append(threading.Thread(target=_drip, args=(connected, drip, pause, stopping), daemon=True))
            serving[-1].start()
    for thread in serving:
        thread.join()


def _drip(connected: socket.socket, drip: Drip, pause: float, stopping: threading.Event) -> None:
    with connected, suppress(OSError):
        connected.sendall(drip.first)
        while not stopping.wait(pause):
            connected.sendall(drip.then)
