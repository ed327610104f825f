"""The PolicyReports that a cluster keeps: ours are written over those of the last time, and read for their metrics."""

from collections.abc import Sequence
from dataclasses import replace

from agent.policyreport.document import as_object
from agent.policyreport.result import Report
from agent.snapshot.record import Object
from agent.world.look import connected
from agent.world.world import World
from tools import kubectl
from tools.failure import Failure
from tools.kinds import BY_NAME, POLICY_REPORTS
from tools.kubeconfig import access
from tools.sandbox import sandbox

UNKNOWN_KIND = "no matches for kind"
"""What kubectl says where nobody has defined PolicyReports."""

DEFINE = "define them first: kubectl apply the CRDs of wgpolicyk8s.io/v1alpha2, which Kyverno and Trivy bring along"


def keep(reports: Sequence[Report], world: World) -> Failure | None:
    """Have the cluster keep some reports; return why it did not."""
    settings = world.settings
    found = access(settings.context, settings.kubeconfig, world.deadline)
    if isinstance(found, Failure):
        return found
    with sandbox(found, path=settings.path, deadline=world.deadline) as box:
        failed = kubectl.keep_reports(box, [as_object(report) for report in reports])
    return replace(failed, hint=DEFINE) if failed and UNKNOWN_KIND in failed.detail else failed


def kept(world: World) -> Sequence[Object] | Failure:
    """Return every PolicyReport of the cluster, anybody's; a Failure where they cannot be read whole."""
    reader = connected(world.settings, world.deadline)
    try:
        found = [reader.list(kind, None) for kind in POLICY_REPORTS]
    finally:
        reader.close()
    failed = next((listed.failure for listed in found if listed.failure), None)
    return failed or [obj for listed in found for obj in listed.objects]


def namespaces(world: World) -> Sequence[Object] | Failure:
    """Return the namespaces there are."""
    reader = connected(world.settings, world.deadline)
    try:
        listed = reader.list(BY_NAME["Namespace"], None)
    finally:
        reader.close()
    return listed.failure or listed.objects
