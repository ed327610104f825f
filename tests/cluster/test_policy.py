"""What the policy calls a read leaves no write at the API server: random commands, the server's audit log as the judge.

Our parser and the programs' own may differ on what an argument means. What we let run and they take for something
else would change a cluster without a plan.
"""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cluster.layout import audit_log
from tests.cluster.plugin import Cluster
from tools.failure import Failure
from tools.kubeconfig import access
from tools.policy import Permission, Rule, decide
from tools.rules import helm, kubectl
from tools.run import run
from tools.sandbox import Sandbox, sandbox

pytestmark = pytest.mark.cluster

CHART = Path(__file__).parents[2] / "charts" / "todo-app"
TRIED = 150

ASKING = ("selfsubjectreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews", "tokenreviews")
"""Questions that the API takes as objects to create, and keeps nothing of."""

STRAY = (
    "--force", "--dry-run=none", "--server=https://127.0.0.1:1", "--as=root", "--output=yaml", "--filename=/etc/passwd",
    "--replicas=0", "--SERVER=x", "--namespace=kube-system", "--all-namespaces", "--install", "--wait", "--previous",
    "delete", "apply", "patch", "secrets", "pods/web", "scale", "all", "--raw=/api", "--watch", "--reuse-values", "--",
)  # fmt: skip
"""Words and flags that mean something to kubectl or helm, and must not slip in."""


@pytest.fixture
def place(cluster: Cluster, namespace: str) -> Iterator[tuple[Sandbox, str]]:
    """Return a sandbox with a cluster administrator of its own: nobody forbids what the policy lets through."""
    account = ("serviceaccount", "reader", f"--namespace={namespace}")
    cluster.kubectl("create", *account)
    whom = f"--serviceaccount={namespace}:reader"
    cluster.kubectl("create", "clusterrolebinding", f"reader-{namespace}", "--clusterrole=cluster-admin", whom)
    cluster.kubectl("create", "deployment", "web", "--image=registry.local/pause:1", f"--namespace={namespace}")
    cluster.helm("install", "todo", str(CHART), f"--namespace={namespace}")
    token = cluster.kubectl("create", "token", "reader", f"--namespace={namespace}").stdout.strip()
    found = access(cluster.context, str(cluster.kubeconfig))
    assert not isinstance(found, Failure)
    own = type(found)(found.context, found.server, namespace, ca=found.ca, token=token)
    try:
        with sandbox(own, path=f"{cluster.helm_path.parent}:{cluster.kubectl_path.parent}") as box:
            yield box, namespace
    finally:
        cluster.kubectl("delete", "clusterrolebinding", f"reader-{namespace}")


def test_what_is_called_a_read_writes_nothing(cluster: Cluster, place: tuple[Sandbox, str]) -> None:
    """The gate would be open to whoever words a command so that we misread it."""
    box, namespace = place
    if cluster.provider != "local":
        pytest.skip("only the cluster that is started here keeps an audit log")
    ran: list[str] = []

    @settings(max_examples=TRIED, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(_commands(box.context, namespace))
    def tries(argv: Sequence[str]) -> None:
        if decide(argv).permission is Permission.ALLOW:
            run(argv, box, timeout=10.0)
            ran.append(" ".join(argv))

    tries()
    assert len(ran) > TRIED / 5
    assert len({line.split("--")[0] for line in ran}) > 10
    assert _writes(namespace) == []


def test_the_judge_sees_a_write(cluster: Cluster, place: tuple[Sandbox, str]) -> None:
    """A log that tells of nothing would let everything pass."""
    box, namespace = place
    if cluster.provider != "local":
        pytest.skip("only the cluster that is started here keeps an audit log")
    config = f"--kubeconfig={box.folder / 'kubeconfig'}"
    cluster.kubectl(config, "scale", "deployment/web", "--replicas=2", f"--namespace={namespace}")
    assert any("patch deployments" in line or "update deployments" in line for line in _writes(namespace))


def _commands(context: str, namespace: str) -> st.SearchStrategy[list[str]]:
    """Return commands made by the policy's own rules, with a stray word or flag here and there."""
    rules = [rule for rule in (*kubectl.RULES, *helm.RULES) if rule.permission is not Permission.DENY]
    kept = [str(Path(folder) / "policyreports.json") for folder in ("/nowhere", "/etc")]  # no list of ours is there
    samples = {
        "reports": kept,
        "name": ["web", "todo", namespace], "context": [context], "directory": [str(CHART), str(CHART / "values.yaml")],
        "number": ["1", "5"], "wait": ["1s", "500ms"], "selector": ["app=web"], "time": ["10m"], "tail": ["5"],
        "bytes": ["1024"], "owned": ["deployment/web", "deployment/todo-backend"], "container": ["pause", "backend"],
        "word": ["deployments", "pods"], "text": ["x", "--help"], "version": ["1.36.0"], "apis": ["apps/v1"],
        "revision": ["HEAD:a"], "forwarded": ["service/web", "deployment/web"], "ports": ["40001:8000"],
    }  # fmt: skip
    return st.sampled_from(rules).flatmap(lambda rule: _of_rule(rule, samples))


@st.composite
def _of_rule(draw: st.DrawFn, rule: Rule, samples: dict[str, list[str]]) -> list[str]:
    words = [_word(draw, part, samples) for part in rule.command.split()]
    optional = draw(st.sets(st.sampled_from(sorted(rule.flags)), max_size=3)) if rule.flags else set()
    chosen = [*rule.required, *rule.one_of[:1], *(name for name in sorted(optional) if name not in rule.required)]
    flags = [_flag(draw, name, rule.flags[name], samples) for name in dict.fromkeys(chosen)]
    stray = draw(st.lists(st.sampled_from(STRAY), max_size=1)) if draw(st.booleans()) else []
    rest = draw(st.permutations([*flags, *stray]))
    return [*words, *rest]


def _word(draw: st.DrawFn, part: str, samples: dict[str, list[str]]) -> str:
    plain = part.removesuffix("?")
    if plain.startswith("<"):
        return draw(st.sampled_from(samples[plain[1:-1]]))
    return draw(st.sampled_from(plain.split("|")))


def _flag(draw: st.DrawFn, name: str, shape: str, samples: dict[str, list[str]]) -> str:
    if not shape:
        return name
    return f"{name}{shape}" if shape.startswith("=") else f"{name}={draw(st.sampled_from(samples[shape]))}"


def _writes(namespace: str) -> list[str]:
    """Return every write of this namespace's reader that the server tells of, as `verb resource`."""
    time.sleep(1.0)  # the server writes its log as it answers, and the last answer may be a moment old
    user = f"system:serviceaccount:{namespace}:reader"
    found = (json.loads(line) for line in audit_log().read_text(encoding="utf-8").splitlines() if user in line)
    return [f"{item['verb']} {item['objectRef']['resource']}" for item in found if _is_write(item, user)]


def _is_write(item: dict[str, Any], user: str) -> bool:
    if "dryRun=All" in item["requestURI"]:
        return False
    return item["user"]["username"] == user and item.get("objectRef", {}).get("resource") not in ASKING
