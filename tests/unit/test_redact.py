"""Secrets never enter: a canary in whatever shape is gone after the boundary, and nothing else is touched."""

import copy
import json
import string
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.objects import FIXTURES, recorded
from tools.objects import redact_object
from tools.redact import MASK, redact

CANARY = st.text(string.ascii_letters + string.digits + "._~+/-", min_size=16, max_size=40).map("Canary0".__add__)
AROUND = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="'\"\\"), max_size=40)

Shape = Callable[[str], str]


def word(canary: str) -> str:
    """Return the canary as the formats with an alphabet of their own allow it."""
    return "".join(character for character in canary if character.isalnum())


SHAPES: dict[str, Shape] = {
    "variable": lambda c: f"DB_PASSWORD={c}",
    "exported": lambda c: f"export API_TOKEN='{c}'",
    "lower": lambda c: f"password={c}",
    "spaced": lambda c: f"password = {c}",
    "yaml": lambda c: f"  password: {c}",
    "quoted yaml": lambda c: f'  password: "{c}"',
    "json": lambda c: json.dumps({"user": "a", "password": c}),
    "pretty json": lambda c: json.dumps({"clientSecret": c, "id": 1}, indent=2),
    "json in json": lambda c: json.dumps({"message": json.dumps({"password": c})}),
    "api key": lambda c: f"api_key: {c}",
    "api-key": lambda c: f"api-key={c}",
    "apikey": lambda c: f"APIKEY={c}",
    "access key": lambda c: f"secret_access_key={c}",
    "private key": lambda c: f"privateKey={c}",
    "token": lambda c: f"token={c}",
    "token in query": lambda c: f"GET /login?user=a&token={c}&x=1",
    "bearer": lambda c: f"Authorization: Bearer {c}",
    "bearer lower": lambda c: f"authorization: bearer {c}",
    "basic": lambda c: f"Authorization: Basic {word(c)}==",
    "curl header": lambda c: f"curl -H 'Authorization: Bearer {c}' http://x",
    "header dict": lambda c: f"{{'Authorization': 'Bearer {c}'}}",
    "url": lambda c: f"postgres://app:{word(c)}@db:5432/shop",
    "url without user": lambda c: f"redis://:{word(c)}@cache:6379",
    "url odd": lambda c: f"https://me:{word(c)}@example.com/x?y=1",
    "jwt": lambda c: f"eyJhbGciOiJ9.{word(c)}.{word(c)}",
    "github": lambda c: f"ghp_{word(c)}",
    "slack": lambda c: f"xoxb-{word(c)}",
    "openai": lambda c: f"sk-{word(c)}",
    "gitlab": lambda c: f"glpat-{word(c)}",
    "pem": lambda c: f"-----BEGIN RSA PRIVATE KEY-----\n{word(c)}\n-----END RSA PRIVATE KEY-----",
    "cut pem": lambda c: f"-----BEGIN PRIVATE KEY-----\n{word(c)}",
    "flag": lambda c: f"--password={c}",
    "flag apart": lambda c: f"mysql --password {c} --host db",
    "argument": lambda c: f"--token {c}",
    "secret": lambda c: f"client_secret={c}",
    "passphrase": lambda c: f"passphrase: {c}",
    "pwd": lambda c: f"pwd={c}",
    "java": lambda c: f"spring.datasource.password={c}",
    "dsn": lambda c: f"user=app password={c} host=db",
    "ado": lambda c: f"Server=db;Password={c};Database=x",
    "arrow": lambda c: f"'password' => '{c}'",
    "go struct": lambda c: f'{{Password:"{c}" User:"a"}}',
    "python repr": lambda c: f"Config(password='{c}', user='a')",
    "xml": lambda c: f"<password>{word(c)}</password>",
    "coloured log": lambda c: f"\x1b[36mtoken\x1b[0m={word(c)}",
    "curl user": lambda c: f"curl -u bob:{c} http://x",
    "header of its own": lambda c: f"Authorization: Token {word(c)}",
    "env as kubernetes writes it": lambda c: json.dumps({"name": "DB_PASSWORD", "value": c}),
    "env in a manifest": lambda c: f"- name: DB_PASSWORD\n  value: {c}",
    "block in yaml": lambda c: f"  password: |\n    {c}\n    {c}\n  user: a",
    "url with a slash": lambda c: f"postgres://app:a/{word(c)}@db/shop",
    "url with an at": lambda c: f"postgres://app:a@{word(c)}@db/shop",
    "pgp": lambda c: f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n{word(c)}\n-----END PGP PRIVATE KEY BLOCK-----",
    "escaped quote inside": lambda c: json.dumps({"password": f'a"{c}'}),
    "doubled quote inside": lambda c: f"password: 'it''{c}'",
    "stripe": lambda c: f"sk_live_{word(c)}",
    "helm set": lambda c: f"--set=db.password={c}",
    "secret as yaml": lambda c: f"kind: Secret\nmetadata: {{}}\ndata:\n  a: {c}\ntype: Opaque",
    "secret as json": lambda c: json.dumps({"kind": "Secret", "data": {"a": c}}),
}


def survives(canary: str, text: str) -> bool:
    return canary in text or word(canary) in text


@pytest.mark.parametrize("name", SHAPES)
@given(canary=CANARY, before=AROUND, after=AROUND)
def test_a_canary_in_any_shape_does_not_survive(name: str, canary: str, before: str, after: str) -> None:
    made = SHAPES[name](canary)
    assert not survives(canary, redact(made)), redact(made)
    assert not survives(canary, redact(f"{before}\n{made}\n{after}"))
    assert not survives(canary, redact(f"2026-01-01T00:00:00Z INFO {made}"))


@given(st.text())
def test_redacting_twice_is_redacting_once(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@pytest.mark.parametrize("name", SHAPES)
def test_redacting_a_redacted_canary_changes_nothing(name: str) -> None:
    once = redact(SHAPES[name]("Canary0abcdefghij0123456"))
    assert redact(once) == once


@pytest.mark.parametrize(
    "text",
    [
        "Back-off restarting failed container app in pod web-1_shop(0f0)",
        'Failed to pull image "registry/x@sha256:abcdef": not found',
        'Liveness probe failed: Get "http://10.0.0.1:8000/health": dial tcp 10.0.0.1:8000: connect: connection refused',
        'configmaps "settings" not found',
        'MountVolume.SetUp failed for volume "kube-api-access-x" : failed to fetch token',
        'secret "db-password" not found',
        "couldn't find key password in Secret shop/db",
        "0/3 nodes are available: 3 Insufficient memory.",
        "https://kubernetes.default:443/api",
        "the secret sauce",
        "failed to fetch oauth token: unexpected status from GET request to https://r/token: 401 Unauthorized",
        "pull access denied, repository does not exist or may require authorization: server message: denied",
        'www-authenticate: Bearer realm="https://auth.docker.io/token"',
        "volumes:\n- name: a\n  secret:\n    secretName: db\n",
        "valueFrom:\n  secretKeyRef:\n    name: db\n    key: token\n",
        "imagePullSecrets:\n- name: pull\n",
        "secretName: db, existingSecret: db, tokenPath=/var/run/token",
        "http://backend:8000/path?mail=a@b.example",
        "basic health check passed: 3 of 3, key: value, compass: north",
    ],
)
def test_what_kubernetes_says_can_still_be_read(text: str) -> None:
    """A cause is found in these messages; masking their words would hide it."""
    assert redact(text) == text


# Objects


def containers(canary: str) -> list[dict[str, Any]]:
    env = [
        {"name": "DB_PASSWORD", "value": canary},
        {"name": "URL", "value": f"postgres://a:{word(canary)}@db/x"},
        {"name": "PLAIN", "value": "debug"},
        {"name": "REF_TOKEN", "valueFrom": {"secretKeyRef": {"name": "db", "key": "token"}}},
    ]
    return [{"name": "app", "image": "app:1", "env": env}, {"name": "side", "image": "side:1"}]


def template(canary: str) -> dict[str, Any]:
    made = containers(canary)
    return {"metadata": {"labels": {"app": "web"}}, "spec": {"initContainers": made, "containers": made}}


def metadata(canary: str) -> dict[str, Any]:
    applied = json.dumps({"data": {"password": canary}, "env": [{"name": "X", "value": canary}]})
    return {
        "name": "web",
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": applied, "team": "a"},
        "managedFields": [{"f": canary}],
    }


OBJECTS: dict[str, Callable[[str], dict[str, Any]]] = {
    "Secret": lambda c: {"kind": "Secret", "metadata": metadata(c), "data": {"a": c}, "stringData": {"b": c}},
    "Pod": lambda c: {"kind": "Pod", "metadata": metadata(c), **template(c)} | {"metadata": metadata(c)},
    "Deployment": lambda c: {"kind": "Deployment", "metadata": metadata(c), "spec": {"template": template(c)}},
    "ReplicaSet": lambda c: {"kind": "ReplicaSet", "metadata": metadata(c), "spec": {"template": template(c)}},
    "StatefulSet": lambda c: {"kind": "StatefulSet", "metadata": metadata(c), "spec": {"template": template(c)}},
    "DaemonSet": lambda c: {"kind": "DaemonSet", "metadata": metadata(c), "spec": {"template": template(c)}},
    "Job": lambda c: {"kind": "Job", "metadata": metadata(c), "spec": {"template": template(c)}},
    "CronJob": lambda c: {
        "kind": "CronJob",
        "metadata": metadata(c),
        "spec": {"jobTemplate": {"spec": {"template": template(c)}}},
    },
    "ConfigMap": lambda c: {
        "kind": "ConfigMap",
        "metadata": metadata(c),
        "data": {"DB_PASSWORD": c, "app.yaml": f"db:\n  password: {c}\n  host: db\n", "url": f"amqp://a:{word(c)}@mq"},
    },
    "Service": lambda c: {"kind": "Service", "metadata": metadata(c), "spec": {}},
}


@pytest.mark.parametrize("kind", OBJECTS)
@given(canary=CANARY)
def test_a_canary_in_an_object_does_not_survive(kind: str, canary: str) -> None:
    made = OBJECTS[kind](canary)
    kept = copy.deepcopy(made)
    shown = json.dumps(redact_object(made))
    assert not survives(canary, shown), shown
    assert made == kept


def elsewhere(canary: str) -> dict[str, Any]:
    """Return a container with secrets in every place but its environment."""
    headers = [{"name": "Authorization", "value": canary}, {"name": "Accept", "value": "text/html"}]
    probe = {"httpGet": {"path": "/health", "httpHeaders": headers}}
    command = ["sh", "-c", f"export API_TOKEN={canary}; exec app"]
    return {
        "name": "app",
        "command": command,
        "args": [f"--db-password={canary}", "--token", canary, "--port", "80"],
        "livenessProbe": probe,
        "readinessProbe": {"exec": {"command": command}},
        "lifecycle": {"preStop": probe, "postStart": {"exec": {"command": command}}},
    }


def last_words(canary: str) -> list[dict[str, Any]]:
    ended = {"terminated": {"exitCode": 1, "message": f"cannot log in with password={canary}"}}
    return [{"name": "app", "state": {"waiting": {"message": f"token={canary}"}}, "lastState": ended}]


ODD: dict[str, Callable[[str], dict[str, Any]]] = {
    "arguments, probes and hooks": lambda c: {"kind": "Pod", "spec": {"containers": [elsewhere(c)]}},
    "last words": lambda c: {
        "kind": "Pod",
        "status": {"containerStatuses": last_words(c), "initContainerStatuses": last_words(c)},
    },
    "event": lambda c: {"kind": "Event", "message": f"Readiness probe failed: password={c}"},
    "list": lambda c: {"kind": "List", "items": [OBJECTS["Secret"](c), {"kind": "List", "items": [OBJECTS["Pod"](c)]}]},
    "list of a kind": lambda c: {"kind": "SecretList", "items": [{"metadata": {"name": "a"}, "data": {"a": c}}]},
    "binary": lambda c: {"kind": "ConfigMap", "binaryData": {"keystore.jks": c}},
    "kapp": lambda c: {"kind": "Service", "metadata": {"annotations": {"kapp.k14s.io/original": c}}},
    "old controller": lambda c: {"kind": "ReplicationController", "spec": {"template": template(c)}},
    "pod template": lambda c: {"kind": "PodTemplate", "template": template(c)},
}


@pytest.mark.parametrize("name", ODD)
@given(canary=CANARY)
def test_a_canary_in_an_odd_place_does_not_survive(name: str, canary: str) -> None:
    made = ODD[name](canary)
    kept = copy.deepcopy(made)
    once = redact_object(made)
    assert not survives(canary, json.dumps(once)), once
    assert made == kept
    assert redact_object(once) == once


def test_what_stands_beside_a_secret_in_a_container_is_kept() -> None:
    container = redact_object(ODD["arguments, probes and hooks"]("Canary0abcdefghijklmnop"))["spec"]["containers"][0]
    assert container["args"] == ["--db-password=***", "--token", "***", "--port", "80"]
    assert container["livenessProbe"]["httpGet"]["httpHeaders"][1] == {"name": "Accept", "value": "text/html"}
    assert container["lifecycle"]["preStop"]["httpGet"]["path"] == "/health"


@pytest.mark.parametrize("kind", OBJECTS)
def test_what_is_no_secret_is_kept(kind: str) -> None:
    found = redact_object(OBJECTS[kind]("Canary0abcdefghijklmnop"))
    assert found["metadata"]["name"] == "web"
    assert found["metadata"]["annotations"] == {"team": "a"}
    text = json.dumps(found)
    if kind not in ("Secret", "Service", "ConfigMap"):
        assert '"debug"' in text
        assert '"secretKeyRef": {"name": "db", "key": "token"}' in text
        assert text.count(MASK) == 4
    if kind == "ConfigMap":
        assert "host: db" in text


KEYS = st.sampled_from(
    "kind metadata spec template containers env name value data annotations managedFields initContainers items".split()
)
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | KEYS, inner, max_size=4),
    max_leaves=12,
)
KINDS = st.sampled_from(list(OBJECTS))


@given(KINDS, st.dictionaries(KEYS, ANY, max_size=5))
def test_any_shape_is_taken_and_never_changed_in_place(kind: str, fields: dict[str, Any]) -> None:
    """One odd object (a CRD's, a bundle's, a fuzzer's) must not stop the look at all the others."""
    made = fields | {"kind": kind}
    kept = copy.deepcopy(made)
    redact_object(made)
    assert made == kept


@given(KINDS, st.dictionaries(KEYS, ANY, max_size=5))
def test_redacting_an_object_twice_is_redacting_it_once(kind: str, fields: dict[str, Any]) -> None:
    once = redact_object(fields | {"kind": kind})
    assert redact_object(once) == once


def test_the_same_object_comes_back_where_nothing_had_to_go() -> None:
    """13,000 copies would cost the look its speed."""
    for path in sorted(FIXTURES.glob("*.json.gz"))[:6]:
        for item in recorded(path.name.removesuffix(".json.gz"))["items"]:
            once = redact_object(item)
            if item["kind"] not in ("ConfigMap", "Secret"):
                assert redact_object(once) is once, item["kind"]


@pytest.mark.parametrize(
    "piece",
    ["eyJ", "://a:", "password", 'token="', "--token", "pwd.", "<password", "-----BEGIN ", "secret: |\n ", "\\"],
)
def test_a_hostile_log_costs_time_in_proportion_to_its_length(piece: str) -> None:
    """A quadratic pattern would let one pod's log stop every diagnosis."""
    short, long = (_seconds(piece * (size // len(piece))) for size in (1 << 14, 1 << 18))
    assert long < max(16 * short * 4, 0.5)


def _seconds(text: str) -> float:
    began = time.process_time()
    redact(text)
    return time.process_time() - began


def test_5000_ordinary_pods_cost_little() -> None:
    """Redaction is paid for every object of every look: 60 ms of half a second."""
    env = [{"name": "MODE", "value": "production"}, {"name": "URL", "value": "http://backend:8000"}]
    probe = {"httpGet": {"path": "/health", "port": 8000}, "periodSeconds": 10}
    container = {"name": "app", "image": "app:1", "env": env, "args": ["--port=80"], "livenessProbe": probe}
    status = {"containerStatuses": [{"name": "app", "ready": True, "state": {"running": {}}, "lastState": {}}]}
    pod = {"kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [container]}, "status": status}
    began = time.process_time()
    assert all(redact_object(pod) is pod for _ in range(5000))
    assert time.process_time() - began < 0.3
