"""The variables of a container, by the API's rules: a reference written from the API's documentation, and examples."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from agent.kube.environment import environment, expand
from agent.snapshot.graph import Graph
from agent.snapshot.record import Cluster, Part, Snapshot, State

NAMES = some.sampled_from(["A", "B", "C", "DB"])
TEXTS = some.text("A(B)$C x", max_size=12)
DATA = some.dictionaries(NAMES, TEXTS, max_size=3)
REFERENCES = some.fixed_dictionaries({"name": some.sampled_from(["one", "two", "none"]), "key": NAMES})
ENTRIES = some.one_of(
    some.builds(lambda name, value: {"name": name, "value": value}, NAMES, TEXTS),
    some.builds(
        lambda name, found: {"name": name, "valueFrom": {"configMapKeyRef": {**found, "optional": True}}},
        NAMES,
        REFERENCES,
    ),
)
SOURCES = some.builds(
    lambda name, prefix: {"configMapRef": {"name": name, "optional": True}, "prefix": prefix},
    some.sampled_from(["one", "two", "none"]),
    some.sampled_from(["", "P_"]),
)


def graph_of(configs: Mapping[str, Mapping[str, str]], *others: dict[str, Any]) -> Graph:
    maps = [{"kind": "ConfigMap", "metadata": {"name": k, "namespace": "shop"}, "data": v} for k, v in configs.items()]
    kinds: dict[str, list[Any]] = {"ConfigMap": maps, "Secret": [], "Service": []}
    for other in others:
        kinds[other["kind"]].append(other)
    parts = [Part(kind, "", State.COMPLETE) for kind in kinds]
    return Graph(Snapshot(datetime.now(UTC), Cluster(), None, kinds, parts))


def substituted(text: str, known: Mapping[str, str]) -> str:
    """Return what the API documentation of `env.value` promises, read from left to right."""
    result, place = "", 0
    while place < len(text):
        if text[place : place + 2] == "$$":
            result, place = result + "$", place + 2
        elif text[place : place + 2] == "$(" and ")" in text[place:]:
            end = text.index(")", place)
            name = text[place + 2 : end]
            result, place = result + known.get(name, f"$({name})"), end + 1
        else:
            result, place = result + text[place], place + 1
    return result


def reference(env_from: list[Any], env: list[Any], configs: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    known: dict[str, str] = {}
    for source in env_from:
        for key, value in configs.get(source["configMapRef"]["name"], {}).items():
            known[source["prefix"] + key] = value
    for entry in env:
        if "value" in entry:
            known[entry["name"]] = substituted(entry["value"], known)
            continue
        wanted = entry["valueFrom"]["configMapKeyRef"]
        if wanted["key"] in configs.get(wanted["name"], {}):
            known[entry["name"]] = configs[wanted["name"]][wanted["key"]]
    return known


@given(some.lists(SOURCES, max_size=3), some.lists(ENTRIES, max_size=5), DATA, DATA)
def test_the_environment_is_what_the_api_promises(
    env_from: list[Any], env: list[Any], one: dict[str, str], two: dict[str, str]
) -> None:
    """A wrong reading makes a right address look wrong, or the other way round."""
    configs = {"one": one, "two": two}
    found = environment({"envFrom": env_from, "env": env}, "shop", graph_of(configs))
    assert found.values == reference(env_from, env, configs)
    assert found.whole


@given(TEXTS, DATA)
def test_a_text_is_expanded_from_left_to_right(text: str, known: dict[str, str]) -> None:
    assert expand(text, known) == substituted(text, known)


def test_env_goes_over_env_from_and_a_later_source_over_an_earlier_one() -> None:
    container = {
        "envFrom": [{"configMapRef": {"name": "one"}}, {"configMapRef": {"name": "two"}, "prefix": ""}],
        "env": [{"name": "B", "value": "own"}],
    }
    graph = graph_of({"one": {"A": "1", "B": "1", "C": "1"}, "two": {"A": "2", "B": "2"}})
    assert environment(container, "shop", graph).values == {"A": "2", "B": "own", "C": "1"}


def test_only_what_was_defined_before_is_filled_in() -> None:
    env = [
        {"name": "URL", "value": "http://$(HOST):$(PORT)/$$(HOST)"},
        {"name": "HOST", "value": "web"},
        {"name": "LATER", "value": "http://$(HOST)"},
    ]
    found = environment({"env": env}, "shop", graph_of({}))
    assert found.values["URL"] == "http://$(HOST):$(PORT)/$(HOST)"
    assert found.values["LATER"] == "http://web"


def test_a_secret_is_never_read_and_what_names_it_stays_as_written() -> None:
    env = [
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
        {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
        {"name": "DSN", "value": "postgres://shop:$(PASSWORD)@db:5432/shop"},
    ]
    found = environment({"env": env}, "shop", graph_of({}))
    assert found.values == {"DSN": "postgres://shop:$(PASSWORD)@db:5432/shop"}
    assert found.variables["PASSWORD"].source == "Secret db"
    assert all(found.has(name) for name in ("PASSWORD", "POD_IP", "CPU"))


def test_an_optional_reference_to_nothing_sets_nothing_and_says_why() -> None:
    env = [{"name": "LEVEL", "valueFrom": {"configMapKeyRef": {"name": "gone", "key": "level", "optional": True}}}]
    found = environment({"env": env}, "shop", graph_of({}))
    assert not found.has("LEVEL")
    assert "ConfigMap gone" in found.lost["LEVEL"]


def test_a_secret_taken_whole_may_hold_any_variable() -> None:
    held = {"kind": "Secret", "metadata": {"name": "db", "namespace": "shop"}, "keys": 2}
    assert not environment({"envFrom": [{"secretRef": {"name": "db"}}]}, "shop", graph_of({}, held)).whole


def test_the_variables_of_a_service_can_be_referred_to_and_are_nobodys_address() -> None:
    web = {
        "kind": "Service",
        "metadata": {"name": "my-web", "namespace": "shop"},
        "spec": {"clusterIP": "10.96.1.1", "ports": [{"port": 80}]},
    }
    env = [{"name": "URL", "value": "http://$(MY_WEB_SERVICE_HOST):$(MY_WEB_SERVICE_PORT)"}]
    found = environment({"env": env}, "shop", graph_of({}, web))
    assert found.values == {"URL": "http://10.96.1.1:80"}
