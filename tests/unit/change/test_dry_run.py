"""What a plan says of the server's word: whether it was asked at all, and what it answered."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.world.prospect import asked
from tests.fakes.executables import Replay, install
from tools.access import Access
from tools.sandbox import Sandbox, sandbox
from tools.upgrade import Upgrade

OBJECT = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
HOOK = {"kind": "Job", "metadata": {"name": "migrate", "annotations": {"helm.sh/hook": "pre-upgrade"}}}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with sandbox(Access("here", "https://127.0.0.1:1", "shop"), path=str(tmp_path)) as made:
        yield made


@pytest.fixture
def upgrade(tmp_path: Path) -> Upgrade:
    chart = tmp_path / "web"
    chart.mkdir()
    (chart / "Chart.yaml").write_text("name: web\n")
    install(tmp_path, "helm", Replay(b"{}"))
    return Upgrade("web", "shop", "here", chart, (), 300)


def test_the_server_is_asked_of_what_helm_applies_and_not_of_hooks(
    tmp_path: Path, box: Sandbox, upgrade: Upgrade
) -> None:
    """helm's own dry run sends nothing to be admitted: a plan that rests on it alone claims an answer nobody gave."""
    program = install(tmp_path, "kubectl", Replay(b"diff -u -N LIVE MERGED\n", code=1))
    found = asked(box, upgrade, [OBJECT, HOOK], install=False)
    assert (found.by, found.said, found.refused) == ("server", "", False)
    words = program.calls()[0].argv
    assert {"diff", "--server-side", "--field-manager=helm"} <= set(words)
    file = next(word.partition("=")[2] for word in words if word.startswith("--filename="))
    assert json.loads(Path(file).read_text())["items"] == [OBJECT]


FORBIDDEN = (
    b"Error from server (Forbidden): deployments.apps is forbidden: "
    b'User "system:serviceaccount:a:reader" cannot patch resource "deployments" in API group "apps"\n'
)
QUOTA = (
    b'Error from server (Forbidden): pods "web" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1\n'
)
WEBHOOK = b'Error from server: admission webhook "vet.example.org" denied the request: no such team\n'
CANNOT = b'Error from server (BadRequest): admission webhook "old.example.org" does not support dry run\n'
NO_DIFF = b'error: failed to run "diff": executable file not found in $PATH\n'
KIND = b'error: resource mapping not found for name: "web": no matches for kind "Widget" in version "example.org/v1"\n'


@pytest.mark.parametrize(
    ("stderr", "by", "refused", "named"),
    [
        (FORBIDDEN, "client", False, "this identity may not ask the server"),
        (KIND, "client", False, "does not know a kind yet"),
        (NO_DIFF, "client", False, "a diff that is missing"),
        (QUOTA, "server", True, "exceeded quota"),
        (WEBHOOK, "server", True, "vet.example.org"),
        (CANNOT, "server", True, "old.example.org"),
    ],
)
def test_a_no_of_the_server_refuses_the_plan_and_not_being_let_to_ask_is_said(
    tmp_path: Path, box: Sandbox, upgrade: Upgrade, stderr: bytes, by: str, refused: bool, named: str
) -> None:
    """Both say `forbidden`: one is a right that is lacking here, the other an upgrade that would fail."""
    install(tmp_path, "kubectl", Replay(stderr=stderr, code=2))
    found = asked(box, upgrade, [OBJECT], install=False)
    assert (found.by, found.refused) == (by, refused)
    assert named in found.said


def test_without_kubectl_the_plan_says_that_nobody_was_asked(box: Sandbox, upgrade: Upgrade) -> None:
    found = asked(box, upgrade, [OBJECT], install=False)
    assert (found.by, found.refused) == ("client", False)
    assert "nothing here to ask the server with" in found.said
