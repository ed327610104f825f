"""One audit: every row of every blueprint judged, and every object of the release compared."""

from collections.abc import Callable, Iterator

from agent.audit.cluster import cluster, is_clusters
from agent.audit.drift import drifts
from agent.audit.governance import rule
from agent.audit.inputs import Inputs, identity
from agent.audit.legs import Legs, shown_value
from agent.audit.mechanisms import mapping, question, scenario, trigger
from agent.audit.parameters import parameter
from agent.audit.verdict import Audit, Cause, Drift, Fidelity, Outcome, ReleaseOnly, Verdict
from agent.blueprint.control import Control, ControlKind, Unread
from agent.blueprint.values import Leaf, Masked, of_tree
from agent.diagnose.finding import Severity
from agent.snapshot.record import State
from agent.snapshot.shape import ODD

GITOPS = {
    "argocd.argoproj.io/tracking-id": "Argo CD",
    "argocd.argoproj.io/instance": "Argo CD",
    "helm.toolkit.fluxcd.io/name": "Flux",
    "kustomize.toolkit.fluxcd.io/name": "Flux",
}
"""Labels and annotations by which a GitOps controller says that an object is its own."""


def audit(inputs: Inputs) -> Audit:
    """Return every verdict. The rules of governance come last: they speak of what the others found."""
    legs = Legs(inputs)
    rows = inputs.blueprints.controls
    judged = {
        control.id: _guarded(control, lambda row: _judged(row, legs)) for control in rows if control.kind in JUDGES
    }
    drifting, uncompared = _drifts(legs)
    found = Audit(
        inputs.profile,
        inputs.release_name,
        inputs.namespace,
        tuple(judged.values()),
        drifting,
        tuple(_release_only(inputs)),
        tuple(_notes(legs)),
        (*_gaps(inputs), *uncompared),
    )
    ruled = {
        control.id: _guarded(control, lambda row: rule(row, legs, found))
        for control in rows
        if control.kind is ControlKind.RULE
    }
    every = judged | ruled
    verdicts = [every[control.id] for control in rows if control.id in every]
    return _with(found, (*verdicts, *map(_unread, _named(inputs.blueprints.unread))))


def _with(found: Audit, verdicts: tuple[Verdict, ...]) -> Audit:
    return Audit(
        found.profile,
        found.release,
        found.namespace,
        verdicts,
        found.drifts,
        found.release_only,
        found.notes,
        found.gaps,
    )


def _guarded(control: Control, judge: Callable[[Control], Verdict]) -> Verdict:
    """Return a row's verdict: unknown where an object it rests on cannot be read, and the other rows go on."""
    try:
        return judge(control)
    except ODD as error:
        why = f"a field it rests on could not be read ({type(error).__name__}: {error})"
        return Verdict(control, Outcome.UNKNOWN, Severity.WARNING, (), Cause.UNSEEN, why)


def _drifts(legs: Legs) -> tuple[tuple[Drift, ...], list[str]]:
    """Return where the release's objects are not live as it has them, and a line for each that cannot be compared."""
    found: list[Drift] = []
    odd = []
    for obj in legs.release.all if legs.release else ():
        try:
            found += drifts(obj, legs)
        except ODD as error:
            name = identity(obj, legs.inputs.namespace)
            odd.append(f"{name}: could not be compared with its release ({type(error).__name__}: {error})")
    return tuple(found), odd


def _judged(control: Control, legs: Legs) -> Verdict:
    if control.kind is ControlKind.PARAMETER and is_clusters(control, legs.inputs.blueprints):
        return cluster(control, legs.inputs)
    return JUDGES[control.kind](control, legs)


JUDGES = {
    ControlKind.PARAMETER: parameter,
    ControlKind.TRIGGER: trigger,
    ControlKind.SCENARIO: scenario,
    ControlKind.MAPPING: mapping,
    ControlKind.QUESTION: question,
}
"""What a row is -> how it is judged, the rules apart: they come last."""


def _named(unread: tuple[Unread, ...]) -> list[Unread]:
    return [item for item in unread if item.control_id]


def _unread(item: Unread) -> Verdict:
    """Return the verdict of a row that cannot be read: unknown, with its file and line."""
    row = Control(
        item.control_id,
        ControlKind.PARAMETER,
        item.source.file,
        item.control_id,
        item.text,
        {},
        (),
        "",
        (),
        "",
        item.source,
        "",
    )
    return Verdict(row, Outcome.UNKNOWN, Severity.ERROR, cause=Cause.UNSEEN, why=item.problem, fidelity=Fidelity.STATIC)


def _release_only(inputs: Inputs) -> Iterator[ReleaseOnly]:
    """Yield the values a release was given that the files do not state, or state otherwise."""
    release = inputs.release
    if release is None or release.values is None:
        return
    for path, leaf in of_tree(release.values, f"release {release.name}").leaves.items():
        file = inputs.values.leaves.get(path)
        if leaf.value not in (None, {}) and not _states(file, leaf):
            yield ReleaseOnly(path, _shown(leaf), _shown(file) if file else "", file.source if file else None)


def _states(file: Leaf | None, leaf: Leaf) -> bool:
    hidden = file is not None and (str(leaf.value) == "***" or isinstance(file.value, Masked))
    return hidden or (file is not None and shown_value(file.value) == shown_value(leaf.value))


def _shown(leaf: Leaf) -> str:
    return str(leaf.value) if isinstance(leaf.value, Masked) else shown_value(leaf.value)


def _notes(legs: Legs) -> Iterator[str]:
    inputs = legs.inputs
    if inputs.release is None or legs.release is None:
        yield f"the release leg is unknown: {inputs.release_reason}"
    elif inputs.release.status != "deployed":
        yield f"the release is {inputs.release.status}: compared with what it stored, which may not be what runs"
    if inputs.rendered is None:
        yield f"the rendered leg is unknown: {inputs.rendered_failure}"
    elif inputs.rendered.unstable:
        yield f"{len(inputs.rendered.unstable)} fields come out differently each time and are not compared"
    if inputs.chart.lookups:
        yield f"templates that ask the cluster ({', '.join(inputs.chart.lookups)}) were rendered without its answer"
    if inputs.cluster is None and inputs.cluster_reason:
        yield f"minikube: {inputs.cluster_reason}"
    yield from _gitops(legs)


def _gitops(legs: Legs) -> Iterator[str]:
    """Say whose an object is where Argo CD or Flux owns it: a change belongs into their repository."""
    marks = {}
    for obj in legs.release.all if legs.release else ():
        live = legs.live.get(identity(obj, legs.inputs.namespace))
        meta = (live or {}).get("metadata") or {}
        for name, whose in GITOPS.items():
            value = {**(meta.get("labels") or {}), **(meta.get("annotations") or {})}.get(name)
            if value:
                marks[whose] = str(value).partition(":")[0]
    for whose, name in marks.items():
        yield f"{whose} ({name}) owns the release's objects: change them in its repository, it puts back the rest"


def _gaps(inputs: Inputs) -> Iterator[str]:
    for part in inputs.snapshot.parts:
        if part.needed and part.state not in (State.COMPLETE, State.NOT_SERVED):
            yield f"{part.name} {part.state}: {part.reason}"
    for source, problem in inputs.values.problems:
        yield f"{source}: {problem}"
    for item in inputs.blueprints.unread:
        if not item.text:  # a whole file, and nobody knows what it asks for
            yield f"{item.source}: {item.problem}"
