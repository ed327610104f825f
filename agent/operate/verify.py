"""`verify`: the checklists, run as far as they only read."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.audit.verdict import Outcome
from agent.blueprint.control import Blueprints, ControlKind
from agent.errors import UsageError
from agent.events import Emit
from agent.exitcode import ExitCode
from agent.operate.arguments.verify import Verify
from agent.snapshot.depth import LOGS, PLAIN
from agent.snapshot.graph import Graph
from agent.snapshot.record import Snapshot
from agent.verify.engine import asked, verify
from agent.verify.facts import Checked, Facts
from agent.verify.line import parse
from agent.world.blueprints import read
from agent.world.look import warn_of_gaps
from agent.world.minikube import cluster_facts
from agent.world.world import World


@dataclass(frozen=True, slots=True)
class Verified:
    """Every line of the checklists asked for and how it came out, and the look it was judged on."""

    checks: Sequence[Checked]
    snapshot: Snapshot
    namespace: str


def run(args: Verify, world: World, emit: Emit) -> Verified:
    """Judge every line of the checklists that only reads."""
    blueprints = read(world.settings.blueprints, emit)
    known = sorted({row.blueprint for row in blueprints.controls if row.kind is ControlKind.CHECK})
    if args.blueprint and args.blueprint not in known:
        raise UsageError(f"no checklist in a blueprint {args.blueprint!r}; there are: {', '.join(known)}")
    snapshot = world.look(args.scope, emit, LOGS if _reads_logs(blueprints, args.blueprint or "") else PLAIN)
    warn_of_gaps(snapshot, emit)
    cluster, reason = cluster_facts(snapshot, world.settings, world.deadline)
    namespace, release = _place(args.scope.namespace, snapshot)
    facts = Facts(Graph(snapshot), namespace, release, blueprints.bindings, cluster, reason)
    return Verified(verify(blueprints, facts, args.blueprint or ""), snapshot, namespace)


def code(result: Verified) -> ExitCode:
    """Return the worst. A line that is not run by design does not count; one that could not be judged does."""
    outcomes = {item.outcome for item in result.checks if not item.not_run or item.ran}
    if Outcome.FAIL in outcomes:
        return ExitCode.FOUND
    return ExitCode.INDETERMINATE if Outcome.UNKNOWN in outcomes else ExitCode.OK


def _reads_logs(blueprints: Blueprints, only: str) -> bool:
    """Return whether a line asks for a log: a diagnosis leaves out those of healthy containers, which it speaks of."""
    lines = [parse(row) for row in asked(blueprints, only)]
    return any(line.command.verb == "logs" for line in lines)


def _place(named: str | None, snapshot: Snapshot) -> tuple[str, str]:
    """Return the namespace to judge and the release in it, "" where there is none or more than one."""
    namespaces = sorted({item.namespace for item in snapshot.releases})
    namespace = named or snapshot.namespace or (namespaces[0] if len(namespaces) == 1 else "")
    if not namespace:
        raise UsageError(f"which namespace? -n one of {', '.join(namespaces) or 'those of the cluster'}")
    names = [item.name for item in snapshot.releases if item.namespace == namespace]
    return namespace, names[0] if len(names) == 1 else ""
