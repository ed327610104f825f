"""An API server over real HTTPS that shows what the fake helm has made of the release; it goes down and comes back."""

import json
import socket
import ssl
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.fakes.apiserver import FakeApiServer, _Server
from tests.robustness.recorded import recorded


class Objects(dict[str, list[dict[str, Any]]]):
    """kind -> the objects of the stage the release is at, as they were recorded there."""

    def __init__(self, state: Path) -> None:
        super().__init__()
        self.state = state
        self.more: dict[str, Any] = {}
        """kind -> what a test makes of its objects: a function of the recorded list."""

    def get(self, kind: str, _: Any = None) -> list[dict[str, Any]]:
        live = json.loads((self.state / "state.json").read_text())["live"]
        stage = recorded()["stages"]["after" if live == "worse" else live]
        found: list[dict[str, Any]] = json.loads(json.dumps(stage["objects"].get(kind, [])))
        if live == "worse" and kind == "PodDisruptionBudget":
            found = []
        return self.more[kind](found) if kind in self.more else found


class _Tls(_Server):
    """The fake with TLS, and with its connections known so that it can hang up."""

    def __init__(self, fake: FakeApiServer, certificate: Path) -> None:
        super().__init__(fake)
        self.open: list[socket.socket] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.context = context

    def get_request(self) -> tuple[socket.socket, Any]:
        plain, address = self.socket.accept()
        plain.settimeout(20.0)
        wrapped = self.context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        self.open.append(wrapped)
        return wrapped, address

    def handle_error(self, *_: Any) -> None:
        """Say nothing of a client that hung up."""


class ApiServer:
    """One that is started and stopped again and again, always at the same port."""

    def __init__(self, state: Path, folder: Path) -> None:
        self.objects = Objects(state)
        self.fake = FakeApiServer(self.objects)
        self.certificate = certificate(folder, "authority")
        self._running: tuple[_Tls, threading.Thread] | None = None

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.fake.port}"

    def up(self) -> None:
        if self._running is not None:
            return
        server = _Tls(self.fake, self.certificate)
        self.fake.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        self._running = server, thread

    def down(self) -> None:
        if self._running is None:
            return
        server, thread = self._running
        self._running = None
        server.shutdown()
        server.server_close()
        for connection in server.open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        thread.join()


def certificate(folder: Path, name: str) -> Path:
    """Make a certificate that is its own authority, with its key in the same file; return it."""
    made, key = folder / f"{name}.pem", folder / f"{name}.key"
    argv = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    more = ["-keyout", str(key), "-out", str(made), "-days", "2", "-subj", f"/CN={name}"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:TRUE"]
    subprocess.run([*argv, *more, *names], check=True, capture_output=True)
    made.write_text(made.read_text() + key.read_text())
    return made
