"""What a stranger's file, chart, checkout or bundle may cost and reach: refused in one line, quickly, and left behind.

Each test is a kind. A tool that waits for a pipe, eats the memory of the machine, or fetches what a chart names is
not run a second time.
"""

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.engine import diagnose
from agent.resources import blueprint_files, bundle_path
from agent.snapshot.bundle import load
from agent.snapshot.record import Snapshot
from tests.fakes.made import pod
from tests.fakes.programs import find
from tools import git, helm
from tools.checkouts import inside_checkout
from tools.failure import Failure, FailureKind
from tools.files import read
from tools.gitdir import odd_file
from tools.kubeconfig import access
from tools.private import PREFIX
from tools.process import MEMORY
from tools.run import run
from tools.sandbox import Sandbox, sandbox
from tools.schemas import odd_schema
from tools.weight import too_heavy, weight

ROOT = Path(__file__).parents[2]
SOON = 5.0
"""Seconds in which what is refused is refused: a pipe would be waited for without end."""


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SOON * 4


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with sandbox(path=str(find("helm").parent)) as made:
        yield made


def pipe(path: Path) -> Path:
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    return path


def device(path: Path) -> Path:
    path.unlink(missing_ok=True)
    path.symlink_to("/dev/zero")
    return path


def ring(path: Path) -> Path:
    path.unlink(missing_ok=True)
    path.symlink_to(path.name)
    return path


odd = pytest.mark.parametrize("made", [pipe, device, ring], ids=lambda made: made.__name__)
Made = Callable[[Path], Path]


# Files


@odd
def test_only_a_file_is_read(made: Made, tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"not a file|symbolic links"):
        read(made(tmp_path / "values.yaml"))


def test_a_file_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * 2048)
    with pytest.raises(OSError, match="larger than"):
        read(tmp_path / "large", 1024)


@odd
def test_a_bundle_a_kubeconfig_and_a_blueprint_are_files(made: Made, tmp_path: Path) -> None:
    """Each is named by a person or a checkout, and opened before anything else happens."""
    bundle = load(made(tmp_path / "a.tgz"))
    assert isinstance(bundle, Failure)
    assert "copied whole" not in str(bundle)
    assert isinstance(access("", str(made(tmp_path / "config"))), Failure)
    (tmp_path / "blueprints").mkdir()
    made(tmp_path / "blueprints" / "a.md")
    _, found = blueprint_files(str(tmp_path / "blueprints"))
    assert [type(content) for content in found.values()] == [Failure]


@odd
@pytest.mark.parametrize("file", ["values.yaml", "values.schema.json", "templates/x.yaml", "charts/s.tgz"])
def test_a_chart_is_made_of_files(made: Made, file: str, tmp_path: Path, box: Sandbox) -> None:
    """helm would wait for a pipe, and read a device until the memory is gone."""
    chart = chart_in(tmp_path)
    (chart / file).parent.mkdir(exist_ok=True)
    made(chart / file)
    found = helm.template(box, "web", "shop", chart)
    assert isinstance(found, Failure)
    assert file in found.detail


def chart_in(folder: Path, template: str = "", schema: object = None) -> Path:
    chart = folder / "web"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 0.1.0\n")
    (chart / "values.yaml").write_text("a: 1\n")
    if template:
        (chart / "templates" / "all.yaml").write_text(template)
    if schema is not None:
        (chart / "values.schema.json").write_text(json.dumps(schema))
    return chart


GITS_OWN = ("packed-refs", "info/grafts", "objects/info/alternates", "refs/heads/other", "config.worktree", "shallow")


@odd
@pytest.mark.parametrize("file", GITS_OWN)
def test_gits_own_files_are_files(made: Made, file: str, tmp_path: Path) -> None:
    """A checkout brings its `.git` along, and git opens what is in it without asking."""
    subprocess.run(["git", "init", "-q", str(tmp_path / "repo")], check=True)
    path = tmp_path / "repo" / ".git" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    made(path)
    said = odd_file(tmp_path / "repo" / ".git")
    if made is ring:
        assert not path.exists()  # git cannot open it either, and says so
    else:
        assert path.name in said


@pytest.mark.parametrize("section", ["[include]", '[includeIf "gitdir:/"]'])
@pytest.mark.parametrize("named", ["{}", '"{}"', "{} ; why"])
def test_what_gits_configuration_includes_is_a_file(section: str, named: str, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path / "repo")], check=True)
    config = tmp_path / "repo" / ".git" / "config"
    config.write_text(config.read_text() + f"{section}\n\tpath = {named.format(pipe(tmp_path / 'pipe'))}\n")
    assert "pipe" in odd_file(tmp_path / "repo" / ".git")


@pytest.mark.parametrize("key", ["blame.ignoreRevsFile", "mailmap.file", "core.attributesFile", "core.excludesFile"])
def test_a_pipe_in_gits_configuration_is_not_waited_for(key: str, tmp_path: Path) -> None:
    repository = tmp_path / "repo"
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    (repository / "a.txt").write_text("one\n")
    subprocess.run(["git", *who, "add", "."], cwd=repository, check=True)
    subprocess.run(["git", *who, "commit", "-qm", "first"], cwd=repository, check=True)
    subprocess.run(["git", "config", key, str(pipe(tmp_path / "pipe"))], cwd=repository, check=True)
    with sandbox() as box:
        found = git.lines(box, repository, repository / "a.txt")
    assert not isinstance(found, Failure), found
    assert found[1].subject == "first"


# Weight


def packed(members: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with gzip.GzipFile(fileobj=made, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return made.getvalue()


BOMBS = {
    "pods": b"[" + b",".join([b'{"kind":"Pod"}'] * 3_000_000) + b"]",
    "braces": b"[" + b",".join([b"{}"] * 12_000_000) + b"]",
    "lists": b"[" + b",".join([b"[]"] * 12_000_000) + b"]",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bundle_of_millions_of_nothings_is_refused_before_it_is_parsed(name: str, tmp_path: Path) -> None:
    """A quarter of a megabyte on the disk would take gigabytes of memory."""
    (tmp_path / "b.tgz").write_bytes(packed({"manifest.json": b"{}", "objects/Pod.json": BOMBS[name]}))
    script = (
        "import sys; from pathlib import Path; from agent.snapshot.bundle import load; print(load(Path(sys.argv[1])));"
        "lines = Path('/proc/self/status').read_text().splitlines();"  # ru_maxrss would be that of who started it
        "print(next(int(line.split()[1]) // 1024 for line in lines if line.startswith('VmHWM')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "b.tgz")], capture_output=True, text=True, cwd=ROOT, check=True
    )
    said, peak = done.stdout.splitlines()
    assert "not a whole bundle" in said
    assert int(peak) < 500


def test_what_real_lists_weigh_is_never_too_heavy() -> None:
    """The limit must not keep a large cluster from being looked at."""
    with gzip.open(bundle_path("demo")) as zipped, tarfile.open(fileobj=zipped) as archive:
        contents = [opened.read() for member in archive if (opened := archive.extractfile(member)) is not None]
    whole = b"[" + b",".join(contents) + b"]"
    ratio = weight(whole) / len(whole)
    assert not too_heavy(int(ratio * (500 << 20)), 500 << 20)
    assert too_heavy(weight(BOMBS["braces"]), len(BOMBS["braces"]))


def managed(value: Any) -> Any:
    """Return who set which field of a value, as the API server writes it: a mapping for each, most of them empty."""
    if isinstance(value, dict):
        return {f"f:{key}": managed(item) for key, item in value.items()}
    if isinstance(value, list):
        return {".": {}} | {f'k:{{"name":"{index}"}}': managed(item) for index, item in enumerate(value)}
    return {}


def test_nor_is_what_an_api_server_sends_of_them() -> None:
    """5,000 pods were called a bomb: the API sends managed fields, which no capture keeps."""
    item = pod("web", {"app": "web"}, env=[{"name": f"SETTING_{n}", "value": "x"} for n in range(8)])
    item["metadata"]["managedFields"] = [{"manager": "helm", "fieldsV1": managed(item)} for _ in range(2)]
    content = json.dumps({"items": [item] * 50}, separators=(",", ":")).encode()
    assert not too_heavy(int(weight(content) / len(content) * (500 << 20)), 500 << 20)


GROWING = """
import time
held = []
while True:
    held.append(bytearray(b"x" * (8 << 20)))
    time.sleep(0.02)
"""


def test_a_process_that_grows_is_ended_and_said(tmp_path: Path) -> None:
    """A template that repeats something 300 million times would take the machine down with it."""
    program = tmp_path / "bin" / "helm"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable} -IS\n{GROWING}")
    program.chmod(0o755)
    with sandbox(path=str(program.parent)) as made:
        found = run(["helm", "version", "--short"], made)
    assert isinstance(found, Failure)
    assert (found.kind, f"more than {MEMORY >> 20} MB" in found.detail) == (FailureKind.KILLED, True), found


@pytest.mark.parametrize("text", ['{{ repeat 300000000 "x" }}', "{{ range until 1000000000 }}x{{ end }}"])
def test_a_template_that_grows_ends_helm_and_not_the_machine(text: str, tmp_path: Path, box: Sandbox) -> None:
    found = helm.template(box, "web", "shop", chart_in(tmp_path, f"a: {text}\n"))
    assert isinstance(found, Failure)
    assert "MB" in found.detail, found


# Time


def test_rules_end_when_their_time_is_up_and_what_was_not_asked_is_unknown() -> None:
    """A world that takes an hour must not end in `nothing is wrong` after a minute."""
    snapshot = load(bundle_path("demo"))
    assert isinstance(snapshot, Snapshot)
    found = diagnose(snapshot, seconds=0.0)
    assert isinstance(found, Diagnosis)
    assert found.findings == ()
    assert any("the time for rules was up" in line for line in found.unknown)


# Reach


ELSEWHERE = (
    "http://example.org/a.json",
    "https://example.org/a",
    "file:///etc/passwd",
    "//example.org/a",
    "../../etc/a",
)


@pytest.mark.parametrize("place", ELSEWHERE)
def test_a_schema_refers_to_nothing_outside_of_its_chart(place: str, tmp_path: Path, box: Sandbox) -> None:
    """helm fetches what a schema refers to, from inside the user's network."""
    schema = {"properties": {"a": {"$ref": place}}}
    chart = chart_in(tmp_path, "kind: ConfigMap\n", schema)
    assert odd_schema(chart) is not None
    assert isinstance(helm.template(box, "web", "shop", chart), Failure)


def test_a_schema_of_a_subchart_does_not_either(tmp_path: Path) -> None:
    """In a folder, in a package, and in a package inside of a package."""
    bad = json.dumps({"$ref": ELSEWHERE[0]}).encode()
    for number, (file, content) in enumerate(
        (
            ("charts/sub/values.schema.json", bad),
            ("charts/sub-1.tgz", packed({"sub/values.schema.json": bad})),
            ("charts/sub-1.tgz", packed({"sub/charts/deep-1.tgz": packed({"deep/values.schema.json": bad})})),
        )
    ):
        chart = chart_in(tmp_path / str(number))
        (chart / file).parent.mkdir(parents=True)
        (chart / file).write_bytes(content)
        assert odd_schema(chart) is not None, file


def test_a_schema_that_refers_to_itself_is_fine(tmp_path: Path, box: Sandbox) -> None:
    schema = {
        "$schema": "https://json-schema.org/draft-07/schema#",
        "definitions": {"n": {"type": "integer"}},
        "properties": {"a": {"$ref": "#/definitions/n"}},
    }
    chart = chart_in(tmp_path, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n", schema)
    assert odd_schema(chart) is None
    assert not isinstance(helm.template(box, "web", "shop", chart), Failure)


def test_a_kubeconfig_of_any_enclosing_checkout_is_the_checkouts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repository inside of another would make the outer one's plugin the user's own."""
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    for folder in (tmp_path / "outer", inner):
        subprocess.run(["git", "init", "-q", str(folder)], check=True)
    monkeypatch.chdir(inner)
    (tmp_path / "link").symlink_to(tmp_path / "outer" / "config")
    for path in (inner / "config", tmp_path / "outer" / "config", tmp_path / "link"):
        assert inside_checkout(path), path
    assert not inside_checkout(tmp_path / "config")


# What is left behind


def test_what_a_killed_process_left_is_gone_at_the_next_start(tmp_path: Path) -> None:
    """A generated kubeconfig holds a credential: it must not wait in /tmp for whoever comes."""
    make = "from tools.private import PrivateFolder; f = PrivateFolder(); (f.path / 'kubeconfig').touch(); "
    env = os.environ | {"TMPDIR": str(tmp_path)}
    killed = make + "import os; os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", killed], env=env, cwd=ROOT).returncode == -9
    (left,) = tmp_path.glob(f"{PREFIX}*")
    assert (left / "kubeconfig").exists()
    alive = subprocess.Popen(
        [sys.executable, "-c", make + "print(f.path, flush=True); input()"],
        env=env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert alive.stdout is not None
    held = Path(alive.stdout.readline().strip())
    assert not left.exists()
    assert subprocess.run([sys.executable, "-c", make + "f.close()"], env=env, cwd=ROOT).returncode == 0
    assert held.is_dir()  # its owner lives
    alive.communicate("\n")
