"""`python -m tests.cluster up|down|status|build`."""

import argparse
import sys

from tests.cluster import binaries, lifecycle, preflight
from tests.cluster.trouble import Trouble


def main() -> int:
    """Do what was asked; trouble is one line."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description="A real Kubernetes on this machine.")
    parser.add_argument("what", choices=("up", "down", "status", "build"))
    parser.add_argument("--kwok", type=int, default=0, metavar="N", help="with up: N simulated nodes")
    args = parser.parse_args()
    try:
        _do(args)
    except Trouble as trouble:
        print(f"tests.cluster: {trouble}", file=sys.stderr)
        return 1
    return 0


def _do(args: argparse.Namespace) -> None:
    if args.what == "up":
        lifecycle.up(args.kwok)
    elif args.what == "down":
        lifecycle.down()
    elif args.what == "build":
        preflight.tools()
        binaries.build()
    else:
        print(lifecycle.status())


if __name__ == "__main__":
    sys.exit(main())
