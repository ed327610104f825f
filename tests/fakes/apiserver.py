"""A Kubernetes API over real HTTP on 127.0.0.1: lists, pages, tables, logs, and every way an answer can go wrong."""

import json
import queue
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from tools.access import Access
from tools.kinds import BY_NAME, METRICS, Kind

VERSION = {"major": "1", "minor": "36", "gitVersion": "v1.36.3"}

Shape = Literal["answer", "hang", "drip", "half", "reset"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One way an answer goes wrong."""

    status: int = 200
    shape: Shape = "answer"
    """`hang` never answers, `drip` sends a byte now and then for ever, `half` ends in the middle, `reset` hangs up."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """None is a Status object for an error, and for `half` the true answer's first half."""
    page: int = 1
    """Which page of a list it strikes first."""
    times: int | None = None
    """How often it strikes before the truth is told again; None is always."""


UNAUTHORIZED = Fault(401)
FORBIDDEN = Fault(403)
NOT_SERVED = Fault(404, body=b"404 page not found\n")
GONE_MID_LIST = Fault(410, page=2)
GONE_ONCE = Fault(410, page=2, times=1)
SERVER_ERROR_ONCE = Fault(500, times=1)
HANG = Fault(shape="hang")
DRIP = Fault(shape="drip")
HALF_JSON = Fault(shape="half")
RESET_ONCE = Fault(shape="reset", times=1)
RESET = Fault(shape="reset")
REDIRECT = Fault(302, headers={"Location": "http://127.0.0.1:1/elsewhere"})


def too_many(seconds: str, times: int | None = None) -> Fault:
    """Return a 429 that asks for a pause."""
    return Fault(429, headers={"Retry-After": seconds}, times=times)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came in."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    at: float


@dataclass(slots=True)
class FakeApiServer:
    """What is served, what goes wrong, and what was asked."""

    objects: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """kind -> objects as the API would give them; Secrets with their data, to see that it is never fetched."""
    faults: dict[str, Fault] = field(default_factory=dict)
    """path -> fault, `*` for every path."""
    logs: dict[str, str] = field(default_factory=dict)
    """`NAMESPACE/POD/CONTAINER` -> text."""
    streams: dict[str, "queue.Queue[bytes | None]"] = field(default_factory=dict)
    """path -> the lines its watch sends as they are put there; None ends it, as a connection that is cut."""
    plain: dict[str, tuple[int, str]] = field(default_factory=dict)
    """`/readyz`, `/metrics` -> status and text."""
    cut: dict[str, int] = field(default_factory=dict)
    """path -> after that many objects the list ends without a continue token, though more remain."""
    asked: list[Asked] = field(default_factory=list)
    port: int = 0
    struck: dict[str, int] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """Return the server's address."""
        return f"http://127.0.0.1:{self.port}"

    def access(self, **changes: Any) -> Access:
        """Return how to reach it."""
        fields: dict[str, Any] = {"context": "fake", "server": self.url, "namespace": "default"}
        return Access(**(fields | changes))

    def kubeconfig(self, path: Path, **user: str) -> Path:
        """Write a kubeconfig for it."""
        document = {
            "current-context": "fake",
            "clusters": [{"name": "c", "cluster": {"server": self.url}}],
            "users": [{"name": "u", "user": user}],
            "contexts": [{"name": "fake", "context": {"cluster": "c", "user": "u", "namespace": "shop"}}],
        }
        path.write_text(json.dumps(document), encoding="utf-8")
        path.chmod(0o600)
        return path

    def watched(self) -> set[str]:
        """Return the paths that were watched."""
        return {asked.path for asked in self.asked if asked.query.get("watch")}

    def paths(self) -> list[str]:
        """Return the paths that were asked for, in order."""
        return [asked.path for asked in self.asked]

    def fault(self, path: str, page: int) -> Fault | None:
        """Return what goes wrong with this request, counting it."""
        with self.lock:
            key = path if path in self.faults or path.startswith("watch ") else "*"
            found = self.faults.get(key)
            if (
                found is None
                or page < found.page
                or (found.times is not None and self.struck.get(key, 0) >= found.times)
            ):
                return None
            self.struck[key] = self.struck.get(key, 0) + 1
            return found

    def fault_of_watch(self, path: str) -> Fault | None:
        """Return what goes wrong with a watch, which is named `watch PATH` among the faults."""
        return self.fault(f"watch {path}", 1)

    def told(self, path: str, change: str, obj: Mapping[str, Any]) -> None:
        """Have a watch tell of a change."""
        self.streams.setdefault(path, queue.Queue()).put(_dump({"type": change, "object": obj}))

    def truth(self, path: str, query: Mapping[str, str], accept: str) -> tuple[int, bytes]:
        """Return the status and body of a request nothing goes wrong with."""
        if path == "/version":
            return 200, _dump(VERSION)
        if path in self.plain:
            return self.plain[path][0], self.plain[path][1].encode()
        parts = path.strip("/").split("/")
        if path.endswith("/log"):
            text = self.logs.get("/".join((parts[3], parts[5], query["container"])))
            return (404, _status(404)) if text is None else (200, text.encode())
        if path.startswith(METRICS):
            return 404, b"404 page not found\n"
        if parts[:3] == ["api", "v1", "namespaces"] and len(parts) == 4:
            return self._namespace(parts[3])
        found = _list(path)
        return (404, b"404 page not found\n") if found is None else (200, self._page(*found, path, query, accept))

    def _namespace(self, name: str) -> tuple[int, bytes]:
        known = self.objects.get("Namespace", [])
        found = next((item for item in known if item["metadata"]["name"] == name), None)
        return (200, _dump(found)) if found else (404, _status(404, f'namespaces "{name}" not found'))

    def _page(self, kind: Kind, namespace: str | None, path: str, query: Mapping[str, str], accept: str) -> bytes:
        known = self.objects.get(kind.name, [])
        items = [item for item in known if namespace in (None, item["metadata"].get("namespace"))]
        start, limit = int(query.get("continue") or 0), int(query.get("limit") or 10**9)
        page, rest = items[start : start + limit], items[start + limit :]
        meta: dict[str, Any] = {"resourceVersion": "1"}
        if path in self.cut and start + limit >= self.cut[path]:
            page, meta["remainingItemCount"] = page[: self.cut[path]], max(len(items) - self.cut[path], 1)
        elif rest:
            meta |= {"continue": str(start + limit), "remainingItemCount": len(rest)}
        return _dump(_table(page, meta, query) if "as=Table" in accept else _listed(kind, page, meta))


def _listed(kind: Kind, items: Sequence[Mapping[str, Any]], meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return a list as the API gives one: its items say neither kind nor version."""
    bare = [{key: value for key, value in item.items() if key not in ("kind", "apiVersion")} for item in items]
    return {"kind": f"{kind.name}List", "apiVersion": kind.version, "metadata": meta, "items": bare}


def _table(items: Sequence[Mapping[str, Any]], meta: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
    """Return Secrets as a table; without includeObject=None each row brings its metadata, as the real one does."""
    rows = []
    for item in items:
        row = {"cells": [item["metadata"]["name"], item.get("type", "Opaque"), len(item.get("data", {})), "1m"]}
        rows.append(row if query.get("includeObject") == "None" else row | {"object": {"metadata": item["metadata"]}})
    return {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": meta, "columnDefinitions": [], "rows": rows}


def _list(path: str) -> tuple[Kind, str | None] | None:
    for kind in BY_NAME.values():
        head, _, tail = path.partition("/namespaces/")
        if path == f"{kind.prefix}/{kind.plural}":
            return kind, None
        if head == kind.prefix and tail.endswith(f"/{kind.plural}") and kind.namespaced:
            return kind, tail.split("/")[0]
    return None


def _status(code: int, message: str = "") -> bytes:
    said = message or {401: "Unauthorized", 403: 'User "u" cannot list that at the cluster scope'}.get(
        code, "went wrong"
    )
    return _dump({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": said, "code": code})


def _dump(document: Any) -> bytes:
    return json.dumps(document).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, fake: FakeApiServer) -> None:
        self.fake = fake
        super().__init__(("127.0.0.1", fake.port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer, or do what the fault says."""
        fake, parts = self.server.fake, urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        with fake.lock:
            fake.asked.append(Asked(self.command, parts.path, query, dict(self.headers), time.monotonic()))
        fault = fake.fault_of_watch(parts.path) if query.get("watch") else None
        if query.get("watch") and fault is None:
            with suppress(OSError):  # whoever watched is gone
                self._watch(parts.path, float(query.get("timeoutSeconds") or 1))
            return
        fault = fault or fake.fault(parts.path, 2 if query.get("continue") else 1)
        status, body = fake.truth(parts.path, query, self.headers.get("Accept", ""))
        try:
            if fault is None:
                self._answer(status, body, {})
            else:
                self._strike(fault, body)
        except OSError:
            self.close_connection = True

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - http.server's names

    def _strike(self, fault: Fault, truth: bytes) -> None:
        if fault.shape == "hang":
            self.server.fake.stopping.wait()
            self.close_connection = True
        elif fault.shape == "drip":
            self._drip()
        elif fault.shape == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
        elif fault.shape == "half":
            self._answer(200, truth[: len(truth) // 2] if fault.body is None else fault.body, {})
        else:
            body = fault.body if fault.body is not None else truth if fault.status == 200 else _status(fault.status)
            self._answer(fault.status, body, fault.headers)

    def _watch(self, path: str, seconds: float) -> None:
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        fake, end = self.server.fake, time.monotonic() + seconds
        while not fake.stopping.is_set() and time.monotonic() < end:
            try:
                line = fake.streams.setdefault(path, queue.Queue()).get(timeout=0.1)
            except queue.Empty:
                continue
            if line is None:
                return
            self.wfile.write(line + b"\n")

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        self.close_connection = True
        while not self.server.fake.stopping.wait(0.05):
            self.wfile.write(b" ")

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(objects: Mapping[str, Sequence[Mapping[str, Any]]] | None = None) -> Iterator[FakeApiServer]:
    """Serve these objects while the block runs."""
    fake = FakeApiServer({kind: [dict(item) for item in items] for kind, items in (objects or {}).items()})
    server = _Server(fake)
    fake.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


def path_of(kind: str, namespace: str | None = None) -> str:
    """Return where a kind is listed."""
    return BY_NAME[kind].path(namespace)
