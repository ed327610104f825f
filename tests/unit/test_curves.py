"""The last minutes out of Prometheus. Lost, a name out of a cluster changes the query, or a slow server the answer."""

import json
from urllib.parse import parse_qs, unquote, urlsplit

from agent.scaling.engine import Autoscaler
from agent.snapshot.graph import Graph
from agent.world.curves import curves
from tests.fakes.made import Raw, container, running_workload
from tests.unit.test_metrics import answering, serving
from tests.unit.test_scaling import found, hpa, world
from tools.failure import Failure

POINTS = [[1_790_000_000 + 30 * place, str(place)] for place in range(5)]
ANSWER = json.dumps({"status": "success", "data": {"result": [{"metric": {}, "values": POINTS}]}}).encode()


def scaled(name: str = "web") -> tuple[list[Autoscaler], Graph]:
    items: list[Raw] = [
        *running_workload(name, containers=[container(resources={"requests": {"cpu": "250m"}})]),
        hpa(name),
    ]
    return found(*items), Graph(world(*items))


def test_replicas_and_the_share_of_the_request_are_asked_for_and_drawn() -> None:
    told, graph = scaled()
    with serving(answering(200, ANSWER)) as (origin, asked):
        answer = curves(told, graph, origin)
    assert not isinstance(answer, Failure)
    (drawn,) = answer.values()
    assert [(item.name, item.unit, [amount for _, amount in item.points]) for item in drawn] == [
        ("replicas", "", [0.0, 1.0, 2.0, 3.0, 4.0]),
        ("cpu", "%", [0.0, 1.0, 2.0, 3.0, 4.0]),
    ]
    queries = [parse_qs(urlsplit(path).query)["query"][0] for path in asked]
    assert all('namespace="shop",pod=~"web-[a-z0-9]+-[a-z0-9]+"' in query for query in queries)
    assert queries[1].endswith(" / 0.25")


def test_a_name_is_a_name_and_no_pattern() -> None:
    """`a.b` would select the pods of `axb` as well."""
    told, graph = scaled("a.b")
    with serving(answering(200, ANSWER)) as (origin, asked):
        curves(told, graph, origin)
    assert 'pod=~"a\\\\.b-' in unquote(asked[0].replace("+", " "))


def test_what_does_not_answer_is_a_failure_once() -> None:
    told, graph = scaled()
    with serving(answering(503, b"")) as (origin, asked):
        assert isinstance(curves([*told, *told], graph, origin), Failure)
    assert len(asked) <= 2


def test_points_that_are_no_numbers_are_left_out() -> None:
    told, graph = scaled()
    odd = json.dumps({"data": {"result": [{"values": [["x", "1"], [1_790_000_000, "NaN"], [1_790_000_030, "2"], 5]}]}})
    with serving(answering(200, odd.encode())) as (origin, _):
        answer = curves(told, graph, origin)
    assert not isinstance(answer, Failure)
    assert [len(item.points) for item in next(iter(answer.values()))] == [1, 1]
