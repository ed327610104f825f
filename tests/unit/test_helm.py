"""helm's own output, as helm 4.3 printed it for a release with a Secret: read, and no secret with it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import programs
from tests.fakes.executables import Replay, install
from tools import helm
from tools.access import Access
from tools.failure import Failure, FailureKind
from tools.sandbox import Sandbox, sandbox

PRINTED = Path(__file__).parents[1] / "fakes" / "printed"
CANARY = "canary-hunter2"
ENCODED = "Y2FuYXJ5LWh1bnRlcjI="


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with sandbox(Access("here", "https://127.0.0.1:1", "default"), path=str(tmp_path / "bin")) as made:
        yield made


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    names = {
        "list": "helm-list.json",
        "get values": "helm-values.json",
        "get manifest": "helm-manifest.yaml",
        "get metadata": "helm-metadata.json",
        "status": "helm-status.json",
        "history": "helm-history.json",
    }
    install(tmp_path / "bin", "helm", {words: Replay((PRINTED / name).read_bytes()) for words, name in names.items()})
    return tmp_path / "bin"


def failed(found: object) -> Failure:
    assert isinstance(found, Failure), found
    return found


def test_the_recordings_hold_the_secret_that_must_not_pass() -> None:
    """Otherwise the tests below prove nothing."""
    assert CANARY in (PRINTED / "helm-manifest.yaml").read_text()
    assert CANARY in (PRINTED / "helm-values.json").read_text()
    assert ENCODED in (PRINTED / "helm-status.json").read_text()


@pytest.mark.usefixtures("recorded")
def test_a_release_with_its_values_and_manifest(box: Sandbox) -> None:
    """Without the manifest no finding can name the value that made a field."""
    found = helm.releases(box, "shop")
    assert not isinstance(found, Failure)
    (release,) = found
    assert (release["name"], release["namespace"], release["revision"]) == ("probe", "shop", 2)
    assert (release["status"], release["chart"], release["app_version"]) == ("deployed", "probe-0.1.0", "1.2")
    assert release["values"] == {"db": {"password": "***"}, "replicas": 0}
    assert [item["kind"] for item in release["manifest"]] == ["ConfigMap", "Deployment"]
    assert CANARY not in repr(found)


@pytest.mark.usefixtures("recorded")
def test_a_manifest_keeps_every_word_about_where_a_secret_is(box: Sandbox) -> None:
    """Masking `secretName` or `secretKeyRef` would lose the join from a pod to a missing Secret."""
    found = helm.manifest(box, "probe", "shop")
    assert not isinstance(found, Failure)
    spec = found[1]["spec"]["template"]["spec"]
    assert spec["volumes"][0]["secret"]["secretName"] == "probe-db"
    assert spec["imagePullSecrets"] == [{"name": "pull"}]
    reference, literal = spec["containers"][0]["env"]
    assert reference["valueFrom"]["secretKeyRef"] == {"name": "probe-db", "key": "password"}
    assert literal == {"name": "API_TOKEN", "value": "***"}


@pytest.mark.usefixtures("recorded")
def test_the_state_of_a_release_without_the_secrets_helm_prints_beside_it(box: Sandbox) -> None:
    found = helm.status(box, "probe", "shop")
    assert found == helm.Status("probe", "shop", 2, "deployed", "second", "2026-11-23T22:46:17.888909661Z")


@pytest.mark.usefixtures("recorded")
def test_what_was_deployed_when(box: Sandbox) -> None:
    found = helm.history(box, "probe", "shop")
    assert not isinstance(found, Failure)
    assert [(item.revision, item.status, item.description) for item in found] == [
        (1, "superseded", "Install complete"),
        (2, "deployed", "second"),
    ]
    metadata = helm.metadata(box, "probe", "shop")
    assert metadata == helm.Metadata(
        "probe", "shop", 2, "deployed", "probe", "0.1.0", "1.2", "2026-11-23T22:46:17Z", "ssa"
    )


def test_every_call_names_its_context_and_namespace(recorded: Path, box: Sandbox) -> None:
    """Without them helm asks whatever cluster the user looked at last."""
    program = install(recorded, "helm", Replay(b"[]"))
    helm.releases(box, None)
    helm.history(box, "probe", "shop")
    helm.values(box, "probe", "shop")
    everywhere, *others = [set(call.argv) for call in program.calls()]
    assert everywhere >= {"--kube-context=here", "--all-namespaces", "--max=100000"}
    assert all(argv >= {"--kube-context=here", "--namespace=shop"} for argv in others)


def test_an_identity_that_may_not_read_releases(tmp_path: Path, box: Sandbox) -> None:
    said = b'Error: list: failed to list: secrets is forbidden: User "nobody" cannot list resource "secrets"\n'
    install(tmp_path / "bin", "helm", Replay(stderr=said, code=1))
    assert failed(helm.releases(box, "shop")).kind is FailureKind.FORBIDDEN


def test_a_release_whose_parts_cannot_be_read_is_still_listed(tmp_path: Path, box: Sandbox) -> None:
    replays = {"list": Replay((PRINTED / "helm-list.json").read_bytes()), "get": Replay(code=1)}
    install(tmp_path / "bin", "helm", replays)
    found = helm.releases(box, "shop")
    assert not isinstance(found, Failure)
    assert (found[0]["name"], found[0]["values"], found[0]["manifest"]) == ("probe", None, None)


@pytest.mark.parametrize("text", [b"", b"{}", b'"x"', b"[3]", b"[{]", b"WARNING: x\n[]"])
def test_a_list_that_is_none_is_malformed(tmp_path: Path, box: Sandbox, text: bytes) -> None:
    """An empty list would say that nothing is installed."""
    install(tmp_path / "bin", "helm", Replay(text))
    assert failed(helm.releases(box, "shop")).kind is FailureKind.MALFORMED
    assert failed(helm.history(box, "probe", "shop")).kind is FailureKind.MALFORMED


def test_fields_of_another_type_do_not_stop_the_others(tmp_path: Path, box: Sandbox) -> None:
    listed = b'[{"name": 3, "namespace": null, "revision": "x"}, {"name": "web", "namespace": "shop"}]'
    install(tmp_path / "bin", "helm", {"list": Replay(listed), "get": Replay(b"null")})
    found = helm.releases(box, None)
    assert not isinstance(found, Failure)
    assert [(item["name"], item["revision"]) for item in found] == [("", 0), ("web", 0)]


@pytest.mark.parametrize(
    "text",
    [
        b"a: [1\n",
        b"a: &a [*a]\nkind: X\n",
        b"a: &a [x,x,x,x,x,x,x,x]\n"
        + b"".join(b"%c: &%c [%s]\n" % (n, n, b",".join([b"*%c" % (n - 1)] * 9)) for n in range(98, 108)),
        b"kind: X\nv: !!python/object/apply:os.system [id]\n",
        b"\xff\xfe\x00",
        b"[" * 5000,
    ],
)
def test_a_manifest_that_is_no_yaml_or_a_bomb(tmp_path: Path, box: Sandbox, text: bytes) -> None:
    install(tmp_path / "bin", "helm", Replay(text))
    assert failed(helm.manifest(box, "probe", "shop")).kind is FailureKind.MALFORMED


def test_secrets_inside_a_list_are_dropped_and_dates_stay_text(tmp_path: Path, box: Sandbox) -> None:
    text = (
        "kind: List\nitems:\n- {kind: Secret, stringData: {a: canary-hunter2}}\n- {kind: Namespace, day: 2026-11-23}\n"
        "---\n---\n# only a comment\n---\nkind: Vault\nspec: {adminToken: canary-hunter2, tokenPath: /x}\n"
    )
    install(tmp_path / "bin", "helm", Replay(text.encode()))
    assert helm.manifest(box, "probe", "shop") == [
        {"kind": "List", "items": [{"kind": "Namespace", "day": "2026-11-23"}]},
        {"kind": "Vault", "spec": {"adminToken": "***", "tokenPath": "/x"}},
    ]


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    made = tmp_path / "chart"
    (made / "templates").mkdir(parents=True)
    (made / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 0.1.0\n", encoding="utf-8")
    (made / "values.yaml").write_text("replicas: 1\npassword: canary-hunter2\n", encoding="utf-8")
    lines = ["kind: ConfigMap", "apiVersion: v1", "metadata: {name: web, namespace: {{ .Release.Namespace }}}"]
    (made / "templates" / "a.yaml").write_text("\n".join(lines), encoding="utf-8")
    (made / "templates" / "b.yaml").write_text(
        'kind: Secret\napiVersion: v1\nmetadata: {name: web}\nstringData: {a: "{{ .Values.password }}"}\n',
        encoding="utf-8",
    )
    return made


def test_a_chart_is_rendered_linted_and_shown_by_the_real_helm(chart: Path) -> None:
    """What helm really prints, so that a change of its output is seen here first."""
    with sandbox(path=str(programs.find("helm").parent)) as box:
        rendered = helm.template(box, "web", "shop", chart)
        assert not isinstance(rendered, Failure)
        assert [item["metadata"] for item in rendered] == [{"name": "web", "namespace": "shop"}]
        verdict = helm.lint(box, chart)
        assert isinstance(verdict, helm.Lint)
        assert verdict.passed
        assert "1 chart(s) linted, 0 chart(s) failed" in verdict.text
        assert "name: web" in str(helm.show_chart(box, chart))
        assert helm.show_values(box, chart) == "replicas: 1\npassword: ***\n\n"
        assert str(helm.version(box)).startswith("v4")


def test_a_chart_that_does_not_render_says_why(chart: Path) -> None:
    (chart / "templates" / "a.yaml").write_text('{{ fail "no replicas" }}', encoding="utf-8")
    with sandbox(path=str(programs.find("helm").parent)) as box:
        assert "no replicas" in failed(helm.template(box, "web", "shop", chart)).detail
        (chart / "templates" / "a.yaml").write_text("kind: [{{ .Values.replicas }}", encoding="utf-8")
        verdict = helm.lint(box, chart)
        assert isinstance(verdict, helm.Lint)
        assert not verdict.passed
        assert "a.yaml" in verdict.text


@pytest.mark.parametrize("target", ["/etc/passwd", "../../outside"])
def test_a_link_that_leaves_the_chart_is_refused(chart: Path, box: Sandbox, target: str) -> None:
    """helm follows it: a checkout could render any file of this machine."""
    program = install(box.folder, "helm", Replay(b""))
    (chart / "templates" / "stolen.yaml").symlink_to(target)
    found = failed(helm.template(box, "web", "shop", chart))
    assert found.kind is FailureKind.DENIED
    assert "stolen.yaml" in found.detail
    assert failed(helm.lint(box, chart)).kind is FailureKind.DENIED
    assert program.calls() == []


def test_a_folder_without_a_chart_and_a_values_file_that_would_be_two(chart: Path, box: Sandbox) -> None:
    assert failed(helm.lint(box, chart / "templates")).kind is FailureKind.NOT_FOUND
    two = [Path("/v.yaml,https://example.com/v.yaml")]
    assert failed(helm.lint(box, chart, two)).kind is FailureKind.DENIED
