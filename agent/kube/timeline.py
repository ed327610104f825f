"""What changed in a cluster, as far as its objects still tell: releases, rollouts, configuration, nodes, restarts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.kube.belongings import Relation, belongings
from agent.kube.containers import containers_of
from agent.kube.events import happenings
from agent.kube.fields import condition, metadata, moment, template
from agent.kube.rollouts import revision
from agent.kube.templates import differences
from agent.kube.wording import listed
from agent.snapshot.graph import Graph, controller, ref
from agent.snapshot.record import Object, Ref


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing that changed."""

    at: datetime
    subject: Ref
    says: str


TOLD = (
    "ScalingReplicaSet",
    "SuccessfulRescale",
    "NodeNotReady",
    "NodeReady",
    "Evicted",
    "Preempted",
    "Killing",
    "RegisteredNode",
)
"""Reasons of events that tell of a change that no object keeps."""

KEPT = (
    "ConfigMap", "Secret", "Service", "Ingress", "NetworkPolicy", "PersistentVolumeClaim", "HorizontalPodAutoscaler",
    "StatefulSet", "DaemonSet", "CronJob", "Namespace", "ResourceQuota",
)  # fmt: skip
"""Kinds whose making is told; of Deployments their rollouts are."""


def timeline(graph: Graph) -> list[Turn]:
    """Return what changed, the newest first."""
    found = [
        *_releases(graph),
        *_rollouts(graph),
        *_made(graph),
        *_written(graph),
        *_noted(graph),
        *_nodes(graph),
        *_restarts(graph),
    ]
    return sorted(set(found), key=lambda item: (item.at, item.subject, item.says), reverse=True)


def _releases(graph: Graph) -> Iterator[Turn]:
    for item in graph.snapshot.releases:
        at = (
            moment(item.updated.replace(" ", "T", 1).partition(" ")[0] + "Z")
            if " " in item.updated
            else moment(item.updated)
        )
        if at is not None:
            note = f" ({item.description})" if item.description else ""
            yield Turn(
                at,
                Ref("Release", item.namespace, item.name),
                f"revision {item.revision} of {item.chart} is {item.status}{note}",
            )


def _rollouts(graph: Graph) -> Iterator[Turn]:
    """Yield each revision of a Deployment that its ReplicaSets keep, with what it changed of the pods."""
    for deployment in graph.all("Deployment"):
        sets = [child for child in graph.children(deployment) if child.get("kind") == "ReplicaSet"]
        ordered = sorted(sets, key=revision)
        for before, after in zip([None, *ordered], ordered, strict=False):
            at = moment(metadata(after).get("creationTimestamp"))
            if at is not None:
                yield Turn(at, ref(deployment), _rollout(before, after))


def _rollout(before: Object | None, after: Object) -> str:
    number = f"revision {revision(after)}" if revision(after) else "a revision"
    if before is None:
        return f"{number} was rolled out"
    told = listed([str(item) for item in differences(template(before), template(after))], 3)
    return f"{number} was rolled out: {told or 'the same pods, started anew'}"


def _made(graph: Graph) -> Iterator[Turn]:
    for kind in KEPT:
        for obj in graph.all(kind):
            at = moment(metadata(obj).get("creationTimestamp"))
            other = kind == "Namespace" and graph.snapshot.namespace not in (None, ref(obj).name)
            if at is not None and controller(obj) is None and not other:
                yield Turn(at, ref(obj), "was made")


def _written(graph: Graph) -> Iterator[Turn]:
    """Yield when the keys of a ConfigMap were written after it was made: the one kind whose writes a look keeps."""
    for config in graph.all("ConfigMap"):
        made = moment(metadata(config).get("creationTimestamp"))
        for entry in metadata(config).get("managedFields") or ():
            at = moment(entry.get("time")) if isinstance(entry, Mapping) else None
            if at is not None and made is not None and at - made > timedelta(seconds=1):
                yield Turn(at, ref(config), f"{_keys(entry)} written")


def _keys(entry: Mapping[str, object]) -> str:
    fields = entry.get("fieldsV1")
    parts = [part for part in (fields.values() if isinstance(fields, Mapping) else ()) if isinstance(part, Mapping)]
    keys = [str(key).removeprefix("f:") for part in parts for key in part if str(key).startswith("f:")]
    return f"{'key' if len(keys) == 1 else 'keys'} {listed(keys, 4)}: last" if keys else "its data was last"


def _noted(graph: Graph) -> Iterator[Turn]:
    chosen = [event for event in graph.all("Event") if event.get("reason") in TOLD]
    for item in happenings(chosen):
        if item.last is not None:
            yield Turn(item.last, item.subject, item.message[:200])


def _nodes(graph: Graph) -> Iterator[Turn]:
    for node in graph.all("Node"):
        made = moment(metadata(node).get("creationTimestamp"))
        if made is not None:
            yield Turn(made, ref(node), "joined the cluster")
        ready = condition(node, "Ready")
        at = moment(ready[1].get("lastTransitionTime")) if ready else None
        if ready and at is not None and (made is None or at - made > timedelta(minutes=2)):
            yield Turn(at, ref(node), "became ready" if ready[1].get("status") == "True" else "became not ready")


def _restarts(graph: Graph) -> Iterator[Turn]:
    """Yield the last end of each container that was restarted."""
    for pod in graph.all("Pod"):
        for container in containers_of(pod):
            for _, ended in container.ended():
                at = moment(ended.get("finishedAt"))
                if at is not None and container.restarts:
                    why = f"{ended.get('reason') or 'ended'}, exit code {ended.get('exitCode')}"
                    yield Turn(at, ref(pod), f"container {container.name} ended ({why}), restart {container.restarts}")


def of_subject(turns: Sequence[Turn], obj: Object, graph: Graph) -> list[Turn]:
    """Return the turns of an object, of what it made, and of what it is configured by or scaled by."""
    others = (Relation.CALLED, Relation.CALLER, Relation.HOME)
    mine = {ref(obj), *(item.ref for item in belongings(obj, graph) if item.relation not in others)}
    return [turn for turn in turns if turn.subject in mine]
