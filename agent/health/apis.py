"""API versions in use that this cluster's next minor version does not serve, or that a later one drops."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.health.concern import Area, Concern
from agent.kube.fields import metadata
from agent.kube.lifecycle import going, minor
from agent.severity import Severity
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph
from agent.snapshot.record import Ref


@dataclass(frozen=True, slots=True)
class OldApi:
    """One use of an API version that goes."""

    api_version: str
    kind: str
    """The kind, or the plural resource where only requests are known."""
    user: Ref
    """The release whose manifest says it, or the API server that was asked for it."""
    where: str
    removed: int | None
    """The minor version of Kubernetes 1 without it."""
    instead: str


def old_apis(graph: Graph) -> Sequence[OldApi]:
    """Return the uses of API versions that go, those that go first at the top."""
    found = [*_of_releases(graph), *_requested(graph)]
    return sorted(found, key=lambda item: (item.removed is None, item.removed or 0, item.api_version))


def _of_releases(graph: Graph) -> Iterator[OldApi]:
    for release in graph.snapshot.releases:
        for item in release.manifest or ():
            api_version, kind = str(item.get("apiVersion") or ""), str(item.get("kind") or "")
            known = going(api_version, kind)
            if known is not None:
                user = Ref("Release", release.namespace, release.name)
                yield OldApi(api_version, kind, user, str(metadata(item).get("name")), known.removed, known.instead)


def _requested(graph: Graph) -> Iterator[OldApi]:
    """Yield what somebody asked the API server for; where nothing says that it will go it stays for good."""
    serving = graph.snapshot.serving
    for item in serving.requested if serving else ():
        removed = minor(item.removed)
        if removed is not None:
            api_version = f"{item.group}/{item.version}" if item.group else item.version
            server = Ref("Cluster", "", graph.snapshot.cluster.context)
            yield OldApi(api_version, item.resource, server, "apiserver_requested_deprecated_apis", removed, "")


def concerns(rows: Sequence[OldApi], version: str) -> Iterator[Concern]:
    """Yield one concern for each user and API version that this server or its next minor version is without."""
    now = minor(version)
    seen: set[tuple[Ref, str, str]] = set()
    for row in rows:
        if now is None or row.removed is None or row.removed > now + 1 or (row.user, row.api_version, row.kind) in seen:
            continue
        seen.add((row.user, row.api_version, row.kind))
        yield _concern(row, now)


def _concern(row: OldApi, now: int) -> Concern:
    gone = row.removed is not None and row.removed <= now
    what = f"{row.api_version} {row.kind}"
    when = f"which 1.{row.removed} dropped" if gone else f"which the next minor version, 1.{row.removed}, drops"
    said = (
        f"Release {row.user.name} says {what}" if row.user.kind == "Release" else f"Something asks the API for {what}"
    )
    instead = f"write {row.instead}" if row.instead else "find what takes its place"
    return Concern(
        Area.APIS,
        "api-removed" if gone else "api-goes",
        row.user,
        f"{said}, {when}",
        Severity.ERROR if gone and row.user.kind == "Release" else Severity.WARNING,
        (Evidence(row.user, row.where, row.api_version),),
        advice=f"Before the upgrade, {instead}" if not gone else f"Its next upgrade fails: {instead}",
        command=f"helm get manifest {row.user.name} -n {row.user.namespace}" if row.user.kind == "Release" else "",
    )
