"""Namespaces that were deleted and do not go: what their controller says keeps them."""

from collections.abc import Iterator, Mapping
from typing import Any

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.registry import rule
from agent.kube.fields import condition, metadata, seconds_since
from agent.kube.remedies import kubectl
from agent.kube.wording import duration, listed
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object

PATIENCE = 120
"""Seconds the deletion of a namespace's content may take: pods have 30 of them to end."""

APIS = ("NamespaceDeletionDiscoveryFailure", "NamespaceDeletionGroupVersionParsingFailure")
CONTENT = ("NamespaceDeletionContentFailure", "NamespaceFinalizersRemaining", "NamespaceContentRemaining")
"""Conditions of a namespace that is being deleted, the one that explains the others first."""


@rule(modes.HELD_BY_FINALIZER, on="Namespace")
def deletion_stuck(space: Object, graph: Graph) -> Iterator[Finding]:
    """A namespace stays Terminating: an API does not answer what it has there, or finalizers remain."""
    gone = seconds_since(graph.snapshot, metadata(space).get("deletionTimestamp"))
    if gone is None or gone < PATIENCE:
        return
    kept = next((found for kind in (*APIS, *CONTENT) if (found := condition(space, kind)) and _holds(found[1])), None)
    own = [str(name) for name in metadata(space).get("finalizers") or ()]
    if kept is None and not own:
        return
    told = " ".join(str(kept[1].get("message")).split()) if kept else f"its finalizers {listed(own)} are not removed"
    shown = Evidence(ref(space), f"{kept[0]}/message" if kept else "/metadata/finalizers", told)
    yield Finding(
        mode=modes.HELD_BY_FINALIZER,
        subject=ref(space),
        cause=f"Namespace {ref(space).name} was deleted {duration(gone)} ago and stays: {told}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(shown,),
        fix=_fix(ref(space).name, kept[1] if kept else {}),
    )


def _holds(found: Mapping[str, Any]) -> bool:
    return found.get("status") == "True"


def _fix(name: str, kept: Mapping[str, Any]) -> Fix:
    if kept.get("type") in APIS:
        return Fix(
            "Bring up the Service behind the APIService that does not answer, or delete that APIService if nobody "
            "needs it any more",
            (kubectl("get", "apiservices"),),
        )
    return Fix(
        "Bring up the controller that owns the finalizers; remove one by hand only if what it guards is done",
        (kubectl("describe", "namespace", name),),
    )


RULES = (deletion_stuck,)
