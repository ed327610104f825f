"""`python -m tests.cluster.fixes [NAME ...]`: play the cases on the test cluster and print how each came out."""

import argparse
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.cluster import binaries
from tests.cluster.fixes.case import Case, cases
from tests.cluster.fixes.play import Played, play
from tests.cluster.layout import CONTEXT, kubeconfig
from tests.cluster.plugin import Cluster

HEAD = ("case", "without the row", "with the row", "taken back", "seconds")
WIDEST = 60


def main() -> int:
    """Play, and return 1 where a case did not come out as it must."""
    args = _parser().parse_args()
    cluster = Cluster("local", kubeconfig(), CONTEXT, binaries.program("kubectl"), binaries.program("helm"))
    with ThreadPoolExecutor(args.at_once) as pool:
        results = list(pool.map(lambda case: _played(case, cluster, args), cases(*args.names)))
    rows = [HEAD, *map(_row, results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
    print(f"{sum(result.passed for result in results)} of {len(results)} cases right")
    return int(not all(result.passed for result in results))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster.fixes", description=__doc__)
    parser.add_argument("names", nargs="*", help="cases (default: all)")
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--log", type=Path, help="folder for what every command of a case printed")
    parser.add_argument("--keep", action="store_true", help="leave the namespaces and checkouts behind")
    return parser


def _played(case: Case, cluster: Cluster, args: argparse.Namespace) -> Played:
    namespace = f"fixes-{case.name}-{os.getpid()}"  # another session may play the same case
    cluster.kubectl("create", "namespace", namespace)
    folder = Path(tempfile.mkdtemp(prefix=f"{namespace}-"))
    result = play(case, cluster, namespace, folder)
    if args.log:
        args.log.mkdir(parents=True, exist_ok=True)
        parts = (f"refused: {result.refused}\nmended: {result.mended}\nundone: {result.undone}", str(folder))
        (args.log / f"{case.name}.txt").write_text("\n=====\n".join([*parts, *result.text]))
    if not args.keep:
        cluster.kubectl("delete", "namespace", namespace, "--wait=false")
    print(f"{case.name}: {'ok' if result.passed else 'NOT'}", file=sys.stderr, flush=True)
    return result


def _row(result: Played) -> tuple[str, ...]:
    said = (result.refused, result.mended, result.undone)
    parts = [
        word if not text else text[:WIDEST] for word, text in zip(("refused", "mended", "undone"), said, strict=True)
    ]
    return (result.name, *parts, f"{result.seconds:.0f}")


if __name__ == "__main__":
    sys.exit(main())
