"""Everything that can be asked, in one table: the command line, completion and the README's list are made from it.

Modules are named, not imported, until an operation is chosen: `--help` may cost three bare interpreters, and a
dataclass or an engine costs another one. What the strings lead to fits together: tests/unit/test_operations.py
holds each function's arguments and result to the row it stands in.
"""

from collections.abc import Mapping

from agent.operation import Effect, Operation

TYPE_CHECKING = False  # type checkers know the name; importing it from typing costs 3 ms of every start
if TYPE_CHECKING:
    from agent.blueprint.commands import Known


GROUPS: Mapping[str, str] = {
    "bundle": "write what a read command would see into one file",
    "blueprint": "read the blueprints",
    "config": "the settings in force",
    "spec": "rows of the blueprints, drafted for a person",
    "ledger": "what was changed, as it was written down",
    "session": "conversations that were kept",
}
"""First word of a name of two -> what its operations have in common."""

_ARGS, _RUN, _VIEW = "agent.operate.arguments", "agent.operate", "agent.report"


def _views(module: str, *formats: str) -> Mapping[str, str]:
    """Return the views of a module that has one for each of these formats."""
    return {name: f"{_VIEW}.{module}:as_{name}" for name in formats}


def _usual(name: str, summary: str, args: str, formats: tuple[str, ...], *, effect: Effect = Effect.READ) -> Operation:
    """Return an operation whose arguments, function, views and code are where its name says."""
    return Operation(
        name=name,
        summary=summary,
        effect=effect,
        args=f"{_ARGS}.{name}:{args}",
        run=f"{_RUN}.{name}:run",
        views=_views(name, *formats),
        code=f"{_RUN}.{name}:code",
    )


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="diagnose",
        summary="say why it is failing",
        effect=Effect.READ,
        args=f"{_ARGS}.diagnose:Diagnose",
        run=f"{_RUN}.diagnose:run",
        views=_views("diagnosis", "text", "json"),
        code=f"{_RUN}.diagnose:code",
    ),
    Operation(
        name="health",
        summary="how well the cluster is, what will break next, and what to do first",
        effect=Effect.READ,
        args=f"{_ARGS}.health:Health",
        run=f"{_RUN}.health:run",
        views={
            "text": f"{_VIEW}.health:as_text",
            "json": f"{_VIEW}.health_json:as_json",
            "markdown": f"{_VIEW}.health_markdown:as_markdown",
            "html": f"{_VIEW}.health_html:as_html",
        },
        code=f"{_RUN}.health:code",
    ),
    _usual("get", "the objects of a kind, by their labels and status, and how many there are", "Get", ("text", "json")),
    _usual("logs", "what the containers of a pod, or of a workload's pods, said last", "Logs", ("text", "json")),
    _usual("events", "what the cluster noted of its objects", "Events", ("text", "json")),
    _usual(
        "changes", "what changed lately: releases, rollouts, configuration, scaling, nodes", "Changes", ("text", "json")
    ),
    _usual("top", "what pods or nodes use, beside what they ask for and may have", "Top", ("text", "json")),
    _usual(
        "tree",
        "what belongs to an object: who made it, what it made, uses and calls, who calls it",
        "Tree",
        ("text", "json"),
    ),
    _usual("releases", "what Helm installed, and of one release what it was before", "Releases", ("text", "json")),
    _usual("scaling", "what each autoscaler does and why, and what it would do at a load", "Scaling", ("text", "json")),
    _usual("debug", "what is wrong with a container of the docker engine, or with an image", "Debug", ("text", "json")),
    _usual(
        "strace",
        "which system call of a container fails, once you let it be followed",
        "Strace",
        ("text", "json"),
        effect=Effect.CHANGE,
    ),
    _usual("watch", "what becomes broken, recovers or is not settled, as it happens", "Watch", ("text", "jsonl")),
    Operation(
        name="report",
        summary="health, diagnoses and audits as PolicyReports, kept in the cluster or as metrics",
        effect=Effect.CHANGE,
        args=f"{_ARGS}.report:Report",
        run=f"{_RUN}.report:run",
        views=_views("policyreport", "text", "json", "manifest", "metrics"),
        code=f"{_RUN}.report:code",
    ),
    _usual(
        "exporter", "the cluster's PolicyReports as metrics, for a Prometheus that scrapes them", "Exporter", ("text",)
    ),
    Operation(
        name="ask",
        summary="ask in your own words: why, what, which, how many, what changed, what would fix it",
        effect=Effect.READ,
        args=f"{_ARGS}.ask:Ask",
        run="agent.chat.ask:run",
        views={name: f"agent.chat.view:as_{name}" for name in ("text", "json", "jsonl")},
        code="agent.chat.ask:code",
    ),
    Operation(
        name="chat",
        summary="ask one question after another, line by line",
        effect=Effect.READ,
        args=f"{_ARGS}.ask:Chat",
        run="agent.chat.ask:chat",
        views={"text": "agent.chat.view:as_text", "jsonl": "agent.chat.view:as_jsonl"},
    ),
    Operation(
        name="session list",
        summary="list the conversations that were kept",
        effect=Effect.READ,
        args=f"{_ARGS}.session:ListSessions",
        run="agent.chat.session:every",
        views={name: f"agent.chat.session:as_{name}" for name in ("text", "json")},
    ),
    Operation(
        name="session show",
        summary="show a conversation, or export it",
        effect=Effect.READ,
        args=f"{_ARGS}.session:ShowSession",
        run="agent.chat.session:show",
        views={name: f"agent.chat.session:as_{name}" for name in ("text", "json", "markdown")},
    ),
    Operation(
        name="explain",
        summary="what a cause means, how it shows, and what it asks of you",
        effect=Effect.READ,
        args=f"{_ARGS}.explain:Explain",
        run=f"{_RUN}.explain:run",
        views=_views("explain", "text", "json", "markdown"),
    ),
    Operation(
        name="audit",
        summary="is what runs what was decided?",
        effect=Effect.READ,
        args=f"{_ARGS}.audit:Audit",
        run=f"{_RUN}.audit:run",
        views={
            "text": f"{_VIEW}.audit:as_text",
            "json": f"{_VIEW}.audit:as_json",
            "markdown": f"{_VIEW}.audit_formats:as_markdown",
            "sarif": f"{_VIEW}.audit_formats:as_sarif",
            "junit": f"{_VIEW}.audit_formats:as_junit",
        },
        code=f"{_RUN}.audit:code",
    ),
    Operation(
        name="why",
        summary="why is this value what it is?",
        effect=Effect.READ,
        args=f"{_ARGS}.trace:Why",
        run=f"{_RUN}.trace:why",
        views=_views("trace", "text", "json"),
    ),
    Operation(
        name="trace",
        summary="from a control to its values and objects",
        effect=Effect.READ,
        args=f"{_ARGS}.trace:Trace",
        run=f"{_RUN}.trace:trace",
        views={"text": f"{_VIEW}.trace:matrix_as_text", "json": f"{_VIEW}.trace:matrix_as_json"},
    ),
    Operation(
        name="plan",
        summary="seal the change that a blueprint justifies, for a person to approve",
        effect=Effect.PROPOSE,
        args=f"{_ARGS}.plan:Plan",
        run=f"{_RUN}.plan:run",
        views=_views("plan", "text", "json"),
        code=f"{_RUN}.planned:code",
    ),
    Operation(
        name="spec propose",
        summary="draft the blueprint row that would justify a value, as a patch to commit",
        effect=Effect.PROPOSE,
        args=f"{_ARGS}.spec:Propose",
        run=f"{_RUN}.spec:run",
        views=_views("spec", "text", "json"),
        code=f"{_RUN}.spec:code",
    ),
    Operation(
        name="plan show",
        summary="read a sealed plan again, also one that is used or has expired",
        effect=Effect.READ,
        args=f"{_ARGS}.plan:ShowPlan",
        run=f"{_RUN}.plan:show",
        views=_views("plan", "text", "json"),
    ),
    _usual("apply", "carry a sealed plan out, once it is approved", "Apply", ("text", "json"), effect=Effect.CHANGE),
    _usual(
        "fix",
        "find the cause of one object, plan what mends it, ask once and apply it",
        "Fix",
        ("text", "json"),
        effect=Effect.CHANGE,
    ),
    Operation(
        name="rollback",
        summary="seal the plan that takes an applied one back",
        effect=Effect.PROPOSE,
        args=f"{_ARGS}.back:Rollback",
        run=f"{_RUN}.back:rollback",
        views=_views("plan", "text", "json"),
        code=f"{_RUN}.planned:code",
    ),
    Operation(
        name="drill",
        summary="seal the plan of a failure that the blueprints promise to survive",
        effect=Effect.PROPOSE,
        args=f"{_ARGS}.drill:Drill",
        run=f"{_RUN}.drill:run",
        views=_views("drill", "text", "json"),
    ),
    Operation(
        name="recover",
        summary="seal the plan out of a release that helm left half done",
        effect=Effect.PROPOSE,
        args=f"{_ARGS}.back:Recover",
        run=f"{_RUN}.back:recover",
        views=_views("plan", "text", "json"),
        code=f"{_RUN}.planned:code",
    ),
    Operation(
        name="history",
        summary="what was planned, approved, done and refused",
        effect=Effect.READ,
        args=f"{_ARGS}.apply:History",
        run=f"{_RUN}.ledger:history",
        views=_views("ledger", "text", "json"),
    ),
    Operation(
        name="ledger verify",
        summary="make sure that no line of the ledger was changed, moved or taken away",
        effect=Effect.READ,
        args=f"{_ARGS}.apply:VerifyLedger",
        run=f"{_RUN}.ledger:verify",
        views={"text": f"{_VIEW}.ledger:verdict_as_text", "json": f"{_VIEW}.ledger:verdict_as_json"},
        code=f"{_RUN}.ledger:verified",
    ),
    Operation(
        name="freeze",
        summary="refuse every apply until `thaw`",
        effect=Effect.PROPOSE,
        args=f"{_ARGS}.apply:Freeze",
        run=f"{_RUN}.ledger:freeze",
        views={"text": f"{_VIEW}.ledger:standing_as_text"},
    ),
    Operation(
        name="thaw",
        summary="let plans be applied again",
        effect=Effect.CHANGE,
        args=f"{_ARGS}.apply:Thaw",
        run=f"{_RUN}.ledger:thaw",
        views={"text": f"{_VIEW}.ledger:standing_as_text"},
    ),
    Operation(
        name="init",
        summary="write a starter blueprint of a chart",
        effect=Effect.PROPOSE,
        args=f"{_ARGS}.init:Init",
        run=f"{_RUN}.init:run",
        views={"markdown": f"{_VIEW}.starter:as_markdown"},
    ),
    _usual("verify", "run the checklists as far as they read", "Verify", ("text", "json")),
    Operation(
        name="bundle capture",
        summary="capture a namespace or the cluster, without Secret data",
        effect=Effect.PROPOSE,
        args=f"{_ARGS}.bundle:Capture",
        run=f"{_RUN}.bundle:capture",
        views={},
        code=f"{_RUN}.bundle:code",
    ),
    Operation(
        name="bundle show",
        summary="say what a bundle holds and how whole it is",
        effect=Effect.READ,
        args=f"{_ARGS}.bundle:ShowBundle",
        run=f"{_RUN}.bundle:show",
        views=_views("bundle", "text", "json"),
        code=f"{_RUN}.bundle:code",
    ),
    Operation(
        name="blueprint list",
        summary="list every control, its value and where it stands",
        effect=Effect.READ,
        args=f"{_ARGS}.blueprint:ListControls",
        run=f"{_RUN}.blueprint:listing",
        views={"text": f"{_VIEW}.controls:as_table", "json": f"{_VIEW}.controls:as_json"},
        code=f"{_RUN}.blueprint:code",
    ),
    Operation(
        name="blueprint search",
        summary="find the controls that some words speak of",
        effect=Effect.READ,
        args=f"{_ARGS}.blueprint:SearchControls",
        run=f"{_RUN}.blueprint:search",
        views=_views("controls", "text", "json"),
        code=f"{_RUN}.blueprint:code",
    ),
    Operation(
        name="blueprint show",
        summary="show one control, or all of a blueprint, in full",
        effect=Effect.READ,
        args=f"{_ARGS}.blueprint:ShowControl",
        run=f"{_RUN}.blueprint:show",
        views=_views("controls", "text", "json"),
        code=f"{_RUN}.blueprint:code",
    ),
    Operation(
        name="blueprint lint",
        summary="find what cannot hold together",
        effect=Effect.READ,
        args=f"{_ARGS}.lint:Lint",
        run=f"{_RUN}.lint:run",
        views=_views("lint", "text", "json"),
        code=f"{_RUN}.lint:code",
    ),
    Operation(
        name="config show",
        summary="show every setting, its value and where the value comes from",
        effect=Effect.READ,
        args=f"{_ARGS}.config:ShowConfig",
        run=f"{_RUN}.config:show",
        views=_views("config", "text", "json"),
    ),
    _usual("doctor", "check what is installed, reachable and allowed", "Doctor", ("text", "json")),
    Operation(
        name="doctor model",
        summary="check what the model of the settings can do, by asking it",
        effect=Effect.READ,
        args=f"{_ARGS}.doctor:DoctorModel",
        run="agent.chat.model.checking:run",
        views=_views("doctor", "text", "json"),
        code="agent.chat.model.checking:code",
    ),
    Operation(
        name="mcp",
        summary="serve what reads and what proposes to a client of the Model Context Protocol",
        effect=Effect.READ,
        args=f"{_ARGS}.mcp:Mcp",
        run="agent.mcp.server:run",
        views={},
    ),
    Operation(
        name="completion",
        summary="print a completion script",
        effect=Effect.READ,
        args=f"{_ARGS}.completion:Completion",
        run="agent.completion:run",
        views={"script": "agent.completion:as_script"},
        more="bash:  source <(agent completion bash)\n"
        "zsh:   agent completion zsh > ~/.zfunc/_agent, with ~/.zfunc on your fpath\n",
    ),
)
"""In the order a person reads them."""


def commands() -> "Known":
    """Return what running each operation means, for the blueprints that name one."""
    from agent.blueprint.commands import CommandKind

    kinds = {Effect.CHANGE: CommandKind.CHANGES}
    return {operation.name: kinds.get(operation.effect, CommandKind.READS) for operation in OPERATIONS}
