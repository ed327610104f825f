"""The reader against a server that misbehaves: what is lost is named, what is there is kept, nothing hangs or leaks."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import apiserver
from tests.fakes.apiserver import FakeApiServer, Fault, path_of, serving
from tools.access import Access
from tools.cluster import ALLOWED, Reader, connect
from tools.deadline import Deadline
from tools.failure import Failure, FailureKind
from tools.kinds import BY_NAME, KINDS

PODS = path_of("Pod")
CANARY = "Q0FOQVJZ"


def pod(number: int) -> dict[str, Any]:
    return {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": f"web-{number}", "namespace": "shop"}}


SECRET = {
    "kind": "Secret",
    "type": "Opaque",
    "metadata": {
        "name": "db",
        "namespace": "shop",
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": f'{{"data":{{"password":"{CANARY}"}}}}'},
    },
    "data": {"password": CANARY},
}


@pytest.fixture
def server() -> Iterator[FakeApiServer]:
    with serving({"Pod": [pod(number) for number in range(1200)], "Secret": [SECRET]}) as fake:
        yield fake


@contextmanager
def reading(access: Access, timeout: float = 10.0) -> Iterator[Reader]:
    reader = connect(access, Deadline.after(timeout))
    assert isinstance(reader, Reader)
    try:
        yield reader
    finally:
        reader.close()


def listed(fake: FakeApiServer, kind: str = "Pod", timeout: float = 10.0) -> tuple[int, Failure | None]:
    with reading(fake.access(), timeout) as reader:
        found = reader.list(BY_NAME[kind], "shop" if kind == "Secret" else None)
    return len(found.objects), found.failure


def test_every_page_is_read_and_each_object_says_its_kind(server: FakeApiServer) -> None:
    """A list's items carry neither kind nor apiVersion; without them no rule would know what it looks at."""
    with reading(server.access()) as reader:
        found = reader.list(BY_NAME["Pod"], None)
    assert (len(found.objects), found.failure) == (1200, None)
    assert {(obj["kind"], obj["apiVersion"]) for obj in found.objects} == {("Pod", "v1")}
    assert [asked.query["limit"] for asked in server.asked] == ["500"] * 3


def test_only_get_is_ever_sent_and_nothing_but_the_known_endpoints(server: FakeApiServer) -> None:
    with reading(server.access()) as reader:
        list(reader.lists(KINDS, None))
        for path in FORBIDDEN_PATHS:
            found = reader.get(path)
            assert isinstance(found, Failure), path
            assert found.kind is FailureKind.DENIED, path
    assert {asked.method for asked in server.asked} == {"GET"}
    assert not set(server.paths()) & set(FORBIDDEN_PATHS)


FORBIDDEN_PATHS = (
    "/api/v1/namespaces/shop/secrets/db",
    "/api/v1/secrets/db",
    "/api/v1/namespaces/shop/pods/web-1/exec",
    "/api/v1/namespaces/shop/pods/web-1/attach",
    "/api/v1/namespaces/shop/pods/web-1/portforward",
    "/api/v1/namespaces/shop/pods/web-1/proxy/",
    "/api/v1/nodes/n/proxy/exec",
    "/api/v1/namespaces/../secrets",
    "/api/v1/namespaces/Foo Bar",
    "/api/v1/namespaces/shop/pods\n",
    "/api/v1/pods?watch=1",
    "//evil.example/api/v1/pods",
    "/metrics/cadvisor",
    "/",
    "",
)


@pytest.mark.parametrize("path", FORBIDDEN_PATHS)
def test_what_may_not_be_read_is_not_among_the_endpoints(path: str) -> None:
    assert ALLOWED.fullmatch(path) is None


def test_a_secret_is_a_name_a_type_and_a_number_of_keys(server: FakeApiServer) -> None:
    with reading(server.access()) as reader:
        found = reader.list(BY_NAME["Secret"], "shop")
    assert found.failure is None
    named = {"name": "db", "namespace": "shop"}
    assert list(found.objects) == [
        {"kind": "Secret", "apiVersion": "v1", "metadata": named, "type": "Opaque", "keys": 1}
    ]
    assert server.asked[0].query["includeObject"] == "None"
    assert "as=Table" in server.asked[0].headers["Accept"]


def test_a_server_that_answers_with_the_secrets_themselves_is_not_believed(server: FakeApiServer) -> None:
    """An aggregated or foreign API may not know tables: its data must not enter, nor count as `no Secrets`."""
    server.faults[path_of("Secret", "shop")] = Fault(
        body=f'{{"kind":"SecretList","metadata":{{}},"items":[{{"data":{{"a":"{CANARY}"}}}}]}}'.encode()
    )
    with reading(server.access()) as reader:
        found = reader.list(BY_NAME["Secret"], "shop")
    assert list(found.objects) == []
    assert found.failure is not None
    assert found.failure.kind is FailureKind.MALFORMED
    assert CANARY not in repr(found)


STATUSES = {
    401: FailureKind.UNAUTHORIZED,
    403: FailureKind.FORBIDDEN,
    404: FailureKind.NOT_SERVED,
    410: FailureKind.TRUNCATED,
    500: FailureKind.SERVER,
    503: FailureKind.SERVER,
}


@pytest.mark.parametrize("status", STATUSES)
def test_every_refusal_has_its_own_kind(server: FakeApiServer, status: int) -> None:
    server.faults[PODS] = Fault(status)
    count, failure = listed(server)
    assert count == 0
    assert failure is not None
    assert failure.kind is STATUSES[status]
    assert str(status) in failure.detail
    assert "\n" not in str(failure)


def test_after_a_401_nothing_more_is_asked(server: FakeApiServer) -> None:
    """The same credentials would be refused 26 times; some identity providers lock the account for that."""
    server.faults["*"] = apiserver.UNAUTHORIZED
    with reading(server.access(token="expired-canary-token")) as reader:
        reader.get("/version")
        found = list(reader.lists(KINDS, None))
    assert server.paths() == ["/version"]
    assert {item.failure.kind for item in found if item.failure} == {FailureKind.UNAUTHORIZED}
    assert "canary" not in repr(found)


def test_a_500_once_is_asked_again(server: FakeApiServer) -> None:
    server.faults[PODS] = apiserver.SERVER_ERROR_ONCE
    assert listed(server) == (1200, None)


def test_a_reset_once_is_asked_again(server: FakeApiServer) -> None:
    server.faults[PODS] = apiserver.RESET_ONCE
    assert listed(server) == (1200, None)


def test_a_server_that_always_hangs_up_is_asked_twice_and_no_more(server: FakeApiServer) -> None:
    server.faults[PODS] = apiserver.RESET
    _, failure = listed(server)
    assert failure is not None
    assert failure.kind is FailureKind.UNREACHABLE
    assert len(server.asked) == 2


def test_the_pause_a_429_asks_for_is_honoured_once(server: FakeApiServer) -> None:
    server.faults[PODS] = apiserver.too_many("1", times=1)
    assert listed(server) == (1200, None)
    assert server.asked[1].at - server.asked[0].at >= 1.0


def test_a_429_that_stays_is_no_storm(server: FakeApiServer) -> None:
    server.faults[PODS] = apiserver.too_many("1")
    _, failure = listed(server)
    assert failure is not None
    assert failure.kind is FailureKind.RATE_LIMITED
    assert len(server.asked) == 2


@pytest.mark.parametrize("pause", ["3600", "-1", "soon", "1e9", "²", "9" * 400])
def test_a_pause_longer_than_anybody_waits_ends_at_once(server: FakeApiServer, pause: str) -> None:
    """`²` is a digit to Python and no number; a server can send anything."""
    server.faults[PODS] = apiserver.too_many(pause)
    began = time.monotonic()
    _, failure = listed(server)
    assert failure is not None
    assert failure.kind is FailureKind.RATE_LIMITED
    assert time.monotonic() - began < 3


def test_a_list_that_expires_is_begun_anew_once(server: FakeApiServer) -> None:
    server.faults[PODS] = apiserver.GONE_ONCE
    assert listed(server) == (1200, None)


def test_a_list_that_keeps_expiring_is_never_taken_for_whole(server: FakeApiServer) -> None:
    server.faults[PODS] = apiserver.GONE_MID_LIST
    count, failure = listed(server)
    assert count == 500
    assert failure is not None
    assert failure.kind is FailureKind.TRUNCATED
    assert len(server.asked) == 4


def test_pages_that_stop_early_are_never_taken_for_whole(server: FakeApiServer) -> None:
    """Some proxies drop the continue token: 700 pods would be missing and everything about them would look fine."""
    server.cut[PODS] = 500
    count, failure = listed(server)
    assert count == 500
    assert failure is not None
    assert failure.kind is FailureKind.TRUNCATED
    assert "700" in failure.detail


def test_pages_that_lead_back_to_one_another_end(server: FakeApiServer) -> None:
    """A proxy that forgets where a list ends would hold the command for its whole timeout, and fill the memory."""
    ring = b'{"kind": "PodList", "apiVersion": "v1", "metadata": {"continue": "500"}, "items": []}'
    server.faults[PODS] = Fault(body=ring)
    _, failure = listed(server)
    assert failure is not None
    assert failure.kind is FailureKind.MALFORMED
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"<html>login</html>",
        b"\xff\xfe{",
        b'{"kind": "PodList", "apiVersion": "v1", "items": 3}',
        b'{"kind": "PodList", "apiVersion": "v1", "items": {"a": 1}}',
        b'{"kind": "PodList", "apiVersion": "v1", "metadata": 3, "items": []}',
        b'{"kind": "PodList", "apiVersion": "v1", "metadata": [1], "items": []}',
        b'{"kind": "PodList", "apiVersion": "v1", "metadata": [], "items": []}',
        b'{"kind": "PodList", "apiVersion": "v1", "metadata": "", "items": []}',
        b'{"kind": "PodList", "apiVersion": "v1", "metadata": {"remainingItemCount": "x"}, "items": []}',
        b'{"kind": "PodList", "apiVersion": "v1", "metadata": {"continue": 3}, "items": []}',
        b'{"kind": "PodList", "apiVersion": "v1", "items": {}}',
        b'{"kind": "PodList", "apiVersion": "v1", "items": ""}',
        b'{"kind": "PodList", "apiVersion": "v1", "items": 0}',
        b'{"kind": "PodList", "apiVersion": "v1", "items": false}',
        b'{"kind": "PodList", "apiVersion": "v1", "metadata": {"continue": {}}, "items": []}',
        b'{"kind": "PodList", "apiVersion": "v1", "kind": "PodList"}',
        b"[" * 5000,
    ],
)
def test_half_a_json_or_something_else_is_malformed_and_no_empty_list(server: FakeApiServer, body: bytes) -> None:
    server.faults[PODS] = Fault(body=body)
    count, failure = listed(server)
    assert count == 0
    assert failure is not None
    assert failure.kind in (FailureKind.MALFORMED, FailureKind.TRUNCATED)


@pytest.mark.parametrize(
    "rows", [b"3", b"[3]", b'[{"cells": 3}]', b'[{"cells": [1, 2, 3]}]', b"[null]", b'[{"cells": []}]']
)
def test_a_table_of_another_shape_does_not_stop_the_look(server: FakeApiServer, rows: bytes) -> None:
    server.faults[path_of("Secret", "shop")] = Fault(body=b'{"kind": "Table", "metadata": {}, "rows": ' + rows + b"}")
    count, failure = listed(server, "Secret")
    assert count <= 1
    assert failure is None or failure.kind is FailureKind.MALFORMED


def test_an_answer_cut_in_the_middle_is_malformed(server: FakeApiServer) -> None:
    server.faults[PODS] = apiserver.HALF_JSON
    _, failure = listed(server)
    assert failure is not None
    assert failure.kind is FailureKind.MALFORMED


@pytest.mark.parametrize("fault", [apiserver.HANG, apiserver.DRIP], ids=["hang", "drip"])
def test_a_server_that_never_finishes_does_not_outlast_the_deadline(server: FakeApiServer, fault: Fault) -> None:
    server.faults["*"] = fault
    began = time.monotonic()
    with reading(server.access(), 1.0) as reader:
        found = list(reader.lists(KINDS, None))
    assert time.monotonic() - began < 3
    assert {item.failure.kind for item in found if item.failure} == {FailureKind.TIMEOUT}
    assert len(found) == len(KINDS)


def test_a_redirect_is_not_followed(server: FakeApiServer) -> None:
    """The bearer token would go along to wherever the answer points."""
    with serving({"Pod": [pod(1)]}) as elsewhere:
        server.faults[PODS] = Fault(302, headers={"Location": elsewhere.url + PODS})
        _, failure = listed(server)
        assert elsewhere.asked == []
    assert failure is not None
    assert failure.kind is FailureKind.MALFORMED
    assert "redirect" in failure.detail


def test_nobody_listens() -> None:
    with serving() as gone:
        access = gone.access()
    began = time.monotonic()
    with reading(access) as reader:
        failure = reader.get("/version")
    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.UNREACHABLE
    assert "refused" in failure.detail
    assert "fake" in failure.what
    assert time.monotonic() - began < 5


def test_no_such_host() -> None:
    with reading(Access("far", "http://no-such-host.invalid", "default"), 5.0) as reader:
        failure = reader.get("/version")
    assert isinstance(failure, Failure)
    assert failure.kind in (FailureKind.UNREACHABLE, FailureKind.TIMEOUT)
    assert "no-such-host.invalid" in str(failure)
    assert "far" in str(failure)


def test_a_server_without_tls_behind_https_is_named_and_never_excused(server: FakeApiServer) -> None:
    with reading(server.access(server=f"https://127.0.0.1:{server.port}")) as reader:
        failure = reader.get("/version")
    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.UNREACHABLE
    assert "insecure" not in str(failure).lower()


def test_a_log_is_bounded_redacted_and_never_raw(server: FakeApiServer) -> None:
    server.logs["shop/web-1/app"] = "ready\npassword=hunter22\nAuthorization: Bearer abcdef0123456789\n"
    with reading(server.access()) as reader:
        text = reader.log("shop", "web-1", "app", previous=False)
    assert isinstance(text, str)
    assert "ready" in text
    assert "hunter22" not in text
    assert "abcdef0123456789" not in text
    assert server.asked[0].query["tailLines"] == "500"
    assert server.asked[0].query["limitBytes"] == "262144"


def test_the_token_is_sent_and_never_told(server: FakeApiServer) -> None:
    access = server.access(token="canary-token-0123456789")
    with reading(access) as reader:
        reader.get("/version")
        assert "canary" not in repr(reader)
        assert "canary" not in repr(access)
    assert server.asked[0].headers["Authorization"] == "Bearer canary-token-0123456789"


def test_what_a_server_says_is_made_inert(server: FakeApiServer) -> None:
    server.faults[PODS] = Fault(403, body=b'{"message": "\\u001b]0;owned\\u0007 no\\u202e token=hunter22222"}')
    _, failure = listed(server)
    assert failure is not None
    assert "\x1b" not in str(failure)
    assert "\u202e" not in str(failure)
    assert "hunter22222" not in str(failure)


def test_a_client_key_is_private_while_open_and_gone_when_closed(
    server: FakeApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    found = connect(server.access(ca=b"not a certificate", key=b"not a key", certificate=b"no"), Deadline.after(5.0))
    if isinstance(found, Reader):
        for path in tmp_path.glob("*/*"):
            assert path.stat().st_mode & 0o077 == 0
        found.close()
    assert list(tmp_path.iterdir()) == []


def test_an_answer_larger_than_any_page_is_cut_off(server: FakeApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.cluster.LARGEST_PAGE", 1000)
    _, failure = listed(server)
    assert failure is not None
    assert failure.kind is FailureKind.TRUNCATED
