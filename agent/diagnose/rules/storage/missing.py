"""Claims and classes that do not exist."""

from collections.abc import Iterator

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.registry import rule
from agent.kube.claims import consumers, default_class, template_of
from agent.kube.edits import edit, pod_edits
from agent.kube.fields import claims, metadata, spec, status
from agent.kube.memo import per_graph
from agent.kube.paths import keyed
from agent.kube.remedies import Item, NeedsPerson, Path, kubectl
from agent.kube.wording import closest, counted, listed, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, event_time, ref
from agent.snapshot.record import Object, Ref


@rule(modes.CLAIM_MISSING, on="Pod")
def claim_missing(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A pod mounts a PersistentVolumeClaim that is not there, or is on its way out."""
    if (status(pod).get("phase") or "Pending") != "Pending" or metadata(pod).get("deletionTimestamp"):
        return
    for pointer, name in claims(pod):
        if "/ephemeral" in pointer:
            continue  # its claim is made by the controller moments after the pod
        claim = graph.get("PersistentVolumeClaim", ref(pod).namespace, name)
        leaving = claim is not None and bool(metadata(claim).get("deletionTimestamp"))
        known = graph.exists("PersistentVolumeClaim", ref(pod).namespace, name)
        if known is False or (leaving and not spec(pod).get("nodeName")):
            yield _claim_finding(pod, graph, name, pointer, leaving=leaving, confidence=Confidence.CERTAIN)
        elif known is None and _blamed(pod, graph, name):
            yield _claim_finding(pod, graph, name, pointer, leaving=False, confidence=Confidence.LIKELY)


def _claim_finding(
    pod: Object, graph: Graph, name: str, pointer: str, *, leaving: bool, confidence: Confidence
) -> Finding:
    workload = ref(graph.workload(pod))
    state = "is being deleted" if leaving else f"does not exist in namespace {workload.namespace}"
    near = "" if leaving else _near_claim(name, workload.namespace, graph)
    return Finding(
        mode=modes.CLAIM_MISSING,
        subject=workload,
        cause=f"{said(workload)} mounts the PersistentVolumeClaim {name}, which {state}"
        + (f" (there is one called {near})" if near else ""),
        severity=Severity.ERROR,
        confidence=confidence,
        evidence=(Evidence(ref(pod), pointer, name), *_messages(pod, graph, name)),
        fix=_claim_fix(pod, pointer, name, near, graph),
        affected=(ref(pod),),
        roots=(Ref("PersistentVolumeClaim", workload.namespace, name),),
    )


def _claim_fix(pod: Object, pointer: str, name: str, near: str, graph: Graph) -> Fix:
    workload, path = ref(graph.workload(pod)), keyed(pod, pointer)[1:]
    made = " (its StatefulSet should create it: see the StatefulSet's events)" if workload.kind == "StatefulSet" else ""
    other = f", or mount {near}" if near else ", or name one that exists"
    return Fix(
        summary=f"Create the claim {name}{other}{made}",
        remedies=(
            *(pod_edits(pod, graph, path, near) if near and path[-1] == "claimName" else ()),
            kubectl("get", "persistentvolumeclaims", namespace=workload.namespace),
        ),
        concerns=("volumes[].persistentVolumeClaim.claimName",),
    )


def _near_claim(name: str, namespace: str, graph: Graph) -> str:
    return closest(name, (ref(claim).name for claim in graph.all("PersistentVolumeClaim", namespace)))


def _messages(pod: Object, graph: Graph, name: str) -> Iterator[Evidence]:
    """Yield the newest event about the pod that names the object."""
    events = [event for event in graph.events(pod) if f'"{name}"' in (event.get("message") or "")]
    if events:
        newest = max(events, key=event_time)
        yield Evidence(ref(pod), f"event {newest.get('reason', '')}", newest.get("message") or "")


def _blamed(pod: Object, graph: Graph, name: str) -> bool:
    return any(
        "not found" in item.text and "persistentvolumeclaim" in item.text for item in _messages(pod, graph, name)
    )


@rule(modes.STORAGE_CLASS_MISSING, on="PersistentVolumeClaim")
def class_missing(claim: Object, graph: Graph) -> Iterator[Finding]:
    """A claim waits for a StorageClass that does not exist, and no volume carries that class by hand."""
    name = spec(claim).get("storageClassName")
    waits = status(claim).get("phase", "Pending") == "Pending" and not metadata(claim).get("deletionTimestamp")
    if not name or not waits or name in _classes_of_volumes(graph) or spec(claim).get("volumeName"):
        return  # volumes made by hand need no StorageClass object, nor does a claim that names one
    known = graph.exists("StorageClass", "", name)
    said_so = list(_provisioning(claim, graph, name))
    if known is False or (known is None and said_so):
        confidence = Confidence.CERTAIN if known is False else Confidence.LIKELY
        yield _class_finding(claim, graph, name, said_so, confidence)


def _class_finding(claim: Object, graph: Graph, name: str, messages: list[Evidence], confidence: Confidence) -> Finding:
    users = consumers(graph).get((ref(claim).namespace, ref(claim).name), ())
    waiting = (
        f", so {counted(len(users), 'pod')} that mount{'s' if len(users) == 1 else ''} it cannot start" if users else ""
    )
    return Finding(
        mode=modes.STORAGE_CLASS_MISSING,
        subject=ref(claim),
        cause=f"PersistentVolumeClaim {ref(claim).name} asks for StorageClass {name}, which does not exist"
        f"{_other_classes(graph)}{waiting}",
        severity=Severity.ERROR,
        confidence=confidence,
        evidence=(Evidence(ref(claim), "/spec/storageClassName", name), *messages),
        fix=_class_fix(claim, name, graph),
        affected=tuple(users),
    )


def _class_fix(claim: Object, name: str, graph: Graph) -> Fix:
    known = [ref(found).name for found in graph.all("StorageClass")]
    proposed = closest(name, known) or default_class(graph) or (known[0] if len(known) == 1 else "")
    use = f"Use the class {proposed}" if proposed else "Use a class that exists"
    made_by, value = template_of(claim, graph), proposed or NeedsPerson("the name of a class that exists")
    if made_by is not None:
        creator, held = made_by
        path: Path = ("spec", "volumeClaimTemplates", Item("metadata.name", held), "spec", "storageClassName")
        return Fix(
            f"{use} in the claim template of {said(ref(creator))}, or create StorageClass {name}; delete the claim "
            "too: it keeps the class it was made with",
            (edit(creator, path, value), kubectl("get", "storageclasses")),
        )
    return Fix(
        summary=f"{use}, or create StorageClass {name}; the class of a claim cannot be edited, so it is deleted and "
        "made again",
        remedies=(edit(claim, ("spec", "storageClassName"), value), kubectl("get", "storageclasses")),
    )


def _other_classes(graph: Graph) -> str:
    names = [ref(found).name for found in graph.all("StorageClass")]
    if not graph.snapshot.knows("StorageClass"):
        return ""
    return f" (there {'is' if len(names) == 1 else 'are'} {listed(names)})" if names else " (the cluster has none)"


@per_graph
def _classes_of_volumes(graph: Graph) -> frozenset[str]:
    """Return the class names volumes carry: static provisioning needs no StorageClass object."""
    return frozenset(spec(volume).get("storageClassName") or "" for volume in graph.all("PersistentVolume"))


def _provisioning(claim: Object, graph: Graph, name: str) -> Iterator[Evidence]:
    for event in reversed(graph.events(claim)):
        text = event.get("message") or ""
        if event.get("reason") == "ProvisioningFailed" and f'"{name}" not found' in text:
            yield Evidence(ref(claim), "event ProvisioningFailed", text)
            return


RULES = (claim_missing, class_missing)
