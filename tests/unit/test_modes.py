"""The catalogue of failure modes: whoever reads `agent explain` must find what a finding means, once and in words."""

import ast
import re
from pathlib import Path

import pytest

from agent.diagnose import modes
from agent.diagnose.modes import CATALOGUE, Layer, Mode, explain
from agent.diagnose.registry import Rule
from agent.diagnose.rules.every import ALL

AGENT = Path(__file__).parents[2] / "agent"
RULES = AGENT / "diagnose" / "rules"
CODES = {mode.code: mode for mode in CATALOGUE}


def test_every_code_is_one_modes() -> None:
    assert len(CODES) == len(CATALOGUE) == 166
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in CODES)


@pytest.mark.parametrize("mode", CATALOGUE, ids=lambda mode: mode.code)
def test_a_mode_says_what_it_is_and_what_it_asks(mode: Mode) -> None:
    assert 8 <= len(mode.title) <= 60
    assert not mode.title.endswith(".")
    for text in (mode.title, mode.means, mode.asks):
        assert text[0].isupper() or (text[0] == text[0].lower() and text.split()[0] in LOWER)
        assert "  " not in text
    assert mode.means.endswith(".")
    assert mode.asks.endswith(".")


LOWER = ("nodeSelector", "kube-proxy", "targetPort", "postStart", "apiVersion", "runAsNonRoot", "imagePullPolicy")
"""Words that are written small, also at the beginning of a sentence."""


def test_no_two_modes_read_alike() -> None:
    assert len({mode.title for mode in CATALOGUE}) == len(CATALOGUE)


def test_what_a_mode_explains_exists() -> None:
    assert {code for mode in CATALOGUE for code in mode.explains} <= set(CODES)


def test_no_mode_explains_itself_over_others() -> None:
    """In a circle each would hide the other, and which cause is shown would be an accident."""
    for mode in CATALOGUE:
        seen, ahead = set[str](), list(mode.explains)
        while ahead:
            code = ahead.pop()
            assert code != mode.code
            ahead += [] if code in seen else CODES[code].explains
            seen.add(code)


def named_in(path: Path) -> set[str]:
    """Return the names of the modes a module uses: `modes.OOM_KILLED`."""
    tree = ast.parse(path.read_text())
    found = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    return {node.attr for node in found if isinstance(node.value, ast.Name) and node.value.id == "modes"}


def test_every_mode_is_named_by_a_rule_of_its_family() -> None:
    known = {name: found for name, found in vars(modes).items() if isinstance(found, Mode)}
    for family in {mode.family for mode in CATALOGUE} - {""}:
        used = {name for path in (RULES / family).rglob("*.py") for name in named_in(path)}
        assert {name for name, mode in known.items() if mode.family == family} <= used, family


def test_every_rule_is_of_a_mode_in_the_catalogue() -> None:
    assert all(isinstance(rule, Rule) and rule.mode in CATALOGUE for rule in ALL)


def test_no_number_of_a_mode_stands_elsewhere() -> None:
    """`mode == 65` says nothing to who reads it, and goes wrong when a number is shared."""
    for path in AGENT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Compare) and any(isinstance(side, ast.Constant) for side in node.comparators):
                assert "mode.number" not in ast.unparse(node), path
            for word in _numbered(node):
                held = word.value.elts if isinstance(word.value, ast.Tuple) else [word.value]
                assert not any(isinstance(part, ast.Constant) and isinstance(part.value, int) for part in held), path


def _numbered(node: ast.AST) -> list[ast.keyword]:
    """Return the arguments of a call that name a mode; the mode of a file or folder is none."""
    if not isinstance(node, ast.Call) or ast.unparse(node.func).rpartition(".")[2] in ("mkdir", "touch"):
        return []
    return [word for word in node.keywords if word.arg in ("mode", "instead_of")]


def test_a_mode_is_asked_for_by_code_or_number() -> None:
    assert explain("oom-killed") == (modes.OOM_KILLED,)
    assert explain(" OOM-Killed ") == explain("65")
    assert {mode.code for mode in explain("26")} == {"anti-affinity-unsatisfiable", "spread-unsatisfiable"}
    assert explain("oom") == explain("") == explain("999") == ()


def test_only_what_shows_something_is_a_symptom() -> None:
    symptoms = {mode.code for mode in CATALOGUE if mode.layer is not Layer.CAUSE}
    assert symptoms == {"unexplained", "rollout-stuck", "regression", "drift"}
