"""`diagnose`: look, judge, ground in the blueprint."""

from dataclasses import dataclass

from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.finding import Severity
from agent.errors import UsageError
from agent.events import Emit
from agent.exitcode import ExitCode
from agent.kube.names import parse
from agent.operate.ahead import load_ahead
from agent.operate.arguments.diagnose import Diagnose
from agent.remedy.ground import ground
from agent.snapshot.record import Ref, Snapshot
from agent.world.blueprints import read
from agent.world.look import warn_of_gaps
from agent.world.proof import prove
from agent.world.world import World
from tools.failure import Failure

LEAST = 1.0
"""Seconds for all rules where looking took the whole time: what was read is judged as far as that goes."""


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """What is wrong, and the look it was found in."""

    diagnosis: Diagnosis
    snapshot: Snapshot


def run(args: Diagnose, world: World, emit: Emit) -> Diagnosed:
    """Return every cause that was found, with what the blueprints say of it and what would mend it."""
    load_ahead("agent.diagnose.engine")
    snapshot = world.look(args.scope, emit)
    warn_of_gaps(snapshot, emit)
    left = None if args.scope.bundle else max(world.deadline.left(), LEAST)
    found = _judged(snapshot, _subject(args, snapshot), left)
    blueprints = read(world.settings.blueprints, emit)
    proofs = prove(found.findings, snapshot, world.settings, world.deadline)
    grounded = ground(found, blueprints, snapshot, world.settings.profile or snapshot.profile, proofs)
    return Diagnosed(grounded, snapshot)


def code(result: Diagnosed) -> ExitCode:
    """Return the worst that is known: a gap outweighs a finding, both outweigh silence."""
    if result.diagnosis.unknown:
        return ExitCode.INDETERMINATE
    failing = any(finding.severity is Severity.ERROR for finding in result.diagnosis.findings)
    return ExitCode.FOUND if failing else ExitCode.OK


def _subject(args: Diagnose, snapshot: Snapshot) -> Ref | None:
    if not args.subject:
        return None
    place = args.scope.namespace or snapshot.namespace or _only_namespace(snapshot, args.subject)
    return parse(args.subject, place)


def _only_namespace(snapshot: Snapshot, subject: str) -> str:
    """Return the one namespace an object of that name lives in, when all were looked at."""
    wanted = parse(subject, "")
    found = {
        (obj.get("metadata") or {}).get("namespace", "")
        for obj in snapshot.objects.get(wanted.kind, ())
        if (obj.get("metadata") or {}).get("name") == wanted.name
    }
    if len(found) > 1:
        raise UsageError(f"{subject}: in {', '.join(sorted(found))}; say which with -n")
    return found.pop() if found else ""


def _judged(snapshot: Snapshot, subject: Ref | None, seconds: float | None) -> Diagnosis:
    from agent.diagnose.engine import diagnose

    found = diagnose(snapshot, subject, seconds)
    if isinstance(found, Failure):
        raise UsageError(str(found))
    return found
