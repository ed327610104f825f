"""A live look at the world, in two passes: every list, then the logs of what looks unwell.

A healthy cluster of any size costs one pass.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

from agent.snapshot.depth import PLAIN, Depth
from agent.snapshot.graph import ref
from agent.snapshot.logs import of_all, of_unwell, read_logs
from agent.snapshot.record import Cluster, LogKey, Object, Part, Release, Snapshot, State, Usage
from agent.snapshot.serving import serving
from agent.snapshot.shape import sound
from agent.snapshot.states import STATES
from agent.snapshot.usage import read_usage
from tools.cluster import CONNECTIONS, Listed, Reader
from tools.collector import collector_paused
from tools.failure import Failure, FailureKind
from tools.helm import releases
from tools.kinds import BY_NAME, KINDS, Kind
from tools.redact import redact
from tools.sandbox import sandbox

SECRET = "Secret"  # noqa: S105 - a kind

UNREADABLE = "helm keeps releases in Secrets, which this identity may not read"

READER = "the role release-reader of charts/bluehelm may read them in the namespaces it is given"
"""What to do about it."""

Progress = Callable[[str], None]


@dataclass(slots=True)
class _Look:
    """What has been read so far."""

    objects: dict[str, Sequence[Object]] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    logs: Mapping[LogKey, str] = field(default_factory=dict)
    usage: Sequence[Usage] = ()
    releases: Sequence[Release] = ()
    versions: dict[str, str] = field(default_factory=dict)


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
        told = beside.submit(read_releases, reader, namespace, path, described=reader.owners)
        with collector_paused():
            _lists(reader, namespace, look, progress, (*KINDS, *depth.more))
        nothing = _nothing(look, reader.access.context)
        if nothing is not None:
            return nothing
        stands = beside.submit(serving, reader, look.objects) if depth.serving else None
        wanted = (of_all if depth.every_log else of_unwell)(look.objects.get("Pod", ()))
        if wanted:
            progress(f"reading {len(wanted)} logs")
        look.logs, log_parts = read_logs(wanted, reader)
        look.usage, used = read_usage(reader, namespace, prometheus)
        look.parts += [*log_parts, used]
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
        versions=look.versions,
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
        _keep(look, read_secrets(reader, look.objects.get("Namespace", ())))


def _keep(look: _Look, listed: Listed) -> None:
    kept, part = sound(part_of(listed), listed.objects)
    look.parts.append(part)
    look.versions |= {listed.kind.name: listed.version} if listed.version else {}
    if kept or listed.failure is None:
        look.objects[listed.kind.name] = kept


def read_secrets(reader: Reader, namespaces: Sequence[Object]) -> Listed:
    """Return every Secret's name, read namespace by namespace: rows without their object do not say where they are."""
    names = [ref(obj).name for obj in namespaces]
    with ThreadPoolExecutor(CONNECTIONS) as workers:
        found = list(workers.map(lambda name: reader.list(BY_NAME[SECRET], name), names))
    unknown = None if names else Failure(FailureKind.FORBIDDEN, "Secrets", "no namespace is known to ask for")
    failure = next((listed.failure for listed in found if listed.failure), unknown)
    return Listed(BY_NAME[SECRET], "/api/v1/secrets", [obj for listed in found for obj in listed.objects], failure)


def part_of(listed: Listed) -> Part:
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


def read_releases(
    reader: Reader, namespace: str | None, path: str, *, described: bool
) -> tuple[Sequence[Release], Part]:
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
