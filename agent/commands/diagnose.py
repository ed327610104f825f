"""`agent diagnose`: look, judge, ground in the blueprint, show."""

import argparse

from agent.config import load
from agent.diagnose.engine import Diagnosis, diagnose
from agent.diagnose.finding import Severity
from agent.diagnostics import ExitCode
from agent.errors import UsageError
from agent.kube.names import parse
from agent.remedy.ground import ground
from agent.report import diagnosis as report
from agent.snapshot.record import Ref, Snapshot
from agent.world.blueprints import read
from agent.world.look import look, report_gaps
from agent.world.proof import prove
from tools.failure import Failure


def run(args: argparse.Namespace) -> ExitCode:
    """Run the command; the exit code is the worst that is known: a gap outweighs a finding, both outweigh silence."""
    settings = load(vars(args)).settings
    snapshot = look(args, settings)
    report_gaps(snapshot)
    found = _judged(snapshot, _subject(args, snapshot))
    blueprints = read(settings.blueprints)
    proofs = prove(found.findings, snapshot, settings)
    grounded = ground(found, blueprints, snapshot, settings.profile or snapshot.profile, proofs)
    show = report.as_json if args.output == "json" else report.as_text
    show(grounded, snapshot)
    return _code(grounded)


def _subject(args: argparse.Namespace, snapshot: Snapshot) -> Ref | None:
    if not args.subject:
        return None
    return parse(args.subject, args.namespace or snapshot.namespace or _only_namespace(snapshot, args.subject))


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


def _judged(snapshot: Snapshot, subject: Ref | None) -> Diagnosis:
    found = diagnose(snapshot, subject)
    if isinstance(found, Failure):
        raise UsageError(str(found))
    return found


def _code(diagnosis: Diagnosis) -> ExitCode:
    if diagnosis.unknown:
        return ExitCode.INDETERMINATE
    failing = any(finding.severity is Severity.ERROR for finding in diagnosis.findings)
    return ExitCode.FOUND if failing else ExitCode.OK
