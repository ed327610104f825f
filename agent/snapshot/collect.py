"""A live look at the world, in two passes: every list, then the logs of what looks unwell.

A healthy cluster of any size costs one pass.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

from agent.snapshot.depth import PLAIN, Depth
from agent.snapshot.graph import ref
from agent.snapshot.record import Cluster, LogKey, Object, Part, Release, Snapshot, State, Usage
from agent.snapshot.serving import serving
from agent.snapshot.shape import sound
from agent.snapshot.suspects import is_suspect
from tools.cluster import CONNECTIONS, Listed, Reader
from tools.collector import collector_paused
from tools.failure import Failure, FailureKind
from tools.helm import releases
from tools.kinds import BY_NAME, KINDS, Kind
from tools.metrics import pod_usage, prometheus_usage
from tools.redact import redact, redact_tree
from tools.sandbox import sandbox

NO_LOG = "unable to retrieve container logs for "
"""What the kubelet answers, with status 200, in place of a log it has thrown away."""

MOST_LOGS = 60
"""Containers whose logs are read for a diagnosis: one of each workload first, so that no crowd hides another."""

EVERY_LOG = 400
"""Containers whose logs go into a capture."""

SECRET = "Secret"  # noqa: S105 - a kind

UNREADABLE = "helm keeps releases in Secrets, which this identity may not read"

READER = "the role release-reader of charts/bluehelm may read them in the namespaces it is given"
"""What to do about it."""

STATES = {
    FailureKind.FORBIDDEN: State.DENIED,
    FailureKind.UNAUTHORIZED: State.DENIED,
    FailureKind.NOT_SERVED: State.NOT_SERVED,
    FailureKind.TRUNCATED: State.PARTIAL,
}

Progress = Callable[[str], None]


@dataclass(slots=True)
class _Look:
    """What has been read so far."""

    objects: dict[str, Sequence[Object]] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    logs: dict[LogKey, str] = field(default_factory=dict)
    usage: Sequence[Usage] = ()
    releases: Sequence[Release] = ()


def collect(
    reader: Reader,
    namespace: str | None,
    *,
    progress: Progress,
    depth: Depth = PLAIN,
    path: str = "",
    prometheus: str = "",
) -> Snapshot | Failure:
    """Return one look at a namespace, or at all of them for None.

    Args:
        reader: the open cluster.
        namespace: where to look; it must exist.
        progress: told what is being waited for.
        depth: what to read beyond the lists of every look.
        path: folders helm is looked for in, "" for the usual ones.
        prometheus: origin of a second source of metrics, asked where the cluster's own says nothing; "" for none.

    Returns:
        A snapshot, whole or with its gaps named; a Failure when nothing at all could be read.

    """
    progress(f"asking {reader.host}")
    version = _version(reader, namespace)
    if isinstance(version, Failure):
        return version
    look = _Look()
    reader.owners = depth.owners
    with ThreadPoolExecutor(2) as beside:
        told = beside.submit(_releases, reader, namespace, path, described=reader.owners)
        with collector_paused():
            _lists(reader, namespace, look, progress, (*KINDS, *depth.more))
        nothing = _nothing(look, reader.access.context)
        if nothing is not None:
            return nothing
        stands = beside.submit(serving, reader, look.objects) if depth.serving else None
        _logs(reader, look, progress, every=depth.every_log)
        _usage(reader, namespace, look, prometheus)
        progress("asking helm for releases")
        look.releases, part = told.result()
        found, parts = stands.result() if stands else (None, [])
    look.parts += [part, *parts]
    cluster = Cluster(reader.access.context, reader.host, redact(version))
    return Snapshot(
        datetime.now(UTC),
        cluster,
        namespace,
        look.objects,
        look.parts,
        look.logs,
        look.usage,
        look.releases,
        serving=found,
    )


def _version(reader: Reader, namespace: str | None) -> str | Failure:
    """Return the server's version, having made sure that it answers us and that the namespace is there."""
    found = reader.json("/version")
    if isinstance(found, Failure) and found.kind is not FailureKind.FORBIDDEN:
        return found
    if namespace is not None:
        named = reader.get(f"/api/v1/namespaces/{namespace}")
        if isinstance(named, Failure) and named.kind is FailureKind.NOT_SERVED:
            hint = (
                f"kubectl get namespaces lists them; a new one is yours to make: kubectl create namespace {namespace}"
            )
            missing = f"not in context {reader.access.context}"
            return Failure(FailureKind.NOT_FOUND, f"namespace {namespace!r}", missing, hint)
        if isinstance(named, Failure) and named.kind is not FailureKind.FORBIDDEN:
            return named
    return str(found.get("gitVersion") or "") if isinstance(found, dict) else ""


def _lists(
    reader: Reader, namespace: str | None, look: _Look, progress: Progress, wanted: Sequence[Kind] = KINDS
) -> None:
    kinds = [kind for kind in wanted if kind.name != SECRET or namespace]
    for number, listed in enumerate(reader.lists(kinds, namespace), 1):
        progress(f"reading {number} of {len(kinds)} kinds: {listed.kind.name}")
        _keep(look, listed)
    if namespace is None:
        _keep(look, _secrets(reader, look))


def _keep(look: _Look, listed: Listed) -> None:
    kept, part = sound(_part(listed), listed.objects)
    look.parts.append(part)
    if kept or listed.failure is None:
        look.objects[listed.kind.name] = kept


def _secrets(reader: Reader, look: _Look) -> Listed:
    """Return every Secret's name, read namespace by namespace: rows without their object do not say where they are."""
    names = [ref(obj).name for obj in look.objects.get("Namespace", ())]
    with ThreadPoolExecutor(CONNECTIONS) as workers:
        found = list(workers.map(lambda name: reader.list(BY_NAME[SECRET], name), names))
    unknown = None if names else Failure(FailureKind.FORBIDDEN, "Secrets", "no namespace is known to ask for")
    failure = next((listed.failure for listed in found if listed.failure), unknown)
    return Listed(BY_NAME[SECRET], "/api/v1/secrets", [obj for listed in found for obj in listed.objects], failure)


def _part(listed: Listed) -> Part:
    """Return how whole a list is. What only sharpens an answer may be forbidden; broken, it is a gap like any other."""
    name, needed = listed.kind.name, listed.kind.needed
    if listed.failure is None:
        return Part(name, listed.path, State.COMPLETE, len(listed.objects), needed=needed)
    state = STATES.get(listed.failure.kind, State.FAILED)
    detail, hint = listed.failure.detail, listed.failure.hint
    if name == SECRET and state is State.DENIED:
        hint = READER
    if state is State.NOT_SERVED and not listed.kind.optional:
        state, hint = State.FAILED, "every API server serves it: is this one, and is it recent enough?"
    if listed.objects and state is State.FAILED:
        state = State.PARTIAL
    needed = needed or state not in (State.DENIED, State.NOT_SERVED)
    return Part(name, listed.path, state, len(listed.objects), detail, hint, needed=needed)


def _nothing(look: _Look, context: str) -> Failure | None:
    """Return why nothing at all was read, None when something was."""
    if look.objects:
        return None
    first = look.parts[0]
    kind = FailureKind.FORBIDDEN if first.state is State.DENIED else FailureKind.UNREACHABLE
    return Failure(kind, f"context {context}", first.reason, first.hint)


def _logs(reader: Reader, look: _Look, progress: Progress, *, every: bool) -> None:
    """Read the logs of containers that crashed or do not get ready, a few at a time."""
    pods = look.objects.get("Pod", ())
    wanted = _every_container(pods) if every else _crashed(pods)
    if not wanted:
        return
    progress(f"reading {len(wanted)} logs")
    with ThreadPoolExecutor(CONNECTIONS) as workers:
        texts = list(workers.map(lambda key: reader.log(*key[:3], previous=key.previous), wanted))
    read = {key: text for key, text in zip(wanted, texts, strict=True) if isinstance(text, str)}
    look.logs = {key: text for key, text in read.items() if not text.startswith(NO_LOG)}
    look.parts.append(_log_part([text for text in texts if isinstance(text, Failure)], len(look.logs)))


def _log_part(failures: Sequence[Failure], read: int) -> Part:
    """Return how whole the logs are. A container that never ran, or left no log (400, 404), is no gap."""
    lost = [found for found in failures if found.kind is not FailureKind.NOT_SERVED and "400 " not in found.detail]
    if not lost:
        return Part("logs", "pods/log", State.COMPLETE, read, needed=False)
    reason = f"{len(lost)} of {read + len(failures)} not read: {lost[0].detail}"
    return Part("logs", "pods/log", STATES.get(lost[0].kind, State.PARTIAL), read, reason, lost[0].hint, needed=False)


def _every_container(pods: Sequence[Object]) -> list[LogKey]:
    return [key for pod in pods for key in _keys(pod, crashed_only=False)][:EVERY_LOG]


def _crashed(pods: Sequence[Object]) -> list[LogKey]:
    """Return the logs worth reading, one pod of each owner before the second of any."""
    turns: dict[str, int] = {}
    found: list[tuple[int, int, LogKey]] = []
    for pod in pods:
        if not is_suspect(pod):
            continue
        owner = _owner(pod)
        turns[owner] = turn = turns.get(owner, -1) + 1
        found += [(turn, len(found), key) for key in _keys(pod, crashed_only=True)]
    return [key for _, _, key in sorted(found)[:MOST_LOGS]]


def _owner(pod: Object) -> str:
    meta = pod.get("metadata") or {}
    owner = next(iter(meta.get("ownerReferences") or ()), meta)
    return str(owner.get("uid"))


def _keys(pod: Object, *, crashed_only: bool) -> Iterator[LogKey]:
    meta, status = pod.get("metadata") or {}, pod.get("status") or {}
    lasts = (pod.get("spec") or {}).get("restartPolicy", "Always") == "Always"
    initial, mains = status.get("initContainerStatuses") or (), status.get("containerStatuses") or ()
    for container, serves in (*((item, False) for item in initial), *((item, lasts) for item in mains)):
        if crashed_only and not _unwell(container, serves=serves):
            continue
        state = container.get("state") or {}
        key = (meta.get("namespace", ""), meta.get("name", ""), container.get("name", ""))
        if state.get("running") or state.get("terminated") or container.get("containerID"):
            yield LogKey(*key, previous=False)
        if container.get("restartCount"):
            yield LogKey(*key, previous=True)


def _unwell(container: Mapping[str, object], *, serves: bool) -> bool:
    """Return whether a container's log is worth reading: it crashed or is not ready; one that serves may not end."""
    state = container.get("state")
    ended = state.get("terminated") if isinstance(state, dict) else None
    well = isinstance(ended, dict) and ended.get("exitCode") == 0 and not container.get("restartCount")
    finished_well = well and not serves
    return bool(container.get("restartCount") or not container.get("ready")) and not finished_well


def _usage(reader: Reader, namespace: str | None, look: _Look, prometheus: str) -> None:
    found, source = pod_usage(reader, namespace), "metrics.k8s.io"
    if isinstance(found, Failure) and prometheus:
        found, source = prometheus_usage(prometheus, namespace, reader.deadline), prometheus
    if isinstance(found, Failure):
        state = STATES.get(found.kind, State.FAILED)
        look.parts.append(Part("metrics", found.what, state, 0, found.detail, found.hint, needed=False))
        return
    look.usage = [Usage(*redact_tree(list(item))) for item in found]
    look.parts.append(Part("metrics", source, State.COMPLETE, len(found), needed=False))


def _releases(reader: Reader, namespace: str | None, path: str, *, described: bool) -> tuple[Sequence[Release], Part]:
    """Return the releases helm knows. Without helm a diagnosis is whole still, only its upgrade command less exact."""
    with sandbox(reader.access, path=path, deadline=reader.deadline) as box:
        found = releases(box, namespace, described=described)
    if isinstance(found, Failure):
        state = STATES.get(found.kind, State.FAILED)
        reason = found.brief if found.kind is FailureKind.MISSING else found.detail
        if found.kind is FailureKind.FORBIDDEN:
            return (), Part("releases", found.what, state, 0, UNREADABLE, READER, needed=False)
        return (), Part("releases", found.what, state, 0, reason, found.hint, needed=False)
    made = [Release(**item) for item in found]
    return made, Part("releases", "helm list", State.COMPLETE, len(made), needed=False)
