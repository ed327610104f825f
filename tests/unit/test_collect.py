"""A live look against a server that misbehaves: what could be read is there, what could not is named, once."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.snapshot.collect import collect
from agent.snapshot.depth import PLAIN, WHOLE, Depth
from agent.snapshot.record import LogKey, Part, Snapshot, State
from tests.fakes import apiserver
from tests.fakes.apiserver import FakeApiServer, Fault, path_of, serving
from tests.fakes.executables import Replay, install
from tools.cluster import Reader, connect
from tools.deadline import Deadline
from tools.failure import Failure, FailureKind
from tools.kinds import BY_NAME, KINDS

CANARY = "Q0FOQVJZLWluLWEtc2VjcmV0"


def made(kind: str, name: str, namespace: str = "shop", **fields: Any) -> dict[str, Any]:
    place = {} if kind in ("Namespace", "Node") else {"namespace": namespace}
    return {"kind": kind, "metadata": {"name": name, "uid": f"{kind}-{name}", **place}, **fields}


def pod(name: str, owner: str = "", *, restarts: int = 0, ready: bool = True, **state: Any) -> dict[str, Any]:
    status = {"name": "app", "ready": ready, "restartCount": restarts, "containerID": "c://1", "state": state}
    found = made("Pod", name, status={"phase": "Running", "containerStatuses": [status]})
    if owner:
        found["metadata"]["ownerReferences"] = [{"kind": "ReplicaSet", "name": owner, "uid": owner, "controller": True}]
    return found


WORLD = {
    "Namespace": [made("Namespace", "shop"), made("Namespace", "other")],
    "Pod": [
        pod("well", running={}),
        pod("crashing", "a", restarts=3, ready=False, waiting={"reason": "CrashLoopBackOff"}),
        made("Pod", "far", "other", status={"phase": "Running"}),
    ],
    "Secret": [
        made("Secret", "db", data={"password": CANARY}, type="Opaque"),
        made("Secret", "far", "other", data={"password": CANARY}, type="Opaque"),
    ],
    "Service": [made("Service", "web", spec={})],
}
GOOD = made("Deployment", "good", spec={"replicas": 1}, status={"readyReplicas": 1})
ODD: tuple[Any, ...] = (
    None,
    "x",
    {},
    {"metadata": "x"},
    {"metadata": None},
    {"metadata": {"name": {}, "namespace": "shop"}},
    {"metadata": {"name": "a", "namespace": 3}},
    {"metadata": {"name": "a"}},
    GOOD | {"kind": "Pod"},
    GOOD | {"kind": {}},
    made("Deployment", "a", status=[1]),
    made("Deployment", "a", status={"readyReplicas": "1"}),
    made("Deployment", "a", status={"readyReplicas": -1}),
    made("Deployment", "a", status={"readyReplicas": True}),
    made("Deployment", "a", status={"conditions": {}}),
    made("Deployment", "a", spec={"template": {"spec": {"containers": {}}}}),
    made("Deployment", "a", metadata={"name": "a", "namespace": "shop", "ownerReferences": ["x"]}),
)


def listing(kind: str, *items: Any) -> bytes:
    head = {"kind": f"{kind}List", "apiVersion": BY_NAME[kind].version, "metadata": {}}
    return json.dumps(head | {"items": items}).encode()


LOGS = {"shop/well/app": "ok\n", "shop/crashing/app": f"password={CANARY}\nboom\n"}


@pytest.fixture
def server() -> Iterator[FakeApiServer]:
    with serving(WORLD) as fake:
        fake.logs = dict(LOGS)
        yield fake


@pytest.fixture
def helm(tmp_path: Path) -> Path:
    install(tmp_path / "bin", "helm", {"list": Replay(b"[]"), "": Replay()})
    return tmp_path / "bin"


def look(
    server: FakeApiServer,
    namespace: str | None = "shop",
    *,
    path: Path,
    timeout: float = 10.0,
    depth: Depth = PLAIN,
) -> Snapshot | Failure:
    reader = connect(server.access(token="canary-token-0123456789"), Deadline.after(timeout))
    assert isinstance(reader, Reader)
    try:
        return collect(reader, namespace, progress=lambda _: None, depth=depth, path=str(path))
    finally:
        reader.close()


def seen(server: FakeApiServer, namespace: str | None = "shop", *, path: Path, timeout: float = 10.0) -> Snapshot:
    found = look(server, namespace, path=path, timeout=timeout)
    assert isinstance(found, Snapshot), found
    assert CANARY not in repr(found)
    assert "canary" not in repr(found)
    return found


def part(found: Snapshot, name: str) -> Part:
    (only,) = [part for part in found.parts if part.name == name]
    return only


def test_a_whole_look(server: FakeApiServer, helm: Path) -> None:
    found = seen(server, path=helm)
    assert found.gaps() == []
    assert found.cluster.version == "v1.36.3"
    assert [obj["metadata"]["name"] for obj in found.objects["Pod"]] == ["well", "crashing"]
    assert all(found.knows(kind.name) for kind in KINDS)
    assert part(found, "metrics").state is State.NOT_SERVED
    assert [part.name for part in found.parts].count("Secret") == 1


def test_only_the_logs_of_what_is_unwell_are_read(server: FakeApiServer, helm: Path) -> None:
    """A healthy cluster of any size costs one pass."""
    found = seen(server, path=helm)
    assert {key.pod for key in found.logs} == {"crashing"}
    assert not [path for path in server.paths() if "/well/" in path]


def test_a_capture_reads_every_log(server: FakeApiServer, helm: Path) -> None:
    found = look(server, path=helm, depth=WHOLE)
    assert isinstance(found, Snapshot)
    assert LogKey("shop", "well", "app", False) in found.logs
    assert CANARY not in repr(found)
    assert "boom" in repr(found.logs)


def test_secrets_of_all_namespaces_keep_their_namespace(server: FakeApiServer, helm: Path) -> None:
    found = seen(server, None, path=helm)
    names = {(obj["metadata"]["namespace"], obj["metadata"]["name"]) for obj in found.objects["Secret"]}
    assert names == {("shop", "db"), ("other", "far")}
    assert found.knows("Secret")


def test_namespaces_that_may_not_be_listed_leave_the_secrets_unknown(server: FakeApiServer, helm: Path) -> None:
    server.faults[path_of("Namespace")] = apiserver.FORBIDDEN
    found = seen(server, None, path=helm)
    assert part(found, "Secret").state is State.DENIED
    assert not found.knows("Secret")


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (apiserver.FORBIDDEN, State.DENIED),
        (apiserver.NOT_SERVED, State.FAILED),
        (Fault(410), State.PARTIAL),
        (apiserver.too_many("3600"), State.FAILED),
        (Fault(500), State.FAILED),
        (apiserver.HALF_JSON, State.FAILED),
        (apiserver.REDIRECT, State.FAILED),
        (apiserver.RESET, State.FAILED),
    ],
    ids=["403", "404", "410", "429", "500", "half", "redirect", "reset"],
)
def test_one_kind_that_cannot_be_read_is_named_and_the_rest_is_there(
    server: FakeApiServer, helm: Path, fault: Fault, state: State
) -> None:
    server.faults[path_of("HorizontalPodAutoscaler", "shop")] = fault
    found = seen(server, path=helm)
    lost = part(found, "HorizontalPodAutoscaler")
    assert lost.state is state
    assert "\n" not in lost.reason
    assert not found.knows("HorizontalPodAutoscaler")
    assert len(found.objects["Pod"]) == 2
    assert [gap.name for gap in found.gaps()] == ["HorizontalPodAutoscaler"]


def test_only_an_api_that_is_installed_may_be_absent(server: FakeApiServer, helm: Path) -> None:
    """A proxy that knows no pods is no healthy cluster."""
    for kind in KINDS:
        server.faults[path_of(kind.name, "shop" if kind.namespaced else None)] = apiserver.NOT_SERVED
    server.faults.pop(path_of("Node"))
    found = seen(server, path=helm)
    absent = {item.name for item in found.parts if item.state is State.NOT_SERVED} - {"metrics"}
    assert absent == {"HTTPRoute", "Gateway", "GatewayClass"}
    assert {gap.name for gap in found.gaps()} == {kind.name for kind in KINDS if not kind.optional} - {"Node"}


def test_what_only_sharpens_an_answer_may_be_forbidden_but_not_broken(server: FakeApiServer, helm: Path) -> None:
    """Many may not list leases; a list of them that fails hides a node that is lost."""
    server.faults[path_of("Lease", "shop")] = apiserver.FORBIDDEN
    assert seen(server, path=helm).gaps() == []
    server.faults[path_of("Lease", "shop")] = Fault(500)
    assert [gap.name for gap in seen(server, path=helm).gaps()] == ["Lease"]


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "ServiceList", "apiVersion": "v1"},
        {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1"},
        {"kind": "PodList", "apiVersion": "v2"},
        {"kind": "", "apiVersion": "v1"},
        {"kind": ["PodList"], "apiVersion": "v1"},
        {"kind": "List", "apiVersion": "v1"},
        {},
    ],
    ids=str,
)
def test_a_list_of_something_else_is_not_taken_for_pods(server: FakeApiServer, helm: Path, said: Any) -> None:
    """An empty one would read as a namespace in which nothing runs, and nothing is wrong."""
    server.faults[path_of("Pod", "shop")] = Fault(body=json.dumps(said | {"metadata": {}, "items": []}).encode())
    found = seen(server, path=helm)
    assert [gap.name for gap in found.gaps()] == ["Pod"]
    assert not found.knows("Pod")


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_object_is_named_and_the_rest_is_there(server: FakeApiServer, helm: Path, odd: Any) -> None:
    server.faults[path_of("Deployment", "shop")] = Fault(body=listing("Deployment", odd, GOOD))
    found = seen(server, path=helm)
    assert [item["metadata"]["name"] for item in found.objects["Deployment"]] == ["good"]
    (gap,) = found.gaps()
    assert (gap.name, gap.state, gap.count) == ("Deployment", State.PARTIAL, 1)
    assert "unreadable" in gap.reason


def test_a_list_that_was_cut_keeps_what_was_read_and_proves_nothing(helm: Path) -> None:
    pods = [pod(f"p{number}", running={}) for number in range(700)]
    with serving(WORLD | {"Pod": pods}) as server:
        server.faults[path_of("Pod", "shop")] = apiserver.GONE_MID_LIST
        found = seen(server, path=helm)
    assert len(found.objects["Pod"]) == 500
    assert part(found, "Pod").state is State.PARTIAL
    assert not found.knows("Pod")


def test_a_list_without_its_second_page_keeps_what_was_read(helm: Path) -> None:
    pods = [pod(f"p{number}", running={}) for number in range(700)]
    with serving(WORLD | {"Pod": pods}) as server:
        server.cut[path_of("Pod", "shop")] = 500
        found = seen(server, path=helm)
    assert len(found.objects["Pod"]) == 500
    assert part(found, "Pod").state is State.PARTIAL


def test_one_list_that_hangs_costs_the_time_limit_and_not_the_others(server: FakeApiServer, helm: Path) -> None:
    server.faults[path_of("Event", "shop")] = apiserver.HANG
    began = time.monotonic()
    found = seen(server, path=helm, timeout=2.0)
    assert time.monotonic() - began < 5
    assert part(found, "Event").state is State.FAILED
    assert len(found.objects["Pod"]) == 2


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (apiserver.UNAUTHORIZED, FailureKind.UNAUTHORIZED),
        (apiserver.HANG, FailureKind.TIMEOUT),
        (apiserver.DRIP, FailureKind.TIMEOUT),
        (apiserver.RESET, FailureKind.UNREACHABLE),
        (Fault(body=b"<html>please log in</html>"), FailureKind.MALFORMED),
        (apiserver.REDIRECT, FailureKind.MALFORMED),
        (apiserver.too_many("3600"), FailureKind.RATE_LIMITED),
    ],
    ids=["401", "hang", "drip", "reset", "portal", "redirect", "429"],
)
def test_a_server_that_gives_nothing_is_one_failure(
    server: FakeApiServer, helm: Path, fault: Fault, kind: FailureKind
) -> None:
    server.faults["*"] = fault
    began = time.monotonic()
    found = look(server, path=helm, timeout=2.0)
    assert isinstance(found, Failure)
    assert found.kind is kind
    assert time.monotonic() - began < 6


def test_an_identity_that_may_read_nothing_is_one_failure(server: FakeApiServer, helm: Path) -> None:
    server.faults["*"] = apiserver.FORBIDDEN
    found = look(server, path=helm)
    assert isinstance(found, Failure)
    assert found.kind is FailureKind.FORBIDDEN


def test_a_credential_that_expires_in_the_middle_stops_asking(server: FakeApiServer, helm: Path) -> None:
    server.faults[path_of("Service", "shop")] = apiserver.UNAUTHORIZED
    found = seen(server, path=helm)
    assert found.gaps()
    assert server.paths().count(path_of("Service", "shop")) == 1
    assert len(server.asked) < len(KINDS)


def test_an_unknown_namespace_is_not_an_empty_one(server: FakeApiServer, helm: Path) -> None:
    found = look(server, "shpo", path=helm)
    assert isinstance(found, Failure)
    assert found.kind is FailureKind.NOT_FOUND
    assert "shpo" in str(found)


@pytest.mark.parametrize(
    ("replay", "state"),
    [
        (Replay(b"[{", b"", 0), State.FAILED),
        (Replay(b"", b"Error: boom\n", 1), State.FAILED),
        (Replay(b"[]", signal=9), State.FAILED),
        (Replay(b'{"a": 1}'), State.FAILED),
        (Replay(b"[3]"), State.FAILED),
        (Replay(b"\xff\xfe"), State.FAILED),
    ],
    ids=["half", "exit", "killed", "mapping", "numbers", "bytes"],
)
def test_helm_that_fails_costs_only_the_releases(
    server: FakeApiServer, tmp_path: Path, replay: Replay, state: State
) -> None:
    install(tmp_path / "bin", "helm", replay)
    found = seen(server, path=tmp_path / "bin")
    assert part(found, "releases").state is state
    assert found.gaps() == []


def test_an_odd_release_does_not_stop_the_look(server: FakeApiServer, tmp_path: Path) -> None:
    install(tmp_path / "bin", "helm", {"list": Replay(b'[{"name": null, "revision": "x"}]'), "": Replay(b"3")})
    assert seen(server, path=tmp_path / "bin").gaps() == []


def test_no_helm_costs_only_the_releases(server: FakeApiServer, tmp_path: Path) -> None:
    found = seen(server, path=tmp_path)
    assert part(found, "releases").state is State.FAILED
    assert found.gaps() == []
    assert len(found.objects["Pod"]) == 2


def test_no_crowd_hides_another_workload(server: FakeApiServer, helm: Path) -> None:
    """200 pods of one broken Deployment must not use up the logs that are read."""
    crowd = [pod(f"crowd-{number}", "crowd", restarts=1, ready=False, waiting={}) for number in range(200)]
    server.objects["Pod"] = [*crowd, pod("alone", "alone", restarts=1, ready=False, waiting={})]
    server.logs = {f"shop/{item['metadata']['name']}/app": "boom" for item in server.objects["Pod"]}
    found = seen(server, path=helm)
    assert "alone" in {key.pod for key in found.logs}
    assert len(found.logs) <= 60


def test_logs_that_may_not_be_read_are_one_part(server: FakeApiServer, helm: Path) -> None:
    server.faults["/api/v1/namespaces/shop/pods/crashing/log"] = apiserver.FORBIDDEN
    found = seen(server, path=helm)
    assert part(found, "logs").state is State.DENIED
    assert found.gaps() == []


def test_the_log_of_a_container_that_just_ended_is_read_at_once(server: FakeApiServer, helm: Path) -> None:
    """The first end has no restart yet; what finished in a Job's pod needs no second look, a service's end does."""
    crashed = pod("crashed", "a", ready=False, terminated={"exitCode": 1})
    served = pod("served", "b", ready=False, terminated={"exitCode": 0})
    done = pod("done", "c", ready=False, terminated={"exitCode": 0}) | {"spec": {"restartPolicy": "Never"}}
    server.objects["Pod"] = [crashed, served, done]
    server.logs = {f"shop/{item['metadata']['name']}/app": "boom" for item in server.objects["Pod"]}
    assert {key.pod for key in seen(server, path=helm).logs} == {"crashed", "served"}
