"""The logs of what looks unwell: which are worth reading, and how whole what was read is."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from agent.snapshot.record import LogKey, Object, Part, State
from agent.snapshot.states import STATES
from agent.snapshot.suspects import is_suspect
from tools.cluster import CONNECTIONS, Reader
from tools.failure import Failure, FailureKind

NO_LOG = "unable to retrieve container logs for "
"""What the kubelet answers, with status 200, in place of a log it has thrown away."""

MOST_LOGS = 60
"""Containers whose logs are read for a diagnosis: one of each workload first, so that no crowd hides another."""

EVERY_LOG = 400
"""Containers whose logs go into a capture."""


def read_logs(wanted: Sequence[LogKey], reader: Reader) -> tuple[Mapping[LogKey, str], Sequence[Part]]:
    """Return the logs of these containers, a few at a time, and how whole they are; nothing where none is wanted."""
    if not wanted:
        return {}, ()
    with ThreadPoolExecutor(CONNECTIONS) as workers:
        texts = list(workers.map(lambda key: reader.log(*key[:3], previous=key.previous), wanted))
    read = {key: text for key, text in zip(wanted, texts, strict=True) if isinstance(text, str)}
    kept = {key: text for key, text in read.items() if not text.startswith(NO_LOG)}
    return kept, (_log_part([text for text in texts if isinstance(text, Failure)], len(kept)),)


class Kept:
    """The logs of one look after another; a log is read again only when something is new of its pod."""

    def __init__(self, first: Mapping[LogKey, str]) -> None:
        self.texts = first
        self._read_at: dict[LogKey, object] = {}

    def read(self, pods: Sequence[Object], reader: Reader) -> tuple[Mapping[LogKey, str], Sequence[Part]]:
        """Return the logs of what is unwell now, and how whole those are that were read anew."""
        wanted, versions = of_unwell(pods), {_name(pod): _version(pod) for pod in pods}
        fresh = [key for key in wanted if key not in self._read_at or self._read_at[key] != versions[key[:2]]]
        read, parts = read_logs(fresh, reader)
        known = {**self.texts, **read}
        self.texts = {key: known[key] for key in wanted if key in known}
        lasting = all(part.state in (State.COMPLETE, State.DENIED) for part in parts)
        done = {key: versions[key[:2]] for key in fresh} if lasting else {}
        at = self._read_at | done
        self._read_at = {key: at[key] for key in wanted if key in at}
        return self.texts, parts


def _name(pod: Object) -> tuple[str, str]:
    meta = pod.get("metadata") or {}
    return meta.get("namespace", ""), meta.get("name", "")


def _version(pod: Object) -> object:
    return (pod.get("metadata") or {}).get("resourceVersion")


def _log_part(failures: Sequence[Failure], read: int) -> Part:
    """Return how whole the logs are. A container that never ran, or left no log (400, 404), is no gap."""
    lost = [found for found in failures if found.kind is not FailureKind.NOT_SERVED and "400 " not in found.detail]
    if not lost:
        return Part("logs", "pods/log", State.COMPLETE, read, needed=False)
    reason = f"{len(lost)} of {read + len(failures)} not read: {lost[0].detail}"
    return Part("logs", "pods/log", STATES.get(lost[0].kind, State.PARTIAL), read, reason, lost[0].hint, needed=False)


def of_all(pods: Sequence[Object]) -> list[LogKey]:
    """Return the logs of every container, for a capture."""
    return [key for pod in pods for key in _keys(pod, crashed_only=False)][:EVERY_LOG]


def of_unwell(pods: Sequence[Object]) -> list[LogKey]:
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
