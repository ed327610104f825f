"""A plan as `agent plan` seals one, and what becomes of it, for tests that need no cluster."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from agent.apply.outcome import Ending, Outcome
from agent.blueprint.control import Profile
from agent.change.grounds import Refusal
from agent.change.measure import Measured
from agent.change.plan import (
    SCHEMA,
    Action,
    Actor,
    Base,
    Change,
    Conflict,
    Drill,
    DryRun,
    Effects,
    FieldChange,
    Inputs,
    Plan,
    Program,
    Promise,
    Return,
    Seen,
    Target,
    content,
    digest,
    times,
)
from agent.change.splice import FileEdit, Splice
from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.engine import diagnose
from agent.operate.apply import Applied
from agent.operate.diagnose import Diagnosed
from agent.operate.drill import Drills, Row
from agent.operate.fix import Fixed
from agent.operate.planned import Planned
from agent.resources import bundle_path
from agent.snapshot.bundle import load
from agent.snapshot.record import Snapshot

MEMORY = "/spec/template/spec/containers/[name=web]/resources/limits/memory"
FIELD = FieldChange("Deployment", "shop", "web", MEMORY, "64Mi", "128Mi")
TARGET = Target("kind", "https://10.0.0.1:6443", "ab" * 32, "0d15ea5e-0000-4000-8000-000000000001", "shop", "web")
CHANGE = Change(
    "SVC-MEM", "blueprints/service.md:7", "128Mi", "fe13477a74bb", "web.resources.limits.memory",
    "charts/web/values.yaml", 4, "64Mi", "128Mi", (FIELD,),
)  # fmt: skip


def plan(now: datetime | None = None) -> Plan:
    """Return a plan of one value that was sealed a minute ago."""
    created, expires = times(Profile.DEV, (now or datetime.now(UTC)) - timedelta(minutes=1))
    edit = FileEdit("/repo/values.yaml", "a" * 64, "b" * 64, (Splice(3, 7, "128Mi", "64Mi"),), "-a: 64Mi\n+a: 128Mi")
    return Plan(
        schema=SCHEMA,
        action=Action.UPGRADE,
        created=created,
        expires=expires,
        version="0.1.0",
        profile=Profile.DEV,
        target=TARGET,
        actor=Actor("ada", "ada@example.org", ("dev",)),
        applier="",
        protected=False,
        inputs=Inputs(
            "/repo", "c" * 40, {"/repo/values.yaml": "a" * 64}, (Program("helm", "/bin/helm", "v4.1.4", "d" * 64),)
        ),
        chart="/repo/chart",
        values=(),
        blueprints="/repo/blueprints",
        base=Base(
            3, "deployed", "e" * 64, "f" * 64, (Seen("Deployment", "shop", "web", "u", 2, "1" * 64),), server_side=True
        ),
        changes=(CHANGE,),
        edits=(edit,),
        rendered="2" * 64,
        diff="--- a\n+++ b",
        dry_run=DryRun("server", ""),
        conflicts=(),
        effects=Effects(("Deployment/shop/web",), (), (), ("Deployment/shop/web",), 1, ()),
        argv=(("helm", "upgrade", "web", "/repo/chart", "--description=plan:{plan}"),),
        undo=(("helm", "rollback", "web", "3"),),
        seconds=300,
        hooks=0,
        rollback=Return(3, "e" * 64, "agent rollback {plan}"),
    )


def planned() -> list[Planned]:
    """Return what planning may come to: a plan, one with everything there is to say, refusals, nothing."""
    one = plan()
    conflict = Conflict("Deployment/shop/web", ".spec.replicas", "kubectl-edit", "Update", "", "kubectl-edit edited it")
    rich = replace(one, conflicts=(conflict,), notes=("look twice",), protected=True, changes=(CHANGE, CHANGE))
    refusal = Refusal("web.debug", "no row of a blueprint decides it", "agent spec propose web.debug VALUE")
    return [
        *(Planned(digest(content(item)), item, ()) for item in (one, rich)),
        Planned("", None, (refusal,)),
        Planned("", None, ()),
    ]


def applied() -> list[Applied]:
    """Return every way an apply may end."""
    one = plan()
    ends = (
        Outcome(Ending.APPLIED, "", 4, "c" * 40, still=("SVC-MEM: the cluster says 64Mi",)),
        Outcome(Ending.ROLLED_BACK, "image web:9 is not there", 5, capture="/state/captures/x.tgz"),
        Outcome(Ending.INTERRUPTED, "a person stopped it", 5),
        Outcome(Ending.APPLIED, measured=(Measured("RES-CRASH", "a.md:1", "it", 30, 41.0, False, "back after 41 s"),)),
        Outcome(Ending.UNKNOWN, "revision 4 is pending-upgrade", next="agent recover web -n shop"),
    )
    return [Applied("3" * 64, one, end) for end in ends]


def drills() -> list[Drills]:
    """Return what can be tried, and the plan of one drill."""
    rows = (Row("RES-SCN-CRASH", "blueprints/resilience.md:27", "Pod crash", "crash", ""),)
    told = Drill(
        "unready", "Deployment/shop/web", {"web.probe.path": "/no"}, (Promise("RES-CRASH", "a.md:1", "it", 30),)
    )
    one = replace(plan(), action=Action.DRILL, changes=(), edits=(), drill=told)
    return [Drills(None, rows), Drills(None, ()), Drills(Planned(digest(content(one)), one, ()), rows)]


def fixed() -> list[Fixed]:
    """Return every way `fix` may end: applied, nobody said yes, nothing may be planned, nothing is wrong."""
    snapshot = load(bundle_path("demo"))
    assert isinstance(snapshot, Snapshot)
    found = diagnose(snapshot)
    assert isinstance(found, Diagnosis)
    seen = Diagnosed(found, snapshot)
    return [Fixed(seen, planned()[0], applied()[0]), *(Fixed(seen, plan, None) for plan in planned())]
