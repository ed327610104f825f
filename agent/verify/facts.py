"""What a checklist is judged by."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.audit.inputs import ClusterFacts
from agent.audit.verdict import Outcome
from agent.blueprint.control import Binding, Control
from agent.kube.fields import statuses
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import LogKey, Object, State
from tools.kinds import kind_called

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")


@dataclass(frozen=True, slots=True)
class Facts:
    """One look at a namespace, minikube's own words where there are any, and what the blueprints bind."""

    graph: Graph
    namespace: str
    release: str
    bindings: Sequence[Binding]
    cluster: ClusterFacts | None = None
    cluster_reason: str = ""

    def bound(self, kind: str) -> list[str]:
        """Return the names of the objects of a kind that the blueprints bind."""
        names = [item.name.replace("{release}", self.release) for item in self.bindings if item.kind == kind]
        return list(dict.fromkeys(names))

    def unbound(self, kind: str) -> str:
        """Return why the objects of a kind cannot be looked for by name, "" where they can."""
        names = [item.name for item in self.bindings if item.kind == kind]
        if not self.release and any("{release}" in name for name in names):
            return "its name hangs on a release, and none was named"
        return "" if names else f"the blueprints bind no {kind}"

    def unread(self, part: str) -> str:
        """Return why a list (or `logs`) is not whole, "" where it is."""
        found = next((item for item in self.graph.snapshot.parts if item.name == part), None)
        if found is None:
            return "" if part == "logs" else f"{part} was not read"
        return "" if found.state is State.COMPLETE else f"{part} {found.state}: {found.reason}"

    def logs(self, pod: Object) -> list[str]:
        """Return the logs of a pod's containers as far as they were read."""
        name = ref(pod)
        keys = [LogKey(name.namespace, name.name, str(item.get("name")), False) for _, item in statuses(pod)]
        return [found for key in keys if (found := self.graph.snapshot.logs.get(key)) is not None]

    def needed(self, what: str) -> tuple[str, ...]:
        """Return the kinds whose lists must be whole before anybody may say that an object is not there."""
        return tuple(dict.fromkeys((*_kinds(what), "Pod")))

    def behind(self, what: str) -> Object | None:
        """Return what a word such as `deployment/web` or `svc/web` means, None where there is nothing of that name.

        A Service means the workload whose pods it selects.
        """
        name = what.rpartition("/")[2]
        found = [obj for kind in _kinds(what) if (obj := self.graph.get(kind, self.namespace, name)) is not None]
        if not found or found[0].get("kind") != "Service":
            return found[0] if found else None
        selected = self.graph.selected(found[0])
        return self.graph.workload(selected[0]) if selected else found[0]


def _kinds(what: str) -> tuple[str, ...]:
    """Return the kinds a word may mean. A pod's name is also read as its workload's: its own is generated."""
    kind = kind_called(what.rpartition("/")[0])
    return (kind.name,) if kind and kind.name in (*WORKLOADS, "Service") else ("Pod", *WORKLOADS, "Service")


@dataclass(frozen=True, slots=True)
class Checked:
    """One line of a checklist and how it came out."""

    control: Control
    outcome: Outcome
    evidence: tuple[str, ...]
    """What shows it, or why nothing could be seen."""
    ran: str = ""
    """What was read in the line's place, "" where nothing was."""
    not_run: str = ""
    """Why the line was not run, and what would run it; "" for a line that only reads."""
