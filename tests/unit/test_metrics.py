"""Resource use: amounts as the metrics API prints them, and a Prometheus that may be anything at all."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools import metrics
from tools.cluster import Reader
from tools.failure import Failure, FailureKind
from tools.metrics import PodUsage, query, query_range

VECTOR = [{"metric": {"pod": "web-1"}, "value": [1763900000.123, "0.25"]}]
GOOD = json.dumps({"status": "success", "data": {"resultType": "vector", "result": VECTOR}}).encode()

Answer = Callable[[BaseHTTPRequestHandler], None]


def answering(status: int, body: bytes, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@contextmanager
def serving(answer: Answer) -> Iterator[tuple[str, list[str]]]:
    """Serve one answer to everything; yield the origin and the targets that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            try:
                answer(self)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def failed(found: object) -> Failure:
    assert isinstance(found, Failure), found
    assert "\n" not in str(found)
    return found


def test_an_instant_query() -> None:
    with serving(answering(200, GOOD)) as (origin, asked):
        assert query(origin, 'rate(x{pod="a&b"}[5m])') == VECTOR
    parts = urlsplit(asked[0])
    assert parts.path == "/api/v1/query"
    assert parse_qs(parts.query) == {"query": ['rate(x{pod="a&b"}[5m])']}


def test_a_range_query() -> None:
    with serving(answering(200, GOOD)) as (origin, asked):
        assert query_range(origin + "/", "up", 1.0, 2.5, 0.5) == VECTOR
    parts = urlsplit(asked[0])
    assert parts.path == "/api/v1/query_range"
    assert parse_qs(parts.query) == {"query": ["up"], "start": ["1.0"], "end": ["2.5"], "step": ["0.5"]}


def test_a_redirect_is_not_followed() -> None:
    """It could lead to the cloud's metadata service or into the cluster."""
    with serving(answering(200, GOOD)) as (elsewhere, asked):
        with serving(answering(302, b"", Location=f"{elsewhere}/api/v1/query")) as (origin, _):
            assert "redirects" in failed(query(origin, "up")).detail
        assert asked == []


def test_an_error_is_told_in_prometheus_own_words() -> None:
    said = json.dumps({"status": "error", "error": "parse error: \x1b[31mbad, password=hunter22"}).encode()
    with serving(answering(400, said)) as (origin, _):
        found = failed(query(origin, "up{"))
    assert found.kind is FailureKind.SERVER
    assert found.detail == "status 400 parse error: bad, password=***"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, FailureKind.UNAUTHORIZED),
        (403, FailureKind.FORBIDDEN),
        (404, FailureKind.SERVER),
        (503, FailureKind.SERVER),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"[" * 5000])
def test_a_refusal(status: int, kind: FailureKind, body: bytes) -> None:
    with serving(answering(status, body)) as (origin, _):
        assert failed(query(origin, "up")).kind is kind


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"data": []}', b'{"data": {"result": {}}}', b'{"data": {"result": [3]}}', b"\xff"],
)
def test_another_answer_is_malformed_and_no_empty_result(body: bytes) -> None:
    """An empty result would say that nothing uses anything."""
    with serving(answering(200, body)) as (origin, _):
        assert failed(query(origin, "up")).kind is FailureKind.MALFORMED


def test_more_than_a_megabyte_is_not_read() -> None:
    def flood(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(400):
            handler.wfile.write(b" " * (1 << 16))

    with serving(flood) as (origin, _):
        assert failed(query(origin, "up")).kind is FailureKind.TRUNCATED


def test_an_answer_that_stops_in_the_middle() -> None:
    with serving(answering(200, GOOD, Content_Length="9999")) as (origin, _):
        assert failed(query(origin, "up")).kind is FailureKind.UNREACHABLE


def drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


def drip_headers(handler: BaseHTTPRequestHandler) -> None:
    while True:
        handler.wfile.write(b"H")
        handler.wfile.flush()
        time.sleep(0.05)


def hang(_: BaseHTTPRequestHandler) -> None:
    time.sleep(3)


@pytest.mark.parametrize("answer", [drip, drip_headers, hang])
def test_a_server_that_never_finishes_costs_no_more_than_the_limit(
    answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "SECONDS", 0.5)
    with serving(answer) as (origin, _):
        began = time.monotonic()
        assert failed(query(origin, "up")).kind is FailureKind.TIMEOUT
        assert time.monotonic() - began < 2


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert failed(query(f"http://127.0.0.1:{port}", "up")).kind is FailureKind.UNREACHABLE


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "127.0.0.1:9090",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http://",
        "http://127.0.0.1:x",
        "http://127.0.0.1:99999",
        "http://[::1",
        "http://user:canary-hunter2@127.0.0.1:1",
        "http://127.0.0.1/prometheus",
        "http://127.0.0.1/?a=b",
    ],
)
def test_what_is_no_origin_is_not_asked(origin: str) -> None:
    found = failed(query(origin, "up"))
    assert found.kind is FailureKind.CONFIG
    assert "canary" not in str(found)


class Fixed:
    """A reader of one answer."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def json(self, path: str) -> Any:
        self.asked.append(path)
        return self.answer


def told(answer: Any) -> list[PodUsage] | Failure:
    return metrics.pod_usage(cast("Reader", Fixed(answer)), "shop")


def used(*containers: Any) -> dict[str, Any]:
    return {"metadata": {"namespace": "shop", "name": "web-1"}, "containers": list(containers)}


def usage(cpu: object, memory: object) -> dict[str, Any]:
    return {"name": "app", "usage": {"cpu": cpu, "memory": memory}}


def test_amounts_of_the_metrics_api() -> None:
    """It prints nanocores; a factor of a thousand here turns every scaling advice around."""
    reader = Fixed({"items": [used(usage("12345678n", "131072Ki"), usage("1", "1Gi")), used(usage("250m", "512"))]})
    assert metrics.pod_usage(cast("Reader", reader), None) == [
        PodUsage("shop", "web-1", "app", 0.012345678, 131072 * 1024),
        PodUsage("shop", "web-1", "app", 1.0, 1 << 30),
        PodUsage("shop", "web-1", "app", 0.25, 512),
    ]
    assert reader.asked == ["/apis/metrics.k8s.io/v1beta1/pods"]
    metrics.pod_usage(cast("Reader", reader), "shop")
    assert reader.asked[1] == "/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods"


def test_an_amount_that_cannot_be_read_is_unknown_and_not_zero() -> None:
    found = told({"items": [used(usage("", "1Gi"), usage(None, "1Gi"), usage("1", "much"), usage("2", "1Ki")), 3, {}]})
    assert not isinstance(found, Failure)
    assert [item.cpu for item in found] == [2.0]


@pytest.mark.parametrize("answer", [None, [], 3, {}, {"items": None}, {"items": {}}])
def test_no_list_is_malformed(answer: Any) -> None:
    assert failed(told(answer)).kind is FailureKind.MALFORMED


ANY = st.recursive(
    st.none() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["metadata", "containers", "usage", "cpu", "memory", "name"]), inner, max_size=4
        )
    ),
    max_leaves=10,
)


@given(st.lists(ANY, max_size=3))
def test_any_item_is_taken(items: list[Any]) -> None:
    assert isinstance(told({"items": items}), list)
