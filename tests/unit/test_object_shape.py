"""Shape is checked where lists enter: nothing odd comes through, nothing sound is refused, the types are the API's."""

import copy
import random
import re
import time
from typing import Any

import pytest
from kubernetes.client import models

from agent.snapshot.fields import MODELS
from agent.snapshot.record import Part, State
from agent.snapshot.shape import oddity, sound
from tests.fakes.objects import load
from tests.mutations.trees import retype
from tools.kinds import BY_NAME

LINES = [line.partition(": ") for line in MODELS.replace("\n    ", " ").strip().splitlines()]
TABLE = {name: dict(field.strip().split(" ", 1) for field in fields.split(",")) for name, _, fields in LINES}

OWN = {"Object", "Secret", "ParentReference"}
"""Models that are not the package's: any object, what a table says of a Secret, the Gateway API's namesake."""

PYTHON = {"text": "str", "amount": "str", "flag": "bool", "count": "int", "number": "int", "time": "datetime"}


def model_of(name: str) -> Any:
    """Return the kubernetes package's model of a name, None for what it does not have: Gateway API, our joint names."""
    pods = {"Condition": "V1PodCondition", "Event": "CoreV1Event", "EventSeries": "CoreV1EventSeries"}
    named = (pods.get(name), f"V2{name}", f"V1{name}", f"CoreV1{name}", f"DiscoveryV1{name}", f"RbacV1{name}")
    return next((found for each in named if each and (found := getattr(models, each, None))), None)


THEIRS = [name for name in TABLE if name not in OWN and model_of(name) is not None]


@pytest.mark.parametrize("name", THEIRS)
def test_the_table_says_what_the_api_says(name: str) -> None:
    """A type of our own making would set aside what every cluster holds."""
    model = model_of(name)
    types = {model.attribute_map[attribute]: kind for attribute, kind in model.openapi_types.items()}
    types |= {"lastUpdateTime": "datetime"} if name == "Condition" else {}
    for field, ours in TABLE[name].items():
        assert field in types, field
        assert _fits(ours, types[field]), (field, ours, types[field])


def _fits(ours: str, theirs: str) -> bool:
    plain, told = ours.strip("[]{}"), re.sub(r"^(list|List|Dict|dict)[\[(](str, )?|[\])]$", "", theirs)
    brackets = {"[": "list", "{": "dict"}.get(ours[0], "")
    if not theirs.lower().startswith(brackets) or (not brackets and theirs.lower().startswith(("list", "dict"))):
        return False
    if plain == "either":
        return told == "object"
    if plain in PYTHON:
        return told in (PYTHON[plain], "bytes")
    return told.endswith((plain, "EphemeralContainer" if plain == "Container" else plain))


def test_every_kind_that_is_read_has_a_model_and_most_models_are_the_apis() -> None:
    assert set(BY_NAME) <= set(TABLE)
    assert len(THEIRS) > 180


def checked(objects: list[Any], kind: str = "Pod") -> tuple[list[Any], Part]:
    return sound(Part(kind, "/api/v1/pods", State.COMPLETE, len(objects)), objects)


@pytest.mark.parametrize("name", ["healthy", "cascade"])
def test_a_value_of_another_type_never_comes_through_where_the_table_speaks(name: str) -> None:
    chance = random.Random(4)
    tried = 0
    for kind, objects in load(name).objects.items():
        for obj in objects:
            for at, told in _told(TABLE[kind], obj, ()):
                damaged = copy.deepcopy(dict(obj))
                retype(damaged, at, chance)
                if told != "either":
                    tried += 1
                    assert oddity(damaged, kind) is not None, (kind, at)
                if tried > 3_000:
                    return


def _told(fields: dict[str, str], value: Any, at: tuple[str | int, ...]) -> list[tuple[tuple[str | int, ...], str]]:
    """Return where the table says what stands there, down to every leaf."""
    found = []
    for key, below in value.items():
        kind = fields.get(key)
        if kind is None or below is None:
            continue
        found.append(((*at, key), kind))
        each = enumerate(below) if isinstance(below, list) else [(None, below)]
        for index, item in each:
            if isinstance(item, dict) and kind.strip("[]") in TABLE:
                here = (*at, key) if index is None else (*at, key, index)
                found += _told(TABLE[kind.strip("[]")], item, here)
    return found


def test_null_is_how_the_api_says_that_nothing_is_there() -> None:
    pod = {"kind": "Pod", "metadata": {"name": "a", "namespace": "b", "labels": None}, "spec": None, "status": None}
    assert checked([pod])[0] == [pod]


@pytest.mark.parametrize(
    ("field", "value"),
    [("port", "http"), ("port", 80), ("targetPort", "50%"), ("name", None)],
)
def test_a_port_may_be_a_name(field: str, value: object) -> None:
    item = {"kind": "Service", "metadata": {"name": "a", "namespace": "b"}, "spec": {"ports": [{field: value}]}}
    assert (oddity(item, "Service") is None) is not (field == "port" and value == "http")


@pytest.mark.parametrize("surge", ["9" * 6000, "9" * 6000 + "%", -1, 0.5, [], True])
def test_a_number_nobody_can_count_with_is_odd(surge: object) -> None:
    """A rule that reads it would end in an error of Python's, and say so in Python's words."""
    rolling = {"strategy": {"rollingUpdate": {"maxSurge": surge}}}
    item = {"kind": "Deployment", "metadata": {"name": "a", "namespace": "b"}, "spec": rolling}
    assert oddity(item, "Deployment") == "/spec/strategy/rollingUpdate/maxSurge"


@pytest.mark.parametrize(
    ("kind", "version", "fine"),
    [
        ("Pod", "v1", True),
        ("Pod", "v2", False),
        ("Pod", ["v1"], False),
        ("Deployment", "apps/v1", True),
        ("Deployment", "extensions/v1beta1", False),
        ("Widget", "acme.example/v7", True),
    ],
)
def test_an_object_of_another_version_is_not_read_as_of_this_one(kind: str, version: object, fine: bool) -> None:
    """Its fields may mean something else, and what they say of health is then nobody's to tell."""
    item = {"kind": kind, "apiVersion": version, "metadata": {"name": "a", "namespace": "b"}}
    assert oddity(item, kind) == (None if fine else "/apiVersion")


@pytest.mark.parametrize("odd", ["1e999999", "", "x", "9" * 400, "NaN", "1 Gi", 5, True, None])
def test_an_amount_is_a_quantity(odd: object) -> None:
    """A number with a million digits costs minutes to add up."""
    quota = {"kind": "ResourceQuota", "metadata": {"name": "a", "namespace": "b"}, "status": {"hard": {"cpu": odd}}}
    assert oddity(quota, "ResourceQuota") == "/status/hard/cpu"
    for fine in ("500m", "1.5", "128974848", "129e6", "1Gi", "+1", "0"):
        assert oddity(quota | {"status": {"hard": {"cpu": fine}}}, "ResourceQuota") is None


def test_of_two_objects_of_one_name_the_second_is_set_aside_and_named() -> None:
    one = {"kind": "Pod", "metadata": {"name": "a", "namespace": "b"}, "status": {"phase": "Running"}}
    kept, part = checked([one, one | {"status": {"phase": "Failed"}}])
    assert kept == [one]
    assert (part.state, part.count) == (State.PARTIAL, 1)
    assert "Pod/b/a (listed twice)" in part.reason


def test_a_crowd_of_odd_objects_is_one_short_line() -> None:
    kept, part = checked([{"metadata": {"name": f"p{number}\n\x1b[31m"}} for number in range(5_000)])
    assert kept == []
    assert "4995 more" in part.reason
    assert len(part.reason) < 700
    assert part.reason.isprintable()


def test_a_list_that_was_not_whole_says_both() -> None:
    _, part = sound(Part("Lease", "x", State.DENIED, 1, "403 forbidden", needed=False), ["x"])
    assert (part.state, part.needed) == (State.DENIED, True)
    assert part.reason.startswith("403 forbidden; unreadable")


def test_five_thousand_pods_cost_less_than_their_parsing() -> None:
    pods = list(load("cascade").objects["Pod"]) * 200
    began = time.process_time()
    for pod in pods:
        assert oddity(pod, "Pod") is None
    each = (time.process_time() - began) / len(pods)
    assert each < 300e-6  # 30 to 60 µs, with room for a busy machine


def test_what_nobody_here_reads_may_be_of_any_type() -> None:
    assert BY_NAME["Pod"].namespaced
    assert oddity({"kind": "Pod", "metadata": {"name": "a", "namespace": "b"}, "unheard": [{"of": 3}]}, "Pod") is None
    assert oddity({"kind": "Widget", "metadata": {"name": "a"}, "spec": 3}, "Widget") is None
