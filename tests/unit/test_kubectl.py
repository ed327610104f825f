"""kubectl's own output, read as it was recorded: who we are, what we may do, logs and rollouts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.executables import Replay, install
from tools import kubectl
from tools.access import Access
from tools.failure import Failure, FailureKind
from tools.sandbox import Sandbox, sandbox

PRINTED = Path(__file__).parents[1] / "fakes" / "printed"
TARGET = {"--context=here", "--namespace=shop"}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with sandbox(Access("here", "https://127.0.0.1:1", "default"), path=str(tmp_path)) as made:
        yield made


def printed(name: str) -> bytes:
    return (PRINTED / name).read_bytes()


def test_the_version_of_the_client(tmp_path: Path, box: Sandbox) -> None:
    install(tmp_path, "kubectl", Replay(printed("kubectl-version.json")))
    assert kubectl.version(box) == "v1.36.3"


def test_who_the_server_takes_us_for(tmp_path: Path, box: Sandbox) -> None:
    install(tmp_path, "kubectl", Replay(printed("kubectl-whoami.json")))
    found = kubectl.whoami(box)
    assert not isinstance(found, Failure)
    assert found["username"] == "bluehelm-admin"
    assert found["groups"] == ["system:masters", "system:authenticated"]


@pytest.mark.parametrize("text", [b"[]", b"null", b"{}", b'{"status": 3}', b'{"status": {"userInfo": []}}'])
def test_json_of_another_shape_is_malformed_and_no_crash(tmp_path: Path, box: Sandbox, text: bytes) -> None:
    install(tmp_path, "kubectl", Replay(text))
    for found in (kubectl.whoami(box), kubectl.version(box)):
        assert isinstance(found, Failure)
        assert found.kind is FailureKind.MALFORMED


@pytest.mark.parametrize(
    ("replay", "answer"),
    [
        (Replay(), True),
        (Replay(code=1), False),
        (Replay(stderr=b"Warning: resource 'nodes' is not namespace scoped\n\n", code=1), False),
    ],
)
def test_what_we_may_do(tmp_path: Path, box: Sandbox, replay: Replay, answer: bool) -> None:
    program = install(tmp_path, "kubectl", replay)
    assert kubectl.can_i(box, "patch", "deployments", "shop") is answer
    assert set(program.calls()[0].argv) >= TARGET


def test_a_server_that_does_not_answer_is_no_no(tmp_path: Path, box: Sandbox) -> None:
    """An auditor that cannot be asked would count as one that may not write."""
    refused = b"The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?\n"
    install(tmp_path, "kubectl", Replay(stderr=refused, code=1))
    assert isinstance(kubectl.can_i(box, "patch", "deployments", "shop"), Failure)


def test_a_verb_that_is_not_in_the_preflight_list_is_not_asked(tmp_path: Path, box: Sandbox) -> None:
    program = install(tmp_path, "kubectl", Replay())
    found = kubectl.can_i(box, "escalate", "clusterroles", "shop")
    assert isinstance(found, Failure)
    assert found.kind is FailureKind.DENIED
    assert program.calls() == []


def test_a_subresource_is_asked_for_as_one(tmp_path: Path, box: Sandbox) -> None:
    """kubectl takes `nodes/proxy` for the node called proxy, and says yes to who may only read nodes."""
    program = install(tmp_path, "kubectl", Replay(code=1))
    assert kubectl.can_i(box, "get", "nodes/proxy", "shop") is False
    assert {"nodes", "--subresource=proxy"} <= set(program.calls()[0].argv)


RIGHTS = b"""\
selfsubjectreviews.authentication.k8s.io        []             []       [create]
pods                                            []             []       [get list watch]
configmaps                                      []             [a b]    [patch]
                                                [/version/]    []       [get]
"""


def test_every_right_is_read(tmp_path: Path, box: Sandbox) -> None:
    """A right that is lost on the way is one that nobody is warned of."""
    install(tmp_path, "kubectl", Replay(RIGHTS))
    found = kubectl.rights(box, "shop")
    assert not isinstance(found, Failure)
    assert found.listed[1:] == (
        kubectl.Right("pods", (), ("get", "list", "watch")),
        kubectl.Right("configmaps", ("a", "b"), ("patch",)),
    )
    assert found.whole


def test_a_list_of_rights_that_is_not_whole_says_so(tmp_path: Path, box: Sandbox) -> None:
    """On EKS, GKE and AKS a part of the rights is decided elsewhere: what is not listed may be allowed all the same."""
    warning = b"warning: the list may be incomplete: webhook authorizer does not support user rule resolution\n"
    install(tmp_path, "kubectl", Replay(RIGHTS, warning))
    found = kubectl.rights(box, "shop")
    assert not isinstance(found, Failure)
    assert not found.whole


@pytest.mark.parametrize("text", [b"", b"yes\n", RIGHTS + b"more\n"])
def test_a_list_of_rights_that_cannot_be_read_is_none(tmp_path: Path, box: Sandbox, text: bytes) -> None:
    """Read as no rights it would make an auditor of an administrator."""
    install(tmp_path, "kubectl", Replay(text))
    found = kubectl.rights(box, "shop")
    assert isinstance(found, Failure)
    assert found.kind is FailureKind.MALFORMED


def test_logs_are_bounded_and_redacted(tmp_path: Path, box: Sandbox) -> None:
    program = install(tmp_path, "kubectl", Replay(b"starting\npassword=hunter22 for db\n"))
    assert kubectl.logs(box, "shop", "web-1", "app", previous=True) == "starting\npassword=*** for db\n"
    assert set(program.calls()[0].argv) >= TARGET | {"--tail=500", "--limit-bytes=262144", "--previous"}


def test_logs_of_a_pod_that_is_gone(tmp_path: Path, box: Sandbox) -> None:
    said = b'error: error from server (NotFound): pods "nope" not found in namespace "shop"\n'
    install(tmp_path, "kubectl", Replay(stderr=said, code=1))
    found = kubectl.logs(box, "shop", "nope", "app")
    assert isinstance(found, Failure)
    assert found.kind is FailureKind.NOT_FOUND


@pytest.mark.parametrize("name", ["--server=https://x", "-A", "web-1 --all-containers", "Web", "a/b", ""])
def test_a_name_out_of_a_hostile_object_cannot_become_a_flag(tmp_path: Path, box: Sandbox, name: str) -> None:
    program = install(tmp_path, "kubectl", Replay(b"log"))
    found = kubectl.logs(box, "shop", name, "app")
    assert isinstance(found, Failure)
    assert found.kind is FailureKind.DENIED
    assert program.calls() == []


def test_a_rollout_that_is_done_and_one_that_is_not(tmp_path: Path, box: Sandbox) -> None:
    replays = {
        "deployment/web": Replay(b'deployment "web" successfully rolled out\n'),
        "deployment/slow": Replay(b"Waiting", b"error: timed out waiting for the condition\n", 1),
    }
    install(tmp_path, "kubectl", replays)
    assert kubectl.rollout_status(box, "shop", "deployment/web") == 'deployment "web" successfully rolled out'
    slow = kubectl.rollout_status(box, "shop", "deployment/slow")
    assert isinstance(slow, Failure)
    assert slow.kind is FailureKind.TIMEOUT


def test_the_revisions_of_a_workload(tmp_path: Path, box: Sandbox) -> None:
    install(tmp_path, "kubectl", {"deployment/probe": Replay(printed("kubectl-rollout-history.txt"))})
    assert kubectl.rollout_history(box, "shop", "deployment/probe") == [kubectl.Rollout(1, "<none>")]
