"""Debian's Prometheus, really scraping the test bed's node: a second source of metrics."""

import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.cluster import certs, images
from tests.cluster.layout import PORTS, cache_dir
from tests.cluster.trouble import Trouble

PORT = 19090


@contextmanager
def prometheus(*targets: str) -> Iterator[str]:
    """Start it, wait until it has scraped the kubelet twice, yield its origin, and take it away again.

    It scrapes these targets (`10.96.3.4:9402`) as well.
    """
    with tempfile.TemporaryDirectory(prefix="bluehelm-prometheus-") as folder:
        process = _start(Path(folder), targets)
        try:
            origin = f"http://127.0.0.1:{PORT}"
            _wait(origin, process, Path(folder))
            yield origin
        finally:
            process.terminate()
            process.wait(20)


def _program() -> Path:
    """Return the one file of Debian's package that is needed, unpacked once."""
    path = cache_dir() / "bin" / "prometheus"
    if not path.exists():
        with tempfile.TemporaryDirectory() as folder:
            images.unpack("prometheus", Path(folder), "./usr/bin/prometheus")
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(Path(folder) / "usr/bin/prometheus", path)
    return path


def _start(folder: Path, targets: Sequence[str]) -> "subprocess.Popen[bytes]":
    config = folder / "prometheus.yml"
    config.write_text(json.dumps(_config(targets)))  # JSON is YAML
    argv = [
        str(_program()),
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{PORT}",
    ]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(argv, stdout=log, stderr=log, start_new_session=True)


def _config(targets: Sequence[str]) -> dict[str, object]:
    pki = certs.folder()
    resources = {
        "job_name": "kubelet",
        "scheme": "https",
        "metrics_path": "/metrics/resource",
        "tls_config": {
            "cert_file": str(pki / "admin.crt"),
            "key_file": str(pki / "admin.key"),
            "insecure_skip_verify": True,
        },
        "static_configs": [{"targets": [f"127.0.0.1:{PORTS['kubelet']}"]}],
    }
    more = {"job_name": "more", "static_configs": [{"targets": list(targets)}]}
    return {"global": {"scrape_interval": "5s"}, "scrape_configs": [resources, more]}


def _wait(origin: str, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    end = time.monotonic() + 90
    asked = f"{origin}/api/v1/query?query=count(rate(container_cpu_usage_seconds_total[2m]))"
    while not _answers(asked):
        if process.poll() is not None or time.monotonic() > end:
            log = (folder / "log").read_text(errors="replace").splitlines()
            raise Trouble(f"Prometheus scraped nothing: {(log or ['nothing said'])[-1][:300]}")
        time.sleep(0.2)


def _answers(asked: str) -> bool:
    try:
        with urllib.request.urlopen(asked, timeout=2) as reply:
            return bool(json.load(reply)["data"]["result"])
    except (OSError, ValueError):
        return False
