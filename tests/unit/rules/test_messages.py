"""What programs say when they end, in the words of well-known ones, and what only sounds like it."""

import copy
from dataclasses import replace
from typing import Any

import pytest

from agent.diagnose.finding import Finding
from agent.kube.containers import readable
from agent.snapshot.graph import Graph
from agent.snapshot.record import Snapshot
from tests.fakes.captures import found, world
from tests.fakes.lastwords import LastWords, corpus, ending_with

LAST_WORDS = list(corpus())


def only(snapshot: Snapshot) -> Finding:
    (finding,) = found(snapshot)
    return finding


SAID = [
    (81, "ReplyError: WRONGPASS invalid username-password pair or user is disabled."),
    (81, "MongoServerError: Authentication failed."),
    (81, "pymysql.err.OperationalError: (1045, \"Access denied for user 'root'@'10.1.2.3' (using password: YES)\")"),
    (81, 'FATAL:  role "app" does not exist'),
    (81, "amqp: ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN."),
    (81, "An error occurred (InvalidAccessKeyId) when calling the ListBuckets operation"),
    (82, "Error: connect ECONNREFUSED 10.0.0.5:6379"),
    (82, "panic: dial tcp 10.96.0.20:5432: connect: connection refused"),
    (82, 'psycopg2.OperationalError: could not translate host name "pg.corp" to address: Name or service not known'),
    (82, "com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure"),
    (82, "redis.exceptions.ConnectionError: Error 110 connecting to cache.corp:6379. Connection timed out."),
    (83, "FATAL:  remaining connection slots are reserved for non-replication superuser connections"),
    (83, "sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 10 reached, connection timed out"),
    (83, "java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available, request timed out"),
    (84, "ERROR 1290 (HY000): The MySQL server is running with the --read-only option"),
    (84, "ReplyError: READONLY You can't write against a read only replica."),
    (85, "javax.net.ssl.SSLHandshakeException: PKIX path building failed: unable to find valid certification path"),
    (85, "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate has expired (_ssl.c:1006)"),
    (85, 'FATAL Get "https://vault:8200": tls: failed to verify: x509: certificate signed by unknown authority'),
    (86, "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)"),
    (86, "Error: listen EADDRINUSE: address already in use :::3000"),
    (86, "panic: listen tcp :8080: bind: address already in use"),
    (87, "OSError: [Errno 24] Too many open files: '/var/lib/index/7'"),
    (87, "java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory or process limits"),
    (87, "Error: ENOSPC: System limit for number of file watchers reached, max_user_watches"),
    (70, "panic: yaml: line 12: mapping values are not allowed in this context"),
    (70, 'nginx: [emerg] unknown directive "sever" in /etc/nginx/conf.d/default.conf:3'),
    (70, "fatal: json: cannot unmarshal string into Go struct field Config.port of type int"),
    (70, "tomllib.TOMLDecodeError: Expected '=' after a key in a key/value pair (at line 3, column 6)"),
    (72, "Error: this program must not be run as root"),
    (72, "chown: changing ownership of '/data': Operation not permitted"),
    (72, "initdb: error: cannot be run as root"),
    (73, "panic: runtime error: index out of range [3] with length 3"),
    (73, 'java.lang.NullPointerException: Cannot invoke "Cart.total()" because "cart" is null'),
    (73, "thread 'main' panicked at src/main.rs:4:5:\nindex out of bounds: the len is 3 but the index is 7"),
    (73, "app/models/order.rb:12:in `total': undefined method `sum' for nil (NoMethodError)"),
    (73, "TypeError: rates.find is not a function\n    at convert (/app/fx.js:9:14)"),
]


@pytest.mark.parametrize("spoken", LAST_WORDS, ids=lambda spoken: f"{spoken.mode}: {spoken.software}")
def test_the_last_words_of_known_software_name_their_mode(spoken: LastWords) -> None:
    """A wrong mode sends somebody to the wrong place; near misses are bugs that sound like others."""
    finding = only(ending_with(spoken.log, mount=spoken.mount))
    assert finding.mode.code == spoken.mode, finding.cause
    said = " ".join((finding.cause, *(item.text for item in finding.evidence)))
    assert all(word in said for word in spoken.words), said


def test_the_corpus_holds_its_near_misses() -> None:
    """Recognition is worth nothing where what only sounds alike is recognised too."""
    assert sum(not spoken.near for spoken in LAST_WORDS) >= 150
    assert sum(spoken.near for spoken in LAST_WORDS) >= 50


@pytest.mark.parametrize(("mode", "log"), SAID)
def test_last_words_are_understood(mode: int, log: str) -> None:
    """Otherwise somebody reads that a container ends with code 1, which they knew."""
    finding = only(ending_with(f"INFO starting\n{log}\n"))
    assert finding.mode.number == mode, finding.cause
    assert finding.subject.name == "orders"


GONE_ON_AFTER = "\n".join(
    (
        "WARN redis: dial tcp 10.96.0.20:6379: connect: connection refused, retrying in 1s",
        "INFO redis: connected",
        "INFO certificate has expired for 0 of 12 hosts",
    )
)


def test_what_a_program_went_on_after_did_not_end_it() -> None:
    """The connection came; the bug is what ended it."""
    finding = only(
        ending_with(f"{GONE_ON_AFTER}\nTypeError: rates.find is not a function\n    at convert (/app/fx.js:9)")
    )
    assert finding.mode.number == 73


def test_what_an_error_grew_out_of_counts() -> None:
    """Frameworks wrap: the last exception only says that the start failed."""
    log = (
        "Traceback (most recent call last):\n"
        "ConnectionRefusedError: [Errno 111] Connection refused\n\n"
        "During handling of the above exception, another exception occurred:\n\n"
        "Traceback (most recent call last):\n"
        "RuntimeError: startup failed\n"
    )
    assert only(ending_with(log)).mode.number == 82


@pytest.mark.parametrize("text", ["LISTEN_PORT", "80a"])
def test_a_value_that_cannot_be_used_is_named_with_its_variable(text: str) -> None:
    log = "ValueError: invalid literal for int() with base 10: '80a'"
    finding = only(ending_with(log, env=[{"name": "LISTEN_PORT", "value": "80a"}]))
    assert finding.mode.number == 70
    assert text in finding.cause


def test_a_conversion_of_something_else_is_a_bug_and_no_setting() -> None:
    """A row of an imported file was odd; the configuration is right."""
    assert only(ending_with("ValueError: invalid literal for int() with base 10: 'n/a'")).mode.number == 73


def test_whose_credentials_were_refused_is_said_and_what_they_are_is_not() -> None:
    chosen = {"secretKeyRef": {"name": "shop-db", "key": "password"}}
    env: list[dict[str, Any]] = [{"name": "DB_PASSWORD", "valueFrom": chosen}, {"name": "LEVEL", "value": "info"}]
    finding = only(ending_with('FATAL: password authentication failed for user "shop"', env=env))
    assert "Secret shop-db, key password (DB_PASSWORD)" in finding.cause
    assert "LEVEL" not in finding.cause


def test_a_database_on_localhost_is_the_pod_itself() -> None:
    env = [{"name": "DATABASE_URL", "value": "postgres://shop@localhost:5432/shop"}]
    finding = only(ending_with("Error: connect ECONNREFUSED 127.0.0.1:5432", env=env))
    assert "localhost:5432 (DATABASE_URL), which is its own pod" in finding.cause


def test_a_program_that_never_ended_by_itself_has_no_last_words() -> None:
    """Asked to stop, it logs that connections were reset: that is the stop."""
    base = ending_with("Error: read ECONNRESET\nTypeError: late")
    pods = [copy.deepcopy(dict(pod)) for pod in base.objects["Pod"]]
    for pod in pods:
        (status,) = pod["status"]["containerStatuses"]
        status |= {"state": {"running": {"startedAt": "2026-11-24T00:00:00Z"}}, "lastState": {}, "restartCount": 0}
        status |= {"ready": True, "started": True}
        for condition in pod["status"]["conditions"]:
            condition["status"] = "True"
    assert found(replace(base, objects={**base.objects, "Pod": pods})) == []


@pytest.mark.parametrize("code", [137, 143])
def test_an_end_by_somebody_else_is_no_bug_of_the_program(code: int) -> None:
    base = ending_with("TypeError: late")
    pods = [copy.deepcopy(dict(pod)) for pod in base.objects["Pod"]]
    for pod in pods:
        for state in ("state", "lastState"):
            ended = pod["status"]["containerStatuses"][0].get(state, {}).get("terminated")
            if ended:
                ended["exitCode"] = code
    assert 73 not in [finding.mode.number for finding in found(replace(base, objects={**base.objects, "Pod": pods}))]


def test_a_missing_setting_is_that_and_no_exception() -> None:
    assert only(ending_with("KeyError: 'STRIPE_TOKEN'")).mode.number == 69


def test_a_fault_without_a_word_is_told_by_its_status() -> None:
    base = ending_with("")
    pods = [copy.deepcopy(dict(pod)) for pod in base.objects["Pod"]]
    for pod in pods:
        for state in ("state", "lastState"):
            ended = pod["status"]["containerStatuses"][0].get(state, {}).get("terminated")
            if ended:
                ended["exitCode"] = 139
    finding = only(replace(base, objects={**base.objects, "Pod": pods}))
    assert finding.mode.number == 73
    assert "a segmentation fault" in finding.cause


@pytest.mark.parametrize(
    "said", ["cannot connect to db:5432: connection refused", "connect to {address}: Connection refused"]
)
def test_who_only_had_to_wait_for_its_database_is_well(said: str) -> None:
    """It was restarted twice while the database came up, and serves now."""
    base = world("restarted-until-its-database-came")
    (service,) = (item for item in base.objects["Service"] if item["metadata"]["name"] == "db")
    log = said.format(address=service["spec"]["clusterIP"])
    assert found(replace(base, logs=dict.fromkeys(base.logs, log))) == []


JSON_LOG = """
{"time":"2026-11-25T10:00:00.5432Z","level":"info","msg":"starting"}
{"time":"2026-11-25T10:00:01.6379Z","level":"error","msg":"failed","err":{"message":"connection refused"}}
"""


def test_a_number_in_a_time_stamp_is_no_port() -> None:
    finding = only(ending_with(JSON_LOG))
    assert "cannot connect: connection refused" in finding.cause
    assert "5432" not in finding.cause


def test_the_service_that_takes_no_connection_is_said_with_what_it_lacks() -> None:
    """Otherwise somebody checks the address first, and it is right."""
    base = ending_with("Error: connect ECONNREFUSED 10.96.200.9:6379")
    lonely = {
        "kind": "Service",
        "metadata": {"name": "cache", "namespace": base.objects["Pod"][0]["metadata"]["namespace"]},
        "spec": {"selector": {"app": "cache"}, "clusterIP": "10.96.200.9", "clusterIPs": ["10.96.200.9"]},
    }
    world = replace(base, objects={**base.objects, "Service": [*base.objects["Service"], lonely]})
    causes = [finding.cause for finding in found(world) if finding.mode.code == "dependency-unreachable"]
    assert any(
        "cannot connect to Service cache (10.96.200.9:6379): connection refused; Service cache has no pod" in cause
        for cause in causes
    )


def test_a_name_of_another_namespace_is_said_in_full() -> None:
    base = ending_with("panic: dial tcp: lookup ledger on 10.96.0.10:53: no such host")
    other = {
        "kind": "Service",
        "metadata": {"name": "ledger", "namespace": "books"},
        "spec": {"clusterIP": "10.96.7.7"},
    }
    finding = only(replace(base, objects={**base.objects, "Service": [*base.objects["Service"], other]}))
    assert finding.mode.code == "service-name-wrong"
    assert "one exists in namespace books: ledger.books" in finding.cause


def test_an_answer_about_one_name_is_no_silent_name_server() -> None:
    """Somebody would look at CoreDNS, which is well."""
    for told in ("no such host", "server misbehaving"):
        finding = only(ending_with(f"panic: dial tcp: lookup api.partner.example on 10.96.0.10:53: {told}"))
        assert finding.mode.code == "dependency-unreachable"
        assert "cannot resolve api.partner.example" in finding.cause


def test_no_answer_at_all_is_a_silent_name_server() -> None:
    log = (
        "panic: dial tcp: lookup api.partner.example on 10.96.0.10:53: read udp 10.1.1.9:41->10.96.0.10:53: i/o timeout"
    )
    assert only(ending_with(log)).mode.code == "dns-unanswered"


def test_a_setting_that_is_given_is_not_called_missing() -> None:
    """The program says so of another reading of it; the object proves that it is set."""
    log = "Error: DATABASE_URL is not set"
    assert only(ending_with(log)).mode.code == "setting-missing"
    given = [{"name": "DATABASE_URL", "value": "postgres://db/shop"}]
    assert only(ending_with(log, env=given)).mode.code == "exception"


KUBECTL = (
    'Error from server (Forbidden): pods is forbidden: User "system:serviceaccount:a:b" cannot list resource "pods"'
)


def test_what_kubectl_prints_is_not_the_kubelet_about_a_log() -> None:
    """An init container that runs kubectl would otherwise seem to have said nothing."""
    assert readable(KUBECTL) == KUBECTL
    for told in (
        "unable to retrieve container logs for containerd://4f1c",
        'previous terminated container "app" in pod "web-1" not found',
        'Error from server (BadRequest): previous terminated container "app" in pod "web-1" not found',
        'failed to try resolving symlinks in path "/var/log/pods/a_b_c/app/0.log": lstat /var/log/pods: no such file',
    ):
        assert readable(told) == ""


def test_a_read_only_root_is_said_where_the_program_writes_beside_its_volumes() -> None:
    """Otherwise somebody looks for a volume, and there is none at that path."""
    base = ending_with("OSError: [Errno 30] Read-only file system: '/app/cache'")
    assert only(base).mode.code == "exception"
    pods = [copy.deepcopy(dict(pod)) for pod in base.objects["Pod"]]
    for pod in pods:
        pod["spec"]["containers"][0]["securityContext"] = {"readOnlyRootFilesystem": True}
    finding = only(replace(base, objects={**base.objects, "Pod": pods}))
    assert finding.mode.code == "volume-denied"
    assert "writes to /app/cache, and its root file system is read-only" in finding.cause


def test_events_counted_together_say_what_each_of_them_said() -> None:
    """A rule that looks how a message begins would miss every event that happened often."""
    about = {"kind": "Pod", "namespace": "shop", "name": "web-1"}
    pod = {"kind": "Pod", "metadata": {"namespace": "shop", "name": "web-1"}}
    event = {
        "kind": "Event",
        "involvedObject": about,
        "message": "(combined from similar events): Liveness probe failed",
    }
    graph = Graph(replace(ending_with(""), objects={"Event": [event]}))
    assert [found["message"] for found in graph.events(pod)] == ["Liveness probe failed"]
    assert [found["message"] for found in graph.all("Event")] == ["Liveness probe failed"]
