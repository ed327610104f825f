"""Records what the real helm and the API server say at each stage of a release: `python -m tests.robustness.record`.

Needs the test bed's cluster (KUBECONFIG) and its helm. Writes tests/fixtures/robustness.json.gz, in which
the namespace it uses is called `shop`.
"""

import gzip
import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.cluster.client import helm, kubectl
from tests.robustness.recorded import CANARY, FILE, RELEASE
from tools.kinds import KINDS

ROOT = Path(__file__).parents[2]
NAMESPACE = "robust-record"
SHOWN = "shop"
MEMORY = "memory: 512Mi                 # SVC-BE-MEM-LIMIT"
WAIT = ("--wait", "--timeout=90s")
FAILS = ("--wait", "--timeout=15s", "--rollback-on-failure")
NOT_SHOWN = ("ClusterRole", "ClusterRoleBinding", "Lease", "HTTPRoute", "Gateway", "GatewayClass")


def main() -> None:
    """Take a release through its stages and keep what is said at each."""
    kubectl("create", "namespace", NAMESPACE, check=True)
    try:
        with tempfile.TemporaryDirectory() as folder:
            kept = _stages(Path(folder))
    finally:
        kubectl("delete", "namespace", NAMESPACE, "--wait=false")
    text = json.dumps(kept, separators=(",", ":"), sort_keys=True).replace(NAMESPACE, SHOWN)
    FILE.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{FILE.relative_to(ROOT)}: {FILE.stat().st_size} bytes")


def _stages(folder: Path) -> dict[str, Any]:
    chart = folder / "chart"
    subprocess.run(["cp", "-r", str(ROOT / "charts" / "todo-app"), str(chart)], check=True)
    values, secrets = chart / "values.yaml", folder / "secrets.yaml"
    secrets.write_text(f"secrets:\n  values:\n    PASSWORD: {CANARY}\n")
    planned = values.read_text()
    found: dict[str, Any] = {"version": helm("version", "--short").stdout, "stages": {}, "template": {}, "said": {}}
    for name, text in (("before", planned.replace(MEMORY, MEMORY.replace("512Mi", "384Mi"))), ("after", planned)):
        values.write_text(text)
        found["template"][name] = _helm("template", RELEASE, str(chart), *_files(values, secrets), version="v1.36.3")
        found["dry-run"] = _helm("upgrade", "--install", RELEASE, str(chart), *_files(values, secrets), more=DRY)
        found["upgrade"] = _helm("upgrade", "--install", RELEASE, str(chart), *_files(values, secrets), more=WAIT)
        found["stages"][name] = _stage()
    found["rollback"] = _helm("rollback", RELEASE, "1", more=WAIT)
    found["stages"]["back"] = _stage()
    values.write_text(planned.replace("tag: latest", "tag: v9", 1))
    found["said"]["midway"], found["stages"]["failing"] = _fails(chart, values, secrets)
    found["said"]["unreachable"] = helm("history", RELEASE, "--kube-apiserver=https://127.0.0.1:1").stderr
    return found


DRY = ("--dry-run=server", "--hide-secret", "--output=json")


def _files(*paths: Path) -> tuple[str, ...]:
    return tuple(f"--values={path}" for path in paths)


def _helm(*words: str, more: tuple[str, ...] = (), version: str = "") -> str:
    kube = (f"--kube-version={version}",) if version else ()
    return helm(*words, f"--namespace={NAMESPACE}", *kube, *more, check=True).stdout


def _fails(chart: Path, values: Path, secrets: Path) -> tuple[str, dict[str, Any]]:
    """Upgrade to what never becomes ready; return helm's last words, and the stage in the middle of it."""
    program, where = helm("version").args[0], helm("version").args[1]
    argv = [program, where, "upgrade", RELEASE, str(chart), *_files(values, secrets), f"--namespace={NAMESPACE}"]
    with subprocess.Popen([*argv, *FAILS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        time.sleep(10)
        stage = _stage()
        return running.communicate()[1], stage


def _stage() -> dict[str, Any]:
    where = (f"--namespace={NAMESPACE}",)
    said = {
        name: json.loads(helm(*words, *where, "--output=json", check=True).stdout)
        for name, words in (
            ("list", ("list",)),
            ("history", ("history", RELEASE)),
            ("values", ("get", "values", RELEASE)),
            ("metadata", ("get", "metadata", RELEASE)),
        )
    }
    manifest = helm("get", "manifest", RELEASE, *where, check=True).stdout
    return said | {"manifest": manifest, "objects": {kind.name: _objects(kind.plural, kind) for kind in KINDS}}


def _objects(plural: str, kind: Any) -> list[dict[str, Any]]:
    if kind.name in NOT_SHOWN:
        return []
    group = kind.prefix.split("/")[2] if kind.prefix.startswith("/apis/") else ""
    named = f"{plural}.{group}" if group else plural
    where = (f"--namespace={NAMESPACE}",) if kind.namespaced else ()
    done = kubectl("get", named, *where, "--output=json", "--show-managed-fields")
    items: list[dict[str, Any]] = json.loads(done.stdout)["items"] if done.returncode == 0 else []
    for item in items:
        if item.get("type") == "helm.sh/release.v1":
            item["data"] = {"release": "c2hvcnRlbmVk"}
    return [item for item in items if kind.name != "Namespace" or _is_shown(item)]


def _is_shown(namespace: dict[str, Any]) -> bool:
    return namespace["metadata"]["name"] in (NAMESPACE, "kube-system")


if __name__ == "__main__":
    main()
