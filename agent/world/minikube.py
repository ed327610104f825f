"""What minikube says of one of its clusters."""

from collections.abc import Iterator
from contextlib import contextmanager

from agent.audit.inputs import ClusterFacts
from agent.config import Settings
from agent.snapshot.record import Snapshot
from tools import minikube
from tools.deadline import Deadline
from tools.failure import Failure
from tools.kubeconfig import written_to
from tools.sandbox import Sandbox, sandbox


def cluster_facts(snapshot: Snapshot, settings: Settings, deadline: Deadline) -> tuple[ClusterFacts | None, str]:
    """Return what minikube says of the cluster that was looked at, or why it says nothing."""
    if snapshot.origin != "live":
        return None, "a capture holds nothing of minikube"
    with asked(settings, deadline) as box:
        found = facts(box, snapshot.cluster.context)
    if isinstance(found, Failure):
        return None, str(found)
    return found, "" if found else f"context {snapshot.cluster.context} is no cluster of minikube's"


@contextmanager
def asked(settings: Settings, deadline: Deadline | None = None) -> Iterator[Sandbox]:
    """Make a sandbox in which minikube knows the user's clusters, and enters one it starts into their kubeconfig."""
    home, entered = minikube.home(), written_to(settings.kubeconfig)
    with sandbox(path=settings.path, minikube_home=home, deadline=deadline, kubeconfig=entered) as box:
        yield box


def facts(box: Sandbox, name: str) -> ClusterFacts | Failure | None:
    """Return what minikube says of its cluster of that name, None where it has none."""
    profiles = minikube.profiles(box)
    if isinstance(profiles, Failure):
        return profiles
    found = next((item for item in profiles if item.get("Name") == name), None)
    if found is None:
        return None
    addons, status = minikube.addons(box, name), minikube.status(box, name)
    if isinstance(addons, Failure):
        return addons
    if isinstance(status, Failure):
        return status
    config = found.get("Config")
    return ClusterFacts(config if isinstance(config, dict) else {}, addons, status)
