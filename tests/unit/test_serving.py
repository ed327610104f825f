"""How the control plane stands, as it is read. Lost, an API server that fails its checks is called healthy."""

import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from socket import create_server
from typing import Any

import pytest

from agent.snapshot.record import Object, Part, Requested, Serving, State
from agent.snapshot.serving import serving as stands
from tests.fakes.apiserver import FORBIDDEN, FakeApiServer, serving
from tools.certificates import lifetime
from tools.cluster import Reader, connect
from tools.deadline import Deadline
from tools.failure import Failure, FailureKind
from tools.handshake import Door, shown

WELL = "[+]ping ok\n[+]etcd ok\n[+]poststarthook/rbac/bootstrap-roles ok\nreadyz check passed\n"
UNWELL = "[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed\n"
METRICS = """\
# HELP apiserver_requested_deprecated_apis [STABLE] Gauge of deprecated APIs that have been requested
# TYPE apiserver_requested_deprecated_apis gauge
apiserver_requested_deprecated_apis{group="policy",removed_release="1.25",resource="podsecuritypolicies",\
subresource="",version="v1beta1"} 1
apiserver_requested_deprecated_apis{group="",removed_release="",resource="endpoints",subresource="",version="v1"} 1
apiserver_request_total{code="200"} 7
"""


@pytest.fixture
def server() -> Iterator[FakeApiServer]:
    with serving({}) as fake:
        yield fake


def look(server: FakeApiServer, objects: dict[str, list[Object]] | None = None) -> tuple[Serving, dict[str, Part]]:
    reader = connect(server.access(token="t"), Deadline.after(10))
    assert isinstance(reader, Reader)
    try:
        found, parts = stands(reader, objects or {})
    finally:
        reader.close()
    return found, {part.name: part for part in parts}


def test_checks_and_requests_are_read(server: FakeApiServer) -> None:
    server.plain = {"/readyz": (200, WELL), "/metrics": (200, METRICS)}
    found, parts = look(server)
    assert found.checks == {"ping": True, "etcd": True, "poststarthook/rbac/bootstrap-roles": True}
    assert found.requested == [
        Requested("policy", "v1beta1", "podsecuritypolicies", "1.25"),
        Requested("", "v1", "endpoints", ""),
    ]
    assert {parts[name].state for name in ("readyz", "requested APIs")} == {State.COMPLETE}


def test_a_check_that_fails_is_read_although_the_server_answers_500(server: FakeApiServer) -> None:
    """Exactly when etcd is lost the answer is an error, and its body is what somebody needs."""
    server.plain = {"/readyz": (500, UNWELL)}
    found, _ = look(server)
    assert found.checks == {"ping": True, "etcd": False}


def test_what_may_not_be_read_is_named_and_the_rest_is_there(server: FakeApiServer) -> None:
    server.plain = {"/readyz": (200, WELL)}
    server.faults = {"/metrics": FORBIDDEN}
    found, parts = look(server)
    assert found.checks["etcd"]
    assert parts["requested APIs"].state is State.DENIED
    assert not any(part.needed for part in parts.values())


@contextmanager
def secured(folder: Path, days: str) -> Iterator[int]:
    """Serve TLS with a new certificate of that many days; yield the port."""
    key, certificate = folder / "tls.key", folder / "tls.crt"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*made, "-days", days, "-subj", "/CN=shop.example"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_greet, args=(listening, context), daemon=True).start()
        yield listening.getsockname()[1]


def _greet(listening: Any, context: ssl.SSLContext) -> None:
    with suppress(OSError):
        while True:
            plain, _ = listening.accept()
            with suppress(OSError), context.wrap_socket(plain, server_side=True) as secure:
                secure.recv(1)


def test_a_certificate_is_seen_as_any_client_is_shown_it(tmp_path: Path) -> None:
    with secured(tmp_path, "5") as port:
        found = shown(Door("127.0.0.1", port, "shop.example"), Deadline.after(5))
    assert isinstance(found, bytes)
    holds = lifetime(found)
    assert holds is not None
    assert 4 <= (holds.ends - datetime.now(UTC)).days <= 5
    assert holds.begins <= datetime.now(UTC)


def test_an_ingress_is_asked_at_its_balancer_by_its_host(
    server: FakeApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody reads its Secret: a browser is shown the same certificate."""
    ingress = {
        "kind": "Ingress",
        "metadata": {"namespace": "shop", "name": "web"},
        "spec": {"tls": [{"hosts": ["shop.example"], "secretName": "tls"}]},
        "status": {"loadBalancer": {"ingress": [{"ip": "127.0.0.1"}]}},
    }
    with secured(tmp_path, "5") as port:
        monkeypatch.setattr("agent.snapshot.serving.HTTPS", port)
        found, _ = look(server, {"Ingress": [ingress]})
    (only,) = found.certificates
    assert (only.subject.name, only.reason) == ("web", "")
    assert only.ends is not None


@pytest.mark.parametrize("host", ["127.0.0.1", "no.such.host.invalid", "169.254.169.254"])
def test_where_nobody_answers_it_is_said_and_soon(host: str) -> None:
    """A report must not wait for sixty nodes that cannot be reached."""
    until = Deadline.after(30)
    found = shown(Door(host, 1), until)
    assert isinstance(found, Failure)
    assert found.kind in (FailureKind.UNREACHABLE, FailureKind.TIMEOUT, FailureKind.DENIED)
    assert until.left() > 28


@pytest.mark.parametrize(
    "content", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\x30\x03"]
)
def test_what_is_no_certificate_is_none(content: bytes) -> None:
    assert lifetime(content) is None


def test_hostile_objects_do_not_end_the_look(server: FakeApiServer) -> None:
    """What is listed was held to its shape; what is left of it still says anything it likes."""
    objects: dict[str, list[Object]] = json.loads(
        '{"Node": [{"kind": "Node", "metadata": {"name": "a"}, "status": {"addresses": [{"type": "InternalIP"}]}}],'
        '"Ingress": [{"kind": "Ingress", "metadata": {"name": "b"}, "spec": {"tls": [{"hosts": ["\\u0000 x y"]}]},'
        '"status": {"loadBalancer": {"ingress": [{"ip": "127.0.0.1"}]}}}],'
        '"APIService": [{"kind": "APIService", "metadata": {"name": "c"}, "spec": {"service": {"name": "x"}}}]}'
    )
    found, _ = look(server, objects)
    assert [item.ends for item in found.certificates] == [None]
