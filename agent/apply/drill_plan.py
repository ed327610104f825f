"""The plan of a drill: a pod deleted, a value that cannot work laid over the files and taken back, or a port asked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agent import __version__
from agent.apply.commands import DESCRIPTION, DRILL
from agent.apply.inputs import programs, rests_on
from agent.audit.inputs import Inputs, Objects
from agent.audit.mechanisms import Scenario
from agent.blueprint.control import Control, Profile
from agent.change.conflicts import conflicts
from agent.change.drills import Tried, answers, broken, overlay, promises
from agent.change.files import manifest_diff
from agent.change.measure import sight
from agent.change.plan import Action, Drill, DryRun, Effects, Plan, Return, Target, times
from agent.change.plan import Inputs as Rests
from agent.change.reach import Pair, effects, pairs
from agent.change.request import Asks, Request, address
from agent.change.standing import base, manifest_digest, seen
from agent.config import Settings
from agent.errors import Denied, Indeterminate, known
from agent.kube.fields import number, spec
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref, Release
from agent.verify.line import parse
from agent.world.chart import Chart
from agent.world.identity import Identity
from agent.world.prospect import Objects as Rendered
from agent.world.prospect import asked, hooks, prospect
from agent.world.release import Target as Where
from tools import forward, helm
from tools.failure import Failure
from tools.files import read
from tools.sandbox import Sandbox, sandbox
from tools.upgrade import Upgrade, argv, rollback

GRACE = 60
"""Seconds a pod has to end."""


@dataclass(frozen=True, slots=True)
class Drilled:
    """What a drill's plan is made from."""

    row: Control
    tried: Tried
    workload: Ref
    inputs: Inputs
    release: Release
    chart: Chart
    where: Where
    identity: Identity
    settings: Settings
    seconds: int
    outage: bool
    """Whether the person has said that nothing may serve for a while."""
    blueprints: str

    @property
    def target(self) -> Target:
        """Return which release of which cluster."""
        return self.identity.target(self.where.namespace, self.where.name)

    @property
    def context(self) -> str:
        """Return the context that carries it out."""
        return self.settings.applier or self.identity.access.context

    @property
    def live(self) -> Objects:
        """Return the cluster's objects."""
        objects = self.inputs.snapshot.objects.values()
        return Objects([obj for listed in objects for obj in listed], self.inputs.namespace)


@dataclass(frozen=True, slots=True)
class _Broken:
    """What the chart makes of the value that cannot work, and how it is brought to the cluster."""

    whole: Sequence[Pair]
    objects: Rendered
    dry_run: DryRun
    argv: tuple[str, ...]
    undo: tuple[str, ...]
    rests: Rests


def drilled(asked_for: Drilled) -> Plan:
    """Return the plan of a drill.

    Raises:
        Denied: it may not be tried here; says why.
        Indeterminate: something it needs could not be read.

    """
    _refuse_elsewhere(asked_for)
    _refuse_outage(asked_for)
    with sandbox(asked_for.identity.access, path=asked_for.settings.path) as box:
        if isinstance(asked_for.tried, Asks):
            return _of_request(asked_for, box)
        return (
            _of_pod(asked_for, box) if asked_for.tried is Scenario.CRASH else _of_value(asked_for, asked_for.tried, box)
        )


def _refuse_elsewhere(drill: Drilled) -> None:
    protected = {name.strip() for name in drill.settings.protected.split(",")}
    if drill.inputs.profile is not Profile.DEV or drill.identity.access.context in protected:
        raise Denied("drills are for the profile dev and for contexts that are not protected")
    if drill.live.get(drill.workload) is None:
        raise Denied(f"{drill.workload} is not there")
    before = sight(drill.inputs.snapshot, drill.workload)
    if not before.pods or not all(pod.is_ready for pod in before.pods):
        raise Denied(f"{drill.workload} is not whole as it is: mend it first (agent diagnose), then try it")


def _refuse_outage(drill: Drilled) -> None:
    if not drill.outage and _is_down(drill):
        raise Denied(f"nothing of {drill.workload} would serve meanwhile: say --outage, or give it two replicas first")


def _is_down(drill: Drilled) -> bool:
    """Return whether nothing of the workload serves while it is tried."""
    obj = drill.live.get(drill.workload) or {}
    if isinstance(drill.tried, Asks):
        return False
    if drill.tried is Scenario.HANG:  # the new pods answer until each of them is ended
        return True
    if drill.tried is Scenario.CRASH or obj.get("kind") != "Deployment":
        return len(sight(drill.inputs.snapshot, drill.workload).pods) < 2
    return _taken_down(obj) >= number(spec(obj).get("replicas"), 1)


def _taken_down(deployment: Object) -> int:
    """Return how many pods a Deployment may be short of while it is updated."""
    strategy, wanted = spec(deployment).get("strategy") or {}, number(spec(deployment).get("replicas"), 1)
    if strategy.get("type") == "Recreate":
        return wanted
    most = (strategy.get("rollingUpdate") or {}).get("maxUnavailable", "25%")
    return int(str(most).rstrip("%")) * wanted // 100 if str(most).endswith("%") else number(most)


def _notes(drill: Drilled) -> Iterator[str]:
    """Yield what who approves should know."""
    if _is_down(drill):
        yield "nothing of it may serve for a while"
    if isinstance(drill.tried, Asks):
        yield "meanwhile everybody on this machine reaches one of its pods by that port"
    if drill.tried is Asks.LOAD:
        yield "one pod gets all of the load; what the autoscaler adds it takes away after its cooldown"
        yield "its way down is waited for: that takes minutes"


def _of_pod(drill: Drilled, box: Sandbox) -> Plan:
    """Return the plan that deletes the youngest ready pod."""
    graph = Graph(drill.inputs.snapshot)
    owner = graph.get(*drill.workload)
    pod = ref(sorted(graph.pods(owner or {}), key=lambda obj: str(obj["metadata"].get("creationTimestamp")))[-1])
    words = ("kubectl", "delete", "pod", pod.name, f"--namespace={pod.namespace}", f"--context={drill.context}")
    reach = Effects((), (), (str(pod),), (str(drill.workload),), 1, ())
    told = Drill(drill.tried, str(drill.workload), {}, promises(drill.tried, drill.inputs))
    rests = Rests("", "", {}, tuple(programs(box, ("helm", "kubectl"))))
    return _plan(
        drill, box, told, (*words, "--wait", f"--timeout={GRACE}s"), rests, reach, [pod, drill.workload],
        dry_run=DryRun("client", "kubectl is not asked beforehand"),
    )  # fmt: skip


def _of_request(drill: Drilled, box: Sandbox) -> Plan:
    """Return the plan that forwards a port to a pod and asks there: nothing is broken."""
    asked_for = address(parse(drill.row).command)
    assert asked_for is not None  # noqa: S101 - what is tried was told by it
    request = Request(asked_for.target, forward.free_port(), asked_for.port, asked_for.host, asked_for.path)
    told = Drill(drill.tried, str(drill.workload), {}, answers(drill.row, drill.workload, drill.inputs), request)
    words = forward.argv(request.target, request.local, request.port, drill.workload.namespace, drill.context)
    names = dict.fromkeys((drill.workload, Ref(asked_for.kind, drill.workload.namespace, asked_for.name)))
    rests = Rests("", "", {}, tuple(programs(box, ("helm", "kubectl"))))
    return _plan(
        drill, box, told, words, rests, Effects((), (), (), (), 0, ()),
        list(names), dry_run=DryRun("client", "kubectl is not asked beforehand"),
    )  # fmt: skip


def _of_value(drill: Drilled, tried: Scenario, box: Sandbox) -> Plan:
    """Return the plan that gives helm a value which cannot work."""
    values = broken(tried, drill.workload, drill.inputs)
    if not values:
        raise Denied(f"no row says which value of {drill.workload} to break, so {drill.tried} cannot be tried")
    told = Drill(drill.tried, str(drill.workload), values, promises(drill.tried, drill.inputs))
    made = _broken(drill, box, told)
    reach = effects(made.whole, drill.live, drill.inputs.profile, ())
    touched = {*reach.changed, *reach.created, *reach.deleted}
    if reach.forbidden or touched != {told.workload}:
        said = (
            "; ".join(reach.forbidden)
            or f"{', '.join(values)} decides more than {told.workload}: {', '.join(sorted(touched))}"
        )
        raise Denied(said)
    return _plan(
        drill, box, told, made.argv, made.rests, reach, [pair.name for pair in made.whole],
        dry_run=made.dry_run, made=made,
    )  # fmt: skip


def _broken(drill: Drilled, box: Sandbox, told: Drill) -> _Broken:
    files = dict(drill.chart.files(drill.inputs.profile))
    content = {name: _read(path) for name, path in files.items()}
    made = prospect(
        box, drill.chart, files, content, drill.where, drill.inputs.snapshot.cluster.version, over=overlay(told)
    )
    if isinstance(made, Failure):
        raise Denied(f"the chart cannot be rendered with a value that cannot work: {made}")
    rests = rests_on(box, drill.chart, drill.inputs, drill.settings, [])
    upgrade = _upgrade(drill, [*files.values(), Path("/") / DRILL])
    version = next((program.version for program in rests.programs if program.name == "helm"), "")
    words = argv(upgrade, version, DESCRIPTION)
    if isinstance(words, Failure):
        raise Denied(str(words))
    dry = asked(box, _upgrade(drill, list(made.files)), made.after, install=False)
    if dry.refused:
        raise Denied(f"the server refuses it: {dry.said}")
    whole = pairs(drill.release.manifest or (), made.after, drill.inputs.namespace)
    return _Broken(whole, made.after, dry, words, rollback(upgrade, drill.release.revision), rests)


def _read(path: Path) -> bytes:
    try:
        return read(path)
    except OSError as error:
        raise Indeterminate(f"{path}: {error.strerror}") from error


def _upgrade(drill: Drilled, files: Sequence[Path]) -> Upgrade:
    return Upgrade(drill.where.name, drill.where.namespace, drill.context, drill.chart.path, files, drill.seconds)


def _plan(
    drill: Drilled,
    box: Sandbox,
    told: Drill,
    words: tuple[str, ...],
    rests: Rests,
    reach: Effects,
    names: Sequence[Ref],
    *,
    dry_run: DryRun,
    made: _Broken | None = None,
) -> Plan:
    applied = known(helm.metadata(box, drill.where.name, drill.where.namespace)).applied
    standing = base(drill.release, applied, seen(names, drill.live, drill.inputs.snapshot))
    created, expires = times(Profile.DEV, datetime.now(UTC))
    return Plan(
        action=Action.DRILL,
        created=created,
        expires=expires,
        version=__version__,
        profile=Profile.DEV,
        target=drill.target,
        actor=drill.identity.actor,
        applier=drill.settings.applier,
        protected=False,
        inputs=rests,
        chart=str(drill.chart.path.resolve()) if made else "",
        values=tuple(str(path.resolve()) for path in drill.chart.given),
        blueprints=drill.blueprints,
        base=standing,
        rendered=manifest_digest(made.objects) if made else "",
        diff=manifest_diff(made.whole) if made else "",
        dry_run=dry_run,
        conflicts=tuple(conflicts(made.objects, drill.live, drill.inputs.namespace)) if made else (),
        effects=reach,
        argv=(words,),
        undo=(made.undo,) if made else (),
        seconds=drill.seconds,
        hooks=hooks(made.objects) if made else 0,
        rollback=Return(standing.revision, standing.manifest, ""),
        notes=tuple(_notes(drill)),
        drill=told,
    )
