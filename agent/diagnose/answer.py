"""The answer about one object nothing is wrong with: what it waits for, or the proof that it is as asked."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent.diagnose.unsettled import Unsettled
from agent.kube.autoscalers import target
from agent.kube.claims import class_of, users, waits_for_consumer
from agent.kube.containers import containers_of
from agent.kube.endpoints import addresses, chosen, is_ready, services_of
from agent.kube.fields import condition, condition_is, metadata, number, spec, status
from agent.kube.ingresses import backends, routed
from agent.kube.leases import all_standby, is_standby
from agent.kube.references import readers
from agent.kube.rollouts import outstanding
from agent.kube.wording import counted, listed, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of the object a person asked about, where no finding names it."""

    subject: Ref
    sentences: tuple[str, ...]
    """`Deployment web is as asked: 3 of 3 replicas ready, updated and available, no restarts`, and who counts on it."""
    evidence: tuple[Evidence, ...] = ()


def answer(obj: Object, waiting: Sequence[Unsettled], graph: Graph) -> Answer:
    """Return what an object waits for, else what proves that it is as asked."""
    name = ref(obj)
    mine = [item for item in waiting if name in (item.subject, *item.affected)]
    if mine:
        told = tuple(
            f"{said(name)} is not settled yet: {item.says.removeprefix(f'pod {name.name}: ')}" for item in mine
        )
        return Answer(name, told, tuple(shown for item in mine for shown in item.evidence))
    proof = PROOFS.get(name.kind, _exists)
    sentences = tuple(proof(obj, graph))
    return Answer(name, sentences, tuple(_evidence(obj)))


def _evidence(obj: Object) -> Iterator[Evidence]:
    """Yield the parts of an object's status the proof rests on."""
    for kind in ("Ready", "Available", "Complete", "ScalingActive"):
        found = condition(obj, kind)
        if found is not None:
            yield Evidence(ref(obj), f"{found[0]}/status", str(found[1].get("status")))
    for field in ("readyReplicas", "numberReady", "succeeded", "phase", "lastSuccessfulTime"):
        if field in status(obj):
            yield Evidence(ref(obj), f"/status/{field}", str(status(obj)[field]))


def _pod(pod: Object, graph: Graph) -> Iterator[str]:
    phase, name = status(pod).get("phase"), said(ref(pod))
    if metadata(pod).get("deletionTimestamp"):
        grace = number(metadata(pod).get("deletionGracePeriodSeconds"), 30)
        yield f"{name} terminates, within its grace period of {grace} s; what made it has all the pods it wants"
    elif phase == "Succeeded":
        yield f"{name} is as asked: it completed, every container with exit code 0"
    elif phase == "Failed":
        why = status(pod).get("reason") or status(pod).get("message") or "a container ended with an error"
        yield f"{name} failed ({why}), and what made it has all the pods it wants now"
    elif is_standby(pod, graph):
        yield f"{name} stands by: it is not ready because another replica holds their Lease"
    else:
        mains = [container for container in containers_of(pod) if container.kind == "containers"]
        ready = f"{sum(container.ready for container in mains)} of {counted(len(mains), 'container')} ready"
        where = f" on node {spec(pod)['nodeName']}" if spec(pod).get("nodeName") else ""
        yield f"{name} is as asked: {phase or 'Pending'}{where}, {ready}, {_restarts([pod])}"


def _restarts(pods: Sequence[Object]) -> str:
    times = sum(container.restarts for pod in pods for container in containers_of(pod))
    if not times:
        return "no restarts"
    ends = [str(ended.get("finishedAt")) for pod in pods for item in containers_of(pod) for _, ended in item.ended()]
    return counted(times, "restart") + (f", the last one at {max(ends)}" if ends else "")


def _workload(workload: Object, graph: Graph) -> Iterator[str]:
    lacks, unready = outstanding(workload), [pod for pod in graph.pods(workload) if not is_ready(pod)]
    if lacks and all_standby(unready, graph):
        leads = f"{counted(len(unready), 'replica')} stands by, because another one holds their Lease"
        yield f"{said(ref(workload))} is as asked: {leads}"
    elif lacks:
        yield f"{said(ref(workload))} is not as asked: {lacks}"
    else:
        yield f"{said(ref(workload))} is as asked: {_counts(workload)}, {_restarts(list(graph.pods(workload)))}"
    yield from (_endpoints(service, graph) for service in services_of(workload, graph))


def _counts(workload: Object) -> str:
    has, wanted = status(workload), number(spec(workload).get("replicas"), 1)
    if workload.get("kind") == "DaemonSet":
        scheduled = number(has.get("desiredNumberScheduled"))
        return f"{number(has.get('numberReady'))} of {counted(scheduled, 'pod')} ready, one on each node it selects"
    if not wanted:
        return "scaled to zero replicas"
    paused = " (its rollout is paused)" if spec(workload).get("paused") else ""
    return f"{number(has.get('readyReplicas'))} of {counted(wanted, 'replica')} ready, updated and available{paused}"


def _endpoints(service: Object, graph: Graph) -> str:
    ready, all_of_them = addresses(service, graph)
    missing = f", and {all_of_them - ready} not ready" if all_of_them > ready else ""
    return f"{said(ref(service))} has {counted(ready, 'ready endpoint')}{missing}"


def _service(service: Object, graph: Graph) -> Iterator[str]:
    if spec(service).get("type") == "ExternalName":
        yield f"{said(ref(service))} is an alias of {spec(service).get('externalName')}, outside of the cluster"
        return
    ports = listed(f"{port.get('port')} to {port.get('targetPort') or port.get('port')}" for port in _ports(service))
    yield f"{_endpoints(service, graph)}; it sends port {ports}" if ports else _endpoints(service, graph)
    if not chosen(service):
        yield "It has no selector: its endpoints are written by somebody else"
    yield from (f"{said(ref(found))} sends requests to it" for found in routed(service, graph))


def _ports(service: Object) -> Sequence[Mapping[str, object]]:
    return spec(service).get("ports") or ()


def _ingress(ingress: Object, graph: Graph) -> Iterator[str]:
    names = sorted(backends(ingress))
    found = [(name, graph.get("Service", ref(ingress).namespace, name)) for name in names]
    told = [_endpoints(service, graph) if service else f"Service {name} does not exist" for name, service in found]
    yield f"{said(ref(ingress))} sends requests to {listed(names) or 'no Service'}"
    yield from told
    given = (status(ingress).get("loadBalancer") or {}).get("ingress") or ()
    at = listed(str(item.get("ip") or item.get("hostname")) for item in given)
    yield f"Its controller answers at {at}" if at else "No controller has given it an address"


def _claim(claim: Object, graph: Graph) -> Iterator[str]:
    phase, volume = status(claim).get("phase") or "Pending", spec(claim).get("volumeName")
    held = f", {(status(claim).get('capacity') or {}).get('storage')}" if status(claim).get("capacity") else ""
    of = f" of class {class_of(claim)}" if class_of(claim) else ""
    if waits_for_consumer(claim, graph):
        yield f"{said(ref(claim))}{of} waits, as its class asks, for the first pod that mounts it"
        return
    yield f"{said(ref(claim))}{of} is {phase}" + (f" to volume {volume}{held}" if volume else "")
    yield _used("mounted", [said(ref(pod)) for pod in users(claim, graph)])


def _used(how: str, names: Sequence[str]) -> str:
    return f"It is {how} by {listed(names)}" if names else f"It is {how} by nothing here"


def _autoscaler(scaler: Object, graph: Graph) -> Iterator[str]:
    has, wants = status(scaler), spec(scaler)
    least, most = number(wants.get("minReplicas"), 1), number(wants.get("maxReplicas"))
    now = counted(number(has.get("currentReplicas")), "replica")
    yield f"{said(ref(scaler))} scales {said(target(scaler))}: {now} now, between {least} and {most}"
    found = condition(scaler, "ScalingActive")
    if found is not None:
        yield f"It is {'' if found[1].get('status') == 'True' else 'not '}scaling: {found[1].get('message')}"


def _node(node: Object, graph: Graph) -> Iterator[str]:
    pods = [pod for pod in graph.all("Pod") if spec(pod).get("nodeName") == ref(node).name]
    cordoned = ", cordoned: no new pod comes to it" if spec(node).get("unschedulable") else ""
    state = "ready" if condition_is(node, "Ready", "True") else "not ready"
    press = [str(item.get("type")) for item in status(node).get("conditions") or () if _presses(item)]
    yield f"{said(ref(node))} is {state}{cordoned}, with {counted(len(pods), 'pod')} in sight"
    yield f"It reports {listed(press)}" if press else "It reports no pressure on memory, disk or processes"


def _presses(item: Mapping[str, object]) -> bool:
    return str(item.get("type")).endswith("Pressure") and item.get("status") == "True"


def _job(job: Object, graph: Graph) -> Iterator[str]:
    has, name = status(job), said(ref(job))
    done, wanted = number(has.get("succeeded")), number(spec(job).get("completions"), 1)
    failed = f", after {counted(number(has.get('failed')), 'failed pod')}" if has.get("failed") else ""
    if condition_is(job, "Complete", "True"):
        yield f"{name} completed at {has.get('completionTime')}: {done} of {wanted} done{failed}"
    elif condition_is(job, "Failed", "True"):
        yield f"{name} failed{failed}, and a later run of its CronJob succeeded"
    else:
        yield f"{name} is suspended" if spec(job).get("suspend") else f"{name}: {outstanding(job)}"


def _cronjob(cron: Object, graph: Graph) -> Iterator[str]:
    has, wants, name = status(cron), spec(cron), said(ref(cron))
    state = "suspended" if wants.get("suspend") else f"due by {wants.get('schedule')}"
    last = f"last started at {has['lastScheduleTime']}" if has.get("lastScheduleTime") else "not started yet"
    well = f", last succeeded at {has['lastSuccessfulTime']}" if has.get("lastSuccessfulTime") else ""
    yield f"{name} is {state}, {last}{well}"
    active = [str(item.get("name")) for item in has.get("active") or ()]
    if active:
        yield f"{listed(active)} {'runs' if len(active) == 1 else 'run'} now"


def _configmap(config: Object, graph: Graph) -> Iterator[str]:
    keys = sorted((*(config.get("data") or {}), *(config.get("binaryData") or {})))
    yield f"{said(ref(config))} exists with {counted(len(keys), 'key')}{f': {listed(keys, 5)}' if keys else ''}"
    yield _used("read", [said(name) for name in readers(config, graph)])


def _namespace(space: Object, graph: Graph) -> Iterator[str]:
    name = ref(space).name
    pods = graph.all("Pod", name)
    ready = sum(condition_is(pod, "Ready", "True") for pod in pods)
    finished = sum(status(pod).get("phase") == "Succeeded" for pod in pods)
    done = f", {finished} completed" if finished else ""
    phase = status(space).get("phase") or "Active"
    yield f"Namespace {name} is {phase}, with {counted(len(pods), 'pod')}: {ready} ready{done}"


def _volume(volume: Object, graph: Graph) -> Iterator[str]:
    owner = spec(volume).get("claimRef") or {}
    whom = f" to claim {owner.get('namespace')}/{owner.get('name')}" if owner else ""
    yield f"{said(ref(volume))} is {status(volume).get('phase') or 'Pending'}{whom}"


def _budget(budget: Object, graph: Graph) -> Iterator[str]:
    has = status(budget)
    healthy, wanted = number(has.get("currentHealthy")), number(has.get("desiredHealthy"))
    allowed = number(has.get("disruptionsAllowed"))
    yield f"{said(ref(budget))} has {healthy} healthy pods, wants {wanted}, and allows {counted(allowed, 'disruption')}"


def _exists(obj: Object, _: Graph) -> Iterator[str]:
    yield f"{said(ref(obj))} exists since {metadata(obj).get('creationTimestamp')}, and nothing is found wrong with it"


PROOFS: Mapping[str, Callable[[Object, Graph], Iterator[str]]] = {
    "Pod": _pod,
    "Deployment": _workload,
    "StatefulSet": _workload,
    "DaemonSet": _workload,
    "ReplicaSet": _workload,
    "ReplicationController": _workload,
    "Service": _service,
    "Ingress": _ingress,
    "PersistentVolumeClaim": _claim,
    "PersistentVolume": _volume,
    "HorizontalPodAutoscaler": _autoscaler,
    "PodDisruptionBudget": _budget,
    "Node": _node,
    "Job": _job,
    "CronJob": _cronjob,
    "ConfigMap": _configmap,
    "Namespace": _namespace,
}
"""Kind to what proves that an object of it is as asked."""
