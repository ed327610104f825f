"""`make bench`: speed and memory as ratios against a floor in the same run, live too where a cluster can run."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from tests.bench import engine, live
from tests.bench.measure import Line, cost
from tests.cluster import preflight
from tests.fakes.programs import find

PYTHON = sys.executable
AGENT = Path(PYTHON).parent / "agent"
AUDITED = Path(__file__).parents[1] / "fixtures" / "audit" / "installed.tgz"
MEGABYTE = 1 << 20
CROWDS = (500, 1_500, 5_000)
CURVES = (("orphans", "orphan Services beside as many workloads", 0), ("failing", "failing workloads", 1))
"""Which crowd, what it is, and the exit status that says it was looked at right."""


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--no-live", action="store_true", help="leave out the real cluster with 5,000 simulated pods")
    args = parser.parse_args()
    failed = False
    for line in chain(start(), bundle(), crowds(), audit(), () if args.no_live else _live()):
        print(line, flush=True)
        failed |= line.too_much
    return int(failed)


def _live() -> Iterator[Line]:
    reason = preflight.unable()
    if reason is None:
        yield from engine.lines()
        yield from live.lines()
    else:
        print(f"not measured live: {reason}")


def start() -> Iterator[Line]:
    """Yield what asking for the version and for help costs, against an interpreter that does nothing."""
    floor = cost([PYTHON, "-c", "pass"], runs=15).seconds
    for flag in ("--version", "--help"):
        yield Line(f"agent {flag}", cost([AGENT, flag], runs=15).seconds * 1e3, floor * 1e3, "ms", 3)


def bundle() -> Iterator[Line]:
    """Yield what a diagnosis of a large capture costs, against json.load of the same bytes."""
    with tempfile.TemporaryDirectory() as folder:
        capture, plain = Path(folder) / "large.tgz", Path(folder) / "large.json"
        subprocess.run([PYTHON, "-m", "tests.bench.synthetic", capture, plain], check=True)
        floor = cost([PYTHON, "-c", f"import json; json.load(open({str(plain)!r}))"])
        found = cost([AGENT, "diagnose", "--bundle", capture], answers=(1,))
        yield Line("agent diagnose --bundle, time", found.seconds, floor.seconds, "s ", 2)
        yield Line("agent diagnose --bundle, peak memory", found.memory / MEGABYTE, floor.memory / MEGABYTE, "MB", 2.5)


def crowds() -> Iterator[Line]:
    """Yield two curves: N Services beside N workloads, none meant for another, and N workloads that all fail."""
    start = cost([AGENT, "diagnose", "--bundle", "demo"], answers=(1,))  # what a small namespace costs as well
    with tempfile.TemporaryDirectory() as folder:
        for kind, what, answer in CURVES:
            for number in CROWDS:
                capture, plain = Path(folder) / f"{kind}-{number}.tgz", Path(folder) / f"{kind}-{number}.json"
                subprocess.run([PYTHON, "-m", "tests.bench.crowds", kind, str(number), capture, plain], check=True)
                parsed = cost([PYTHON, "-c", f"import json; json.load(open({str(plain)!r}))"], runs=3)
                found = cost([AGENT, "diagnose", "--bundle", capture], runs=3, answers=(answer,))
                yield Line(f"{number} {what}", found.seconds, parsed.seconds + start.seconds, "s ", 2)


def audit() -> Iterator[Line]:
    """Yield the CPU of an audit, its helm and git included, against what it reads and runs, bare: nothing is judged."""
    path = {"PATH": f"{find('helm').parent}{os.pathsep}{os.environ['PATH']}"}
    unseen = (3,)  # a capture holds nothing of minikube, which some rows ask for
    floor = cost([PYTHON, "-m", "tests.bench.reading", AUDITED], env=path, runs=15)
    found = cost([AGENT, "audit", "--bundle", AUDITED, "--profile=dev"], env=path, answers=unseen, runs=15)
    yield Line("agent audit of files and a capture, CPU", found.cpu * 1e3, floor.cpu * 1e3, "ms", 2)


if __name__ == "__main__":
    sys.exit(main())
