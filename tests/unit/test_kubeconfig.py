"""The user's kubeconfig: read as kubectl reads it, and no checkout, stranger or half a file decides what runs."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.executables import Executable, Replay, install
from tools import credential, incluster, urls
from tools.access import Access, write_kubeconfig
from tools.failure import Failure, FailureKind
from tools.kubeconfig import access, contexts

Raw = dict[str, Any]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the developer's own configuration out, and stand in a folder that is no checkout."""
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home)
    credential._CACHE.clear()


def config(name: str = "a", *, user: Mapping[str, Any] | None = None, cluster: Mapping[str, Any] | None = None) -> Raw:
    return {
        "current-context": name,
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": f"ns-{name}"}}],
        "clusters": [{"name": name, "cluster": {"server": f"https://{name}.example:6443", **(cluster or {})}}],
        "users": [{"name": name, "user": dict(user or {"token": f"token-{name}"})}],
    }


def write(path: Path, document: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    path.chmod(0o600)
    return path


def found(context: str = "", kubeconfig: Path | str = "") -> Access:
    result = access(context, str(kubeconfig))
    assert isinstance(result, Access), result
    return result


def failed(context: str = "", kubeconfig: Path | str = "") -> Failure:
    result = access(context, str(kubeconfig))
    assert isinstance(result, Failure), result
    assert "\n" not in str(result)
    return result


def test_the_current_context(tmp_path: Path) -> None:
    read = found(kubeconfig=write(tmp_path / "k", config()))
    assert (read.context, read.server, read.namespace, read.token) == ("a", "https://a.example:6443", "ns-a", "token-a")


def test_files_are_merged_and_the_first_to_name_a_thing_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = write(tmp_path / "1" / "k", config("a")), write(tmp_path / "2" / "k", config("b"))
    two_a = json.loads(two.read_text())
    two_a["clusters"].append({"name": "a", "cluster": {"server": "https://imposter"}})
    write(two, two_a)
    monkeypatch.setenv("KUBECONFIG", f"{one}::{tmp_path / 'missing'}:{two}")
    assert found().context == "a"
    assert found("a").server == "https://a.example:6443"
    assert found("b").server == "https://b.example:6443"
    assert contexts() == (["a", "b"], "a")


def test_the_flag_outweighs_the_variable_and_that_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(Path.home() / ".kube" / "config", config("home"))
    assert found().context == "home"
    monkeypatch.setenv("KUBECONFIG", str(write(tmp_path / "v", config("variable"))))
    assert found().context == "variable"
    assert found(kubeconfig=write(tmp_path / "f", config("flag"))).context == "flag"


def test_relative_files_belong_to_their_own_kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """minikube and kind write such paths; read from the working folder they would be somebody else's."""
    user = {"client-certificate": "pki/cert", "client-key": "pki/key", "tokenFile": "token"}
    path = write(tmp_path / "far" / "k", config(user=user, cluster={"certificate-authority": "pki/ca"}))
    for name, text in {"pki/cert": "CERT", "pki/key": "KEY", "pki/ca": "CA", "token": "from-file\n"}.items():
        write(tmp_path / "far" / name, text)
    read = found(kubeconfig=path)
    assert (read.certificate, read.key, read.ca, read.token) == (b"CERT", b"KEY", b"CA", "from-file")


def test_inline_data_wins_over_files(tmp_path: Path) -> None:
    inline = base64.b64encode(b"INLINE").decode()
    cluster = {"certificate-authority-data": inline, "certificate-authority": "/no/such/file"}
    assert found(kubeconfig=write(tmp_path / "k", config(cluster=cluster))).ca == b"INLINE"


def test_the_rest_of_a_cluster(tmp_path: Path) -> None:
    cluster = {"insecure-skip-tls-verify": True, "tls-server-name": "api", "proxy-url": "http://proxy:3128"}
    user = {"username": "me", "password": "pw"}
    read = found(kubeconfig=write(tmp_path / "k", config(user=user, cluster=cluster)))
    assert (read.verify, read.tls_server_name, read.proxy) == (False, "api", "http://proxy:3128")
    assert (read.username, read.password) == ("me", "pw")


def test_no_kubeconfig_at_all_says_where_it_looked_and_what_to_do() -> None:
    failure = failed()
    assert failure.kind is FailureKind.CONFIG
    assert ".kube/config" in str(failure)
    assert "--kubeconfig" in failure.hint


def test_an_unknown_context_names_those_there_are(tmp_path: Path) -> None:
    failure = failed("prdo", write(tmp_path / "k", config("prod")))
    assert "prdo" in str(failure)
    assert "prod" in failure.detail


def test_a_context_without_a_cluster_or_current_context_is_said(tmp_path: Path) -> None:
    assert "server" in str(failed(kubeconfig=write(tmp_path / "k", config() | {"clusters": []})))
    assert failed(kubeconfig=write(tmp_path / "k", config() | {"current-context": ""})).kind is FailureKind.CONFIG


MALFORMED = [
    "",
    "{",
    "[]",
    "3",
    "text",
    "contexts: 3",
    "contexts: {a: b}",
    "contexts: [3]",
    "contexts: [null]",
    "contexts: [{name: a, context: 3}]\ncurrent-context: a",
    "contexts: [{name: a, context: [1]}]\ncurrent-context: a",
    "contexts: [{name: [a], context: {}}]\ncurrent-context: a",
    "contexts: [{name: a, context: {cluster: [x], user: {y: z}}}]\ncurrent-context: a",
    "current-context: [a]\ncontexts: [{name: a, context: {cluster: a}}]",
    "contexts: [{name: a, context: {cluster: a}}]\nclusters: [{name: a, cluster: text}]\ncurrent-context: a",
    "contexts: [{name: a, context: {cluster: a}}]\nclusters: [{name: a, cluster: {server: [x]}}]\ncurrent-context: a",
    "contexts: [{name: a, context: {cluster: a, namespace: [x]}}]\ncurrent-context: a",
    "contexts: [{name: a, context: {cluster: a, user: a}}]\nclusters: [{name: a, cluster: {server: https://a}}]\n"
    "users: [{name: a, user: 3}]\ncurrent-context: a",
    "contexts: [{name: a, context: {cluster: a, user: a}}]\nclusters: [{name: a, cluster: {server: https://a}}]\n"
    "users: [{name: a, user: {exec: 3}}]\ncurrent-context: a",
    "a: &a [*a]",
    "!!python/object/apply:os.system ['touch owned']",
    "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]",
    "\t",
    "a: b: c",
    "contexts: !!binary x",
]


@pytest.mark.parametrize("text", MALFORMED)
def test_a_malformed_file_is_one_failure(tmp_path: Path, text: str) -> None:
    assert failed(kubeconfig=write(tmp_path / "k", text)).kind is FailureKind.CONFIG
    assert not Path("owned").exists()


def test_a_file_that_is_no_text_or_a_folder_is_one_failure(tmp_path: Path) -> None:
    (tmp_path / "k").write_bytes(b"\xff\xfe\x00\x01")
    assert failed(kubeconfig=tmp_path / "k").kind is FailureKind.CONFIG
    assert failed(kubeconfig=tmp_path).kind is FailureKind.CONFIG


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_give_a_value_and_never_an_exception(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "k").write_bytes(content)
    assert isinstance(access("", str(tmp_path / "k")), Failure)


@pytest.mark.parametrize("field", ["certificate-authority-data", "client-certificate-data", "client-key-data"])
@pytest.mark.parametrize("value", ["abc", 3, ["x"], "\u00e9"])
def test_data_that_is_not_base64_is_said(tmp_path: Path, field: str, value: object) -> None:
    broken = config(user={field: value}, cluster={field: value})
    assert failed(kubeconfig=write(tmp_path / "k", broken)).kind is FailureKind.CONFIG


def test_a_named_file_that_is_missing_is_said(tmp_path: Path) -> None:
    failure = failed(kubeconfig=write(tmp_path / "k", config(user={"client-key": "gone.pem"})))
    assert "gone.pem" in str(failure)


def test_the_old_auth_provider_is_refused_with_what_to_do(tmp_path: Path) -> None:
    failure = failed(kubeconfig=write(tmp_path / "k", config(user={"auth-provider": {"name": "gcp"}})))
    assert "exec" in failure.hint


# Credential plugins

TOKEN = "plugin-canary-0123456789"


def plugin(command: str, **more: Any) -> Raw:
    return {
        "exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": command, "args": ["get-token"], **more}
    }


def credentials(**status: Any) -> Replay:
    return Replay(json.dumps({"kind": "ExecCredential", "status": status}).encode())


def with_plugin(folder: Path, replay: Replay, **more: Any) -> tuple[Path, Executable]:
    program = install(folder / "bin", "aws-token", replay)
    return write(folder / "own" / "k", config(user=plugin(str(program.path), **more))), program


def test_a_plugin_of_the_users_own_file_gives_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every EKS, GKE and AKS user has one."""
    for name in ("AWS_PROFILE", "GITHUB_TOKEN", "HTTPS_PROXY", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, "value")
    path, program = with_plugin(tmp_path, credentials(token=TOKEN), env=[{"name": "MORE", "value": "1"}])
    read = found(kubeconfig=path)
    assert read.token == TOKEN
    assert TOKEN not in repr(read)
    (call,) = program.calls()
    assert call.argv == ["get-token"]
    assert call.environment["AWS_PROFILE"] == "value"
    assert call.environment["HTTPS_PROXY"] == "value"
    assert call.environment["MORE"] == "1"
    assert call.environment["HOME"] == str(Path.home())
    assert not {"GITHUB_TOKEN", "OPENAI_API_KEY"} & set(call.environment)
    info = json.loads(call.environment["KUBERNETES_EXEC_INFO"])
    assert info["spec"] == {"interactive": False}


def test_a_plugin_with_a_relative_path_belongs_to_its_kubeconfig(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read from this folder it would be whatever a checkout put there."""
    planted = install(tmp_path / "here" / "bin", "aws-token", credentials(token="planted"))
    own = install(tmp_path / "own" / "bin", "aws-token", credentials(token=TOKEN))
    path = write(tmp_path / "own" / "k", config(user=plugin("./bin/aws-token")))
    monkeypatch.chdir(tmp_path / "here")
    assert found(kubeconfig=path).token == TOKEN
    link = tmp_path / "here" / "k"
    link.symlink_to(path)
    credential._CACHE.clear()
    assert found(kubeconfig=link).token == TOKEN
    assert len(own.calls()) == 2
    assert planted.calls() == []


def test_a_plugin_that_wants_the_cluster_is_told_of_it(tmp_path: Path) -> None:
    path, program = with_plugin(tmp_path, credentials(token=TOKEN), provideClusterInfo=True)
    found(kubeconfig=path)
    info = json.loads(program.calls()[0].environment["KUBERNETES_EXEC_INFO"])
    assert info["spec"]["cluster"] == {"server": "https://a.example:6443"}


def test_a_plugin_may_give_a_certificate(tmp_path: Path) -> None:
    path, _ = with_plugin(tmp_path, credentials(clientCertificateData="CERT", clientKeyData="KEY"))
    read = found(kubeconfig=path)
    assert (read.certificate, read.key) == (b"CERT", b"KEY")


def test_a_credential_is_asked_for_once_until_it_expires(tmp_path: Path) -> None:
    """Each of them can cost a second and a browser window."""
    path, program = with_plugin(tmp_path, credentials(token=TOKEN, expirationTimestamp="2099-01-01T00:00:00Z"))
    found(kubeconfig=path)
    found(kubeconfig=path)
    assert len(program.calls()) == 1


def test_an_expired_credential_is_asked_for_again(tmp_path: Path) -> None:
    path, program = with_plugin(tmp_path, credentials(token=TOKEN, expirationTimestamp="2020-01-01T00:00:00Z"))
    found(kubeconfig=path)
    found(kubeconfig=path)
    assert len(program.calls()) == 2


def test_a_checkouts_kubeconfig_starts_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`git clone` and `agent diagnose --kubeconfig ./kube.yaml` would run whatever the repository says."""
    program = install(tmp_path / "bin", "aws-token", credentials(token=TOKEN))
    (tmp_path / "clone" / ".git").mkdir(parents=True)
    (tmp_path / "clone" / "deep").mkdir()
    path = write(tmp_path / "clone" / "kube" / "k", config(user=plugin(str(program.path))))
    link = tmp_path / "link"
    link.symlink_to(path)
    for here in (tmp_path / "clone", tmp_path / "clone" / "deep"):
        monkeypatch.chdir(here)
        for file in (path, link):
            assert "checkout" in str(failed(kubeconfig=file)), (here, file)
    assert program.calls() == []


@pytest.mark.parametrize("mode", [0o660, 0o602, 0o666])
def test_a_file_that_others_may_write_starts_no_program(tmp_path: Path, mode: int) -> None:
    path, program = with_plugin(tmp_path, credentials(token=TOKEN))
    path.chmod(mode)
    assert "somebody else" in str(failed(kubeconfig=path))
    assert program.calls() == []


def test_a_plugin_that_is_missing_is_said_with_its_own_hint(tmp_path: Path) -> None:
    hint = "Install it for use with kubectl:\n    brew install it\n"  # of several lines, as GKE's is
    path = write(tmp_path / "k", config(user=plugin("no-such-plugin", installHint=hint)))
    failure = failed(kubeconfig=path)
    assert failure.kind is FailureKind.MISSING
    assert "brew install it" in failure.hint


@pytest.mark.parametrize(
    "replay",
    [
        Replay(b""),
        Replay(b"{"),
        Replay(b"[]"),
        Replay(b'{"status": 3}'),
        Replay(b'{"status": {}}'),
        Replay(b'{"status": {"token": "x", "expirationTimestamp": "soon"}}'),
        Replay(b'{"status": {"token": "x", "expirationTimestamp": 3}}'),
        Replay(b'{"status": {"token": "x", "expirationTimestamp": "2026-01-01T00:00:00"}}', code=1),
        Replay(b"\xff"),
        Replay(b"[" * 5000),
        Replay(b"", b"please log in\n", 1),
        Replay(b"x", signal=9),
    ],
)
def test_a_plugin_that_fails_is_one_failure(tmp_path: Path, replay: Replay) -> None:
    path, _ = with_plugin(tmp_path, replay)
    assert "aws-token" in str(failed(kubeconfig=path))


def test_a_plugins_complaint_does_not_show_a_credential(tmp_path: Path) -> None:
    path, _ = with_plugin(tmp_path, Replay(b"", b"refused: token=hunter2222222\n", 1))
    assert "hunter2222222" not in str(failed(kubeconfig=path))


@pytest.mark.parametrize(
    "more",
    [{"apiVersion": "v1alpha1"}, {"args": 3}, {"env": 3}, {"env": ["x"]}, {"env": [{"name": "A\0", "value": "b"}]}],
)
def test_an_odd_plugin_entry_is_one_failure(tmp_path: Path, more: Raw) -> None:
    path, _ = with_plugin(tmp_path, credentials(token=TOKEN), **more)
    failed(kubeconfig=path)


# What helm and kubectl get


def test_the_kubeconfig_handed_on_is_private_and_says_the_same(tmp_path: Path) -> None:
    said = Access("a", "https://a", "ns", b"CA", b"CERT", b"KEY", "token", "", "", True, "api", "http://p")
    write_kubeconfig(said, tmp_path / "k")
    assert (tmp_path / "k").stat().st_mode & 0o777 == 0o600
    assert found(kubeconfig=tmp_path / "k") == said


# Addresses nobody can call


@pytest.mark.parametrize(
    "server", ["https://[::1", "https://{}::1", "https://a:99999", "https://", "ftp://a", "https://a b"]
)
def test_a_server_that_is_no_url_is_one_line(tmp_path: Path, server: str) -> None:
    failure = failed(kubeconfig=write(tmp_path / "k", config(cluster={"server": server})))
    assert failure.kind is FailureKind.CONFIG
    assert "server" in failure.detail


def test_a_server_without_scheme_is_taken_as_kubectl_takes_it(tmp_path: Path) -> None:
    assert found(kubeconfig=write(tmp_path / "k", config(cluster={"server": "a:80"}))).server == "http://a:80"
    secure = config(cluster={"server": "a:6443", "insecure-skip-tls-verify": True})
    assert found(kubeconfig=write(tmp_path / "s", secure)).server == "https://a:6443"


@pytest.mark.parametrize("proxy", ["http://[::1", "x", "ftp://a", "://", "http://a:99999999", "http://"])
def test_a_proxy_that_is_no_url_is_one_line(tmp_path: Path, proxy: str) -> None:
    failure = failed(kubeconfig=write(tmp_path / "k", config(cluster={"proxy-url": proxy})))
    assert "proxy-url" in failure.detail


@pytest.mark.parametrize("proxy", ["socks5://", "socks5://127.0.0.1:1080"])
def test_a_socks_proxy_says_which_package_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setattr(urls, "find_spec", lambda _: None)
    assert "urllib3[socks]" in failed(kubeconfig=write(tmp_path / "k", config(cluster={"proxy-url": proxy}))).detail


def test_a_url_that_is_refused_is_not_repeated(tmp_path: Path) -> None:
    """It may hold a password."""
    failure = failed(kubeconfig=write(tmp_path / "k", config(cluster={"server": "https://me:canary@[::1"})))
    assert "canary" not in str(failure)


def test_a_date_in_no_calendar_is_text_as_it_is_to_kubectl(tmp_path: Path) -> None:
    assert "names no context" in str(failed(kubeconfig=write(tmp_path / "k", "a: 2026-99-99")))


# In a pod


@pytest.fixture
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return what a pod's service account mounts."""
    folder = tmp_path / "account"
    folder.mkdir()
    for name, content in (("token", b"abc\n"), ("ca.crt", b"CA"), ("namespace", b"shop")):
        (folder / name).write_bytes(content)
    monkeypatch.setattr(incluster, "MOUNTED", folder)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    return folder


def test_a_pod_uses_its_own_account(pod: Path) -> None:
    read = found()
    assert (read.server, read.namespace, read.ca, read.token) == ("https://[fd00::1]:443", "shop", b"CA", "abc")


def test_a_pod_without_a_namespace_file_is_in_default(pod: Path) -> None:
    (pod / "namespace").unlink()
    assert found().namespace == "default"


def test_a_pod_without_authority_trusts_nobody(pod: Path) -> None:
    (pod / "ca.crt").unlink()
    failure = failed()
    assert failure.kind is FailureKind.CONFIG
    assert "ca.crt" in failure.detail


def test_a_pods_token_that_is_no_text_is_one_line(pod: Path) -> None:
    (pod / "token").write_bytes(b"\xff\xfe")
    assert "token" in failed().detail


def test_a_pods_address_that_is_none_is_one_line(pod: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "tcp://10.0.0.1:443")
    assert "server" in failed().detail


def test_a_token_file_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"\xff\xfe")
    assert "token" in failed(kubeconfig=write(tmp_path / "k", config(user={"tokenFile": "token"}))).detail
