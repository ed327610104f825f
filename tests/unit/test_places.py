"""Hosts in the lines of logs, and whether a line speaks of a Service."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from agent.kube.addresses import mentions
from agent.kube.places import asked_name, places_in
from tests.unit.test_environment import graph_of

LINES = [
    ('connection to server at "db" (10.96.14.3), port 5432 failed', ["db:5432", "10.96.14.3"]),
    ("dial tcp: lookup db on 10.96.0.10:53: no such host", ["db"]),
    ("Error: connect ECONNREFUSED 10.0.0.5:6379", ["10.0.0.5:6379"]),
    ('nginx: [emerg] host not found in upstream "api" in /etc/nginx/conf.d/default.conf:12', ["api"]),
    ("HTTPConnectionPool(host='api', port=8080): Max retries exceeded", ["api:8080"]),
    ("Connect call failed ('10.99.3.4', 80)", ["10.99.3.4:80"]),
    ("Unable to connect to db/<unresolved>:6379", ["db:6379"]),
    ("failed to connect to `host=db user=shop database=shop`", ["db"]),
    ("at Cart.total (/app/cart.js:5432:11)", []),
    ('{"ts":"2026-11-25T10:00:00.5432Z","msg":"x"}', []),
    ("caller=main.go:520 level=error status:500 took:1234", []),
]


@pytest.mark.parametrize(("line", "hosts"), LINES)
def test_a_line_names_hosts_and_not_every_number(line: str, hosts: list[str]) -> None:
    assert [str(place) for place in places_in(line)] == hosts


ASKED = [
    ("getaddrinfo ENOTFOUND pgdb", "pgdb"),
    ("getaddrinfo EAI_AGAIN pgdb", "pgdb"),
    ('could not translate host name "pg.corp" to address: Name or service not known', "pg.corp"),
    ("java.net.UnknownHostException: db: Name or service not known", "db"),
    ("curl: (6) Could not resolve host: pgdb", "pgdb"),
    ("Unknown MySQL server host 'pgdb' (-2)", "pgdb"),
    ("php_network_getaddresses: getaddrinfo for pgdb failed: Name or service not known", "pgdb"),
    ("Name or service not known (pgdb:8080)", "pgdb"),
    ("connect ECONNREFUSED 10.0.0.5:6379", ""),
    ("read udp 10.1.1.1:53124->10.96.0.10:53: i/o timeout", ""),
]


@pytest.mark.parametrize(("line", "name"), ASKED)
def test_the_name_that_did_not_resolve(line: str, name: str) -> None:
    assert asked_name(line) == name


SERVICE: dict[str, Any] = {
    "kind": "Service",
    "metadata": {"name": "db", "namespace": "shop"},
    "spec": {"clusterIP": "10.96.1.1", "clusterIPs": ["10.96.1.1"]},
}


@pytest.mark.parametrize(
    ("line", "speaks"),
    [
        ("connect to db:5432: refused", True),
        ("connect to db.shop.svc.cluster.local:5432: refused", True),
        ("dial tcp 10.96.1.1:5432: connection refused", True),
        ("dial tcp 10.96.1.11:5432: connection refused", False),
        ("connect to db.books.svc:5432: refused", False),
        ("connect to db-replica:5432: refused", False),
        ("cannot load db settings", False),
        ("KeyError: 'db'", False),
    ],
)
def test_whether_a_line_speaks_of_a_service_is_a_join(line: str, speaks: bool) -> None:
    """A word that only happens to be a Service's name blames nobody."""
    assert mentions(line, SERVICE, graph_of({}, SERVICE)) is speaks


@given(some.text(max_size=200))
def test_any_line_is_read_without_an_error(line: str) -> None:
    assert all(place.host for place in places_in(line))
    asked_name(line)
