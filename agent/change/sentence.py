"""A plan in one sentence, and what it will not do: made from its bytes alone. Pure."""

from collections.abc import Iterator

from agent.change.cluster import ADDONS
from agent.change.gate import shown
from agent.change.plan import Action, Change, Drill, FieldChange, Plan
from agent.change.request import Asks
from agent.kube.wording import listed

LABELS = {
    "memory": "memory",
    "cpu": "CPU",
    "tag": "image tag",
    "repository": "image",
}
"""Last key of a values path -> what people call it, where the key alone does not say it."""


def sentence(plan: Plan) -> str:
    """Return what a plan does, how far it reaches and what says so: what a person reads first."""
    says = f"{plan.summary} {'say' if ',' in plan.summary else 'says'} so" if plan.changes else ""
    if plan.action is Action.REVERT:
        says = f"{plan.summary} will then not hold"
    return "; ".join(part for part in (_what(plan), _restarts(plan), says) if part) + "."


def subject(plan: Plan) -> str:
    """Return what a plan does, without its consequences: the first line of its commit."""
    return _what(plan)


def _what(plan: Plan) -> str:
    place = f"{plan.target.release} in {plan.target.namespace}"
    if plan.action is Action.INSTALL:
        return f"{place} is installed: {len(plan.effects.created)} objects are made"
    if plan.action is Action.CLUSTER:
        return _cluster(plan)
    if plan.drill is not None:
        return _drill(plan.drill, plan)
    if plan.action is Action.UNDO:
        return f"{plan.effects.changed[0]} goes back to its earlier pod template, past the values files"
    if plan.action is Action.RECOVER:
        return f"{place} goes back to revision {plan.rollback.revision} out of {plan.base.status}"
    if plan.action is Action.REVERT and len(plan.changes) > 1:
        return f"{place}: {len(plan.changes)} values go back to what they were"
    if len(plan.changes) == 1:
        return _one(plan.changes[0], plan)
    return f"{place}: {len(plan.changes)} values change"


def _drill(drill: Drill, plan: Plan) -> str:
    whose, rows = f"{drill.workload} ", ", ".join(row.control for row in drill.promises)
    if drill.request is not None:
        often = f"for {plan.seconds} s at most" if drill.tried == Asks.LOAD else "once"
        return f"{whose}is asked for {drill.request.path} {often} for a drill ({rows})"
    if not drill.broken:
        return f"{whose}loses a pod for a drill ({rows})"
    values = " and ".join(f"{path} {shown(value)}" for path, value in drill.broken.items())
    return f"{whose}gets {values} for a drill, and helm takes it back ({rows})"


def _cluster(plan: Plan) -> str:
    """Say what minikube does: `minikube starts the cluster dev and enables ingress`."""
    addons = [item.path.removeprefix(ADDONS) for item in plan.changes if item.path.startswith(ADDONS)]
    started = [f"starts the cluster {plan.target.release}"] if len(addons) < len(plan.changes) else []
    where = "" if started else f" in the cluster {plan.target.release}"
    enabled = [f"enables {listed(addons, len(addons))}{where}"] if addons else []
    return f"minikube {' and '.join((*started, *enabled))}"


def _one(change: Change, plan: Plan) -> str:
    whose = change.fields[0].name if change.fields else plan.target.release
    what = f"{whose} in {plan.target.namespace}"
    if change.old == change.new:
        return f"{what} gets back {_name(change)} {shown(change.new)}{_instead(change.fields)}"
    instead = f" instead of {shown(change.old)}" if change.old is not None else ""
    return f"{what} gets {_name(change)} {shown(change.new)}{instead}"


def _instead(fields: tuple[FieldChange, ...]) -> str:
    return f" instead of {fields[0].old}" if fields and fields[0].old else ""


def _name(change: Change) -> str:
    """Return what a value is called: `memory limit`, `replicas`."""
    keys = change.path.split(".")
    last = keys[-1]
    above = {"limits": " limit", "requests": " request"}.get(keys[-2] if len(keys) > 1 else "", "")
    return f"{LABELS.get(last, last)}{above}"


def _restarts(plan: Plan) -> str:
    count = plan.effects.pods
    return "" if not count else "one pod restarts" if count == 1 else f"{count} pods restart"


def spared(plan: Plan) -> Iterator[str]:
    """Yield what will not happen, each in a sentence."""
    reach = plan.effects
    if plan.action is Action.RECOVER:
        yield "no release Secret is deleted"
        yield "no file changes"
        return
    if plan.action is Action.CLUSTER:
        yield "no file changes"
        yield "nothing is deleted"
        yield "no release is touched"
        return
    if plan.action is Action.DRILL:
        yield "no file changes"
    if not reach.deleted:
        yield "nothing is deleted"
    touched = {item.pointer.rpartition("/")[2] for change in plan.changes for item in change.fields}
    is_load = plan.drill is not None and plan.drill.tried == Asks.LOAD  # which an autoscaler may answer
    if "replicas" not in touched and plan.action is not Action.INSTALL and not is_load:
        yield "no number of replicas changes"
    if not any(change.path.rpartition(".")[2] in ("repository", "tag", "image") for change in plan.changes):
        yield "no image changes"
    count = len(reach.changed) + len(reach.created)
    if count and plan.action is not Action.INSTALL:
        yield f"no object beside {', '.join((*reach.changed, *reach.created))} is touched"
