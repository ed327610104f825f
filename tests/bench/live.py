"""The real cluster with up to 5,000 simulated pods and their events, some broken: a curve against a bare fetch."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.measure import Line, cost
from tests.cluster import crowd, lifecycle
from tests.cluster.binaries import program
from tests.cluster.client import kubectl
from tests.cluster.layout import kubeconfig

SIZES = (500, 1_500, 5_000)
NODES = 12
PREFIX = "bench-"
FETCH = Path(__file__).with_name("fetch.py")
AGENT = Path(sys.executable).parent / "agent"
KINDS = "pods,events,replicasets,deployments,services,endpointslices,configmaps,serviceaccounts,nodes"
FOUND = (1,)
"""Some of the pods are broken; 3 would mean that part of the cluster was not read."""

MEGABYTE = 1 << 20


def lines() -> Iterator[Line]:
    """Fill the cluster step by step, yield the measurements of each, take everything away again."""
    lifecycle.up(NODES)
    crowd.clear(PREFIX, SIZES[-1], wait=True)  # of a run that was cut short
    try:
        for size in SIZES:
            crowd.fill(PREFIX, size)
            yield from _measured(size)
    finally:
        crowd.clear(PREFIX, SIZES[-1], wait=False)
        kubectl("delete", "nodes", "--selector=type=kwok", "--wait=false")


def _measured(size: int) -> Iterator[Line]:
    """Yield time against a bare fetch and parse, and memory against the size of the same JSON."""
    env = {"KUBECONFIG": str(kubeconfig()), "BLUEHELM_PATH": str(program("helm").parent)}
    floor = cost([sys.executable, FETCH], runs=3, env=env)
    found = cost([AGENT, "diagnose", "-A"], runs=3, env=env, answers=FOUND)
    fetched = subprocess.run([sys.executable, FETCH], capture_output=True, text=True, env=os.environ | env, check=True)
    content = int(fetched.stdout)
    yield Line(f"agent diagnose -A, {size} live pods", found.seconds, floor.seconds, "s ", 3)
    health = cost([AGENT, "health"], runs=3, env=env, answers=FOUND)
    yield Line(f"agent health, {size} live pods, beside that", health.seconds, found.seconds, "s ", 1.5)
    yield Line(f"its peak memory, beside {size} pods as JSON", found.memory / MEGABYTE, content / MEGABYTE, "MB", 30)
    if size == SIZES[-1]:
        beside = cost([program("kubectl"), "get", KINDS, "-A", "-o", "json"], runs=1, env=env).seconds
        told = f"{beside:9.3f} s  = {beside / floor.seconds:.1f} x the same floor"
        print(f"{'(kubectl get of the same kinds as JSON)':<46} {told}")
