"""Which hosts commands ask for: the tools' options, values and words are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from agent.kube.commands import TOOLS, places

SCRIPTS = [
    ("pg_isready -U postgres -h db", ["db"]),
    ("pg_isready -d 'host=db port=5433 user=web'", ["db:5433"]),
    ("mysqladmin ping -h mysql", ["mysql"]),
    ("mysqladmin ping -uroot -psecret -h127.0.0.1", ["127.0.0.1"]),
    ("mysql -uroot -psecret -h mysql -e 'select web'", ["mysql"]),
    ("redis-cli -h cache -p 6380 ping", ["cache:6380"]),
    ("nc -z db 5432", ["db:5432"]),
    ("until nc -zvw5 db 5432; do echo waiting for web; sleep 2; done", ["db:5432"]),
    ("curl -sf http://api:8080/health", ["api:8080"]),
    ("curl -o /dev/null -w '%{http_code}' -H 'Host: web' -s api/health", ["api"]),
    ("wget -qO- http://api/health", ["api"]),
    ("timeout 5 bash -c '</dev/tcp/db/5432'", ["db:5432"]),
    ("PGPASSWORD=x psql -h db -p 5433 -U web -d shop -c 'select 1'", ["db:5433"]),
    ("psql postgres://u:p@db:5432/shop -c 'select 1'", ["db:5432"]),
    ("until pg_isready \\\n  -h db \\\n  -U web; do sleep 1; done", ["db"]),
    ("dockerize -wait tcp://db:5432 -timeout 30s app", ["db:5432"]),
    ("getent hosts web", ["web"]),
    ("dig +short web @10.0.0.1", ["web"]),
    ("mongosh --host db --eval 'db.web.find()'", ["db"]),
    ("mongosh shop", []),
    ("server --db-host db --cache=redis://cache:6379 --name web", ["db", "cache:6379"]),
    ("echo web db api", []),
    ("kubectl get pods -l app=web", []),
]


@pytest.mark.parametrize(("script", "hosts"), SCRIPTS)
def test_a_tool_asks_for_its_host_alone(script: str, hosts: list[str]) -> None:
    """A user, a database or a word of the tool that is called like a Service is not that Service."""
    assert [str(place) for place in places(["sh", "-c", script])] == hosts


def test_a_command_without_a_shell() -> None:
    asked = places(["/scripts/wait-for-it.sh", "db:5432", "-t", "30", "--", "start", "web:80"])
    assert [str(place) for place in asked] == ["db:5432"]


@given(some.lists(some.text("ab-:=/$'\"; \n1", max_size=8), max_size=5), some.sampled_from(sorted(TOOLS)))
def test_any_words_are_read_without_an_error(words: list[str], tool: str) -> None:
    list(places([tool, *words]))
    list(places(["sh", "-c", " ".join((tool, *words))]))
