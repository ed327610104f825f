"""`make robustness`: the record of every step of apply with every fault; `CASE=step:fault` tries what starts so."""

import argparse
import sys
from collections import Counter

from tests.robustness.matrix import FAULTS, STEPS, UNDOING, Case, can_mount, cases, each
from tests.robustness.world import world

MARKS = {True: "passed", False: "FAILED"}


def main() -> int:
    """Try the cases, print what came of each, and return how many failed."""
    parser = argparse.ArgumentParser(prog="make robustness")
    parser.add_argument("case", nargs="*", help="STEP:FAULT, or its beginning (default: all)")
    chosen = _chosen(parser.parse_args().case)
    passed: Counter[str] = Counter()
    with world(mounted=can_mount()) as made:
        made.plan = made.planned()
        made.keep()
        for case, shown, found, seconds in each(made, chosen):
            passed[case.fault] += not found
            what = f"{MARKS[not found]}  {case.step:22} {case.fault:17}"
            print(f"{what} exit {shown.code:3}  {seconds:5.1f} s  {_how(case)}")
            for why in found:
                print(f"        {why}")
            sys.stdout.flush()
    _print_counts(chosen, passed)
    return int(sum(passed.values()) < len(chosen))


def _chosen(named: list[str]) -> list[Case]:
    found = [case for case in cases() if not named or any(_fits(case, name) for name in named)]
    if not can_mount():
        print("full disk: not tried, it needs root to mount one; `tests/unit/change` has it by failpoint")
        found = [case for case in found if case.fault != "full disk"]
    return found


def _fits(case: Case, name: str) -> bool:
    return case.name.startswith(name) or case.fault == name


def _how(case: Case) -> str:
    return f'make robustness CASE="{case.name}"'


def _print_counts(chosen: list[Case], passed: Counter[str]) -> None:
    print(f"\n{'fault':18} tried  passed   (steps: {', '.join((*STEPS, *UNDOING))})")
    for fault in FAULTS:
        tried = sum(case.fault == fault for case in chosen)
        if tried:
            print(f"{fault:18} {tried:5}  {passed[fault]:6}")
    print(f"{'all':18} {len(chosen):5}  {sum(passed.values()):6}")


if __name__ == "__main__":
    sys.exit(main())
