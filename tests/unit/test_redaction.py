"""A corpus of strings, half of them secrets: what a person would leak, and what a person could not read any more."""

import json
import time
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit import redaction_cases, redaction_kinds, redaction_unseen
from tests.unit.redaction_cases import Secret
from tools.objects import redact_object
from tools.redact import redact

SETS = {
    "written first": redaction_cases,
    "written after the patterns": redaction_unseen,
    "kinds a stranger tried": redaction_kinds,
}
SECRETS: Sequence[Secret] = [case for found in SETS.values() for case in found.SECRETS]
KEPT: Sequence[str] = [text for found in SETS.values() for text in found.KEPT]


@pytest.mark.parametrize("name", SETS)
def test_every_secret_is_hidden_and_all_else_kept(name: str) -> None:
    found = SETS[name]
    leaked = [text for text, secret in found.SECRETS if secret in redact(text)]
    hidden = [text for text in found.KEPT if redact(text) != text]
    ours, theirs = len(found.SECRETS), len(found.KEPT)
    print(f"redaction, {name}: {ours - len(leaked)}/{ours} secrets hidden, {theirs - len(hidden)}/{theirs} others kept")
    assert (leaked, hidden) == ([], [])


def test_the_corpus_is_what_it_says() -> None:
    """Of secrets that are not in their strings, every one would be hidden."""
    assert all(secret and secret in text for text, secret in SECRETS)
    assert len({text for text, _ in SECRETS}) == len(SECRETS) >= 180
    assert len(set(KEPT)) == len(KEPT) >= 180


PLACES = ("annotation", "label", "message", "argument", "variable", "header", "ephemeral", "condition", "image", "data")


def placed(place: str, text: str) -> dict[str, Any]:
    """Return an object with a text in one of the places where people and controllers write them."""
    container: dict[str, Any] = {"name": "web", "image": "web:1"}
    spec: dict[str, Any] = {"containers": [container]}
    meta: dict[str, Any] = {"name": "web", "namespace": "shop"}
    obj: dict[str, Any] = {"kind": "Pod", "metadata": meta, "spec": spec, "status": {"conditions": []}}
    match place:
        case "annotation" | "label":
            meta[f"{place}s"] = {"example.com/note": text}
        case "message":
            obj["status"]["message"] = text
        case "condition":
            obj["status"]["conditions"] = [{"type": "Ready", "status": "False", "message": text}]
        case "argument":
            container |= {"args": ["sh", "-c", text]}
        case "variable":
            container |= {"env": [{"name": "NOTE", "value": text}]}
        case "header":
            container |= {
                "livenessProbe": {"httpGet": {"path": "/", "httpHeaders": [{"name": "X-Note", "value": text}]}}
            }
        case "ephemeral":
            spec["ephemeralContainers"] = [{"name": "debug", "args": [text]}]
        case "image":
            container["image"] = text
        case "data":
            obj = {"kind": "ConfigMap", "metadata": meta, "data": {"notes.txt": text}}
    return obj


@given(st.sampled_from(SECRETS), st.sampled_from(PLACES))
def test_a_secret_survives_nowhere_in_an_object(case: Secret, place: str) -> None:
    """One redaction over every string, not a list of places: the next field that holds one is not on any list."""
    text, secret = case
    shown = json.dumps(redact_object(placed(place, text)), ensure_ascii=False)
    assert json.dumps(secret, ensure_ascii=False)[1:-1] not in shown


@given(st.sampled_from([*(text for text, _ in SECRETS), *KEPT]))
def test_redacting_twice_is_redacting_once(text: str) -> None:
    """A bundle is redacted when it is written and when it is read."""
    assert redact(redact(text)) == redact(text)


GROWING = (
    "tokens:\n- a\n",
    'tokens: ["',
    "- --password\n",
    "password='''",
    "value: x ",
    "%22password%22%3A",
    "password is ",
    "user a on ",
    "<name>password</name>",
    '<a name="password" ',
    "AKIA ",
    "password:\n",
    "password: &a\n",
    "|",
    "_session=",
)


@pytest.mark.parametrize(
    "piece", ["a", ":", "=", "-", "://", "@", "'", '"', "password ", "-p ", "token: ", "eyJ", "/", *GROWING]
)
def test_hostile_text_costs_what_its_length_does(piece: str) -> None:
    """A log line of one megabyte must not hold a diagnosis up; twice the text may cost four times, not sixteen."""
    costs = []
    for size in (100_000, 200_000):
        text = piece * (size // len(piece))
        began = time.process_time()
        redact(text)
        costs.append(time.process_time() - began)
    assert costs[1] < 4 * costs[0] + 0.5
