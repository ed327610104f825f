"""Releases held against the blueprints, in short."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.audit.verdict import Audit, Outcome, Verdict
from agent.blueprint.control import Profile
from agent.health.concern import Area, Concern
from agent.kube.wording import counted, listed
from agent.remedy.ground import citation
from agent.severity import Severity
from agent.snapshot.evidence import Evidence
from agent.snapshot.record import Ref


@dataclass(frozen=True, slots=True)
class Held:
    """One release held against the blueprints, or why it was not."""

    release: str
    namespace: str
    audit: Audit | None
    reason: str = ""


def concerns(held: Sequence[Held]) -> Iterator[Concern]:
    """Yield one concern for each release that breaks controls; `agent audit` says all of each."""
    for item in held:
        broken = [found for found in item.audit.verdicts if found.outcome is Outcome.FAIL] if item.audit else []
        if item.audit is not None and broken:
            yield _broken(broken, item, item.audit.profile)


def _broken(verdicts: Sequence[Verdict], held: Held, profile: Profile) -> Concern:
    release = Ref("Release", held.namespace, held.release)
    rows = [citation(item.control, next(iter(item.control.paths), ""), profile) for item in verdicts]
    first = verdicts[0]
    where = f"-n {held.namespace} --release {held.release} --profile {profile}"
    return Concern(
        Area.BLUEPRINT,
        "controls-broken",
        release,
        f"Release {held.release} of {held.namespace} breaks {counted(len(verdicts), 'control')}: "
        f"{listed(item.control.id for item in verdicts)}",
        Severity.WARNING,
        (Evidence(release, first.control.id, first.why or "it is not what the blueprint says"),),
        tuple(rows),
        advice=f"agent audit {where} says each, and what a plan can mend",
        command=f"agent plan {where}",
    )
