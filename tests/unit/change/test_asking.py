"""Drills that ask: whom a line means, what is sealed, what is measured through the forwarded port."""

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from agent.apply import ledger
from agent.apply.carrier import carrier
from agent.apply.drill_plan import drilled
from agent.apply.outcome import Ending, Outcome
from agent.apply.recheck import Checked
from agent.approval.decision import Approval
from agent.blueprint.commands import read
from agent.change.drills import answers
from agent.change.load import Scaling, Tally, calmed, grown, measured, scaling, shrunk
from agent.change.plan import Action, Drill, Plan, Promise
from agent.change.request import Address, Asks, Request, address, workload
from agent.change.sentence import sentence, spared
from agent.config import Settings
from agent.snapshot.record import Ref, Snapshot
from agent.world.world import World
from tests.fakes.executables import Replay, install
from tests.fakes.made import service
from tests.fakes.objects import snapshot
from tests.unit.change.samples import plan
from tests.unit.change.test_breakglass import METADATA, TWO, WHO, asked, deployment, pod, revision, whole
from tests.unit.change.test_drilling import BACKEND, shipped
from tools.access import Access
from tools.forward import HERE, argv, free_port
from tools.policy import Permission, decide
from tools.sandbox import sandbox

WEB = Ref("Deployment", "shop", "web")
BEGAN = datetime(2026, 11, 26, 7, tzinfo=UTC)

MEANS: dict[str, Address | None] = {
    "kubectl exec pod/web -- curl localhost:8000/health": Address(
        "Deployment", "web", 8000, "localhost:8000", "/health"
    ),
    "kubectl exec statefulset/db -c db -- wget -qO- http://127.0.0.1/": Address(
        "StatefulSet", "db", 80, "127.0.0.1", "/"
    ),
    "kubectl exec web -- curl -s http://api:9000/v1?a=b": Address("Service", "api", 9000, "api:9000", "/v1?a=b"),
    "kubectl port-forward svc/web 3000:80": Address("Service", "web", 80, "localhost:3000", "/"),
    "kubectl port-forward deploy/web 3000": Address("Deployment", "web", 3000, "localhost:3000", "/"),
    "kubectl run -it --image=busybox load -- wget -q -O- http://backend:8000/health": Address(
        "Service", "backend", 8000, "backend:8000", "/health"
    ),
    "kubectl run -it --image=busybox load -- wget -q -O- http://localhost:8000/": None,
    "kubectl exec -it pod/web -- sh": None,
    "kubectl exec pod/web -- curl -X POST localhost:8000/reset": None,
    "kubectl exec pod/web -- curl --data=x localhost:8000/reset": None,
    "kubectl exec pod/web -- curl https://localhost:8443/health": None,
    "kubectl exec pod/web -- curl http://api.other.svc:80/": None,
    "kubectl port-forward svc/web 3000:http": None,
    "kubectl port-forward svc/web 3000:80 9090:9090": None,
    "kubectl exec node/n -- curl localhost:10250/pods": None,
    "kubectl get pods": None,
    "docker exec web curl localhost:8000/health": None,
}


@pytest.mark.parametrize("text", MEANS)
def test_whom_a_line_asks(text: str) -> None:
    """Another port, or a POST made a GET, and a promise is called kept that nobody has tried."""
    assert address(read(text, {})) == MEANS[text]


def test_a_service_means_the_workload_behind_it() -> None:
    """Where load goes is where the autoscaler is watched."""
    look = snapshot([*whole(*TWO).objects["Deployment"], revision(3, "web:3"), *TWO, service("api", {"app": "web"})])
    api = Address("Service", "api", 80, "api", "/")
    assert workload(api, "shop", look) == WEB
    assert workload(api._replace(name="none"), "shop", look) is None


def test_a_line_of_load_answers_what_it_sets_off() -> None:
    """The way down takes minutes of idling: it is not promised within a time, but only after one."""
    rows = {row.id: row for row in shipped().blueprints.controls}
    load = answers(rows["SCL-CHK-LOAD"], BACKEND, shipped())
    assert [(row.control, row.seconds) for row in load] == [
        ("SCL-CHK-LOAD", 0),
        ("SCL-CHK-UP", 60),
        ("SCL-TRG-BE-CPU", 0),
        ("SCL-CHK-DOWN", 0),
    ]
    assert [row.idle for row in load] == [None, None, None, 300]
    assert [row.control for row in answers(rows["SVC-CHK-HEALTH"], BACKEND, shipped())] == ["SVC-CHK-HEALTH"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "bin"
    install(folder, "helm", {"metadata": Replay(json.dumps(METADATA).encode()), "version": Replay(b"v4.1.0+g1\n")})
    install(folder, "kubectl", Replay(forwards=True))
    return Settings(path=str(folder))


@pytest.mark.parametrize(("control", "tried"), [("SVC-CHK-HEALTH", Asks.ONCE), ("SCL-CHK-LOAD", Asks.LOAD)])
def test_what_is_sealed_is_one_forwarded_port(settings: Settings, control: str, tried: Asks) -> None:
    """Nothing that a person would have to remove, and nothing that breaks: also with one pod it is no outage."""
    row = shipped().blueprints.control(control)
    made = drilled(asked(whole(pod("web-a")), settings, tried, row=row))
    (words,) = made.argv
    assert decide(words).permission is Permission.ASK
    assert made.drill is not None
    assert made.drill.request is not None
    assert words[2:4] == (made.drill.request.target, f"{made.drill.request.local}:8000")
    assert (made.effects.changed, made.effects.deleted, made.undo, made.drill.broken) == ((), (), (), {})
    assert [item.name for item in made.inputs.programs] == ["helm", "kubectl"]
    assert "/health" in sentence(made)
    assert ("no number of replicas changes" in spared(made)) == (tried is Asks.ONCE)


# What is measured


class Service(BaseHTTPRequestHandler):
    """Answers with the status that its path names."""

    def do_GET(self) -> None:
        self.send_response(int(self.path[1:]))
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


def hpa(wanted: int = 1, used: int | None = 40, *, blind: bool = False) -> dict[str, Any]:
    metrics = [{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": used}}}]
    aim = [
        {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}
    ]
    active = {
        "type": "ScalingActive",
        "status": str(not blind),
        "reason": "FailedGetResourceMetric" if blind else "Valid",
    }
    return {
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"namespace": "shop", "name": "web"},
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "maxReplicas": 5, "metrics": aim},
        "status": {
            "desiredReplicas": wanted,
            "currentMetrics": metrics if used is not None else None,
            "conditions": [active],
            "lastScaleTime": datetime.now(UTC).isoformat() if wanted > 1 else None,
        },
    }


def test_after_the_load_the_way_down_is_waited_for(settings: Settings, server: int) -> None:
    """The port is closed by then: what is waited for is the autoscaler alone."""
    calm, busy, less = hpa(), hpa(3, 140), hpa(2, 10)
    less["status"]["lastScaleTime"] = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    looks = [snapshot([deployment(), each]) for each in (calm, busy, less)]
    down = Promise("D", "a.md:3", "scale-down follows idling", 0, 0)
    outcome = carried(settings, server, Asks.LOAD, "/200", *looks, more=(down,))
    assert [(row.control, row.met) for row in outcome.measured] == [("A", True), ("B", True), ("D", True)], outcome
    assert "asked for 2 of 3 replicas" in outcome.measured[2].said


def carried(
    settings: Settings,
    port: int,
    tried: Asks,
    path: str,
    *looks: Snapshot,
    local: int = 0,
    seconds: int = 3,
    more: tuple[Promise, ...] = (),
) -> Outcome:
    """Carry a sealed drill out, with what is seen at each look; the last one is seen again and again."""
    local, left = local or free_port(), list(looks)
    promises = (Promise("A", "a.md:1", "asks", 0), Promise("B", "a.md:2", "scales", 60))[
        : 2 if tried is Asks.LOAD else 1
    ]
    told = Drill(tried, str(WEB), {}, (*promises, *more), Request("service/web", local, port, "web", path))
    words = argv("service/web", local, port, "shop", "kind")
    made: Plan = replace(plan(), action=Action.DRILL, drill=told, argv=(words,), undo=(), seconds=seconds, edits=())

    def look(*_: object, **__: object) -> Snapshot:
        return left.pop(0) if len(left) > 1 else left[0]

    with sandbox(Access("kind", "https://127.0.0.1:1", "shop"), path=settings.path) as box:
        checked = Checked(looks[0], WHO, {}, {})
        world = World({"path": settings.path}, looker=look)
        return carrier(made)(
            name="a" * 64, plan=made, approval=Approval("a" * 64, "ada", "terminal"), checked=checked,
            world=world, emit=lambda _: None, box=box,
        ).run()  # fmt: skip


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.mark.parametrize(("status", "met"), [(200, True), (302, True), (404, False), (503, False)])
def test_a_request_is_kept_by_a_good_answer_alone(settings: Settings, server: int, status: int, *, met: bool) -> None:
    """A 503 within a millisecond is no health."""
    outcome = carried(settings, server, Asks.ONCE, f"/{status}", snapshot([deployment()]))
    (row,) = outcome.measured
    assert (outcome.ending, row.met, row.said.startswith(f"status {status} after ")) == (Ending.APPLIED, met, True)
    lines = ledger.entries()
    assert isinstance(lines, list | tuple)
    assert [item.event for item in lines] == ["intent", "outcome"]


def test_where_nothing_could_be_asked_nothing_is_met(settings: Settings, server: int) -> None:
    """A refused port would otherwise read as a service that is down, or up."""
    taken = carried(settings, server, Asks.ONCE, "/200", snapshot([deployment()]), local=server)
    dead = carried(settings, free_port(), Asks.ONCE, "/200", snapshot([deployment()]))
    assert [item.measured[0].met for item in (taken, dead)] == [False, False]
    assert taken.measured[0].said.startswith("unknown: ")


def test_load_is_put_on_until_the_autoscaler_acts(settings: Settings, server: int) -> None:
    """Nobody sees a scale-up in a single request; and load that goes on costs pods."""
    calm, busy = snapshot([deployment(), hpa()]), snapshot([deployment(), hpa(2, 140)])
    outcome = carried(settings, server, Asks.LOAD, "/200", calm, busy)
    asked_, scaled = outcome.measured
    assert (asked_.met, scaled.met) == (True, True), outcome
    assert "all of them answered" in asked_.said
    assert "asked for 2 replicas instead of 1" in scaled.said
    assert outcome.still == (), "pods that were promised are no trouble"


def test_who_interrupts_load_has_it_ended_and_the_port_closed(settings: Settings, server: int) -> None:
    """Else ^C leaves load on a cluster, and a way into it on this machine."""
    local = free_port()
    threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    outcome = carried(settings, server, Asks.LOAD, "/200", snapshot([deployment(), hpa()]), local=local, seconds=60)
    assert outcome.ending is Ending.INTERRUPTED
    assert time.monotonic() - began < 20
    with socket.socket() as tried:
        assert tried.connect_ex((HERE, local)) != 0


def test_failures_under_load_are_counted_by_their_reason(settings: Settings, server: int) -> None:
    outcome = carried(settings, server, Asks.LOAD, "/503", snapshot([deployment(), hpa()]))
    assert not outcome.measured[0].met
    assert "times status 503" in outcome.measured[0].said
    assert not outcome.measured[1].met


def at(wanted: int = 1, used: int | None = 40, blind: str = "", since: int | None = None) -> Scaling:
    return Scaling(wanted, 5, BEGAN + timedelta(seconds=since) if since is not None else None, used, 70, blind)


GROWS: tuple[tuple[Scaling | None, list[Scaling | None], bool, int | None, str], ...] = (
    (at(), [at(used=90), at(2, 90, since=31)], True, 31, "after 31 s the autoscaler asked for 2 replicas instead of 1"),
    (at(), [at(used=None, blind="FailedGetResourceMetric")], False, None, "unknown: the autoscaler has no metrics"),
    (at(), [at(used=None)], False, None, "unknown: the autoscaler has no metrics"),
    (at(5), [at(5, 90)], False, None, "unknown: it asked for its most"),
    (at(), [at(used=30), at(used=69)], False, None, "unknown: the load took 69% CPU at most"),
    (at(), [at(used=90)], False, None, "asked for no more replicas at 90% CPU"),
    (at(), [], False, None, "unknown: no autoscaler"),
    (None, [None], False, None, "unknown: no autoscaler"),
)


@pytest.mark.parametrize(("before", "looks", "seen", "took", "said"), GROWS)
def test_the_autoscaler_is_judged_only_by_what_could_have_made_it_act(
    before: Scaling | None, looks: list[Scaling | None], seen: bool, took: float | None, said: str
) -> None:
    """Without metrics, or with too light a load, no scale-up is neither a promise kept nor one broken."""
    found = grown(before, looks, BEGAN)
    assert (found.seen, found.took) == (seen, took)
    assert said in found.said
    rows = measured(
        Drill("load", str(WEB), {}, (Promise("A", "", "", 0), Promise("B", "", "", 30))), Tally(1, 9, {}), found
    )
    assert [row.met for row in rows] == [True, False], "31 s are more than the 30 promised"


DOWN: tuple[tuple[list[Scaling | None], bool, bool, str], ...] = (
    (
        [at(3, 90, since=10), at(3, since=10), at(1, since=400)],
        True,
        True,
        "after 340 s of idling the autoscaler asked",
    ),
    ([at(3, 90, since=10), at(2, since=90)], True, False, "after 30 s of idling the autoscaler asked for 2 of 3"),
    ([at(3, 90, since=10), None, at(3, since=10)], False, False, "still asked for 3 replicas"),
    ([at(3, 90, since=10), at(2, 90, since=40), at(2, since=40)], False, False, "still asked for 2 replicas"),
    ([at(used=90)], False, False, "unknown: it asked for no more replicas"),
    ([], False, False, "unknown: it asked for no more replicas"),
)


@pytest.mark.parametrize(("looks", "seen", "met", "said"), DOWN)
def test_the_way_down_has_to_wait_for_its_cooldown(
    looks: list[Scaling | None], seen: bool, met: bool, said: str
) -> None:
    """Pods that go at the first dip are what the row forbids; those that never go are money."""
    found = shrunk(at(), looks, BEGAN + timedelta(seconds=60))
    assert (found.seen, said in found.said) == (seen, True), found
    (row,) = calmed((Promise("D", "", "scale-down follows 5 minutes of idling", 0, 300),), found)
    assert (row.met, row.promised) == (met, 300)


def test_an_autoscaler_is_read_as_the_api_says_it() -> None:
    found = scaling(snapshot([hpa(2, 140)]), WEB)
    assert found is not None
    assert (found.wanted, found.most, found.used, found.target, found.blind) == (2, 5, 140, 70, "")
    blind = scaling(snapshot([hpa(used=None, blind=True)]), WEB)
    assert blind is not None
    assert (blind.used, blind.blind) == (None, "FailedGetResourceMetric")
    assert scaling(snapshot([hpa()]), WEB._replace(name="other")) is None
