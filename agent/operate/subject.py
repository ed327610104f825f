"""The object an operation was asked about: `deploy/web`, found in what was looked at."""

from agent.errors import UsageError
from agent.kube.wording import closest, listed
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object
from agent.world.scope import Scope
from tools.kinds import BY_NAME, Kind, kind_called


def subject(text: str, scope: Scope, graph: Graph) -> Object:
    """Return the object that `KIND/NAME` names.

    Raises:
        UsageError: no such kind is read, nothing is called so (what is near is named), or several namespaces have one.

    """
    word, slash, name = text.partition("/")
    kind = kind_called(word)
    if not slash or kind is None or kind.name not in BY_NAME:
        raise UsageError(f"{text!r}: say what it is, as in pod/{text.rpartition('/')[2]} or deploy/web")
    return _found(kind, name, scope.namespace or graph.snapshot.namespace, graph)


def _found(kind: Kind, name: str, namespace: str | None, graph: Graph) -> Object:
    every = graph.all(kind.name, namespace) if namespace and kind.namespaced else graph.all(kind.name)
    called = [obj for obj in every if ref(obj).name == name]
    if len(called) > 1:
        raise UsageError(
            f"{kind.word}/{name}: in {listed(sorted(ref(obj).namespace for obj in called), 9)}; say which with -n"
        )
    if not called:
        raise UsageError(_absent(kind, name, [ref(obj).name for obj in every], namespace))
    return called[0]


def _absent(kind: Kind, name: str, names: list[str], namespace: str | None) -> str:
    near = closest(name, names)
    place = f"namespace {namespace}" if namespace and kind.namespaced else "the cluster"
    there = f"did you mean {near}?" if near else f"there are {listed(names, 5)}" if names else "there is none"
    return f"{kind.name} {name}: not in {place}; {there}"
