"""`agent completion`: a script for the shell, made from the command tree itself."""

import argparse
import sys

from agent.diagnostics import ExitCode


def run(args: argparse.Namespace) -> ExitCode:
    """Print the script for one shell."""
    import shtab

    sys.stdout.write(shtab.complete(args.tree(whole=True), args.shell) + "\n")
    return ExitCode.OK
