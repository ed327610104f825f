"""What programs say when they end, in the words of well-known ones, and what only sounds like it."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from agent.diagnose.finding import Finding
from agent.snapshot.record import Snapshot
from tests.fakes.captures import found, world


def saying(log: str, *, env: Sequence[dict[str, Any]] = (), name: str = "exception-at-start") -> Snapshot:
    """Return the capture of a program that ends again and again, with other last words and variables."""
    base = world(name)
    pods = [copy.deepcopy(dict(pod)) for pod in base.objects["Pod"]]
    for pod in pods:
        pod["spec"]["containers"][0]["env"] = list(env)
    return replace(base, logs=dict.fromkeys(base.logs, log), objects={**base.objects, "Pod": pods})


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


@pytest.mark.parametrize(("mode", "log"), SAID)
def test_last_words_are_understood(mode: int, log: str) -> None:
    """Otherwise somebody reads that a container ends with code 1, which they knew."""
    finding = only(saying(f"INFO starting\n{log}\n"))
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
    finding = only(saying(f"{GONE_ON_AFTER}\nTypeError: rates.find is not a function\n    at convert (/app/fx.js:9)"))
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
    assert only(saying(log)).mode.number == 82


@pytest.mark.parametrize("text", ["LISTEN_PORT", "80a"])
def test_a_value_that_cannot_be_used_is_named_with_its_variable(text: str) -> None:
    log = "ValueError: invalid literal for int() with base 10: '80a'"
    finding = only(saying(log, env=[{"name": "LISTEN_PORT", "value": "80a"}]))
    assert finding.mode.number == 70
    assert text in finding.cause


def test_a_conversion_of_something_else_is_a_bug_and_no_setting() -> None:
    """A row of an imported file was odd; the configuration is right."""
    assert only(saying("ValueError: invalid literal for int() with base 10: 'n/a'")).mode.number == 73


def test_whose_credentials_were_refused_is_said_and_what_they_are_is_not() -> None:
    chosen = {"secretKeyRef": {"name": "shop-db", "key": "password"}}
    env: list[dict[str, Any]] = [{"name": "DB_PASSWORD", "valueFrom": chosen}, {"name": "LEVEL", "value": "info"}]
    finding = only(saying('FATAL: password authentication failed for user "shop"', env=env))
    assert "Secret shop-db, key password (DB_PASSWORD)" in finding.cause
    assert "LEVEL" not in finding.cause


def test_a_database_on_localhost_is_the_pod_itself() -> None:
    env = [{"name": "DATABASE_URL", "value": "postgres://shop@localhost:5432/shop"}]
    finding = only(saying("Error: connect ECONNREFUSED 127.0.0.1:5432", env=env))
    assert "localhost:5432 (DATABASE_URL), which is its own pod" in finding.cause


def test_a_program_that_never_ended_by_itself_has_no_last_words() -> None:
    """Asked to stop, it logs that connections were reset: that is the stop."""
    base = saying("Error: read ECONNRESET\nTypeError: late")
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
    base = saying("TypeError: late")
    pods = [copy.deepcopy(dict(pod)) for pod in base.objects["Pod"]]
    for pod in pods:
        for state in ("state", "lastState"):
            ended = pod["status"]["containerStatuses"][0].get(state, {}).get("terminated")
            if ended:
                ended["exitCode"] = code
    assert 73 not in [finding.mode.number for finding in found(replace(base, objects={**base.objects, "Pod": pods}))]


def test_a_missing_setting_is_that_and_no_exception() -> None:
    assert only(saying("KeyError: 'STRIPE_TOKEN'")).mode.number == 69


def test_a_fault_without_a_word_is_told_by_its_status() -> None:
    base = saying("")
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
