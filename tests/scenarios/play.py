"""Plays one scenario: in a namespace of its own, until its state is reached, asked and kept, and cleaned away."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.engine import diagnose
from agent.diagnose.finding import Severity
from agent.snapshot.bundle import load as load_bundle
from tests.cluster.binaries import program
from tests.cluster.layout import kubeconfig
from tests.cluster.trouble import Trouble
from tests.scenarios import bed
from tests.scenarios.expectation import ROOT, Object, Scenario, Step, outside
from tests.scenarios.judge import Said, Verdict, judge, said
from tools.failure import Failure

ANSWERS = (0, 1, 3)
"""Exit codes with which `agent diagnose` has said something."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a scenario went. `trouble` says why it could not be judged: then there is no verdict."""

    name: str
    seconds: float
    verdict: Verdict | None = None
    findings: tuple[str, ...] = ()
    trouble: str = ""

    @property
    def passed(self) -> bool:
        """Return whether the diagnosis was the expected one."""
        return self.verdict is not None and self.verdict.passed


class Shared:
    """Objects of no namespace that scenarios make alike (an IngressClass, say): the last one takes them away."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users: Counter[str] = Counter()

    def take(self, objects: Sequence[Object]) -> None:
        """Note that somebody is about to make these."""
        with self._lock:
            self._users.update(map(_identity, objects))

    def drop(self, namespace: str, objects: Sequence[Object]) -> None:
        """Take a namespace away, and of these objects those that nobody else plays with."""
        with self._lock:
            self._users.subtract(map(_identity, objects))
            bed.remove(namespace, [item for item in objects if not self._users[_identity(item)]])


def _identity(item: Object) -> str:
    return f"{item['kind']}/{item['metadata']['name']}"


def play(
    scenario: Scenario, captures: Path, shared: Shared, stop: threading.Event, say: Callable[[str], None]
) -> Result:
    """Play one scenario; everything it made is on its way out afterwards.

    Raises:
        Lost: the cluster went away meanwhile.
        Stopped: the run was ended.
    """
    began = time.monotonic()
    namespace = f"scn-{scenario.name}-{uuid.uuid4().hex[:4]}"
    place = bed.Place(namespace, scenario.expect.timeout, stop, say)
    around = outside(scenario, namespace)
    shared.take(around)
    try:
        _reach(scenario, place, say)
        return _asked(scenario, place, captures, began, say)
    except Trouble as trouble:
        bed.alive()
        return Result(scenario.name, time.monotonic() - began, trouble=f"{trouble}\n{place.state()}")
    finally:
        say("is cleaned away")
        shared.drop(namespace, around)


def _reach(scenario: Scenario, place: bed.Place, say: Callable[[str], None]) -> None:
    say("is set up")
    bed.create(place.namespace, scenario.name)
    refused = _put(scenario, place)
    if refused:
        raise Trouble(f"it could not be set up: {refused}")
    for step in scenario.steps:
        _do(step, place, say)
    place.wait(scenario.expect.until)


def _put(scenario: Scenario, place: bed.Place) -> str:
    if scenario.manifest:
        text = place.here(scenario.manifest.read_text())
        return place.kubectl("apply", "--server-side", "--filename=-", stdin=text)
    chart = str(ROOT / "charts" / "todo-app")
    return place.helm("install", "todo", chart, f"--values={scenario.folder / 'values.yaml'}")


def _do(step: Step, place: bed.Place, say: Callable[[str], None]) -> None:
    if step.until:
        place.wait([step.until])
        return
    tool, args = ("kubectl", step.kubectl) if step.kubectl else ("helm", step.helm)
    say(f"runs {tool} {' '.join(args)[:60]}")
    if step.interrupted:
        place.interrupted(tool, args, step.interrupted)
        return
    refused = place.kubectl(*args) if step.kubectl else place.helm(*args)
    if bool(refused) != step.fails:
        raise Trouble(f"{tool} {' '.join(args)[:80]}: {refused or 'was expected to fail'}")


def _asked(scenario: Scenario, place: bed.Place, captures: Path, began: float, say: Callable[[str], None]) -> Result:
    say("is diagnosed")
    findings, unknown = _diagnosed(place.namespace)
    say("is captured")
    kept = _captured(scenario, place.namespace, captures)
    verdict = judge(scenario.expect, findings, unknown)
    trouble = "" if kept.passed == verdict.passed else "its capture is judged differently than the cluster was"
    seconds = time.monotonic() - began
    return Result(scenario.name, seconds, verdict, tuple(map(str, findings)), trouble)


def _diagnosed(namespace: str) -> tuple[list[Said], list[str]]:
    """Ask `agent diagnose` as a person would."""
    done = _agent("diagnose", f"--namespace={namespace}", "--output=json")
    if done.returncode not in ANSWERS or not done.stdout.startswith("{"):
        bed.alive()
        raise Trouble(f"agent diagnose exits with {done.returncode}: {done.stderr.strip()[-400:]}")
    document = json.loads(done.stdout)
    return [_heard(finding) for finding in document["findings"]], document["unknown"]


def _heard(finding: dict[str, object]) -> Said:
    subject = finding["subject"]
    assert isinstance(subject, dict)
    name = f"{subject['kind']}/{subject['name']}"
    return Said(int(str(finding["mode"])), name, Severity(str(finding["severity"])), str(finding["cause"]))


def _captured(scenario: Scenario, namespace: str, captures: Path) -> Verdict:
    """Keep what the cluster looks like, in place of an earlier capture, and judge it as the tests will."""
    captures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=captures, prefix=".") as folder:
        part = Path(folder) / "capture.tgz"
        done = _agent("bundle", "capture", f"--namespace={namespace}", f"--file={part}")
        if not part.exists():
            bed.alive()
            raise Trouble(f"agent bundle capture exits with {done.returncode}: {done.stderr.strip()[-400:]}")
        part.chmod(0o644)
        part.replace(captures / f"{scenario.name}.tgz")
    return judged(scenario, captures)


def judged(scenario: Scenario, captures: Path) -> Verdict:
    """Judge a scenario on its capture.

    Raises:
        Trouble: there is none, or it cannot be read.
    """
    snapshot = load_bundle(captures / f"{scenario.name}.tgz")
    found = snapshot if isinstance(snapshot, Failure) else diagnose(snapshot)
    if not isinstance(found, Diagnosis):
        raise Trouble(str(found))
    return judge(scenario.expect, said(found), found.unknown)


def _agent(*args: str) -> "subprocess.CompletedProcess[str]":
    tools = f"{program('helm').parent}:{program('kubectl').parent}"
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("KUBE", "HELM", "BLUEHELM"))}
    env = kept | {"KUBECONFIG": str(kubeconfig()), "BLUEHELM_PATH": tools}
    return subprocess.run([sys.executable, "-m", "agent", *args], env=env, cwd=ROOT, capture_output=True, text=True)
