"""A forwarded port: open while something is asked, to the pod that was approved, and closed afterwards."""

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.fakes.executables import Executable, Replay, install
from tools.access import Access
from tools.failure import Failure, FailureKind
from tools.forward import HERE, Answer, Forward, argv, forwarded, free_port
from tools.permit import Permit
from tools.policy import Permission, decide
from tools.run import Running
from tools.sandbox import Sandbox, sandbox


class Service(BaseHTTPRequestHandler):
    """Answers by path, and keeps what it was asked."""

    hosts: list[str | None] = []  # noqa: RUF012 - one list for every connection

    def do_GET(self) -> None:
        self.hosts.append(self.headers["Host"])
        if self.path == "/slow":
            time.sleep(2)
        if self.path == "/dead":
            return
        self.send_response({"/moved": 302, "/broken": 500}.get(self.path, 200))
        self.send_header("Location", "http://192.0.2.1/")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing: the test's output is not the server's log."""


@pytest.fixture
def server() -> Iterator[int]:
    made = ThreadingHTTPServer((HERE, 0), Service)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made.server_port
    made.shutdown()
    made.server_close()


@pytest.fixture
def kubectl(tmp_path: Path) -> Executable:
    return install(tmp_path / "bin", "kubectl", Replay(forwards=True))


@pytest.fixture
def box(kubectl: Executable) -> Iterator[Sandbox]:
    with sandbox(Access("here", "https://127.0.0.1:1", "shop"), path=str(kubectl.path.parent)) as made:
        yield made


def asked(box: Sandbox, port: int, *paths: str, local: int = 0) -> list[Answer | Failure]:
    """Return what is answered to each path, or why nothing was asked."""
    local = local or free_port()
    command = argv("service/web", local, port, "shop", "here")
    with forwarded(command, box, Permit("p", frozenset([command])), local, timeout=20, running=Running()) as found:
        return [found.get("web:80", path, timeout=0.5) for path in paths] if isinstance(found, Forward) else [found]


def test_what_runs_is_what_the_policy_asks_about() -> None:
    """A drill that could be planned and never carried out."""
    assert decide(argv("deployment/web", free_port(), 80, "shop", "here")).permission is Permission.ASK


def test_what_is_answered_is_the_pods_own_answer(box: Sandbox, server: int) -> None:
    """A redirection followed, or another name in Host, and what was measured is another service."""
    found = asked(box, server, "/health", "/moved", "/broken")
    assert [(item.status, item.is_fine) for item in found if isinstance(item, Answer)] == [
        (200, True),
        (302, True),
        (500, False),
    ]
    assert Service.hosts[-3:] == ["web:80"] * 3


@pytest.mark.parametrize(("path", "kind"), [("/slow", FailureKind.TIMEOUT), ("/dead", FailureKind.UNREACHABLE)])
def test_no_answer_is_a_value_and_in_time(box: Sandbox, server: int, path: str, kind: FailureKind) -> None:
    """A drill of a service that hangs would hang with it."""
    (found,) = asked(box, server, path)
    assert isinstance(found, Failure)
    assert found.kind is kind


def test_where_nobody_listens_in_the_pod_nothing_is_answered(box: Sandbox) -> None:
    (found,) = asked(box, free_port(), "/health")
    assert isinstance(found, Failure)
    assert found.kind is FailureKind.UNREACHABLE


def test_the_port_is_closed_afterwards(box: Sandbox, server: int, kubectl: Executable) -> None:
    """A port left open is a way into the cluster for everybody on this machine."""
    local = free_port()
    asked(box, server, "/health", local=local)
    with socket.socket() as tried:
        assert tried.connect_ex((HERE, local)) != 0
    assert len(kubectl.calls()) == 1


def test_another_program_on_the_port_is_not_taken_for_the_pod(box: Sandbox, server: int, kubectl: Executable) -> None:
    """Its answer would be reported as the service's."""
    (found,) = asked(box, server, "/health", local=server)
    assert isinstance(found, Failure)
    assert "another program listens" in found.detail
    assert not kubectl.calls()


def test_why_kubectl_forwards_nothing_is_said(tmp_path: Path, box: Sandbox, server: int) -> None:
    install(tmp_path / "bin", "kubectl", Replay(stderr=b'error: pods "web" is forbidden\n', code=1))
    (found,) = asked(box, server, "/health")
    assert isinstance(found, Failure)
    assert (found.kind, "forbidden" in found.detail) == (FailureKind.FORBIDDEN, True)


def test_an_answer_after_kubectl_has_ended_does_not_count(box: Sandbox, server: int) -> None:
    """From then on the port may be anybody's."""
    local, running = free_port(), Running()
    command = argv("service/web", local, server, "shop", "here")
    with forwarded(command, box, Permit("p", frozenset([command])), local, timeout=20, running=running) as found:
        assert isinstance(found, Forward)
        running.interrupt()
        while found.closed is None:
            time.sleep(0.01)
        assert isinstance(found.get("web", "/health", timeout=0.5), Failure)


def test_what_nobody_approved_is_not_forwarded(box: Sandbox, server: int, kubectl: Executable) -> None:
    command = argv("service/web", free_port(), server, "shop", "here")
    with forwarded(command, box, Permit("p", frozenset()), free_port(), timeout=20, running=Running()) as found:
        assert isinstance(found, Failure)
    assert not kubectl.calls()
