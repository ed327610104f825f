"""`python -m tests.scenarios [NAME...] [--jobs N] [--k8s VERSION]`: play scenarios on the real cluster.

Exit codes: 0 all right, 1 some not, 2 cannot be run, 3 the cluster was lost.
"""

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.cluster import lifecycle, preflight, simulated
from tests.cluster.client import kubectl
from tests.cluster.trouble import Trouble
from tests.scenarios import bed
from tests.scenarios.expectation import CAPTURES, ROOT, Scenario, load, names, outside
from tests.scenarios.run import Run, only_run, say
from tests.scenarios.table import summary, table


def main() -> int:
    """Do what was asked; trouble is one line."""
    args = _parser().parse_args()
    os.chdir(ROOT)
    try:
        scenarios = [load(name) for name in args.names or names()]
        preflight.machine()
        with contextlib.nullcontext() if args.beside else only_run():
            return _run(scenarios, args)
    except Trouble as trouble:
        say(f"tests.scenarios: {trouble}")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios", description="Play scenarios on the cluster.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="scenarios to play (default: all)")
    parser.add_argument("--jobs", type=int, default=2 * (os.cpu_count() or 1), help="namespaces at once")
    parser.add_argument("--k8s", default="", metavar="VERSION", help="the version the cluster must run (v1.34)")
    parser.add_argument("--beside", action="store_true", help="beside another run; for scenarios it does not play")
    return parser


def _run(scenarios: Sequence[Scenario], args: argparse.Namespace) -> int:
    _ready(args.k8s)
    if not args.beside:
        _clear()
    if any(scenario.expect.alone for scenario in scenarios):
        simulated.start()
    run = Run(CAPTURES / args.k8s if args.k8s else CAPTURES, max(1, args.jobs))
    lost = ""
    try:
        run.play(scenarios)
    except bed.Lost as error:
        lost = f"the cluster was lost after {len(run.results)} of {len(scenarios)}, while {run.playing}: {error}"
    print(f"{table(run.results)}\n\n{summary(run.results)}", flush=True)
    if lost:
        say(f"tests.scenarios: {lost}")
        return 3
    return 0 if all(result.passed and not result.trouble for result in run.results) else 1


def _ready(version: str) -> None:
    """Refuse to run on no cluster, or on another version than was asked for."""
    if not lifecycle.is_up():
        raise Trouble("the cluster is not up; `make cluster-up` starts it")
    running = json.loads(kubectl("version", "--output=json", check=True).stdout)["serverVersion"]["gitVersion"]
    if version and not f"{running}.".startswith(f"{version.removesuffix('.')}."):
        raise Trouble(f"the cluster runs {running}, not {version}; take it down and bring that version up")


def _clear() -> None:
    """Clear what a killed run left."""
    found = json.loads(kubectl("get", "namespaces", f"--selector={bed.RUN}", "--output=json", check=True).stdout)
    metas = [item["metadata"] for item in found["items"]]
    for meta in (meta for meta in metas if not _is_run(meta["labels"][bed.RUN])):
        say(f"clearing namespace {meta['name']} of a run that ended early")
        name = meta["labels"].get(bed.LABEL, "")
        bed.remove(meta["name"], outside(load(name), meta["name"]) if name in names() else [])
        bed.gone(meta["labels"][bed.RUN])


def _is_run(pid: str) -> bool:
    with contextlib.suppress(OSError):
        return b"tests.scenarios" in (Path("/proc") / pid / "cmdline").read_bytes()
    return False


if __name__ == "__main__":
    sys.exit(main())
