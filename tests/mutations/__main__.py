"""`python -m tests.mutations --count 10000 --seed 1 [--of captures]`: a long run, by kinds of what went wrong."""

import argparse
import sys
import time
import traceback
from collections import defaultdict

from tests.mutations import captures

CLASSES = {"captures": captures.attempt}


def main() -> int:
    """Print each kind of failure once, with how often it came and one number to repeat it by."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutations")
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--of", choices=sorted(CLASSES), default="captures")
    args = parser.parse_args()
    kinds: dict[str, list[str]] = defaultdict(list)
    began = time.monotonic()
    for number in range(args.first, args.first + args.count):
        start = time.monotonic()
        try:
            done = CLASSES[args.of](number, args.seed)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            ours = [
                item
                for item in traceback.extract_tb(error.__traceback__)
                if "/agent/" in item.filename or "/tools/" in item.filename
            ]
            where = ours[-1] if ours else place
            kinds[f"{type(error).__name__} at {where.filename}:{where.lineno}: {str(error)[:150]!r}"].append(
                f"{number}: {getattr(error, '__notes__', '')}"
            )
            continue
        if time.monotonic() - start > 5:
            kinds[f"slow"].append(f"{number}: {time.monotonic() - start:.0f} s, {done}")
    for kind, found in sorted(kinds.items(), key=lambda item: -len(item[1])):
        print(f"{len(found):6} x {kind}\n         {found[0][:400]}")
    print(f"{args.count} of {args.of} in {time.monotonic() - began:.0f} s, {len(kinds)} kinds of failure")
    return int(bool(kinds))


if __name__ == "__main__":
    sys.exit(main())
