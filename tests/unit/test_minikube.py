"""minikube, read only, as the cluster blueprint's checks ask it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.executables import Replay, install
from tools import minikube
from tools.failure import Failure, FailureKind
from tools.sandbox import Sandbox, sandbox

UP = {"Name": "minikube", "Host": "Running", "Kubelet": "Running", "APIServer": "Running", "Kubeconfig": "Configured"}
WORKER = {"Name": "minikube-m02", "Host": "Running", "Kubelet": "Running", "Worker": True}
PROFILE = {
    "Name": "minikube",
    "Status": "OK",
    "Config": {"Driver": "docker", "CPUs": 4, "Memory": 8192, "KubernetesConfig": {"KubernetesVersion": "v1.36.0"}},
}
ADDONS = {"ingress": {"Profile": "minikube", "Status": "enabled"}, "dashboard": {"Status": "disabled"}, "odd": None}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with sandbox(path=str(tmp_path), minikube_home="/home/me/.minikube") as made:
        yield made


def failed(found: object) -> Failure:
    assert isinstance(found, Failure), found
    return found


@pytest.mark.parametrize("printed", [UP, [UP, WORKER]])
def test_the_control_plane_speaks_for_the_cluster(tmp_path: Path, box: Sandbox, printed: object) -> None:
    """Of several nodes minikube prints a list, of one a mapping."""
    install(tmp_path, "minikube", Replay(json.dumps(printed).encode()))
    assert minikube.status(box, "minikube") == UP


def test_a_stopped_cluster_is_a_state_and_no_failure(tmp_path: Path, box: Sandbox) -> None:
    """minikube adds 1, 2 and 4 for each part that is down: the answer is what it printed."""
    stopped = UP | {"Host": "Stopped", "Kubelet": "Stopped", "APIServer": "Stopped"}
    install(tmp_path, "minikube", Replay(json.dumps(stopped).encode(), code=7))
    assert minikube.status(box, "minikube") == stopped


def test_it_looks_where_the_user_keeps_the_clusters(tmp_path: Path, box: Sandbox) -> None:
    """With a private HOME alone minikube knows no profile, and every row would be unknown."""
    program = install(tmp_path, "minikube", Replay(b'{"invalid": [], "valid": []}'))
    minikube.profiles(box)
    assert program.calls()[0].environment["MINIKUBE_HOME"] == "/home/me/.minikube"


def test_profiles_addons_version_and_address(tmp_path: Path, box: Sandbox) -> None:
    replays = {
        "profile": Replay(json.dumps({"invalid": [], "valid": [PROFILE]}).encode()),
        "addons": Replay(json.dumps(ADDONS).encode()),
        "version": Replay(b'{"commit":"x","minikubeVersion":"v1.37.0"}'),
        "ip": Replay(b"192.168.49.2\n"),
    }
    install(tmp_path, "minikube", replays)
    assert minikube.profiles(box) == [PROFILE]
    assert minikube.addons(box, "minikube") == {"ingress": True, "dashboard": False, "odd": False}
    assert minikube.version(box) == "v1.37.0"
    assert minikube.address(box) == "192.168.49.2"


@pytest.mark.parametrize("text", [b"", b"[]", b"3", b"null", b'"x"', b"* Profile not found"])
def test_another_answer_is_malformed_and_no_crash(tmp_path: Path, box: Sandbox, text: bytes) -> None:
    install(tmp_path, "minikube", Replay(text))
    asked = minikube.status(box, "minikube"), minikube.addons(box, "minikube")
    for found in (*asked, minikube.profiles(box), minikube.version(box)):
        assert failed(found).kind is FailureKind.MALFORMED


def test_without_a_profile_it_says_so(tmp_path: Path, box: Sandbox) -> None:
    install(tmp_path, "minikube", Replay(b"", b"* Profile not found\n", 85))
    assert failed(minikube.status(box, "minikube")).kind is FailureKind.EXIT


def test_without_minikube(box: Sandbox) -> None:
    assert failed(minikube.version(box)).kind is FailureKind.MISSING
