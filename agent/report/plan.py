"""How a plan reads: the card a person decides by, rendered from the plan's bytes and nothing else; and as JSON."""

from collections.abc import Sequence
from dataclasses import asdict

from agent.apply.commands import SHORT, shown_commands, way_back
from agent.apply.state import Banner
from agent.approval.signature import how_to_sign
from agent.change.gate import shown
from agent.change.grounds import Refusal
from agent.change.plan import Action, Change, Elsewhere, Plan
from agent.change.sentence import sentence, spared
from agent.operate.planned import Planned
from agent.report.data import document
from agent.report.terminal import Screen, Terminal

SCHEMA = "bluehelm/plan-card/v1"

BANNERS = {
    Banner.USED: "This plan was used. Plan again for another change.",
    Banner.REJECTED: "This plan was rejected. Plan again if that was a mistake.",
    Banner.EXPIRED: "This plan has expired. Plan again: what it rests on may have moved.",
    Banner.FROZEN: "Changes are frozen: nothing is applied until `agent thaw`.",
}
"""What stands above a plan that cannot be applied as it is."""

NOTHING = "Nothing to change: every value is what the blueprints say, and it runs."


def as_text(result: Planned, screen: Screen) -> str:
    """Return the card, or why there is no plan."""
    if result.patch and not screen.is_terminal:
        return result.patch
    terminal = Terminal(screen)
    if result.patch:
        terminal.block(result.patch, 0)
    elif result.plan is not None:
        card(terminal, result.name, result.plan, result.banner)
    elif not result.refusals:
        terminal.line(NOTHING, "green")
    if result.branch:
        terminal.line()
        terminal.line(
            f"Committed on branch {result.branch} ({result.commit[:SHORT]}); nothing is checked out.", "green"
        )
        terminal.entry("next", f"git push origin {result.branch}, and open a pull request")
    _refusals(terminal, result.refusals)
    return terminal.text()


def card(terminal: Terminal, name: str, plan: Plan, banner: Banner = Banner.OPEN) -> None:
    """Add everything a person sees before they approve a plan."""
    if banner in BANNERS:
        terminal.line(BANNERS[banner], "yellow")
        terminal.line()
    terminal.line(sentence(plan), "bold")
    terminal.entry("not", "; ".join(spared(plan)))
    for change in plan.changes:
        _change(terminal, change)
    _consequences(terminal, plan)
    _commands(terminal, name, plan)
    _rests(terminal, plan)
    terminal.line()
    if plan.elsewhere is not None:
        belongs(terminal, plan.elsewhere)
    else:
        _approval(terminal, name, plan)


def belongs(terminal: Terminal, place: Elsewhere) -> None:
    """Add where a change belongs that a GitOps tool would undo here."""
    terminal.line(f"{place.keeper} would undo what is changed here, so nothing is: its repository decides.", "yellow")
    for source in place.sources:
        terminal.entry("belongs in", str(source))
        if source.note:
            terminal.entry("", source.note, "dim")
    if place.values:
        terminal.entry("or rather", f"{place.holder}, which win over the files:")
        terminal.block(place.values)
    for source in place.home:
        terminal.entry("itself in", str(source))
    if place.unread:
        terminal.entry("unknown", f"which repository: {place.unread}")


def _change(terminal: Terminal, change: Change) -> None:
    terminal.line()
    terminal.entry("blueprint", f'{change.source} "{change.row}" ({change.control})', "bold")
    place = f"{change.file}:{change.line}" if change.line else change.file
    terminal.entry("value", f"{change.path}: {shown(change.old)} to {shown(change.new)} ({place})")
    for item in change.fields:
        terminal.entry("", f"{item.object} {item.pointer}: {item.old} to {item.new}", "dim")


def _consequences(terminal: Terminal, plan: Plan) -> None:
    terminal.line()
    for edit in plan.edits:
        terminal.entry("file", edit.path)
        terminal.block(edit.diff)
    if plan.diff:
        terminal.entry("rendered", "as helm will apply it, Secrets left out")
        terminal.block(plan.diff)
    said = plan.dry_run.said or "accepts it (dry run)"
    terminal.entry("server" if plan.dry_run.by == "server" else "this machine", said)
    for item in plan.conflicts:
        terminal.entry("conflict", f"helm will be refused: {item.why}", "red")
    for note in plan.notes:
        terminal.entry("note", note)


def _commands(terminal: Terminal, name: str, plan: Plan) -> None:
    terminal.line()
    for words in shown_commands(plan, name):
        terminal.entry("runs", " ".join(words), "cyan")


def _rests(terminal: Terminal, plan: Plan) -> None:
    if plan.action is Action.CLUSTER:
        _rests_of_cluster(terminal, plan)
        return
    target = plan.target
    terminal.entry("where", f"context {target.context}, {target.server}, cluster {target.cluster}")
    helm = next((item for item in plan.inputs.programs if item.name == "helm"), None)
    tool = f", helm {helm.version} at {helm.path}" if helm else ""
    head = plan.inputs.head[:SHORT] or "none"
    revision = f"revision {plan.base.revision}" if plan.base.revision else "no release of that name"
    terminal.entry(
        "rests on",
        f"{revision}, commit {head}, {len(plan.inputs.files)} files{tool}",
    )
    terminal.entry("planned by", f"{plan.actor.name} ({plan.actor.user}) at {plan.created}")
    if plan.applier:
        terminal.entry("applied by", f"the identity of context {plan.applier}, loaded once the plan is approved")


def _rests_of_cluster(terminal: Terminal, plan: Plan) -> None:
    terminal.entry("where", f"minikube's cluster {plan.target.release}, which is {plan.base.status}")
    for tool in plan.inputs.programs:
        terminal.entry("rests on", f"{len(plan.inputs.files)} blueprints, {tool.name} {tool.version} at {tool.path}")
    terminal.entry("planned by", f"{plan.actor.user} at {plan.created}")


def _approval(terminal: Terminal, name: str, plan: Plan) -> None:
    """Say which approval it needs, from whom, until when, and the exact command."""
    if plan.rollback.command:
        terminal.entry("way back", _way_back(name, plan))
    kind = "cluster" if plan.action is Action.CLUSTER else "release"
    if plan.for_another:
        terminal.entry(
            "approval", f"the signature of somebody on the list of signers, until {plan.expires}. They type:"
        )
        terminal.block(how_to_sign(name))
        terminal.entry("then", "with the file they made:")
        terminal.block(f"agent apply {name[:SHORT]} --approval {name[:SHORT]}.sig{' --reason WHY' * plan.protected}")
        return
    needs = f"a reason and the {kind}'s name typed" if plan.protected else "a yes"
    terminal.entry(
        "approval", f"yours, {needs} at a terminal, or signed by somebody on the list, until {plan.expires}:"
    )
    terminal.block(f"agent apply {name[:SHORT]}")


def _way_back(name: str, plan: Plan) -> str:
    if plan.action is Action.INSTALL:
        return f"none by a plan, for none takes a release away; yours to type: {way_back(plan, name)}"
    if plan.action is Action.CLUSTER:
        return f"yours to type: {way_back(plan, name)}"
    return f"revision {plan.rollback.revision}: {way_back(plan, name)}"


def _refusals(terminal: Terminal, refusals: Sequence[Refusal]) -> None:
    if not refusals:
        return
    terminal.line()
    terminal.line(f"Not planned: {len(refusals)}", "yellow")
    for item in refusals:
        terminal.entry(item.subject, item.reason, column=max(13, len(item.subject) + 5))
        if item.first:
            terminal.entry("first", item.first, "dim")


def as_json(result: Planned, screen: Screen) -> str:
    """Return the plan, its id and its standing for machines."""
    return document(
        SCHEMA,
        {
            "id": result.name,
            "standing": str(result.banner),
            "sentence": sentence(result.plan) if result.plan else NOTHING if not result.refusals else "",
            "plan": asdict(result.plan) if result.plan else None,
            "refusals": [asdict(item) for item in result.refusals],
            "patch": result.patch,
            "branch": result.branch,
            "commit": result.commit,
        },
        screen,
    )
