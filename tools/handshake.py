"""The certificate a server shows to whoever connects: its public part, without a Secret being read.

A handshake and nothing more: no byte is sent after it and no answer is read, so that nothing but dates is learned and
nothing is asked of whatever listens there. What the certificate is worth is the client's own question, not this one's.
"""

import ipaddress
import socket
from typing import NamedTuple

from tools.deadline import Deadline
from tools.failure import Failure, FailureKind
from tools.text import clean

SECONDS = 1.0
"""How long one server may take: it is asked for a report, which goes on without it."""


class Door(NamedTuple):
    """Where a certificate is shown: an address, a port, and the server name that is asked for ("" for none)."""

    host: str
    port: int
    name: str = ""

    def __str__(self) -> str:
        """`10.0.0.5:443 (shop.example)`."""
        place = f"[{self.host}]" if ":" in self.host else self.host
        return f"{place}:{self.port}{f' ({self.name})' if self.name else ''}"


def shown(door: Door, deadline: Deadline) -> bytes | Failure:
    """Return the certificate a server shows, in DER; never of a link-local address, which may be a cloud's metadata."""
    import ssl

    until = deadline.no_later(SECONDS)
    try:
        return until.wait(lambda: _handshake(door, until.left()))
    except ssl.SSLError as error:
        return Failure(
            FailureKind.UNREACHABLE, str(door), f"no TLS handshake: {clean(error.reason or str(error), 100)}"
        )
    except TimeoutError:
        return Failure(FailureKind.TIMEOUT, str(door), "no answer")
    except (OSError, ValueError) as error:
        return Failure(FailureKind.UNREACHABLE, str(door), clean(str(error), 100))


def _handshake(door: Door, seconds: float) -> bytes | Failure:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # an expired certificate is exactly what is looked for
    with socket.create_connection((door.host, door.port), timeout=max(seconds, 0.05)) as plain:
        if ipaddress.ip_address(plain.getpeername()[0].partition("%")[0]).is_link_local:
            return Failure(
                FailureKind.DENIED, str(door), "a link-local address: it may be the cloud's metadata service"
            )
        with context.wrap_socket(plain, server_hostname=door.name or None) as secure:
            found = secure.getpeercert(binary_form=True)
    return found or Failure(FailureKind.MALFORMED, str(door), "it shows no certificate")
