"""`make robustness`: the record of every step of apply with every fault; `CASE=step:fault` tries what starts so."""

import argparse
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster.plugin import found
from tests.robustness import real
from tests.robustness.matrix import FAULTS, STEPS, UNDOING, Case, can_mount, cases, each
from tests.robustness.world import World, world

MARKS = {True: "passed", False: "FAILED"}


def main() -> int:
    """Try the cases, print what came of each, and return 1 where one failed."""
    parser = argparse.ArgumentParser(prog="make robustness")
    parser.add_argument("case", nargs="*", help="STEP:FAULT, its beginning, or a fault (default: all)")
    parser.add_argument("--cluster", action="store_true", help="on the real cluster, with the real helm")
    asked = parser.parse_args()
    every = real.cases() if asked.cluster else cases()
    chosen = [case for case in every if not asked.case or any(_fits(case, name) for name in asked.case)]
    if not asked.cluster and not can_mount():
        print("full disk: not tried, it needs root to mount a small one")
        chosen = [case for case in chosen if case.fault != "full disk"]
    with _on_cluster() if asked.cluster else _without() as made:
        passed = _tried(made, chosen, "CLUSTER=1 " if asked.cluster else "")
    _print_counts(chosen, passed)
    return int(sum(passed.values()) < len(chosen))


@contextmanager
def _without() -> Iterator[World]:
    with world(mounted=can_mount()) as made:
        made.plan = made.planned()
        made.keep()
        yield made


@contextmanager
def _on_cluster() -> Iterator[World]:
    cluster, namespace = found(), f"robust-{uuid.uuid4().hex[:8]}"
    cluster.kubectl("create", "namespace", namespace)
    try:
        with real.real(cluster, namespace) as made:
            yield made
    finally:
        cluster.kubectl("delete", "namespace", namespace, "--wait=false")


def _tried(made: World, chosen: list[Case], how: str) -> Counter[str]:
    passed: Counter[str] = Counter()
    for case, shown, wrong, seconds in each(made, chosen):
        passed[case.fault] += not wrong
        what = f"{MARKS[not wrong]}  {case.step:22} {case.fault:17} exit {shown.code:3}  {seconds:5.1f} s"
        print(f'{what}  make robustness {how}CASE="{case.name}"')
        for why in wrong:
            print(f"        {why}")
        sys.stdout.flush()
    return passed


def _fits(case: Case, name: str) -> bool:
    return case.name.startswith(name) or case.fault == name


def _print_counts(chosen: list[Case], passed: Counter[str]) -> None:
    print(f"\n{'fault':18} tried  passed   (steps: {', '.join((*STEPS, *UNDOING))})")
    for fault in FAULTS:
        tried = sum(case.fault == fault for case in chosen)
        if tried:
            print(f"{fault:18} {tried:5}  {passed[fault]:6}")
    print(f"{'all':18} {len(chosen):5}  {sum(passed.values()):6}")


if __name__ == "__main__":
    sys.exit(main())
