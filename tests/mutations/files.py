"""Blueprints, charts and kubeconfigs, one file of them damaged, and every command that reads such a file."""

import json
import random
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

from agent.commandline import parser
from agent.errors import AgentError
from agent.operate import audit, blueprint, diagnose, init, lint, trace, verify
from agent.operate.arguments.audit import Audit
from agent.operate.arguments.blueprint import ListControls, ShowControl
from agent.operate.arguments.common import ProfileName
from agent.operate.arguments.diagnose import Diagnose
from agent.operate.arguments.init import Init
from agent.operate.arguments.lint import Lint
from agent.operate.arguments.trace import Trace, Traceable, Why
from agent.operate.arguments.verify import Verify
from agent.operation import load
from agent.operations import commands
from agent.report import audit as audit_views
from agent.report import controls, starter
from agent.report import diagnosis as diagnosis_views
from agent.report import lint as lint_views
from agent.report import trace as trace_views
from agent.report import verify as verify_views
from agent.report.terminal import Screen
from agent.resources import bundle_path
from agent.snapshot.bundle import load as load_bundle
from agent.snapshot.record import Snapshot
from agent.world.scope import Cluster, Scope
from agent.world.world import World
from tests.mutations import texts, trees
from tests.mutations.surroundings import alone
from tools import credential, helm
from tools.failure import Failure, FailureKind

ROOT = Path(__file__).parents[2]
PAPER = Screen()
UNASKED = Failure(FailureKind.MISSING, "helm", "not asked")

Run = Callable[[Any, World, Callable[[object], None]], Any]
View = Callable[[Any, Screen], str]


@cache
def demo() -> Snapshot:
    """Return the capture that ships along."""
    found = load_bundle(bundle_path("demo"))
    assert isinstance(found, Snapshot), found
    return found


def _say(run: Run, args: Any, *views: View, folder: Path | None = None) -> None:
    """Run one operation as the command line would; an error with a line for a person is an answer."""
    flags = {"blueprints": str(folder)} if folder else {}
    try:
        found = run(args, World(flags, commands(), lambda *_, **__: demo()), lambda _: None)
    except AgentError:
        return
    for view in views:
        view(found, PAPER)


@contextmanager
def _copy(source: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mutations-") as place:
        yield Path(shutil.copytree(source, Path(place) / source.name))


@contextmanager
def _without_helm() -> Iterator[None]:
    with patch.object(helm, "sourced", lambda *_, **__: UNASKED):
        yield


def blueprints(number: int, seed: int) -> str:
    """Damage one blueprint, and ask everything that reads them; return what was done."""
    chance = random.Random(f"{seed}-{number}")
    with _copy(ROOT / "blueprints") as folder, alone(), _without_helm():
        path = chance.choice(sorted(folder.glob("*.md")))
        content, done = texts.damage(path.read_bytes(), chance)
        path.write_bytes(content)
        said = f"{path.name} {done}"
        with _noted(said):
            _say(blueprint.listing, ListControls(), controls.as_table, controls.as_json, folder=folder)
            _say(blueprint.show, ShowControl(name=path.stem), controls.as_text, folder=folder)
            _say(lint.run, Lint(), lint_views.as_text, lint_views.as_json, folder=folder)
            _say(diagnose.run, Diagnose(), diagnosis_views.as_text, diagnosis_views.as_json, folder=folder)
            _say(verify.run, Verify(scope=_shop()), verify_views.as_text, verify_views.as_json, folder=folder)
            asked = Audit(profile=chance.choice(("dev", "prod")), scope=_shop())
            _say(audit.run, asked, audit_views.as_text, audit_views.as_json, folder=folder)
            _say(trace.trace, Trace(of=Traceable()), trace_views.matrix_as_text, folder=folder)
    return said


def charts(number: int, seed: int) -> str:
    """Damage one file of a chart, and ask everything that reads charts; one in ten is rendered as well."""
    chance = random.Random(f"{seed}-{number}")
    with _copy(chance.choice([ROOT / "charts" / "todo-app", *(ROOT / "tests/fixtures/charts").iterdir()])) as folder:
        path = chance.choice([path for path in sorted(folder.rglob("*")) if path.is_file()])
        if chance.random() < 0.05:
            path.unlink()
            done = "is gone"
        else:
            content, done = texts.damage(path.read_bytes(), chance)
            path.write_bytes(content)
        said = f"{folder.name}/{path.relative_to(folder)} {done}"
        with _noted(said), alone() if number % 10 else ExitStack(), _without_helm() if number % 10 else ExitStack():
            _on_chart(str(folder), chance)
    return said


def _on_chart(folder: str, chance: random.Random) -> None:
    profile: ProfileName = chance.choice(("dev", "prod"))
    of = Traceable(chart=folder, profile=profile)
    _say(lint.run, Lint(chart=folder), lint_views.as_text)
    _say(audit.run, Audit(chart=folder, profile=profile, scope=_shop()), audit_views.as_text, audit_views.as_json)
    _say(trace.why, Why(value="replicas", of=of), trace_views.as_text, trace_views.as_json)
    _say(init.run, Init(chart=folder), starter.as_markdown)


def _shop() -> Scope:
    return Scope(bundle="demo", cluster=Cluster(namespace="todo-app"))


def kubeconfigs(number: int, seed: int) -> str:
    """Damage a kubeconfig, as a text or as a tree, and look at its cluster; no name resolves, no plugin runs."""
    chance = random.Random(f"{seed}-{number}")
    document = _kubeconfig(chance)
    if chance.random() < 0.6:
        done = " ".join(trees.damage(document, chance) for _ in range(chance.choice((1, 2))))
        content = json.dumps(document).encode()
    else:
        content, done = texts.damage(yaml.safe_dump(document).encode(), chance)
    with tempfile.TemporaryDirectory(prefix="mutations-") as place, _noted(done), _offline():
        path = Path(place) / "config"
        path.write_bytes(content)
        path.chmod(0o600)
        for args in ((), ("--context", "b"), ("--all-namespaces",)):
            _typed("diagnose", f"--kubeconfig={path}", "--timeout=2", *args)
    return done


def _typed(*argv: str) -> None:
    """Run a command line whose looks are real."""
    from agent.argument import build, flat

    typed = parser().parse_args(argv)
    args = build(load(typed.operation.args), vars(typed))
    try:
        load(typed.operation.run)(args, World(flat(args), commands()), lambda _: None)
    except AgentError:
        return
    raise AssertionError("a cluster that is not there was looked at")


@contextmanager
def _offline() -> Iterator[None]:
    def nowhere(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    refused = Failure(FailureKind.MISSING, "plugin", "not run")
    with (
        patch.object(socket, "getaddrinfo", nowhere),
        patch.object(credential, "run_credential_plugin", lambda *_, **__: refused),
    ):
        yield


def _kubeconfig(chance: random.Random) -> dict[str, Any]:
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "aws",
        "args": ["a"],
        "env": [],
        "installHint": "x",
    }
    users: list[dict[str, Any]] = [
        {"token": "abc"},
        {"username": "me", "password": "pw"},
        {"tokenFile": "token"},
        {"client-certificate-data": "QUJD", "client-key-data": "QUJD"},
        {"exec": plugin},
        {},
    ]
    clusters: list[dict[str, Any]] = [
        {"server": "https://127.0.0.1:1"},
        {"server": "http://cluster.example/base", "proxy-url": "http://proxy.example:3128"},
        {"server": "https://[::1]:1", "insecure-skip-tls-verify": True, "tls-server-name": "x"},
        {"server": "https://a.example:6443", "certificate-authority-data": "QUJD"},
    ]
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "preferences": {},
        "current-context": "a",
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": "x"}} for name in "ab"],
        "clusters": [{"name": name, "cluster": dict(chance.choice(clusters))} for name in "ab"],
        "users": [{"name": name, "user": dict(chance.choice(users))} for name in "ab"],
    }


@contextmanager
def _noted(said: str) -> Iterator[None]:
    """Say of an error what led to it."""
    try:
        yield
    except Exception as error:
        error.add_note(said)
        raise
