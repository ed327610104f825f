"""What changed before it broke: a revision beside one that works, a field no release has, configuration not read."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.modes import Mode
from agent.diagnose.registry import Rule, rule
from agent.kube.containers import Container, containers_of
from agent.kube.edits import edit
from agent.kube.endpoints import is_ready
from agent.kube.fields import containers, is_terminal, metadata, number, spec, status, template
from agent.kube.memo import per_graph
from agent.kube.paths import template_path, value_at
from agent.kube.releases import helm_owner, released
from agent.kube.remedies import Command, kubectl
from agent.kube.rollouts import newest_set, revision
from agent.kube.templates import Difference, differences
from agent.kube.wording import counted, listed, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref, Release
from tools.quantity import parse_quantity
from tools.redact import MASK

BY_A_SETTING = (modes.EXCEPTION, modes.FINISHED)
"""How the same program ends with a setting it cannot work with; a new image that ends so has a fault of its own."""

BROUGHT_ABOUT: Mapping[str, tuple[Mode, ...]] = {
    "image": (
        modes.IMAGE_NOT_FOUND,
        modes.IMAGE_PULL_DENIED,
        modes.REGISTRY_UNREACHABLE,
        modes.REGISTRY_RATE_LIMIT,
        modes.IMAGE_NAME_INVALID,
        modes.IMAGE_NEVER_PULLED,
        modes.FOREIGN_PROGRAM,
        modes.IMAGE_FOR_OTHER_PLATFORM,
        modes.COMMAND_NOT_FOUND,
        modes.ROOT_FORBIDDEN,
        modes.EXCEPTION,
    ),
    "imagePullPolicy": (modes.IMAGE_NEVER_PULLED,),
    "command": (modes.COMMAND_NOT_FOUND, modes.FINISHED, modes.EXCEPTION),
    "args": (modes.COMMAND_NOT_FOUND, modes.SETTING_MISSING, modes.FINISHED, modes.EXCEPTION),
    "env": (
        modes.CONFIGMAP_MISSING,
        modes.SECRET_MISSING,
        modes.KEY_MISSING,
        modes.SETTING_MISSING,
        modes.CONFIGURATION_UNREADABLE,
        modes.FINISHED,
        modes.EXCEPTION,
        modes.CREDENTIALS_REFUSED,
        modes.DEPENDENCY_UNREACHABLE,
        modes.SERVICE_NAME_WRONG,
        modes.SERVICE_PORT_WRONG,
    ),
    "envFrom": (modes.CONFIGMAP_MISSING, modes.SECRET_MISSING, modes.SETTING_MISSING, modes.CONFIGURATION_UNREADABLE),
    "limits": (modes.OOM_KILLED, modes.DISK_LIMIT_EXCEEDED, modes.EVICTED_FOR_DISK),
    "requests": (
        modes.INSUFFICIENT_CPU,
        modes.INSUFFICIENT_MEMORY,
        modes.INSUFFICIENT_DEVICE,
        modes.INSUFFICIENT_EPHEMERAL_STORAGE,
        modes.TOO_MANY_PODS,
    ),
    "livenessProbe": (
        modes.LIVENESS_PORT,
        modes.LIVENESS_PROTOCOL,
        modes.STARTUP_PROTOCOL,
        modes.LIVENESS_PATH,
        modes.LIVENESS_IMPATIENT,
    ),
    "readinessProbe": (modes.READINESS_PROBE,),
    "startupProbe": (modes.STARTUP_IMPATIENT,),
    "nodeSelector": (modes.NODE_SELECTOR_UNMATCHED,),
    "affinity": (
        modes.NODE_AFFINITY_UNMATCHED,
        modes.ANTI_AFFINITY_UNSATISFIABLE,
        modes.SPREAD_UNSATISFIABLE,
        modes.AFFINITY_TARGET_ABSENT,
    ),
    "tolerations": (modes.UNTOLERATED_TAINT,),
    "volumes": (modes.CLAIM_MISSING, modes.MOUNT_FAILED, modes.VOLUME_SOURCE_MISSING),
    "securityContext": (modes.VOLUME_DENIED, modes.ROOT_FORBIDDEN, modes.WRONG_USER),
    "serviceAccountName": (modes.SERVICE_ACCOUNT_MISSING,),
    "priorityClassName": (modes.PRIORITY_CLASS_MISSING,),
    "schedulerName": (modes.NO_SCHEDULER,),
}
"""Field of a pod template -> the modes a wrong value of it brings about."""

MOST = 3
"""Differences that are named; the others are counted."""


@rule(modes.REGRESSION, on="Deployment")
def regression(deployment: Object, graph: Graph) -> Iterator[Finding]:
    """A new revision's pods do not serve while those of the revision before do. Kept only beside such a symptom."""
    new = newest_set(deployment, graph)
    old = _serving(deployment, new, graph)
    if new is None or old is None:
        return
    failing = [pod for pod in graph.pods(new) if not is_ready(pod) and not is_terminal(pod)]
    changed = differences(template(old), template(new))
    if failing and changed:
        yield _regression(deployment, (old, new), failing, changed, graph)


def _serving(deployment: Object, new: Object | None, graph: Graph) -> Object | None:
    """Return the newest of the older ReplicaSets that has ready pods."""
    olds = [
        item for item in graph.children(deployment) if item is not new and number(status(item).get("readyReplicas"))
    ]
    return max(olds, key=revision, default=None)


def _regression(
    deployment: Object, sets: tuple[Object, Object], failing: list[Object], changed: list[Difference], graph: Graph
) -> Finding:
    name, (old, new) = ref(deployment), sets
    serving = counted(number(status(old).get("readyReplicas")), "pod")
    cause = (
        f"Revision {revision(new)} of {said(name)} does not become ready while revision {revision(old)} serves with "
        f"{serving}; what changed: {_told(changed)}"
    )
    fix = Fix(
        summary=f"Go back to revision {revision(old)}, then mend what changed",
        remedies=(_back(name, revision(old), graph),),
    )
    return Finding(
        mode=modes.REGRESSION,
        subject=name,
        cause=cause,
        severity=Severity.ERROR,
        confidence=Confidence.LIKELY,
        evidence=tuple(
            Evidence(ref(new), f"/spec/template/{'/'.join(item.path)}", str(item)) for item in changed[:MOST]
        ),
        fix=fix,
        affected=tuple(ref(pod) for pod in failing),
        instead_of=() if any("image" in item.path[3:] for item in changed) else BY_A_SETTING,
    )


def _told(changed: Sequence[Difference]) -> str:
    return listed(map(str, changed), MOST)


def _back(name: Ref, to: int, graph: Graph) -> Command:
    place = helm_owner([name], graph)
    if place is not None:
        return Command(("helm", "rollback", place.release, "-n", place.namespace))
    return kubectl("rollout", "undo", f"deployment/{name.name}", "-n", name.namespace, f"--to-revision={to}")


def drifted(workload: Object, graph: Graph) -> Iterator[Finding]:
    """A field of a workload is not what its release says. Kept only beside the failure such a field brings about."""
    wanted = released(graph).get(ref(workload))
    if wanted is None:
        return
    stated, live = template(wanted[1]), template(workload)
    for item in differences(stated, live):
        explained = _modes(item)
        if explained and item.before and not _is_same(item):
            yield _drifted(workload, wanted, item, explained)


def _is_same(item: Difference) -> bool:
    """Return whether both sides are one amount (`0.5`, `500m`), or one of them was hidden when it was read."""
    one, other = parse_quantity(item.before), parse_quantity(item.after)
    return MASK in (item.before, item.after) or (one is not None and one == other)


def _modes(item: Difference) -> tuple[Mode, ...]:
    return tuple(dict.fromkeys(mode for container in item.path for mode in BROUGHT_ABOUT.get(container, ())))


def _drifted(
    workload: Object, wanted: tuple[Release, Object], item: Difference, explained: tuple[Mode, ...]
) -> Finding:
    name, release, stated = ref(workload), wanted[0].name, wanted[1]
    path = (*template_path(name.kind), *item.keyed)
    cause = (
        f"{said(name)}: {item.what} was changed outside of release {release}, "
        f"from {item.before} to {item.after or 'nothing'}"
    )
    return Finding(
        mode=modes.DRIFT,
        subject=name,
        cause=cause,
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(Evidence(name, f"/spec/template/{'/'.join(item.path)}", item.after or "absent"),),
        fix=Fix(
            summary=f"Take the change back, or put it into the values of release {release}",
            remedies=(edit(workload, path, value_at(stated, path)),),
        ),
        container=item.path[2] if item.path[:2] == ("spec", "containers") else "",
        instead_of=explained,
    )


@rule(modes.CONFIGURATION_NOT_READ, on="ConfigMap")
def configuration_not_read(config: Object, graph: Graph) -> Iterator[Finding]:
    """A ConfigMap was changed after containers that read it once, at their start, had started."""
    written = _written(config)
    if not written:
        return
    for workload in _readers(graph).get(ref(config), ()):
        stale = [container for container in _running(workload, graph) if _is_stale(container, config, written)]
        if stale:
            yield _not_read(workload, config, stale, written)


def _written(config: Object) -> Mapping[str, str]:
    """Return key -> when it was written last, as the API server notes it; empty where nobody kept the notes."""
    found: dict[str, str] = {}
    for entry in metadata(config).get("managedFields") or ():
        for data in ("f:data", "f:binaryData"):
            for key in (entry.get("fieldsV1") or {}).get(data) or ():
                name = str(key).removeprefix("f:")
                found[name] = max(found.get(name, ""), str(entry.get("time") or ""))
    return found


@per_graph
def _readers(graph: Graph) -> Mapping[Ref, list[Object]]:
    """Return ConfigMap -> the workloads whose containers read it at their start."""
    found: dict[Ref, list[Object]] = {}
    for kind in ("Deployment", "StatefulSet", "DaemonSet"):
        for workload in graph.all(kind):
            home_of, pod = ref(workload).namespace, template(workload)
            for name in {name for _, item in containers(pod) for name, _ in _reads(item, pod)}:
                found.setdefault(Ref("ConfigMap", home_of, name), []).append(workload)
    return found


def _reads(container: Mapping[str, Any], pod: Object) -> Iterator[tuple[str, str]]:
    """Yield (ConfigMap, key or "" for all) of what a container takes from ConfigMaps once and for all."""
    for source in container.get("envFrom") or ():
        yield str((source.get("configMapRef") or {}).get("name") or ""), ""
    for env in container.get("env") or ():
        chosen = (env.get("valueFrom") or {}).get("configMapKeyRef") or {}
        yield str(chosen.get("name") or ""), str(chosen.get("key") or "")
    volumes = {volume.get("name"): volume.get("configMap") or {} for volume in spec(pod).get("volumes") or ()}
    for mount in container.get("volumeMounts") or ():
        if mount.get("subPath") and volumes.get(mount.get("name")):
            yield str(volumes[mount["name"]].get("name") or ""), str(mount["subPath"])


def _running(workload: Object, graph: Graph) -> Iterator[Container]:
    """Yield the running containers of a workload's present template; those of an older one are on their way out."""
    newest = newest_set(workload, graph) if workload.get("kind") == "Deployment" else workload
    for pod in graph.pods(newest) if newest is not None else ():
        if not metadata(pod).get("deletionTimestamp"):
            yield from (
                container for container in containers_of(pod) if container.running and container.kind == "containers"
            )


def _is_stale(container: Container, config: Object, written: Mapping[str, str]) -> bool:
    started = str(container.running.get("startedAt") or "")
    keys = [key for name, key in _reads(container.spec, container.pod) if name == ref(config).name]
    wanted = written if "" in keys else [key for key in keys if key in written]
    return bool(started) and any(written[key] > started for key in wanted)


def _not_read(workload: Object, config: Object, stale: list[Container], written: Mapping[str, str]) -> Finding:
    name, first = ref(workload), stale[0]
    started = str(first.running.get("startedAt"))
    later = sorted(key for key, time in written.items() if time > started)
    pods = tuple(dict.fromkeys(ref(container.pod) for container in stale))
    cause = (
        f"{said(name)}: {counted(len(pods), 'pod')} started before {said(ref(config))} was changed "
        f"({listed(later)}) and still run{'s' if len(pods) == 1 else ''} with what it said then"
    )
    return Finding(
        mode=modes.CONFIGURATION_NOT_READ,
        subject=name,
        cause=cause,
        severity=Severity.WARNING,
        confidence=Confidence.CERTAIN,
        evidence=(
            Evidence(ref(config), "/metadata/managedFields", f"{listed(later)} written at {written[later[0]]}"),
            Evidence(ref(first.pod), f"{first.status_pointer}/state/running/startedAt", started),
        ),
        fix=Fix(
            summary="Restart its pods; a checksum/config annotation in the pod template does so with every change",
            remedies=(kubectl("rollout", "restart", f"{name.kind.lower()}/{name.name}", namespace=name.namespace),),
        ),
        affected=pods,
        container=first.name,
    )


DRIFTED = tuple(Rule(modes.DRIFT, kind, drifted) for kind in ("Deployment", "StatefulSet", "DaemonSet"))

RULES = (regression, *DRIFTED, configuration_not_read)
