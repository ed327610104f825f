"""The plan of a break-glass: `kubectl rollout undo`, which leaves the files ahead of what runs until git agrees."""

from datetime import UTC, datetime

from agent import __version__
from agent.apply.inputs import programs
from agent.audit.inputs import Objects
from agent.blueprint.control import Profile
from agent.change.files import manifest_diff
from agent.change.plan import Action, DryRun, Inputs, Plan, Return, Target, times
from agent.change.reach import Pair, effects
from agent.change.standing import base, seen
from agent.config import Settings
from agent.errors import Denied, known
from agent.kube.fields import metadata, number, spec
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref, Release, Snapshot
from agent.world.identity import Identity
from tools import helm
from tools.sandbox import sandbox

REVISION = "deployment.kubernetes.io/revision"
HASH = "pod-template-hash"

SECONDS = 300
"""How long the rollout may take."""


def undo(
    workload: Ref,
    release: Release,
    target: Target,
    who: Identity,
    profile: Profile,
    snapshot: Snapshot,
    settings: Settings,
) -> Plan:
    """Return the plan that gives a Deployment the pod template it had before.

    Raises:
        Denied: it is no Deployment, or it has no earlier revision.

    """
    pair, back = _before(workload, Graph(snapshot))
    live = Objects([obj for listed in snapshot.objects.values() for obj in listed], workload.namespace)
    with sandbox(who.access, path=settings.path) as box:
        applied = known(helm.metadata(box, release.name, release.namespace)).applied
        tools = tuple(programs(box, ("helm", "kubectl")))
    context = settings.applier or who.access.context
    created, expires = times(profile, datetime.now(UTC))
    where = (f"--namespace={workload.namespace}", f"--context={context}")
    words = ("kubectl", "rollout", "undo", f"deployment/{workload.name}", *where)
    return Plan(
        action=Action.UNDO,
        created=created,
        expires=expires,
        version=__version__,
        profile=profile,
        target=target,
        actor=who.actor,
        applier=settings.applier,
        protected=True,  # break-glass: it goes past the blueprints, so somebody has to say why
        inputs=Inputs("", "", {}, tools),
        base=base(release, applied, seen([workload], live, snapshot)),
        diff=manifest_diff([pair]),
        dry_run=DryRun("client", "kubectl is not asked beforehand"),
        effects=effects([pair], live, profile),
        argv=(words,),
        undo=(words,),
        seconds=SECONDS,
        rollback=Return(release.revision, "", ""),
        notes=(
            f"{workload} goes back to its revision {back}; release {release.name} and the files still say otherwise",
            "the next helm upgrade brings back what they say: git revert it and apply that, or the audit keeps failing",
        ),
    )


def _before(workload: Ref, graph: Graph) -> tuple[Pair, int]:
    """Return a Deployment now and as it was, and the number of that revision."""
    now = graph.get(*workload)
    if now is None or workload.kind != "Deployment":
        raise Denied(f"{workload}: only a Deployment that is there keeps its earlier revisions as ReplicaSets")
    sets = sorted((item for item in graph.children(now) if item.get("kind") == "ReplicaSet"), key=_number)
    if len(sets) < 2:
        raise Denied(f"{workload} has no earlier revision to go back to")
    return Pair(ref(now), now, _with(now, sets[-2])), _number(sets[-2])


def _number(obj: Object) -> int:
    return number((metadata(obj).get("annotations") or {}).get(REVISION))


def _with(deployment: Object, earlier: Object) -> Object:
    """Return a Deployment with the pod template of one of its ReplicaSets."""
    template = dict(spec(earlier).get("template") or {})
    labels = {key: value for key, value in (metadata(template).get("labels") or {}).items() if key != HASH}
    template["metadata"] = {**metadata(template), "labels": labels}
    return {**deployment, "spec": {**spec(deployment), "template": template}}
