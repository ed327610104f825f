"""What an audit prints: for people, for machines, and that no cluster text becomes markup in any of them."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.executables import Replay, install
from tests.fakes.programs import find

ROOT = Path(__file__).parents[2]
EDITED = "tests/fixtures/audit/edited.tgz"
INSTALLED = "tests/fixtures/audit/installed.tgz"


def agent(tmp_path: Path, *argv: str, path: str = "") -> subprocess.CompletedProcess[str]:
    places = {f"XDG_{kind}_HOME": str(tmp_path / kind) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
    tools = path or str(find("helm").parent)
    env = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "BLUEHELM_PATH": tools, **places}
    command = [sys.executable, "-m", "agent", *argv]
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=ROOT, timeout=120)
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stdout
    return done


def audited(tmp_path: Path, form: str, *more: str) -> str:
    return agent(tmp_path, "audit", "--bundle", EDITED, "--profile=dev", "-o", form, *more).stdout


def test_text_says_leg_reason_and_what_helm_would_do(tmp_path: Path) -> None:
    text = audited(tmp_path, "text")
    for words in (
        "SVC-BE-MEM-LIMIT",
        "edited by kubectl-set",
        "helm upgrade will refuse: another manager owns the field",
        "blueprints/service.md:",
        "charts/todo-app/values.yaml:",
        "differs: 256Mi",
        "Unknown, so not a pass",
        "missing: Service/audited/backend",
    ):
        assert words in text, words
    assert "SCL-BE-MAX" not in text
    assert "SCL-BE-MAX" in audited(tmp_path, "text", "--all")


def test_json_has_every_verdict_and_its_schema(tmp_path: Path) -> None:
    found = json.loads(audited(tmp_path, "json"))
    assert found["schema"] == "bluehelm/audit/v1"
    assert sum(found["counts"].values()) == len(found["verdicts"])
    limit = next(item for item in found["verdicts"] if item["control"] == "SVC-BE-MEM-LIMIT")
    assert {reading["leg"] for reading in limit["points"][0]["readings"]} == {
        "blueprint",
        "values",
        "release",
        "rendered",
        "live",
    }


def test_sarif_stands_at_the_values_line_and_points_to_the_blueprint(tmp_path: Path) -> None:
    one, two = (json.loads(audited(tmp_path, "sarif")) for _ in range(2))
    assert one == two
    assert one["version"] == "2.1.0"
    (run,) = one["runs"]
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    for result in run["results"]:
        assert result["ruleId"] in rules
        assert result["level"] in ("error", "warning", "note", "none")
        assert result["message"]["text"]
        for place in (*result["locations"], *result["relatedLocations"]):
            assert place["physicalLocation"]["region"]["startLine"] >= 1
            assert not place["physicalLocation"]["artifactLocation"]["uri"].startswith("/")
    limit = next(item for item in run["results"] if item["ruleId"] == "SVC-BE-MEM-LIMIT")
    assert limit["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "charts/todo-app/values.yaml"
    related = limit["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert related == "blueprints/service.md"


def test_junit_is_xml_whose_counts_agree(tmp_path: Path) -> None:
    suite = ET.fromstring(audited(tmp_path, "junit"))[0]
    cases = list(suite)
    assert int(suite.attrib["tests"]) == len(cases)
    assert int(suite.attrib["failures"]) == sum(case.find("failure") is not None for case in cases)
    assert int(suite.attrib["skipped"]) == sum(case.find("skipped") is not None for case in cases)


def test_markdown_has_one_shape_and_its_text_is_inert(tmp_path: Path) -> None:
    lines = [line for line in audited(tmp_path, "markdown").splitlines() if line.startswith("| `")]
    assert lines
    plain = [line.replace("\\|", "") for line in lines]
    assert {line.count("|") for line in plain} == {10}
    assert not any("<" in line.replace("\\<", "") for line in lines)


@pytest.mark.parametrize(
    ("argv", "code", "says"),
    [
        (("--bundle", INSTALLED, "--profile=dev"), 3, ""),
        (("--bundle", EDITED, "--profile=dev"), 1, ""),
        (("--bundle", "demo", "--profile=dev"), 2, "several releases"),
        (("--bundle", INSTALLED, "--profile=dev", "--release=other", "-n", "audited"), 3, ""),
        (("--bundle", INSTALLED, "--profile=dev", "--chart=/nonexistent"), 2, "no chart"),
        (("--bundle", INSTALLED, "--profile=dev", "--values=/nonexistent.yaml"), 2, "no such values file"),
        (("--bundle", "/nonexistent.tgz", "--profile=dev"), 2, "no such file"),
    ],
)
def test_exit_codes(argv: tuple[str, ...], code: int, says: str, tmp_path: Path) -> None:
    done = agent(tmp_path, "audit", *argv)
    assert done.returncode == code, (done.stdout[-500:], done.stderr)
    if code == 2:
        assert says in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_the_profile_is_never_guessed(tmp_path: Path) -> None:
    """Dev's limits taken for prod's would pass what must fail."""
    from agent.config import Settings
    from agent.errors import UsageError
    from agent.operate.audit import chosen

    with pytest.raises(UsageError, match="which profile"):
        chosen(Settings(), None)
    assert chosen(Settings(), "prod") == "prod"
    assert chosen(Settings(profile="dev"), "prod") == "dev"


HELMS: dict[str, Replay] = {
    "half": Replay(b"---\n# Source: a/templates/x.yaml\nkind: [", b"", 0),
    "fails": Replay(b"", b"Error: values don't meet the schema\n", 1),
    "bytes": Replay(b"\xff\xfe\x00"),
    "200 MB": Replay(b"x" * (1 << 20), repeat=200),
}


@pytest.mark.parametrize("name", HELMS)
def test_a_helm_that_misbehaves_costs_the_rendered_leg_alone(name: str, tmp_path: Path) -> None:
    install(tmp_path / "bin", "helm", {"": HELMS[name]})
    argv = ("audit", "--bundle", INSTALLED, "--profile=dev", "-o", "json")
    done = agent(tmp_path, *argv, path=str(tmp_path / "bin"))
    found: dict[str, Any] = json.loads(done.stdout)
    limit = next(item for item in found["verdicts"] if item["control"] == "SVC-BE-MEM-LIMIT")
    assert limit["outcome"] == "pass"
    if name != "bytes":
        assert any("rendered leg is unknown" in note for note in found["notes"])


def test_a_secret_of_the_values_reaches_no_format(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("secrets: {values: {DB_PASSWORD: canary-hunter2}}\nbackend: {env: {API_TOKEN: canary-hunter2}}\n")
    for form in ("text", "json", "markdown", "sarif", "junit"):
        done = agent(tmp_path, "audit", "--bundle", EDITED, "--profile=dev", "-o", form, f"--values={mine}")
        assert done.stdout
        assert "canary" not in done.stdout + done.stderr
