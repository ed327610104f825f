"""A finding: one cause, said in one sentence, with the evidence that proves it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from agent.blueprint.control import Source
from agent.diagnose.modes import Mode
from agent.kube.containers import Container, workload_ref
from agent.kube.remedies import Advice, Command, Edit, Remedy
from agent.kube.wording import said
from agent.severity import Severity as Severity
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Ref


class Confidence(StrEnum):
    """How the cause was established."""

    CERTAIN = "certain"
    """By a join over objects, or in the API's own structured words (a reason, a condition)."""
    LIKELY = "likely"
    """The signals fit and nothing contradicts them, but a message's wording was needed."""
    POSSIBLE = "possible"
    """One weak signal."""


@dataclass(frozen=True, slots=True)
class Fix:
    """What to do, as rules know it: a sentence, and what can be done about it in the cluster's own terms."""

    summary: str
    remedies: tuple[Remedy, ...] = ()
    concerns: tuple[str, ...] = ()
    """Fields, as in Control.fields, that a blueprint row may speak to though no edit of one of them mends it."""

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The fields to change."""
        return tuple(found for found in self.remedies if isinstance(found, Edit))

    @property
    def advice(self) -> tuple[Advice, ...]:
        """What to do beyond the summary where no field mends it."""
        return tuple(found for found in self.remedies if isinstance(found, Advice))

    @property
    def command(self) -> Command | None:
        """The command to run, None for none."""
        return next((found for found in self.remedies if isinstance(found, Command)), None)


@dataclass(frozen=True, slots=True)
class Citation:
    """The blueprint row that speaks to a finding."""

    control: str
    title: str
    says: str
    """The row's value as written: `512Mi`."""
    rationale: str
    source: Source
    path: str
    """The values path it governs, "" for none."""


@dataclass(frozen=True, slots=True)
class Grounded:
    """A fix made concrete for whoever owns the object: a Helm release, a GitOps repository, or nobody."""

    patch: str = ""
    """YAML text: values of a release, or the fields of the object as its repository would have them."""
    command: Command | None = None
    """What would apply it."""
    guessed: bool = False
    """Whether the values paths are only the usual ones: no blueprint binds them and no rendering proved them."""
    proved: bool = False
    """Whether rendering the chart showed that these values move exactly the fields that are meant."""
    advice: tuple[str, ...] = ()
    """What a patch cannot say: who owns the object, and which field to change by hand."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause. Rules fill the first block; `rank` fills symptoms; `ground` fills citations and remedy."""

    mode: Mode
    subject: Ref
    """The object to look at: the owning workload where there is one, else the object itself."""
    cause: str
    """One sentence a person can act on; names, numbers, no jargon it does not need."""
    severity: Severity
    confidence: Confidence
    evidence: tuple[Evidence, ...]
    fix: Fix
    affected: tuple[Ref, ...] = ()
    """Every object that suffers from it, the subject's pods for instance."""
    container: str = ""
    """The container it is about, "" for none."""
    roots: tuple[Ref, ...] = ()
    """Objects whose own findings would explain this one away (an upstream Service or node): the deepest wins."""
    instead_of: tuple[Mode, ...] = ()
    """Modes that, about the same objects, only show what this finding explains: it goes before them."""
    symptoms: tuple[str, ...] = ()
    """One line per finding or event this cause explains, which is therefore not reported by itself."""
    citations: tuple[Citation, ...] = ()
    remedy: Grounded = field(default_factory=Grounded)

    def with_symptoms(self, symptoms: tuple[str, ...]) -> "Finding":
        """Return the same finding, explaining these symptoms too."""
        return replace(self, symptoms=self.symptoms + symptoms)


def finding(
    mode: Mode,
    container: Container,
    graph: Graph,
    cause: str,
    fix: Fix,
    evidence: Iterable[Evidence],
    confidence: Confidence,
    severity: Severity = Severity.ERROR,
) -> Finding:
    """Return a finding about one container: its workload is the subject, its pod is affected."""
    workload = workload_ref(container.pod, graph)
    return Finding(
        mode=mode,
        subject=workload,
        cause=f"{said(workload)}: {cause}",
        severity=severity,
        confidence=confidence,
        evidence=tuple(evidence),
        fix=fix,
        affected=(ref(container.pod),),
        container=container.name,
    )
