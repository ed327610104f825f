"""Credential plugins, as EKS, GKE and AKS have them: what works with kubectl works here, and nothing of it is shown.

What decides whether a plugin is run at all (owner, checkout, link) is in test_kubeconfig.py.
"""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.apiserver import serving
from tests.fakes.executables import Executable, Replay, install
from tools import credential
from tools.access import Access
from tools.cluster import connect
from tools.credential import Credential
from tools.deadline import Deadline
from tools.failure import Failure, FailureKind
from tools.kubeconfig import access

V1, V1BETA1 = "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"
CANARY = "plugin-canary-0123456789"
ROOT = Path(__file__).parents[2]

Raw = dict[str, Any]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the developer's own configuration out, and begin with nothing cached."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home)
    monkeypatch.delenv("KUBECONFIG", raising=False)
    credential._CACHE.clear()


def printed(**status: Any) -> Replay:
    return Replay(json.dumps({"apiVersion": V1, "kind": "ExecCredential", "status": status}).encode())


def program(folder: Path, replay: Replay) -> Executable:
    return install(folder / "bin", "get-token", replay)


def kubeconfig(folder: Path, plugin: Mapping[str, Any], **cluster: Any) -> Path:
    path = folder / "own" / "kubeconfig"
    path.parent.mkdir(exist_ok=True)
    document = {
        "current-context": "prod",
        "contexts": [{"name": "prod", "context": {"cluster": "prod", "user": "me"}}],
        "clusters": [{"name": "prod", "cluster": {"server": "https://prod.example", **cluster}}],
        "users": [{"name": "me", "user": {"exec": {"apiVersion": V1, **plugin}}}],
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    path.chmod(0o600)
    return path


def found(path: Path) -> Access:
    result = access("", str(path))
    assert isinstance(result, Access), result
    return result


def failed(path: Path) -> Failure:
    """Return why there is no access, having made sure that it is one inert line without the credential."""
    result = access("", str(path))
    assert isinstance(result, Failure), result
    assert str(result).isprintable()
    assert CANARY not in f"{result!r}{result}"
    return result


def asked(call_environment: Mapping[str, str]) -> Raw:
    info: Raw = json.loads(call_environment["KUBERNETES_EXEC_INFO"])
    return info


@pytest.mark.parametrize("version", [V1, V1BETA1])
def test_a_plugin_is_asked_in_the_version_the_kubeconfig_names(tmp_path: Path, version: str) -> None:
    """Asked in another, aws and gke plugins end with an error: nobody on EKS or GKE could look at anything."""
    plugin = program(tmp_path, printed(token=CANARY))
    path = kubeconfig(tmp_path, {"command": str(plugin.path), "apiVersion": version})
    assert found(path).token == CANARY
    info = asked(plugin.calls()[0].environment)
    assert (info["kind"], info["apiVersion"], info["spec"]) == ("ExecCredential", version, {"interactive": False})


@pytest.mark.parametrize("version", ["client.authentication.k8s.io/v1alpha1", "", None, 3, [V1], "\x1b[31mv1"])
def test_a_version_nobody_speaks_any_more_is_refused_before_anything_runs(tmp_path: Path, version: object) -> None:
    """v1alpha1 went with Kubernetes 1.24; what kubectl refuses, a person must be able to recognise here."""
    plugin = program(tmp_path, printed(token=CANARY))
    failure = failed(kubeconfig(tmp_path, {"command": str(plugin.path), "apiVersion": version}))
    assert failure.kind is FailureKind.CONFIG
    assert V1BETA1 in failure.detail
    assert plugin.calls() == []


def test_a_token_is_what_the_server_gets(tmp_path: Path) -> None:
    plugin = program(tmp_path, printed(token=f"{CANARY}\n"))  # of a shell script that used echo
    with serving() as server:
        reader = connect(
            found(kubeconfig(tmp_path, {"command": str(plugin.path)}, server=f"http://127.0.0.1:{server.port}")),
            Deadline.after(5),
        )
        assert not isinstance(reader, Failure)
        reader.get("/version")
        reader.close()
    assert server.asked[0].headers["Authorization"] == f"Bearer {CANARY}"


def test_a_certificate_comes_with_its_key(tmp_path: Path) -> None:
    plugin = program(tmp_path, printed(clientCertificateData="CERT", clientKeyData="KEY"))
    read = found(kubeconfig(tmp_path, {"command": str(plugin.path)}))
    assert (read.certificate, read.key, read.token) == (b"CERT", b"KEY", "")
    assert "KEY" not in repr(read)


@pytest.mark.parametrize("half", [{"clientCertificateData": "CERT"}, {"clientKeyData": CANARY}])
def test_half_a_certificate_is_said(tmp_path: Path, half: Raw) -> None:
    """Paired with a key from elsewhere the server would be blamed for refusing it."""
    plugin = program(tmp_path, printed(token=CANARY, **half))
    failure = failed(kubeconfig(tmp_path, {"command": str(plugin.path)}))
    assert failure.kind is FailureKind.MALFORMED
    assert "without its" in failure.detail


def test_a_certificate_that_is_none_blames_the_kubeconfig_and_not_the_server(tmp_path: Path) -> None:
    """OpenSSL's words for it were shown as the server's certificate not being trusted."""
    plugin = program(tmp_path, printed(clientCertificateData=f"not PEM {CANARY}", clientKeyData=f"nor this {CANARY}"))
    read = found(kubeconfig(tmp_path, {"command": str(plugin.path)}))
    reader = connect(read, Deadline.after(5))
    assert isinstance(reader, Failure)
    assert reader.kind is FailureKind.CONFIG
    assert "client certificate" in reader.detail
    assert CANARY not in str(reader)


def test_a_credential_is_asked_for_once_a_run_and_for_each_cluster(tmp_path: Path) -> None:
    """Each can cost a second, or a browser window; and one cluster's must never be sent to another."""
    plugin = program(tmp_path, printed(token=CANARY))
    for server in ("https://one", "https://one", "https://two"):
        assert found(kubeconfig(tmp_path, {"command": str(plugin.path)}, server=server)).token == CANARY
    assert len(plugin.calls()) == 2


@pytest.mark.parametrize(
    ("left", "calls"),
    [(timedelta(hours=-1), 2), (timedelta(seconds=5), 2), (timedelta(minutes=10), 1)],
)
@pytest.mark.parametrize("shape", ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.123456789Z", "%Y-%m-%dT%H:%M:%S%z"])
def test_a_credential_that_ends_meanwhile_is_asked_for_again(
    tmp_path: Path, left: timedelta, calls: int, shape: str
) -> None:
    """A token that expires between two lists would end a look in 401s. Go, Rust and Python write times differently."""
    end = (datetime.now(UTC) + left).strftime(shape)
    plugin = program(tmp_path, printed(token=CANARY, expirationTimestamp=end))
    path = kubeconfig(tmp_path, {"command": str(plugin.path)})
    found(path)
    found(path)
    assert len(plugin.calls()) == calls


def test_a_failure_is_not_kept(tmp_path: Path) -> None:
    """Logged in meanwhile, a person must not have to start again."""
    plugin = program(tmp_path, Replay(stderr=b"not logged in\n", code=1))
    path = kubeconfig(tmp_path, {"command": str(plugin.path)})
    assert "not logged in" in failed(path).detail
    program(tmp_path, printed(token=CANARY))
    assert found(path).token == CANARY


# What goes wrong


def test_a_plugin_that_is_not_installed_is_said_in_its_own_words_made_inert(tmp_path: Path) -> None:
    hint = "\x1b]0;owned\x07To install:\r\n\tbrew \x1b[31minstall\x1b[0m \u202eit\n"
    failure = failed(kubeconfig(tmp_path, {"command": "no-such-plugin\x1b[31m", "installHint": hint}))
    assert failure.kind is FailureKind.MISSING
    assert "no-such-plugin" in failure.what
    assert failure.hint == "To install: brew install it"


@pytest.mark.parametrize("hint", [3, ["x"], {"a": "b"}, None])
def test_an_odd_hint_ends_nothing(tmp_path: Path, hint: object) -> None:
    assert failed(kubeconfig(tmp_path, {"command": "gone", "installHint": hint})).kind is FailureKind.MISSING


def test_a_plugin_that_may_not_be_run_or_is_no_program_is_one_failure(tmp_path: Path) -> None:
    plugin = program(tmp_path, printed(token=CANARY))
    path = kubeconfig(tmp_path, {"command": str(plugin.path)})
    plugin.path.write_bytes(b"\x7fELF neither")
    assert "get-token" in failed(path).what
    plugin.path.chmod(0o600)
    assert "get-token" in failed(path).what
    plugin.path.unlink()
    plugin.path.mkdir()
    assert failed(path).kind is FailureKind.MISSING


def test_a_plugin_that_hangs_is_ended_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that waits for a browser nobody sees would hang the command, and go on after it."""
    monkeypatch.setattr("tools.kubeconfig.PLUGIN", 1.0)
    replay = Replay(json.dumps({"status": {"token": CANARY}}).encode(), stubborn=True)
    plugin = program(tmp_path, replay)
    began = time.monotonic()
    failure = failed(kubeconfig(tmp_path, {"command": str(plugin.path)}))
    assert failure.kind is FailureKind.TIMEOUT
    assert time.monotonic() - began < 10
    (call,) = plugin.calls()
    end = time.monotonic() + 5  # a child that was killed goes a moment later
    while (is_alive(call.pid) or is_alive(call.child)) and time.monotonic() < end:
        time.sleep(0.01)
    assert not is_alive(call.pid)
    assert not is_alive(call.child)


def is_alive(pid: int) -> bool:
    """Return whether a process runs; one that has ended and was not waited for by its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


TOKEN_AND_MORE = json.dumps({"kind": "ExecCredential", "status": {"token": CANARY}}).encode()

PRINTED = {
    "nothing": b"",
    "half": TOKEN_AND_MORE[:-3],
    "twice": TOKEN_AND_MORE * 2,
    "a word before": b"Opening your browser...\n" + TOKEN_AND_MORE,
    "bare token": CANARY.encode(),
    "no status": b'{"kind": "ExecCredential", "token": "' + CANARY.encode() + b'"}',
    "null status": b'{"status": null}',
    "a Status": b'{"kind": "Status", "status": "Failure", "message": "' + CANARY.encode() + b'"}',
    "token of another type": b'{"status": {"token": {"value": "' + CANARY.encode() + b'"}}}',
    "a list of tokens": b'{"status": {"token": ["' + CANARY.encode() + b'"]}}',
    "certificate of another type": b'{"status": {"clientCertificateData": 3, "clientKeyData": true}}',
    "lines in the token": json.dumps({"status": {"token": f"{CANARY}\r\nX-Evil: 1"}}).encode(),
    "a token no header can carry": json.dumps({"status": {"token": f"{CANARY}€"}}).encode(),
    "half a letter": b'{"status": {"token": "' + CANARY.encode() + b'\\ud800"}}',
    "not UTF-8": b'{"status": {"token": "' + CANARY.encode() + b'\xff"}}',
    "no time": json.dumps({"status": {"token": CANARY, "expirationTimestamp": "soon"}}).encode(),
    "a number for a time": json.dumps({"status": {"token": CANARY, "expirationTimestamp": 3}}).encode(),
    "before all time": json.dumps({"status": {"token": CANARY, "expirationTimestamp": "0001-01-01T00:00:00"}}).encode(),
    "a number of 5000 digits": b'{"status": {"token": "'
    + CANARY.encode()
    + b'", "expirationTimestamp": %s}}' % (b"9" * 5000),
    "nested": b'{"status":' * 20_000,
}


@pytest.mark.parametrize("name", PRINTED)
def test_what_is_no_credential_is_one_line_without_it(tmp_path: Path, name: str) -> None:
    plugin = program(tmp_path, Replay(PRINTED[name]))
    failure = failed(kubeconfig(tmp_path, {"command": str(plugin.path)}))
    assert failure.kind is FailureKind.MALFORMED
    assert "get-token" in failure.what


def test_more_than_any_credential_is_not_kept(tmp_path: Path) -> None:
    plugin = program(tmp_path, Replay(b"x" * 1024, repeat=8192))
    assert failed(kubeconfig(tmp_path, {"command": str(plugin.path)})).kind is FailureKind.MALFORMED


@pytest.mark.parametrize(
    "stderr",
    [
        "error: refused: token={}",
        "Authorization: Bearer {}",
        "\x1b[31mclient {} was refused\x1b[0m",
        "could not log in as {}@tenant",
    ],
)
def test_last_words_are_said_without_the_secrets_in_them(tmp_path: Path, stderr: str) -> None:
    """kubelogin and aad plugins get a client secret in `env`, and echo it when it is refused."""
    plugin = program(tmp_path, Replay(TOKEN_AND_MORE, stderr.format(CANARY).encode(), code=1))
    env = [{"name": "AZURE_CLIENT_SECRET", "value": CANARY}, {"name": "AZURE_TENANT_ID", "value": "tenant"}]
    failure = failed(kubeconfig(tmp_path, {"command": str(plugin.path), "env": env}))
    assert failure.detail.startswith("exit status 1: ")
    assert "log in" in failure.hint


def test_a_profile_that_is_not_there_is_said_by_name(tmp_path: Path) -> None:
    """Masked like a secret, the one word that helps would be gone."""
    plugin = program(tmp_path, Replay(stderr=b"The config profile (production) could not be found\n", code=255))
    env = [{"name": "AWS_PROFILE", "value": "production"}]
    assert "(production)" in failed(kubeconfig(tmp_path, {"command": str(plugin.path), "env": env})).detail


def test_a_plugin_that_is_killed_is_said(tmp_path: Path) -> None:
    plugin = program(tmp_path, Replay(TOKEN_AND_MORE, signal=9))
    failure = failed(kubeconfig(tmp_path, {"command": str(plugin.path)}))
    assert (failure.kind, "SIGKILL" in failure.detail) == (FailureKind.KILLED, True)


# How it is run


def test_a_bare_command_is_looked_for_on_the_users_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is where `aws` and `gke-gcloud-auth-plugin` are; a folder that is relative is never searched."""
    plugin = program(tmp_path, printed(token=CANARY))
    planted = install(tmp_path / "home", "get-token", printed(token="planted"))
    monkeypatch.setenv("PATH", f".::{plugin.path.parent}")
    assert found(kubeconfig(tmp_path, {"command": "get-token"})).token == CANARY
    assert planted.calls() == []


@pytest.mark.parametrize("command", ["../bin/get-token", "./../bin/get-token"])
def test_a_relative_command_belongs_to_the_kubeconfigs_folder(tmp_path: Path, command: str) -> None:
    plugin = program(tmp_path, printed(token=CANARY))
    assert found(kubeconfig(tmp_path, {"command": command})).token == CANARY
    assert len(plugin.calls()) == 1


def test_the_environment_is_the_users_and_the_kubeconfigs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the proxy and the company's authority no cloud answers; other programs' keys are not its business."""
    passed = {
        "AWS_REGION": "eu-west-1",
        "CLOUDSDK_CONFIG": "/c",
        "https_proxy": "http://proxy:3128",
        "ALL_PROXY": "socks5://proxy",
        "SSL_CERT_FILE": "/ca.pem",
        "REQUESTS_CA_BUNDLE": "/ca.pem",
        "XDG_DATA_HOME": "/data",
    }
    kept_back = {"OPENAI_API_KEY": CANARY, "GITHUB_TOKEN": CANARY, "LD_PRELOAD": "", "PYTHONPATH": "/p"}
    for name, value in (passed | kept_back).items():
        monkeypatch.setenv(name, value)
    plugin = program(tmp_path, printed(token=CANARY))
    env = [{"name": "AWS_REGION", "value": "us-east-1"}, {"name": "FLAG"}, {"name": "NOTHING", "value": None}]
    found(kubeconfig(tmp_path, {"command": str(plugin.path), "env": env, "args": ["token", "--", "a b", "$HOME"]}))
    (call,) = plugin.calls()
    assert call.argv == ["token", "--", "a b", "$HOME"]
    told = passed | {"AWS_REGION": "us-east-1", "FLAG": "", "NOTHING": ""}
    assert {name: call.environment.get(name) for name in told} == told
    assert not set(kept_back) & set(call.environment)
    assert call.folder == os.environ["HOME"]


@pytest.mark.parametrize("home", ["/nonexistent", ""])
def test_a_home_that_is_not_there_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str) -> None:
    """As a container's user often has it: the plugin was said to be missing."""
    monkeypatch.setenv("HOME", home)
    plugin = program(tmp_path, printed(token=CANARY))
    assert found(kubeconfig(tmp_path, {"command": str(plugin.path)})).token == CANARY


def test_a_folder_deleted_under_our_feet_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    plugin = program(tmp_path, printed(token=CANARY))
    assert found(kubeconfig(tmp_path, {"command": str(plugin.path)})).token == CANARY


@pytest.mark.parametrize("mode", ["Never", "IfAvailable", None])
def test_a_plugin_that_can_do_without_a_terminal_is_run(tmp_path: Path, mode: str | None) -> None:
    plugin = program(tmp_path, printed(token=CANARY))
    assert found(kubeconfig(tmp_path, {"command": str(plugin.path), "interactiveMode": mode})).token == CANARY
    assert asked(plugin.calls()[0].environment)["spec"]["interactive"] is False


def test_a_plugin_that_wants_a_terminal_is_not_run(tmp_path: Path) -> None:
    """It would read from nowhere, and the person never learn that it had asked something."""
    plugin = program(tmp_path, printed(token=CANARY))
    failure = failed(kubeconfig(tmp_path, {"command": str(plugin.path), "interactiveMode": "Always"}))
    assert "interactiveMode" in failure.detail
    assert plugin.calls() == []


def test_the_authority_in_a_file_is_told_as_kubectl_tells_it(tmp_path: Path) -> None:
    """The plugin cannot know what folder a path belongs to."""
    plugin = program(tmp_path, printed(token=CANARY))
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "ca.pem").write_text("AUTHORITY")
    more = {"certificate-authority": "ca.pem", "tls-server-name": "api"}
    found(kubeconfig(tmp_path, {"command": str(plugin.path), "provideClusterInfo": True}, **more))
    assert asked(plugin.calls()[0].environment)["spec"]["cluster"] == {
        "server": "https://prod.example",
        "tls-server-name": "api",
        "certificate-authority-data": base64.b64encode(b"AUTHORITY").decode(),
    }


@pytest.mark.parametrize(
    "more",
    [
        {"env": [{"name": "A=B", "value": "c"}]},
        {"env": [{"value": "c"}]},
        {"env": [{"name": "A", "value": 3}]},
        {"env": {"A": "B"}},
        {"args": ["a", 3]},
        {"args": ["a\0b"]},
        {"args": "get-token"},
        {"command": "a\0b"},
        {"command": ["get-token"]},
        {"command": ""},
    ],
)
def test_an_entry_no_process_can_be_made_of_is_one_failure(tmp_path: Path, more: Raw) -> None:
    plugin = program(tmp_path, printed(token=CANARY))
    failure = failed(kubeconfig(tmp_path, {"command": str(plugin.path), **more}))
    assert (failure.kind, plugin.calls()) == (FailureKind.CONFIG, [])


def test_a_credential_is_not_shown_by_repr() -> None:
    """A traceback with locals, or a careless log line, would carry it."""
    assert CANARY not in repr(Credential(CANARY, CANARY.encode(), CANARY.encode()))


# Credentials without a plugin


def plain(folder: Path, user: Raw, **cluster: Any) -> Path:
    path = kubeconfig(folder, {}, **cluster)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"users": [{"name": "me", "user": user}]}))
    return path


@pytest.mark.parametrize("content", [f"{CANARY}\xff".encode("latin-1"), f"{CANARY}\nX: y".encode()])
def test_a_token_file_that_holds_no_token_is_one_line_without_it(tmp_path: Path, content: bytes) -> None:
    """http.client quotes a header it refuses, and the bearer token was on the screen."""
    (tmp_path / "token").write_bytes(content)
    failure = failed(plain(tmp_path, {"tokenFile": str(tmp_path / "token")}))
    assert (failure.kind, "header" in failure.detail) == (FailureKind.CONFIG, True)


def test_a_password_of_any_letters_is_sent_as_utf_8(tmp_path: Path) -> None:
    """As kubectl sends it; the command ended at the first letter outside of Latin-1."""
    with serving() as server:
        path = plain(tmp_path, {"username": "zoë", "password": "100€"}, server=f"http://127.0.0.1:{server.port}")
        reader = connect(found(path), Deadline.after(5))
        assert not isinstance(reader, Failure)
        reader.get("/version")
        reader.close()
    assert base64.b64decode(server.asked[0].headers["Authorization"].removeprefix("Basic ")).decode() == "zoë:100€"


def test_an_authority_that_is_no_certificate_is_said(tmp_path: Path) -> None:
    """It was shown as OpenSSL's X509 error with the question whether the cluster runs."""
    authority = base64.b64encode(b"not PEM").decode()
    reader = connect(
        found(plain(tmp_path, {"token": CANARY}, **{"certificate-authority-data": authority})), Deadline.after(5)
    )
    assert isinstance(reader, Failure)
    assert (reader.kind, "authority" in reader.detail) == (FailureKind.CONFIG, True)


# The whole command


COMMAND_CASES = {
    "token": (printed(token=CANARY), 3),
    "lines in the token": (printed(token=f"{CANARY}\nX: y"), 3),
    "certificate": (printed(clientCertificateData=CANARY, clientKeyData=CANARY), 3),
    "refused": (Replay(TOKEN_AND_MORE, f"password={CANARY} refused".encode(), code=1), 3),
}


@pytest.mark.parametrize("name", COMMAND_CASES)
def test_the_command_says_one_line_and_leaves_nothing_behind(tmp_path: Path, name: str) -> None:
    """`agent diagnose` with a credential that helps nothing: exit 3, one line, no file with a key in it."""
    replay, code = COMMAND_CASES[name]
    plugin = program(tmp_path, replay)
    path = kubeconfig(tmp_path, {"command": str(plugin.path)}, server="http://127.0.0.1:1")
    path.write_text(path.read_text().replace('"prod"', '"prod\\u001b[31m"'))  # eksctl's names hold what users typed
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    env = {"HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"], "TMPDIR": str(temporary)}
    argv = [sys.executable, "-m", "agent", "diagnose", "--kubeconfig", str(path)]
    done = subprocess.run(argv, capture_output=True, text=True, env=env, cwd=ROOT, timeout=60)
    assert (done.returncode, done.stdout) == (code, "")
    assert len(done.stderr.splitlines()) == 1
    assert "\x1b" not in done.stderr
    assert CANARY not in done.stderr
    assert "unforeseen" not in done.stderr
    assert list(temporary.iterdir()) == []
