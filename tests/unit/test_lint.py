"""Each rule of lint on the smallest text that breaks it, and on one that comes close and does not."""

import time
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.blueprint.control import Profile
from agent.blueprint.lint.engine import MOST, RULES, lint
from agent.blueprint.lint.finding import Lint, Severity
from agent.blueprint.lint.references import named
from agent.blueprint.lint.subject import subject
from agent.blueprint.load import parse
from agent.blueprint.values import merged
from agent.blueprint.values import parse as parse_values
from tests.unit.lint_cases import (
    ALIVE,
    BARE,
    CASES,
    IMAGE,
    LEAST,
    LOST,
    MAPPING,
    PDB,
    PULL,
    REPLICAS,
    SCENES,
    TOLERATION,
    UP,
    Case,
    params,
)


def found(text: str, values: str = "", prod: str = "", absent: Iterable[str] = ()) -> list[Lint]:
    """Return what lint says of one blueprint, `service.md`."""
    files = {"service.md": text.encode()}
    base = parse_values("values.yaml", values.encode())
    both = {Profile.DEV: base, Profile.PROD: merged([base, parse_values("values-prod.yaml", prod.encode())])}
    return list(lint(subject(files, parse(files), both if values else {}, frozenset(absent))))


def codes(text: str, values: str = "", prod: str = "") -> set[str]:
    return {item.code for item in found(text, values, prod)}


@pytest.mark.parametrize("case", CASES, ids=[f"{number}-{case.code}" for number, case in enumerate(CASES)])
def test_a_rule_finds_its_tension_and_not_its_neighbour(case: Case) -> None:
    assert case.code in codes(case.bad)
    assert case.code not in codes(case.good)


@pytest.mark.parametrize("case", CASES, ids=[f"{number}-{case.code}" for number, case in enumerate(CASES)])
def test_every_finding_says_where_and_what_to_write(case: Case) -> None:
    size = case.bad.count("\n") + 1
    for item in found(case.bad):
        assert item.text
        assert item.suggestion
        assert "\n" not in item.text
        assert item.sources
        assert all(source.file == "service.md" and 1 <= source.line <= size for source in item.sources)


def test_a_tension_names_the_lines_of_both_sides() -> None:
    (item,) = [i for i in found(params(REPLICAS, LEAST.format(1))) if i.code == "replicas-above-least"]
    assert [str(source) for source in item.sources] == ["service.md:4", "service.md:5"]
    assert item.controls == ("A-REPL", "A-MIN")


READING = "\nReading: the HPA of {} may go down\nto one replica in prod.\n"


def test_a_reading_settles_what_it_names_and_nothing_else() -> None:
    text = params(REPLICAS, LEAST.format(1))
    named_, other = (found(text + READING.format(name)) for name in ("A-REPL", "B-REPL"))
    (settled,) = [item for item in named_ if item.code == "replicas-above-least"]
    assert settled.severity is Severity.INFO
    assert str(settled.reading) == "service.md:8"
    (open_,) = [item for item in other if item.code == "replicas-above-least"]
    assert (open_.severity, open_.reading) == (Severity.WARNING, None)


def test_prose_that_is_no_reading_settles_nothing() -> None:
    text = params(REPLICAS, LEAST.format(1)) + READING.format("A-REPL").replace("Reading: ", "")
    assert all(item.reading is None for item in found(text))


def test_a_toleration_decides_whether_a_lost_node_is_left_in_time() -> None:
    """Row 11 and 14 of the catalogue: what holds must not be called impossible."""
    severities = []
    for toleration in ("60s", "300s"):
        (item,) = [i for i in found(params(TOLERATION.format(toleration)) + SCENES + LOST) if i.code == "lost-node"]
        severities.append(item.severity)
    (bare,) = [i for i in found(SCENES + LOST) if i.code == "lost-node"]
    assert [*severities, bare.severity] == [Severity.INFO, Severity.ERROR, Severity.ERROR]
    assert "350 s of 120 s" in bare.text
    assert "at most 70" in bare.suggestion


PORT = params("A-P ; Port ; 80 ; web.port")


@pytest.mark.parametrize(
    ("values", "prod", "code", "bad"),
    [
        ("web: {prt: 80}", "", "path-without-value", True),
        ("web: {port: 80}", "", "path-without-value", False),
        ("web: {port: 80}", "web: {port: null}", "path-without-value", True),
        ("web: {port: 80, extra: 1}", "", "value-without-row", True),
        ("web: {port: {number: 80}}", "", "value-without-row", False),
        ("web: {port: 80}", "web: {extra: 1}", "value-without-row", True),
        ("web: {port: 80}\nweb: {port: 81}", "", "unread-values", True),
        ("web: {port: 80, v: yes}", "", "scalar-read-differently", True),
        ("web: {port: 80, v: 'yes'}", "", "scalar-read-differently", False),
        ("web: {port: 80, tag: 1.10}", "", "scalar-read-differently", True),
        ("web: {port: 80, tag: 1.1}", "", "scalar-read-differently", False),
        ("web: {port: 80, mode: 0644}", "", "scalar-read-differently", True),
        ("web: {port: 80, at: 12:30}", "", "scalar-read-differently", True),
        ("web: {port: 80, n: 1e3}", "", "scalar-read-differently", True),
        ("web: {port: 80, n: 1000000}", "", "scalar-read-differently", True),
        ("web: {port: 80, n: 999999}", "", "scalar-read-differently", False),
        ("web: {port: 80, limits: {memory: 512m}}", "", "impossible-amount", True),
        ("web: {port: 80, limits: {memory: 512Mi, cpu: 500m}}", "", "impossible-amount", False),
        ("web: {port: 80, targetPercentage: 120}", "", "more-than-whole", True),
        ("web: {port: 80, targetPercentage: 80}", "", "more-than-whole", False),
    ],
)
def test_values_and_rows_are_held_against_each_other(values: str, prod: str, code: str, bad: bool) -> None:
    assert (code in codes(PORT, values, prod)) is bad


def test_a_mapping_justifies_a_subtree_only_while_no_row_decides_in_it() -> None:
    mapped = MAPPING + "| A-MAP | Web Service | t/w.yaml | web.* | Deployment |\n"
    assert "value-without-row" not in codes(mapped, "web: {port: 80, x: 1}")
    assert "value-without-row" in codes(PORT + mapped, "web: {port: 80, x: 1}")


def test_a_tag_that_loses_its_zero_is_an_error() -> None:
    (item,) = [i for i in found(PORT, "web: {port: 80, tag: 1.10}") if i.code == "scalar-read-differently"]
    assert (item.severity, item.suggestion) == (Severity.ERROR, 'write "1.10" in quotes')


def test_a_secret_value_is_never_in_a_finding() -> None:
    text = repr(found(PORT, "web: {port: 80}\nauth: {password: hunter2-canary}\n"))
    assert "auth.password" in text
    assert "hunter2" not in text


def test_absent_files_are_said_once_and_only_plain_paths_are_asked_for() -> None:
    text = (
        "\n`specs/a.md`, `specs/b.md` and again `specs/a.md`; `/etc/passwd`, `../x/y.md`, `a/../../b.md`, `specs/*`\n"
    )
    assert set(named(subject({"s.md": text.encode()}, parse({"s.md": text.encode()})))) == {"specs/a.md", "specs/b.md"}
    missing = [item for item in found(text, absent=("specs/a.md", "specs/b.md")) if item.code == "absent-sources"]
    assert len(missing) == 1
    assert not [item for item in found(text) if item.code == "absent-sources"]


def test_a_template_the_chart_lacks_is_an_error() -> None:
    text = MAPPING + "| A-MAP | Web | templates/w.yaml | web.* | Deployment |\n"
    assert [i.severity for i in found(text, "web: {}", absent=["templates/w.yaml"]) if i.code == "absent-template"] == [
        Severity.ERROR
    ]
    assert not [i for i in found(text, absent=["templates/w.yaml"]) if i.code == "absent-template"]


def test_a_command_in_a_code_block_or_a_reading_is_no_check() -> None:
    assert codes("\n```\nkubectl get addons\n```\n\nReading: `kubectl get addons` is nothing.\n") == set()


def test_thousands_of_bad_rows_are_known_after_some() -> None:
    rows = [f"A-{number} ; Memory Limit ; {number}Mi ; web.memory" for number in range(2, 3000)]
    started = time.process_time()
    assert len(found(params(*rows))) <= MOST * len(RULES)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "row", [REPLICAS, LEAST.format(1), PDB, IMAGE.format("latest"), PULL.format("Never"), UP.format("9s")]
)
def test_many_rows_of_one_sort_are_read_in_bounded_time(row: str) -> None:
    others = [REPLICAS, LEAST.format(1), PULL.format("Always"), ALIVE.format(9)]
    rows = [text.replace("A-", f"A-{number}-", 1) for number in range(800) for text in (row, *others)]
    started = time.process_time()
    found(params(*rows) + SCENES + LOST)
    assert time.process_time() - started < 5


ODD_VALUES = ["", "a: 1e400", "web: {tag: 1.10, limits: {cpu: 1Gi, memory: .inf}}"]
ODD = [
    "\nReading: ",
    "`kubectl ",
    "`",
    "| ",
    " |\n",
    "HPA",
    "A-REPL",
    "\n- [ ] `",
    "\n",
    "→ alert",
    "Mem > 80% ",
    "9" * 20,
]
ODD += ["1e999Mi", "\x00", "\u202e", "'", '"', "- ", "..", "(", "["]
PIECES = st.sampled_from([*(case.bad for case in CASES), *ODD])


@settings(deadline=None, max_examples=60)
@given(
    st.lists(PIECES, max_size=6).map("".join), st.sampled_from(["", "a: 1e400", "web: {tag: 1.10, limits: {cpu: 1Gi}}"])
)
def test_no_blueprint_raises(text: str, values: str) -> None:
    for item in found(text, values, values):
        assert item.sources


@settings(deadline=None)
@given(st.one_of(st.text(), st.text("|-`[] \nAB1:%>→kubectl gR.()", max_size=300)))
def test_no_text_raises(text: str) -> None:
    found(text)


@settings(deadline=None)
@given(st.text("ab -/'\"`|;$()=\\\n", max_size=80))
def test_no_command_raises(text: str) -> None:
    found(f"\n- [ ] `kubectl get {text}`\n{BARE.format('kubectl ' + text, '')}")
