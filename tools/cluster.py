"""A reader of the Kubernetes API that can only send GET, and only to a fixed set of endpoints.

The `kubernetes` package gives transport and TLS; bodies are parsed straight into plain dicts, because its model classes
cost ten times as much. Importing it takes 0.3 s, so it happens here and only when a cluster is read.
"""

import random
import re
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.access import Access
from tools.certificates import unusable
from tools.deadline import Deadline
from tools.failure import Failure, FailureKind
from tools.kinds import GITOPS, KINDS, METRICS, MORE, POLICY_REPORTS, Kind
from tools.pages import Changed, accept, bare, changed, is_page, items, query
from tools.private import PrivateFolder
from tools.redact import redact, without_user
from tools.stream import lines
from tools.text import clean
from tools.weight import too_heavy, weight

CONNECTIONS = 8
LOG_LINES = 500
LOG_BYTES = 262_144
LONGEST_WAIT = 5.0
"""Seconds a Retry-After is honoured for; a server that asks for more is taken at its word: it cannot answer now."""

LARGEST_PAGE = 256 << 20
"""Bytes of one answer at most."""


_NAME = r"[a-z0-9]([-a-z0-9.:]{0,251}[a-z0-9])?"
_LISTS = "|".join(
    sorted(
        {re.escape(kind.prefix) + rf"(/namespaces/{_NAME})?/{kind.plural}" for kind in (*KINDS, *MORE, *POLICY_REPORTS)}
    )
)
_GITOPS = "|".join(
    rf"/apis/{re.escape(group)}(/v\w+(/namespaces/{_NAME})?/{plural}(/{_NAME})?)?" for group, plural in GITOPS.values()
)
ALLOWED = re.compile(
    rf"(?:{_LISTS}|{_GITOPS}|/version|/metrics|/api/v1/namespaces/{_NAME}|/api/v1/namespaces/{_NAME}/pods/{_NAME}/log"
    rf"|{re.escape(METRICS)}/(?:nodes|pods|namespaces/{_NAME}/pods))"
)
"""Everything that may be asked for. Never proxy, exec, attach, portforward, nor one Secret by name."""

BY_STATUS = {
    401: (FailureKind.UNAUTHORIZED, "log in again, or renew the token"),
    403: (FailureKind.FORBIDDEN, "ask for the right to list it"),
    404: (FailureKind.NOT_SERVED, ""),
    410: (FailureKind.TRUNCATED, "run it again"),
    429: (FailureKind.RATE_LIMITED, "the API server is busy; run it again later"),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """One list: its objects and, where it could not be read whole, why."""

    kind: Kind
    path: str
    objects: Sequence[Any] = ()
    """As the server gave them, whatever their shape."""
    failure: Failure | None = None
    version: str = ""
    """The list's resourceVersion: where a watch goes on from, "" where it is not whole."""


@dataclass(slots=True)
class Reader:
    """One cluster, one identity. Close it: it keeps the client certificate in a private file while it is open."""

    access: Access
    deadline: Deadline
    folder: PrivateFolder
    pool: Any = field(repr=False)
    host: str = ""
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    refused: Failure | None = None
    """Set by the first 401."""
    owners: bool = False
    """Whether objects keep their managed fields: an audit asks who changed what."""
    weighed: int = 0
    """What all answers so far take in memory, about, and their length."""
    size: int = 0

    @property
    def namespace(self) -> str:
        """Return the context's own namespace."""
        return self.access.namespace

    def close(self) -> None:
        """Forget the connections and the files."""
        self.pool.clear()
        self.folder.close()

    def get(self, path: str, query: str = "", *, accept: str = "application/json") -> bytes | Failure:
        """Return the body of one GET. Once more after a reset or 5xx, and after the pause a 429 asks for.

        After a 401 nothing is asked any more: the same credentials would be refused again and again.
        """
        if not ALLOWED.fullmatch(path):
            return Failure(FailureKind.DENIED, f"GET {path}", "not among the endpoints this may read")
        if self.refused is not None:
            return self.refused
        answer = self._once(path, query, accept)
        pause = self._pause(answer)
        if pause is None:
            return self._body(path, answer)
        time.sleep(pause)
        return self._body(path, self._once(path, query, accept))

    def json(self, path: str, query: str = "", *, accept: str = "application/json") -> Any:
        """Return the parsed body of one GET, or a Failure: also for half a JSON."""
        import orjson

        body = self.get(path, query, accept=accept)
        if isinstance(body, Failure):
            return body
        self.weighed, self.size = self.weighed + weight(body), self.size + len(body)
        if too_heavy(self.weighed, self.size):
            return Failure(FailureKind.MALFORMED, f"GET {path}", "millions of values and next to nothing in them")
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            return Failure(
                FailureKind.MALFORMED, f"GET {path}", "the answer is no whole JSON", "is that an API server?"
            )

    def list(self, kind: Kind, namespace: str | None) -> Listed:
        """Return every object of a kind: page by page, from the start once more when the list expired (410)."""
        path = kind.path(namespace)
        found = self._pages(kind, path)
        expired = found.failure is not None and found.failure.kind is FailureKind.TRUNCATED
        return self._pages(kind, path) if expired else found

    def lists(self, kinds: Sequence[Kind], namespace: str | None) -> Iterator[Listed]:
        """Yield the lists as they come, a few at a time."""
        with ThreadPoolExecutor(CONNECTIONS) as workers:
            yield from workers.map(lambda kind: self.list(kind, namespace), kinds)

    def log(
        self, namespace: str, pod: str, container: str, *, previous: bool, seconds: int | None = None
    ) -> str | Failure:
        """Return the end of one container's log, of the last `seconds`: at most 500 lines and 256 KiB, redacted."""
        query = f"container={container}&tailLines={LOG_LINES}&limitBytes={LOG_BYTES}&previous={str(previous).lower()}"
        query += f"&sinceSeconds={seconds}" if seconds is not None else ""
        body = self.get(f"/api/v1/namespaces/{namespace}/pods/{pod}/log", query, accept="*/*")
        return body if isinstance(body, Failure) else redact(body.decode("utf-8", errors="replace"))

    def checks(self) -> str | Failure:
        """Return what the API server says of its own checks, a line each; it answers 500 where one of them fails."""
        path = "/readyz"
        answer = self._once(path, "verbose", "text/plain")
        if isinstance(answer, _Answer) and answer.status in (200, 500):
            return redact(answer.body.decode("utf-8", errors="replace"))
        found = self._body(path, answer)
        return found if isinstance(found, Failure) else ""

    def changes(self, kind: Kind, namespace: str | None, version: str, seconds: int) -> Iterator[Changed] | Failure:
        """Return a kind's changes from a resourceVersion on, as they come; Secrets come as rows, like their list.

        The server ends it after so many seconds, bookmarks say how far it is; a connection that breaks ends it too.
        """
        from urllib.parse import quote

        from urllib3 import Timeout
        from urllib3.exceptions import HTTPError

        path, since = kind.path(namespace), quote(version, safe="")
        asked = f"watch=1{bare(kind)}&resourceVersion={since}&allowWatchBookmarks=true&timeoutSeconds={seconds}"
        headers = self.headers | {"Accept": accept(kind), "Accept-Encoding": "identity"}
        limit = Timeout(connect=self.deadline.seconds, read=seconds + self.deadline.seconds)
        try:
            reply = self.pool.request(
                "GET", f"{self.host}{path}?{asked}", headers=headers, timeout=limit, retries=False, redirect=False,
                preload_content=False,
            )  # fmt: skip
            if reply.status == 200:
                return (changed(kind, document, path) for document in lines(reply))
            body = reply.read(65_536)
        except (HTTPError, OSError) as error:
            return self._unreached(f"watch {path}", error)
        reply.close()
        return self._refused(f"watch {path}", _Answer(reply.status, {}, body))

    def _pages(self, kind: Kind, path: str) -> Listed:
        objects: list[Any] = []
        token, left = "", 0
        seen: set[str] = set()
        while token not in seen:
            seen.add(token)
            page = self._page(kind, path, token)
            if isinstance(page, Failure):
                return Listed(kind, path, objects, page)
            objects += self.deadline.until(items(kind, page, path, owners=self.owners))
            if self.deadline.is_over():
                return Listed(kind, path, objects, self._unreached(f"GET {path}", TimeoutError()))
            meta = page.get("metadata") or {}
            token, left = meta.get("continue") or "", meta.get("remainingItemCount") or 0
            if not token:
                cut = _cut(path, left) if left else None
                return Listed(kind, path, objects, cut, "" if cut else str(meta.get("resourceVersion") or ""))
        return Listed(
            kind, path, objects, Failure(FailureKind.MALFORMED, f"GET {path}", "its pages go round in a ring")
        )

    def _page(self, kind: Kind, path: str, token: str) -> dict[str, Any] | Failure:
        """Return one page of a list, which must be what was asked for: a table for Secrets, a list for the rest."""
        page = self.json(path, query(kind, token), accept=accept(kind))
        if isinstance(page, Failure):
            return page
        whole = is_page(page, kind)
        return page if whole else Failure(FailureKind.MALFORMED, f"GET {path}", "the answer is no list")

    def _once(self, path: str, query: str, accept: str) -> "_Answer | Exception":
        """Return one answer with its body read, or the error it ended in."""
        from urllib3.exceptions import HTTPError

        if self.deadline.is_over():
            return TimeoutError()
        url = f"{self.host}{path}{'?' + query if query else ''}"
        try:
            return self.deadline.wait(lambda: self._read(url, accept))
        except (HTTPError, OSError) as error:
            return error

    def _read(self, url: str, accept: str) -> "_Answer":
        """Read one answer: never beyond the deadline of the whole command, nor more than the cap."""
        from urllib3 import Timeout

        left = self.deadline.left()
        limit = Timeout(connect=min(left, self.deadline.seconds / 2), read=left)
        headers = self.headers | {"Accept": accept, "Accept-Encoding": "identity" if self._is_local() else "gzip"}
        reply = self.pool.request(
            "GET", url, headers=headers, timeout=limit, retries=False, redirect=False, preload_content=False
        )
        body = bytearray()
        while chunk := reply.read1(1 << 20):
            body += chunk
            if len(body) > LARGEST_PAGE or self.deadline.is_over():
                reply.close()
                raise _TooLarge if len(body) > LARGEST_PAGE else TimeoutError
        reply.release_conn()
        return _Answer(reply.status, dict(reply.headers), bytes(body))

    def _is_local(self) -> bool:
        """Return whether the server runs on this machine, where packing 36 MB costs more than handing it over."""
        from urllib.parse import urlsplit

        return urlsplit(self.host).hostname in ("127.0.0.1", "::1", "localhost")

    def _pause(self, answer: object) -> float | None:
        """Return how long to wait before asking once more, None when asking again would not help."""
        from urllib3.exceptions import ProtocolError

        if isinstance(answer, ProtocolError):
            return 0.1 + random.random() / 5  # noqa: S311 - jitter
        if not isinstance(answer, _Answer):
            return None
        if answer.status == 429:
            asked = answer.headers.get("Retry-After", "1")
            seconds = float(asked) if asked.isascii() and asked.isdigit() else 1.0
            return seconds if seconds <= LONGEST_WAIT and seconds < self.deadline.left() else None
        return 0.2 + random.random() / 5 if answer.status >= 500 else None  # noqa: S311 - jitter

    def _body(self, path: str, answer: object) -> bytes | Failure:
        what = f"GET {path}"
        if isinstance(answer, _Answer):
            return answer.body if answer.status == 200 else self._refused(what, answer)
        return self._unreached(what, answer)

    def _refused(self, what: str, answer: "_Answer") -> Failure:
        said = clean(redact(_message(answer.body)), 300)
        if 300 <= answer.status < 400:
            return Failure(
                FailureKind.MALFORMED, what, f"redirects ({answer.status}) are not followed", "check the server's URL"
            )
        kind, hint = BY_STATUS.get(answer.status, (FailureKind.SERVER, "run it again"))
        failure = Failure(kind, what, f"{answer.status} {said}".strip(), hint)
        self.refused = failure if kind is FailureKind.UNAUTHORIZED else None
        return failure

    def _unreached(self, what: str, error: object) -> Failure:
        """Name the reason a person can act on; never suggest to skip verification."""
        place = f"{what} of context {self.access.context} at {self.host}"
        text = clean(redact(str(error)), 300)
        if isinstance(error, _TooLarge):
            return Failure(FailureKind.TRUNCATED, what, f"more than {LARGEST_PAGE >> 20} MiB in one answer")
        if isinstance(error, TimeoutError) or "timed out" in text.lower():
            return Failure(
                FailureKind.TIMEOUT, place, f"no answer within {self.deadline.seconds:.0f} s", "raise --timeout"
            )
        if "CERTIFICATE_VERIFY_FAILED" in text or "doesn't match" in text or "SSL" in text:
            hint = "the kubeconfig's certificate authority or server name does not fit this server"
            return Failure(FailureKind.UNREACHABLE, place, _tls_reason(text), hint)
        if "NameResolution" in type(error).__name__ or "Name or service" in text or "resolve" in text:
            return Failure(FailureKind.UNREACHABLE, place, "no such host", "check the server's name in the kubeconfig")
        if "refused" in text:
            return Failure(FailureKind.UNREACHABLE, place, "connection refused", "is the cluster running?")
        return Failure(FailureKind.UNREACHABLE, place, text, "is the cluster running?")


class _TooLarge(OSError):
    """One answer is larger than any page of ours."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def prepare() -> None:
    """Import what a connection needs. Two threads that do so at once may find it half made."""
    import kubernetes.client
    import kubernetes.config  # noqa: F401


def connect(access: Access, deadline: Deadline) -> Reader | Failure:
    """Return a reader for a cluster. Nothing is asked yet; the deadline bounds the whole look, not one request."""
    from kubernetes.client import Configuration
    from kubernetes.client.rest import RESTClientObject
    from urllib3 import disable_warnings
    from urllib3.exceptions import InsecureRequestWarning

    folder = PrivateFolder()
    settings = Configuration()
    settings.host = access.server
    settings.verify_ssl = access.verify
    settings.ssl_ca_cert = _file(folder.path, "ca", access.ca)
    settings.cert_file = _file(folder.path, "certificate", access.certificate)
    settings.key_file = _file(folder.path, "key", access.key)
    settings.tls_server_name = access.tls_server_name or None
    settings.proxy = access.proxy or settings.proxy
    settings.connection_pool_maxsize = CONNECTIONS
    settings.keep_alive = True  # a watch that is silent, and its peer gone, would otherwise wait for its own end
    if not access.verify:
        disable_warnings(InsecureRequestWarning)  # the user's kubeconfig says so; doctor repeats it
    try:
        reason = unusable(settings.ssl_ca_cert, settings.cert_file, settings.key_file)
        pool = None if reason else RESTClientObject(settings).pool_manager
    except (ValueError, OSError) as error:
        reason = clean(redact(str(error)))
    if reason:
        folder.close()
        return Failure(FailureKind.CONFIG, f"context {access.context}", reason)
    return Reader(access, deadline, folder, pool, without_user(access.server), _authorization(access))


def _authorization(access: Access) -> dict[str, str]:
    if access.token:
        return {"Authorization": f"Bearer {access.token}"}
    if access.username:  # not urllib3's make_headers, which ends at the first letter outside of Latin-1
        return {"Authorization": f"Basic {b64encode(f'{access.username}:{access.password}'.encode()).decode()}"}
    return {}


def _file(folder: Path, name: str, content: bytes) -> str | None:
    if not content:
        return None
    path = folder / name
    path.touch(mode=0o600)
    path.write_bytes(content)
    return str(path)


def _cut(path: str, left: int) -> Failure:
    return Failure(FailureKind.TRUNCATED, f"GET {path}", f"cut short, {left} objects are missing", "run it again")


def _message(body: bytes) -> str:
    """Return what a Status object says, or the start of whatever else came."""
    import orjson

    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body[:200].decode("utf-8", errors="replace")
    return str(said.get("message") or "") if isinstance(said, dict) else ""


def _tls_reason(text: str) -> str:
    reason = re.search(r"certificate verify failed: ([^()]+)|(hostname '[^']*' doesn't match[^()]*)", text)
    return (
        f"TLS: {(reason.group(1) or reason.group(2)).strip()}"
        if reason
        else "TLS: the server's certificate is not trusted"
    )
