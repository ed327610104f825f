"""Which cause comes first, and what it explains."""

from dataclasses import replace

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.modes import CATALOGUE
from agent.diagnose.rank import ranked
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph
from agent.snapshot.record import Ref
from tests.fakes.objects import snapshot

GRAPH = Graph(snapshot([]))
WEB, API, DB = (Ref("Deployment", "shop", name) for name in ("web", "api", "db"))


def finding(mode: int, subject: Ref, **fields: object) -> Finding:
    base = Finding(
        mode=next(known for known in CATALOGUE if known.number == mode),
        subject=subject,
        cause=f"{subject.name} fails",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(),
        fix=Fix("mend it"),
    )
    return replace(base, **fields)  # type: ignore[arg-type]


def pods(name: str, *numbers: int) -> tuple[Ref, ...]:
    return tuple(Ref("Pod", "shop", f"{name}-{number}") for number in numbers)


def test_one_cause_on_many_pods_is_one_finding() -> None:
    (found,) = ranked([finding(65, WEB, affected=pods("web", number)) for number in range(30)], GRAPH)
    assert len(found.affected) == 30


def test_two_keys_missing_in_one_container_stay_two_findings() -> None:
    fixes = [Fix("add key A"), Fix("add key B")]
    assert len(ranked([finding(56, WEB, fix=fix) for fix in fixes], GRAPH)) == 2


def test_merging_keeps_the_evidence_within_bounds() -> None:
    many = [finding(65, WEB, evidence=(Evidence(WEB, "log", str(number)),)) for number in range(100)]
    assert len(ranked(many, GRAPH)[0].evidence) <= 12


def test_errors_before_warnings_certain_before_likely_wide_before_narrow() -> None:
    warning = finding(65, Ref("Deployment", "shop", "a"), severity=Severity.WARNING)
    likely = finding(65, Ref("Deployment", "shop", "b"), confidence=Confidence.LIKELY)
    narrow = finding(65, Ref("Deployment", "shop", "c"), affected=pods("c", 1))
    wide = finding(65, Ref("Deployment", "shop", "d"), affected=pods("d", 1, 2, 3))
    assert ranked([warning, likely, narrow, wide], GRAPH) == [wide, narrow, likely, warning]


def test_a_stuck_rollout_and_unready_pods_are_symptoms_of_their_cause() -> None:
    cause = finding(54, WEB, affected=pods("web", 1))
    stuck = finding(93, WEB, cause="web is stuck")
    unready = finding(0, WEB, cause="web is not ready; no known cause fits", affected=pods("web", 1))
    (found,) = ranked([stuck, unready, cause], GRAPH)
    assert found.mode.number == 54
    assert set(found.symptoms) == {"web is stuck", "web is not ready"}


def test_the_deepest_of_a_chain_wins_and_tells_the_whole_chain() -> None:
    db = finding(65, DB)
    api = finding(0, API, roots=(DB,))
    web = finding(0, WEB, roots=(API,))
    (found,) = ranked([web, api, db], GRAPH)
    assert found.subject == DB
    assert set(found.symptoms) == {"api fails", "web fails"}


def test_two_that_blame_each_other_leave_one_standing() -> None:
    found = ranked([finding(0, WEB, roots=(API,)), finding(0, API, roots=(WEB,))], GRAPH)
    assert len(found) == 1


def test_a_mere_warning_upstream_does_not_hide_an_error() -> None:
    root = finding(104, API, severity=Severity.WARNING)
    assert len(ranked([finding(0, WEB, roots=(API,)), root], GRAPH)) == 2


def test_the_order_of_the_rules_does_not_show() -> None:
    many = [finding(mode, name) for mode in (65, 54, 2) for name in (WEB, API, DB)]
    assert ranked(many, GRAPH) == ranked(list(reversed(many)), GRAPH)


def test_what_changed_is_a_finding_only_beside_what_it_explains() -> None:
    drift = finding(141, WEB, instead_of=(modes.OOM_KILLED,))
    assert ranked([drift], GRAPH) == []
    assert ranked([drift, finding(52, WEB)], GRAPH)[0].mode.number == 52
    (found,) = ranked([drift, finding(65, WEB, cause="web was killed for memory")], GRAPH)
    assert (found.mode.number, found.symptoms) == (141, ("web was killed for memory",))


def test_a_regression_is_what_the_new_pods_own_cause_brings_about() -> None:
    regression = finding(140, WEB, instead_of=(modes.UNEXPLAINED, modes.ROLLOUT_STUCK), affected=pods("web", 1))
    unready = finding(0, WEB, cause="web is not ready; no known cause fits", affected=pods("web", 1))
    assert [found.mode.number for found in ranked([regression, unready], GRAPH)] == [140]
    absent = finding(52, WEB, affected=pods("web", 1))
    assert [found.mode.number for found in ranked([regression, unready, absent], GRAPH)] == [52]


def chain(log: str) -> list[Finding]:
    """Return what is said of an API that ends with this log and calls a database that is killed for memory."""
    env = [{"name": "DB_HOST", "value": "db"}]
    items = [
        {"kind": "Service", "metadata": {"namespace": "shop", "name": "db"}, "spec": {"selector": {"app": "db"}}},
        {
            "kind": "Deployment",
            "metadata": {"namespace": "shop", "name": "api"},
            "spec": {"template": {"spec": {"containers": [{"name": "api", "env": env}]}}},
        },
    ]
    crash = finding(0, API, confidence=Confidence.POSSIBLE, evidence=(Evidence(API, "log", log),))
    dead = finding(65, Ref("Service", "shop", "db"))
    return ranked([crash, dead], Graph(snapshot(items)))


def test_a_crash_over_a_dead_service_is_explained_by_it() -> None:
    assert [found.mode.number for found in chain("could not connect to db:5432: Connection refused")] == [65]


def test_a_crash_that_says_its_own_reason_stays_beside_a_dead_service() -> None:
    assert [found.mode.number for found in chain("KeyError: 'tenant'")] == [65, 0]
