"""A port of this machine that leads to a pod while something is asked of it: `kubectl port-forward`, held and ended."""

import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from tools.failure import Failure, FailureKind
from tools.permit import Permit
from tools.policy import shown
from tools.run import Output, Running, run_planned
from tools.sandbox import Sandbox

HERE = "127.0.0.1"

GLANCE = 0.05
"""Seconds between two looks at whether the port is open."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered, and after how long: its body is not read."""

    status: int
    seconds: float

    @property
    def is_fine(self) -> bool:
        """Return whether it is a success or leads elsewhere, as a kubelet's probe reads it."""
        return 200 <= self.status < 400


def argv(target: str, local: int, port: int, namespace: str, context: str) -> tuple[str, ...]:
    """Return the command that forwards a port of this machine to one of a pod of `service/web` or `deployment/web`."""
    where = (f"--namespace={namespace}", f"--context={context}", f"--address={HERE}")
    return ("kubectl", "port-forward", target, f"{local}:{port}", *where)


def free_port() -> int:
    """Return a port of this machine where nobody listens now."""
    with socket.create_server((HERE, 0)) as found:
        return int(found.getsockname()[1])


class Forward:
    """A forwarded port: why it is closed, and what is answered behind it."""

    def __init__(self, port: int, job: "Future[Output | Failure]") -> None:
        """Begin with a command that is under way."""
        self._port, self._job = port, job

    @property
    def closed(self) -> Failure | None:
        """Return why nothing is forwarded any more, None while the command runs."""
        if not self._job.done():
            return None
        done = self._job.result()
        return done if isinstance(done, Failure) else Failure(FailureKind.EXIT, shown(done.argv), "it was ended")

    def opened(self) -> Failure | None:
        """Wait until the port accepts; return why it never will."""
        while self.closed is None and not _accepts(self._port):
            time.sleep(GLANCE)
        return self.closed

    def get(self, host: str, path: str, *, timeout: float) -> Answer | Failure:
        """Ask for a path once: no proxy is asked, and no redirection followed out of the pod.

        An answer counts only while the command runs: afterwards the port may be anybody's.
        """
        found = _get(self._port, host, path, timeout)
        return self.closed or found


@contextmanager
def forwarded(
    command: Sequence[str], box: Sandbox, permit: Permit, port: int, *, timeout: float, running: Running
) -> Iterator[Forward | Failure]:
    """Forward a port for as long as the block lasts; a Failure says why there is none."""
    if _accepts(port):
        yield Failure(FailureKind.EXIT, shown(command), f"another program listens on port {port} here; plan again")
        return
    with ThreadPoolExecutor(1) as beside:
        forward = Forward(port, beside.submit(run_planned, command, box, permit, timeout=timeout, running=running))
        try:
            yield forward.opened() or forward
        finally:
            running.interrupt()


def _accepts(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex((HERE, port)) == 0


def _get(port: int, host: str, path: str, timeout: float) -> Answer | Failure:
    from urllib3 import HTTPConnectionPool
    from urllib3.exceptions import HTTPError, TimeoutError

    what, began = f"GET http://{host}{path}", time.monotonic()
    try:
        with HTTPConnectionPool(HERE, port, timeout=timeout) as pool:
            response = pool.request(
                "GET", path, headers={"Host": host}, redirect=False, retries=False, preload_content=False
            )
            response.close()
    except TimeoutError:
        return Failure(FailureKind.TIMEOUT, what, f"no answer within {timeout:.0f} s")
    except HTTPError:  # a forwarded port accepts also where nobody listens in the pod
        return Failure(FailureKind.UNREACHABLE, what, "the connection ended without an answer")
    return Answer(response.status, time.monotonic() - began)
