"""`agent health` as a script runs it. Lost, a cron job says that all is well, or a page runs what a pod's log says."""

import json
import stat
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.apiserver import FORBIDDEN, FakeApiServer, serving
from tests.fakes.executables import Replay, install
from tests.fakes.made import SPACE, Raw, failing_workload, node, running, running_workload
from tests.fakes.shell import CANARY, Shell

NAMESPACE: Raw = {"kind": "Namespace", "metadata": {"name": SPACE}, "status": {"phase": "Active"}}
WELL = {"/readyz": (200, "[+]ping ok\n[+]etcd ok\n"), "/metrics": (200, "x 1\n")}


def world(*items: Raw) -> dict[str, list[Raw]]:
    found: dict[str, list[Raw]] = {}
    for item in (NAMESPACE, node(), *items):
        found.setdefault(item["kind"], []).append(item)
    return found


@pytest.fixture
def server() -> Iterator[FakeApiServer]:
    with serving(world(*running_workload("web"))) as fake:
        fake.plain = dict(WELL)
        yield fake


@pytest.fixture
def shell(tmp_path: Path, server: FakeApiServer) -> Shell:
    install(tmp_path / "bin", "helm", {"list": Replay(b"[]"), "": Replay()})
    server.kubeconfig(tmp_path / "kubeconfig", token=CANARY)
    return Shell(tmp_path)


def health(shell: Shell, *more: str) -> Any:
    return shell.run("health", *more, KUBECONFIG=str(shell.home / "kubeconfig"))


def broken(server: FakeApiServer) -> None:
    server.objects = {kind: [dict(item) for item in items] for kind, items in world(*failing_workload("cart")).items()}


def test_a_healthy_cluster_is_one_calm_screen_and_exit_0(shell: Shell) -> None:
    done = health(shell)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Healthy, 100 of 100: all namespaces, context fake, v1.36.3, at ")
    assert len(done.stdout.splitlines()) <= 24


def test_what_is_broken_is_exit_1_with_what_to_do(shell: Shell, server: FakeApiServer) -> None:
    broken(server)
    done = health(shell)
    assert done.returncode == 1
    assert done.stdout.startswith("1 thing broken, 94 of 100")
    assert "Deployment/shop/cart (-6)" in done.stdout


def test_an_image_that_cannot_be_pulled_is_an_alert_line_and_exit_1(shell: Shell, server: FakeApiServer) -> None:
    state = {"waiting": {"reason": "ErrImagePull", "message": "no such host"}}
    items = failing_workload("cart", {**running(), "ready": False, "state": state})
    server.objects = {kind: [dict(item) for item in found] for kind, found in world(*items).items()}
    done = health(shell)
    assert done.returncode == 1
    assert "ALERT Deployment/shop/cart" in done.stdout
    assert "RES-SCN-IMAGE" in done.stdout


def test_a_list_that_may_not_be_read_is_not_health(shell: Shell, server: FakeApiServer) -> None:
    server.faults = {"/apis/apps/v1/deployments": FORBIDDEN}
    done = health(shell)
    assert done.returncode == 3
    assert not done.stdout.startswith("Healthy")
    assert "not known" in done.stdout


def test_a_report_is_kept_for_its_owner_and_the_next_says_what_changed(shell: Shell, server: FakeApiServer) -> None:
    first = health(shell, "--since")
    assert "no earlier report" in first.stderr
    (kept,) = (shell.home / "STATE" / "bluehelm" / "health").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    broken(server)
    done = health(shell, "--since")
    assert "-6 points, from 100" in done.stdout
    told = json.loads(health(shell, "--since", "7d", "-o", "json").stdout)
    assert [item["subject"]["name"] for item in told["trend"]["new"]] == ["cart"]


def test_a_report_in_a_file_can_be_held_against(shell: Shell, server: FakeApiServer) -> None:
    """In CI there is no earlier report on the machine, only an artifact."""
    file = shell.home / "before.json"
    file.write_text(health(shell, "-o", "json").stdout, encoding="utf-8")
    broken(server)
    assert "-6 points" in health(shell, "--since", str(file)).stdout


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"taken_at": 3}', b"\x00\xff"])
def test_what_is_no_report_is_refused_in_one_line(shell: Shell, content: bytes) -> None:
    file = shell.home / "before.json"
    file.write_bytes(content)
    done = health(shell, "--since", str(file))
    assert done.returncode == 2
    assert "no report of `health -o json`" in done.stderr


def test_kept_reports_that_were_damaged_are_passed_over(shell: Shell) -> None:
    health(shell)
    (kept,) = (shell.home / "STATE" / "bluehelm" / "health").iterdir()
    kept.write_bytes(b'{"half": \n\xff\n' + kept.read_bytes())
    assert "Since " in health(shell, "--since").stdout


class _Tags(HTMLParser):
    """What a browser takes for tags and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += [name for name, _ in attrs]


def test_the_page_asks_for_nothing_and_shows_markup_as_text(shell: Shell, server: FakeApiServer) -> None:
    """What a container prints is anybody's: it must never run in a browser of an operator."""
    hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    items = failing_workload("cart")
    items[2]["status"]["containerStatuses"][0]["state"]["waiting"]["message"] = hostile
    server.objects = {kind: [dict(item) for item in found] for kind, found in world(*items).items()}
    server.logs = {"shop/cart-7d9f-x/web": f"fatal: {hostile}\n"}
    page = health(shell, "-o", "html").stdout
    assert page.startswith("<!doctype html>")
    assert "alert(1)" in page
    tags = _Tags()
    tags.feed(page)
    assert not {"script", "img", "link", "iframe", "object"} & set(tags.names)
    assert not {"src", "href", "onerror"} & set(tags.attributes)
    assert "@import" not in page
    assert tags.names.count("svg") >= 2


def several(shell: Shell, *servers: str) -> None:
    """Write a kubeconfig with a context for each address, `c0`, `c1` and so on."""
    named = [(f"c{number}", address) for number, address in enumerate(servers)]
    document = {
        "current-context": "c0",
        "clusters": [{"name": name, "cluster": {"server": address}} for name, address in named],
        "users": [{"name": "u", "user": {"token": CANARY}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": "u"}} for name, _ in named],
    }
    (shell.home / "kubeconfig").write_text(json.dumps(document), encoding="utf-8")


def test_several_clusters_are_one_report_and_a_dead_one_hides_no_other(shell: Shell, server: FakeApiServer) -> None:
    with serving(world(*failing_workload("cart"))) as other:
        other.plain = dict(WELL)
        several(shell, server.url, other.url, "http://127.0.0.1:1")
        done = health(shell, "--contexts", "c0,c1,c2")
        told = json.loads(health(shell, "--contexts", "c0, c1,c0", "-o", "json").stdout)
    assert done.returncode == 3
    rows = [line.split()[:2] for line in done.stdout.splitlines()[1:4]]
    assert rows == [["c2", "?"], ["c1", "94"], ["c0", "100"]]
    assert "Deployment/shop/cart" in done.stdout
    assert [item["context"] for item in told["clusters"]] == ["c0", "c1"]
    assert [item["report"]["score"]["points"] for item in told["clusters"]] == [100, 94]


@pytest.mark.parametrize("more", [("--contexts", ""), ("--contexts", "a", "--bundle", "demo"), ("--contexts", ",")])
def test_contexts_that_name_nothing_are_refused(shell: Shell, more: tuple[str, ...]) -> None:
    assert health(shell, *more).returncode == 2


def test_one_namespace_can_be_asked_about(shell: Shell) -> None:
    done = health(shell, "-n", SPACE)
    assert "namespace shop" in done.stdout
    assert "takes a look at all namespaces" in done.stdout


def test_a_home_that_cannot_be_written_ends_no_report(shell: Shell) -> None:
    """In a cluster the file system is read-only."""
    (shell.home / "STATE").write_text("in the way", encoding="utf-8")
    done = health(shell)
    assert done.returncode == 0
    assert "not kept" in done.stderr
