"""`python -m tests.mutations --count 10000 --seed 1 --of captures`: a long run, told by kinds of what went wrong."""

import argparse
import sys
import time
import traceback
from collections import defaultdict

from tests.mutations import captures, files

CLASSES = {
    "captures": captures.attempt,
    "blueprints": files.blueprints,
    "charts": files.charts,
    "kubeconfigs": files.kubeconfigs,
}

SLOW = 5.0
"""Seconds one damaged input may take with every command that reads it."""


def main() -> int:
    """Print each kind of failure once, with how often it came and one number to repeat it by."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutations")
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first; with --count 1 it repeats one")
    parser.add_argument("--of", choices=sorted(CLASSES), default="captures")
    args = parser.parse_args()
    kinds: dict[str, list[str]] = defaultdict(list)
    began = time.monotonic()
    for number in range(args.first, args.first + args.count):
        said = _failure(args.of, number, args.seed)
        if said:
            kinds[said[0]].append(f"{number}: {said[1]}")
    for kind, found in sorted(kinds.items(), key=lambda item: -len(item[1])):
        print(f"{len(found):6} x {kind}\n         {found[0][:500]}")
    print(f"{args.count} of {args.of} in {time.monotonic() - began:.0f} s, {len(kinds)} kinds of failure")
    return int(bool(kinds))


def _failure(of: str, number: int, seed: int) -> tuple[str, str] | None:
    """Return the kind of what went wrong and what led to it, None where all went well."""
    start = time.monotonic()
    try:
        done = CLASSES[of](number, seed)
    except Exception as error:  # noqa: BLE001 - what crashes is what is looked for
        frames = traceback.extract_tb(error.__traceback__)
        ours = [item for item in frames if "/agent/" in item.filename or "/tools/" in item.filename] or frames
        where = f"{ours[-1].filename}:{ours[-1].lineno}"
        return f"{type(error).__name__} at {where}: {str(error)[:150]!r}", " ".join(getattr(error, "__notes__", ()))
    return ("slow", f"{time.monotonic() - start:.0f} s: {done}") if time.monotonic() - start > SLOW else None


if __name__ == "__main__":
    sys.exit(main())
