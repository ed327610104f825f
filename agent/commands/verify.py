"""`agent verify`: the checklists, run as far as they only read."""

import argparse

from agent.audit.verdict import Outcome
from agent.blueprint.control import Blueprints, ControlKind
from agent.config import load
from agent.diagnostics import ExitCode
from agent.errors import UsageError
from agent.report import verify as report
from agent.snapshot.graph import Graph
from agent.snapshot.record import Snapshot
from agent.verify.engine import asked, verify
from agent.verify.facts import Checked, Facts
from agent.verify.line import parse
from agent.world.blueprints import read
from agent.world.look import look, report_gaps
from agent.world.release import cluster_facts


def run(args: argparse.Namespace) -> ExitCode:
    """Run the command. A line that is not run by design does not spoil the code; one that could not be judged does."""
    settings = load(vars(args)).settings
    blueprints = read(settings.blueprints)
    known = sorted({row.blueprint for row in blueprints.controls if row.kind is ControlKind.CHECK})
    if args.blueprint and args.blueprint not in known:
        raise UsageError(f"no checklist in a blueprint {args.blueprint!r}; there are: {', '.join(known)}")
    snapshot = look(args, settings, everything=_reads_logs(blueprints, args.blueprint or ""))
    report_gaps(snapshot)
    cluster, reason = cluster_facts(snapshot, settings)
    namespace, release = _place(args, snapshot)
    facts = Facts(Graph(snapshot), namespace, release, blueprints.bindings, cluster, reason)
    found = verify(blueprints, facts, args.blueprint or "")
    (report.as_json if args.output == "json" else report.as_text)(found, snapshot, namespace)
    return code(found)


def _reads_logs(blueprints: Blueprints, only: str) -> bool:
    """Return whether a line asks for a log: a diagnosis leaves out those of healthy containers, which it speaks of."""
    lines = [parse(row) for row in asked(blueprints, only)]
    return any(line.verb == "logs" for line in lines)


def _place(args: argparse.Namespace, snapshot: Snapshot) -> tuple[str, str]:
    """Return the namespace to judge and the release in it, "" where there is none or more than one."""
    namespaces = sorted({item.namespace for item in snapshot.releases})
    namespace = args.namespace or snapshot.namespace or (namespaces[0] if len(namespaces) == 1 else "")
    if not namespace:
        raise UsageError(f"which namespace? -n one of {', '.join(namespaces) or 'those of the cluster'}")
    names = [item.name for item in snapshot.releases if item.namespace == namespace]
    return namespace, names[0] if len(names) == 1 else ""


def code(found: list[Checked]) -> ExitCode:
    """Return what the run exits with."""
    outcomes = {item.outcome for item in found if not item.not_run or item.ran}
    if Outcome.FAIL in outcomes:
        return ExitCode.FOUND
    return ExitCode.INDETERMINATE if Outcome.UNKNOWN in outcomes else ExitCode.OK
