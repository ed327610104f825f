"""The rules of governance as checks: what each asks for, judged by the files, by git and by who changed what."""

from collections.abc import Callable, Mapping, Sequence

from agent.audit.inputs import identity
from agent.audit.legs import Legs
from agent.audit.orphans import orphan_rows, orphan_values
from agent.audit.owners import strangers
from agent.audit.verdict import Audit, Cause, Drift, DriftKind, Fidelity, Leg, Outcome, Standing, Verdict
from agent.blueprint.control import Control, ControlKind
from agent.diagnose.finding import Severity
from agent.kube.fields import metadata
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object

Answer = tuple[Outcome, str]
Check = Callable[[Legs, Audit], Answer]

REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
"""What the Deployment controller writes on a ReplicaSet that is in force again: the revisions it was before."""

SYSTEM = ("kube-root-ca.crt", "default", "kubernetes")
"""Objects every namespace has."""

CONFIGURED = (
    "Deployment StatefulSet DaemonSet Service ConfigMap Ingress HorizontalPodAutoscaler PodDisruptionBudget CronJob Job"
    " NetworkPolicy PersistentVolumeClaim"
).split()
"""Kinds people configure."""


def rule(control: Control, legs: Legs, so_far: Audit) -> Verdict:
    """Judge one rule, in the light of everything that was judged before."""
    check = next((check for words, check in CHECKS if _speaks(control, words)), None)
    outcome, why = check(legs, so_far) if check else (Outcome.UNKNOWN, "no check here reads this rule")
    severity = {Outcome.PASS: Severity.INFO, Outcome.UNKNOWN: Severity.WARNING}.get(outcome, Severity.ERROR)
    causes = {Outcome.PASS: Cause.NONE, Outcome.UNKNOWN: Cause.UNSEEN}
    return Verdict(control, outcome, severity, (), causes.get(outcome, Cause.RULE), why, fidelity=Fidelity.STATIC)


def _speaks(control: Control, words: Sequence[str]) -> bool:
    text = f"{control.title} {control.raw}".casefold()
    return all(word in text for word in words)


def _traced(legs: Legs, _: Audit) -> Answer:
    rows, leaves = orphan_rows(legs.inputs), orphan_values(legs.inputs)
    if not rows and not leaves:
        return Outcome.PASS, "every value has its row, every row its value"
    said = [f"no row justifies {_some([leaf.path for leaf in leaves])}"] if leaves else []
    said += [f"no file states the values of {_some([row.id for row in rows])}"] if rows else []
    return Outcome.FAIL, "; ".join(said)


def _ad_hoc(legs: Legs, _: Audit) -> Answer:
    """Find objects people configure that no release and no controller made."""
    if legs.inputs.release is None:
        return Outcome.UNKNOWN, legs.inputs.release_reason or "no release was read"
    strays = [
        str(ref(obj)) for kind in CONFIGURED for obj in legs.inputs.snapshot.objects.get(kind, ()) if _stray(obj, legs)
    ]
    return _verdict(strays, "nothing runs beside the releases", "in no release:")


def _stray(obj: Mapping[str, object], legs: Legs) -> bool:
    name = ref(obj)
    meta = obj.get("metadata")
    meta = meta if isinstance(meta, dict) else {}
    helm = "meta.helm.sh/release-name" in (meta.get("annotations") or {})
    ours = name.namespace == legs.inputs.namespace and name.name not in SYSTEM
    return ours and not helm and not meta.get("ownerReferences")


def _spec_first(legs: Legs, _: Audit) -> Answer:
    """Find values that were set in a commit whose blueprints did not yet state them; older ones were adopted."""
    git = legs.inputs.git
    if git is None:
        return Outcome.UNKNOWN, legs.inputs.git_reason
    late = [name for name, stated in git.stated_then.items() if stated is False]
    if late:
        return Outcome.FAIL, f"the value came before the row: {_some(late)}"
    if not git.stated_then:
        return Outcome.UNKNOWN, next(iter(git.unread.values()), "git knows no commit that set a value")
    older = sum(stated is None for stated in git.stated_then.values())
    adopted = f"; {older} are older than the first blueprint and were adopted by it" if older else ""
    return Outcome.PASS, f"{len(git.stated_then) - older} values were set when their row stated them{adopted}"


def _truth(_: Legs, so_far: Audit) -> Answer:
    """Whether what runs is what the values say: no release-only value, no object that is not its release's."""
    wrong = [f"{item.path} (release only)" for item in so_far.release_only] + [
        _where(item) for item in real(so_far.drifts)
    ]
    live = [verdict for verdict in so_far.verdicts if _live_unknown(verdict)]
    if wrong:
        return Outcome.FAIL, f"not from the values: {_some(wrong)}"
    if live or so_far.gaps:
        return Outcome.UNKNOWN, f"{len(live)} controls could not be seen live" if live else so_far.gaps[0]
    return Outcome.PASS, "every object of the release is live as the values make it"


def _live_unknown(verdict: Verdict) -> bool:
    readings = [found for point in verdict.points for found in point.readings]
    return any(found.leg is Leg.LIVE and found.standing is Standing.UNKNOWN for found in readings)


def _what(legs: Legs, _: Audit) -> Answer:
    unread = legs.inputs.blueprints.unread
    places = [str(item.source) for item in unread]
    return _verdict(places, "every row of the blueprints can be read", "rows that cannot be read:")


def _how(legs: Legs, so_far: Audit) -> Answer:
    rows = [v for v in so_far.verdicts if v.control.kind is ControlKind.MAPPING and v.outcome is not Outcome.PASS]
    if rows:
        return rows[0].outcome, f"{rows[0].control.id}: {rows[0].why}"
    return (
        (Outcome.PASS, "every mapping row has its template")
        if legs.inputs.chart.templates
        else (
            Outcome.UNKNOWN,
            "the chart was not read",
        )
    )


def _versioned_values(legs: Legs, _: Audit) -> Answer:
    return _in_git(legs.inputs.files, legs)


def _versioned_blueprints(legs: Legs, _: Audit) -> Answer:
    return _in_git(legs.inputs.blueprints.files, legs)


def _in_git(files: Sequence[str], legs: Legs) -> Answer:
    git = legs.inputs.git
    if git is None:
        return Outcome.UNKNOWN, legs.inputs.git_reason
    unread = [f"{name}: {git.unread[name]}" for name in files if name in git.unread]
    if unread:
        return Outcome.UNKNOWN, unread[0]
    untracked = [name for name in files if not git.tracked.get(name)]
    dirty = [name for name in files if git.tracked.get(name) and not git.clean.get(name)]
    said = [f"not in git: {_some(untracked)}"] if untracked else []
    said += [f"changed and not committed: {_some(dirty)}"] if dirty else []
    return (Outcome.FAIL, "; ".join(said)) if said else (Outcome.PASS, f"{len(files)} files are in git, as committed")


def _rollback(legs: Legs, so_far: Audit) -> Answer:
    """A `helm rollback` says so in the release's history, `kubectl rollout undo` by the ReplicaSet in force.

    Git then still asks for what was taken back. An undo stops to count when what runs is what the release says again.
    """
    changed = {item.object for item in real(so_far.drifts) if item.pointer.startswith("/spec/template/")}
    graph = Graph(legs.inputs.snapshot)
    back = sorted(str(name) for name in changed if _went_back(graph.get(*name), graph))
    if back:
        return Outcome.FAIL, f"kubectl rollout undo took back {_some(back)}; git does not know of it"
    release = legs.inputs.release
    if release is None or not release.description:
        return Outcome.UNKNOWN, legs.inputs.release_reason or "the release's history was not read"
    undone = release.description.casefold().startswith("rollback")
    said = f"revision {release.revision}: {release.description}"
    return (Outcome.FAIL, f"{said}; git does not know of it") if undone else (Outcome.PASS, said)


def _went_back(deployment: Object | None, graph: Graph) -> bool:
    """Return whether the pod template in force is one the Deployment had before."""
    sets = graph.children(deployment) if deployment is not None else ()
    notes = [metadata(item).get("annotations") or {} for item in sets if item.get("kind") == "ReplicaSet"]
    now = (metadata(deployment or {}).get("annotations") or {}).get(REVISION)
    return any(found.get(REVISION) == now and HISTORY in found for found in notes)


def _direct(legs: Legs, _: Audit) -> Answer:
    """Find objects of the release that somebody else than Helm and the cluster's controllers wrote to."""
    if legs.release is None:
        return Outcome.UNKNOWN, legs.inputs.release_reason
    found, recorded = [], False
    for obj in legs.release.all:
        live = legs.live.get(identity(obj, legs.inputs.namespace))
        recorded = recorded or bool(live and (live.get("metadata") or {}).get("managedFields"))
        found += [f"{ref(live)} by {owner.manager}" for owner in strangers(live)] if live else []
    if not recorded:
        return Outcome.UNKNOWN, "nothing that was read records who changed what"
    return _verdict(sorted(set(found)), "only Helm and controllers wrote to the release's objects", "changed directly:")


def _targets(_: Legs, so_far: Audit) -> Answer:
    counts = {outcome: so_far.count(outcome) for outcome in Outcome}
    return (
        Outcome.PASS,
        f"{counts[Outcome.PASS]} of {sum(counts.values())} controls hold, {counts[Outcome.UNKNOWN]} unknown",
    )


def _state(legs: Legs, so_far: Audit) -> Answer:
    if legs.release is None:
        return Outcome.UNKNOWN, legs.inputs.release_reason
    wrong = len(real(so_far.drifts))
    return Outcome.PASS, f"{len(legs.release.all)} objects compared with what was declared, {wrong} differences"


def _deviation(_: Legs, so_far: Audit) -> Answer:
    failed = [verdict for verdict in so_far.verdicts if verdict.outcome is Outcome.FAIL]
    mute = [verdict.control.id for verdict in failed if not verdict.why]
    return _verdict(mute, f"each of {len(failed)} deviations has its cause", "without a cause:")


def real(drifts: Sequence[Drift]) -> list[Drift]:
    """Return the differences that are drift, without operations and cosmetics."""
    return [item for item in drifts if item.kind not in (DriftKind.OPERATED, DriftKind.COSMETIC)]


CHECKS: Sequence[tuple[tuple[str, ...], Check]] = (
    (("ad-hoc",), _ad_hoc),
    (("documented", "before"), _spec_first),
    (("direct", "apply"), _direct),
    (("spec → plan",), _spec_first),
    (("changes require spec",), _spec_first),
    (("version-controlled", "values.yaml"), _versioned_values),
    (("rollback",), _rollback),
    (("version-controlled",), _versioned_blueprints),
    (("what runs",), _truth),
    (("define what",), _what),
    (("implements how",), _how),
    (("compliance",), _targets),
    (("audits", "state"), _state),
    (("deviation",), _deviation),
    (("judge",), _targets),
    (("trace",), _traced),
)
"""Words of a rule -> what is checked, the most particular first."""


def _verdict(wrong: Sequence[str], fine: str, otherwise: str) -> Answer:
    return (Outcome.FAIL, f"{otherwise} {_some(wrong)}") if wrong else (Outcome.PASS, fine)


def _where(drift: Drift) -> str:
    return f"{drift.object} {drift.pointer}".strip()


def _some(names: Sequence[str], most: int = 5) -> str:
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
