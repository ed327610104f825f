"""What planning comes to: the plan that was sealed and kept, and what was refused."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.apply import ledger, store
from agent.apply.ledger import Event
from agent.apply.state import Banner
from agent.change.grounds import Refusal
from agent.change.plan import Plan, content, digest
from agent.errors import Indeterminate
from agent.exitcode import ExitCode
from tools.failure import Failure


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan that was sealed, None where there is none, and what was refused with its reasons."""

    name: str
    """The plan's id, "" for none."""
    plan: Plan | None
    refusals: Sequence[Refusal]
    banner: Banner = Banner.OPEN
    patch: str = ""
    """What the plan changes in its repository, for `git apply`; "" where nobody asked."""
    branch: str = ""
    """The branch it was committed on, "" for none."""
    commit: str = ""


def code(result: Planned) -> ExitCode:
    """Return DENIED where something was asked for and nothing may be planned, or what was planned belongs elsewhere."""
    if result.patch or result.branch:
        return ExitCode.OK
    refused = result.plan is None and result.refusals
    return ExitCode.DENIED if refused or (result.plan and result.plan.elsewhere) else ExitCode.OK


def told(refusals: Sequence[Refusal]) -> str:
    """Return refusals as the ledger keeps them."""
    return "; ".join(f"{item.subject}: {item.reason}" for item in refusals)


def kept(plan: Plan, refusals: Sequence[Refusal]) -> Planned:
    """Keep a plan and note it in the ledger.

    Raises:
        Indeterminate: either cannot be written.

    """
    name = digest(content(plan))
    detail = {"action": plan.action, "controls": plan.summary} | ({"refused": told(refusals)} if refusals else {})
    noted = ledger.append(Event.SEALED, name, plan.actor.name, detail)
    if isinstance(noted, Failure):
        raise Indeterminate(str(noted))
    saved = store.save(plan)  # behind its line: a plan of which no line tells is a sign that lines were taken away
    if isinstance(saved, Failure):
        raise Indeterminate(str(saved))
    return Planned(name, plan, refusals)
