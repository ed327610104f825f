"""What a diagnosis asks to be changed: the controls its causes break, and why the others cannot be mended so. Pure."""

from collections.abc import Iterator, Sequence

from agent.audit.verdict import Audit
from agent.change.gate import Gate, Refusal
from agent.change.proposal import Proposal, from_controls
from agent.diagnose.finding import Finding, Severity


def from_findings(findings: Sequence[Finding], found: Audit, gate: Gate) -> Proposal:
    """Return what would mend these causes, as far as a control says what should be there instead."""
    ids = dict.fromkeys(citation.control for finding in findings for citation in finding.citations)
    proposal = from_controls(ids, found, gate)
    if not (proposal.wanted or proposal.reapplied):
        proposal.refusals = [*proposal.refusals, *_unmended(findings, proposal)]
    return proposal


def _unmended(findings: Sequence[Finding], proposal: Proposal) -> Iterator[Refusal]:
    """Say of each cause why nothing is planned for it."""
    refused = {item.subject for item in proposal.refusals}
    for finding in findings:
        rows = [item for item in finding.citations if item.control not in refused]
        if rows:
            row = rows[0]
            yield Refusal(
                str(finding.subject),
                f"the value is what {row.source} asks for ({row.control}: {row.says}), and that is what fails",
                f"change {row.source}",
            )
        elif not finding.citations and finding.severity is Severity.ERROR:
            yield Refusal(str(finding.subject), "no row of a blueprint speaks of it", _by_hand(finding))


def _by_hand(finding: Finding) -> str:
    """Return what a person can do where no row speaks."""
    if finding.remedy.patch:
        return "the patch above is yours to apply, or state the value in a blueprint first (agent spec propose)"
    return str(finding.remedy.command) if finding.remedy.command else "; ".join(finding.remedy.advice)
