"""Which cause comes first, and what it explains."""

from dataclasses import replace

import pytest

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.modes import CATALOGUE
from agent.diagnose.rank import ranked
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph
from agent.snapshot.record import Ref
from tests.fakes.made import container, endpoints, failing_workload, found, node, running_workload, service
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


def test_a_regression_is_told_beside_the_crash_of_the_new_image_and_never_instead_of_it() -> None:
    regression = finding(140, WEB, cause="Revision 2 does not become ready", affected=pods("web", 1))
    crash = finding(73, WEB, cause="web ends with a bug", affected=pods("web", 1))
    (found,) = ranked([regression, crash], GRAPH)
    assert (found.mode.number, found.symptoms) == (73, ("Revision 2 does not become ready. mend it",))


def test_a_regression_by_a_setting_leads_and_tells_the_crash() -> None:
    setting = finding(140, WEB, instead_of=(modes.EXCEPTION,), affected=pods("web", 1))
    shown = (Evidence(WEB, "log", "ValueError: CRASH"),)
    crash = finding(73, WEB, cause="web ends with a bug", affected=pods("web", 1), evidence=shown)
    (found,) = ranked([setting, crash], GRAPH)
    assert (found.mode.number, found.symptoms, found.evidence) == (140, ("web ends with a bug",), shown)


def test_a_regression_that_broke_nothing_is_none() -> None:
    note = finding(142, WEB, severity=Severity.WARNING)
    assert [found.mode.number for found in ranked([finding(140, WEB), note], GRAPH)] == [142]


def test_a_cause_that_is_a_warning_leads_and_is_as_bad_as_what_it_explains() -> None:
    cause = finding(65, WEB, severity=Severity.WARNING, affected=pods("web", 1))
    stuck = finding(93, WEB, cause="web is stuck", affected=pods("web", 1))
    other = finding(52, API)
    (first, second) = ranked([stuck, other, cause], GRAPH)
    assert (first.mode.number, first.severity, first.symptoms) == (65, Severity.ERROR, ("web is stuck",))
    assert second.mode.number == 52


def test_a_warning_about_other_pods_does_not_explain_a_stuck_rollout() -> None:
    stale = finding(142, WEB, severity=Severity.WARNING, affected=pods("web", 1))
    stuck = finding(93, WEB, affected=pods("web", 2))
    assert [found.mode.number for found in ranked([stale, stuck], GRAPH)] == [93, 142]


def test_a_note_explains_nothing() -> None:
    note = finding(115, WEB, severity=Severity.INFO, affected=pods("web", 1))
    broken = finding(0, WEB, affected=pods("web", 1))
    assert [found.mode.number for found in ranked([note, broken], GRAPH)] == [0, 115]


def chain(log: str) -> list[Finding]:
    """Return what is said of an API that ends with this log and calls a database that is killed for memory."""
    env = [{"name": "DB_HOST", "value": "db"}, {"name": "CACHE_HOST", "value": "cache"}]
    wanted = {"clusterIP": "10.96.3.4", "ports": [{"port": 5432}], "selector": {"app": "db"}}
    well = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    cache = {"clusterIP": "10.96.3.5", "ports": [{"port": 6379}], "selector": {"app": "cache"}}
    items = [
        {"kind": "Service", "metadata": {"namespace": "shop", "name": "db"}, "spec": wanted},
        {"kind": "Service", "metadata": {"namespace": "shop", "name": "cache"}, "spec": cache},
        {
            "kind": "Pod",
            "metadata": {"namespace": "shop", "name": "cache-0", "labels": {"app": "cache"}},
            "status": well,
        },
        {
            "kind": "Deployment",
            "metadata": {"namespace": "shop", "name": "api"},
            "spec": {"template": {"spec": {"containers": [{"name": "api", "env": env}]}}},
        },
    ]
    crash = finding(0, API, confidence=Confidence.POSSIBLE, evidence=(Evidence(API, "log", log),))
    dead = finding(65, Ref("Service", "shop", "db"))
    return ranked([crash, dead], Graph(snapshot(items)))


@pytest.mark.parametrize(
    "log",
    [
        "could not connect to db:5432: Connection refused",
        "OperationalError: db.shop.svc.cluster.local did not answer the handshake",
        "FATAL: 10.96.3.4 closed the stream",
        "giving up on port 5432",
        "Error: connect ECONNREFUSED",
        "urllib3: Connection timed out",
    ],
)
def test_a_crash_that_names_a_dead_service_or_complains_of_nobody_is_explained_by_it(log: str) -> None:
    assert [found.mode.number for found in chain(log)] == [65]


@pytest.mark.parametrize(
    "log",
    [
        "KeyError: 'tenant'",
        "KeyError: 'host'",
        "ValueError: invalid server name in queue settings",
        "timeout must be positive",
        "cannot connect to cache:6379: Connection refused",
        "listen tcp :8080: bind: permission denied",
    ],
)
def test_a_crash_that_says_its_own_reason_or_names_another_stays_beside_a_dead_service(log: str) -> None:
    assert [found.mode.number for found in chain(log)] == [65, 0]


@pytest.mark.parametrize(
    ("ports", "selector", "mode"),
    [
        ([{"name": "http", "port": 80, "targetPort": "web"}], {"app": "api"}, 111),
        ([{"name": "http", "port": 80, "targetPort": "http"}], {"app": "apii"}, 108),
    ],
)
def test_a_client_of_a_misrouted_service_is_told_with_it_and_not_beside_it(
    ports: list[dict[str, object]], selector: dict[str, str], mode: int
) -> None:
    api = service("api", selector, ports=ports)
    slice_ = endpoints("api") | {"endpoints": [], "ports": []}
    client = failing_workload("web")
    env = [{"name": "API_URL", "value": "http://api:80"}]
    for pod_spec in (client[0]["spec"]["template"]["spec"], client[-1]["spec"]):
        pod_spec["containers"] = [container(env=env)]
    logs = {"web-7d9f-x/web/previous": "Error: connect ECONNREFUSED 10.96.3.4:80"}
    (one,) = found(node(), *running_workload("api"), api, slice_, *client, logs=logs)
    assert (one.mode.number, one.subject.name) == (mode, "api")
    assert any("web" in line for line in one.symptoms)
