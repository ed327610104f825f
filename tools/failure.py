"""What could not be observed, as a value.

Tools never raise for what the world does to them (a refused connection, a 403, a hanging binary): they
return a `Failure`, and the caller goes on with what it has.
"""

from dataclasses import dataclass
from enum import StrEnum


class FailureKind(StrEnum):
    """Why an observation is missing. The value is what `-o json` prints."""

    CONFIG = "config"
    """No kubeconfig, an unknown context, an unreadable file: nothing was asked yet."""
    UNREACHABLE = "unreachable"
    """Refused, no route, no such host, TLS not trusted."""
    TIMEOUT = "timeout"
    """No whole answer in time."""
    UNAUTHORIZED = "unauthorized"
    """401: the credentials are not accepted (any more)."""
    FORBIDDEN = "forbidden"
    """403: this identity may not read that."""
    NOT_FOUND = "not-found"
    """The named object, namespace or release does not exist."""
    NOT_SERVED = "not-served"
    """The API server does not know that kind (404 on the list): absent by design, not a fault of the look."""
    RATE_LIMITED = "rate-limited"
    """429 even after honouring Retry-After."""
    SERVER = "server"
    """5xx even after a retry."""
    MISSING = "missing"
    """The executable is not installed."""
    KILLED = "killed"
    """The process died from a signal that was not ours."""
    EXIT = "exit"
    """The process ended with a status that means failure."""
    TRUNCATED = "truncated"
    """More output than the cap: what was read is not whole and is not parsed."""
    MALFORMED = "malformed"
    """Output that is not what was asked for: half a JSON, stray text, invalid UTF-8 where JSON should be."""
    DENIED = "denied"
    """Our own policy does not allow this command."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that was not observed.

    `what` names the attempt as a person would ("GET /api/v1/pods", "helm list"), `detail` is the reason as
    the other side gave it, already cleaned and redacted, one line; `hint` says what to do, "" when nothing helps.
    """

    kind: FailureKind
    what: str
    detail: str = ""
    hint: str = ""

    @property
    def brief(self) -> str:
        """What failed and why, without what to do: for a row of a table."""
        return f"{self.what}: {self.detail or self.kind}"

    def __str__(self) -> str:
        """One line for stderr: what failed, why, what to do."""
        tail = "; ".join(part for part in (self.detail, self.hint) if part)
        return f"{self.what}: {tail}" if tail else f"{self.what}: {self.kind}"
