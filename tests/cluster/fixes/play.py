"""Plays one case: installed broken, refused without the row, mended with it, verified, and undone."""

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.exitcode import ExitCode
from tests.cluster.checkout import Checkout
from tests.cluster.fixes.case import Case
from tests.cluster.plugin import Cluster
from tests.scenarios.expectation import Condition

RELEASE = "demo"
PATIENCE = 120.0
"""Seconds for a state to be reached."""

KINDS = (
    "deployments,statefulsets,daemonsets,jobs,cronjobs,services,ingresses,hpa,pdb,configmaps,secrets,pvc,"
    "networkpolicies,serviceaccounts,resourcequotas,limitranges"
)
REVISIONS = ("deployment.kubernetes.io/", "deprecated.daemonset.template.generation")
"""Annotations by which controllers count."""

Specs = dict[str, str]
"""`Kind/name` -> everything of it that somebody decided."""


@dataclass
class Played:
    """How one case came out; each part is "" where it is as it must be, else what was seen."""

    name: str
    refused: str = "not tried"
    mended: str = "not tried"
    undone: str = "not tried"
    seconds: float = 0
    text: list[str] = field(default_factory=list)
    """Everything that was shown, for whoever looks into it."""

    @property
    def passed(self) -> bool:
        """Return whether every part is as it must be."""
        return not (self.refused or self.mended or self.undone)


class Wrong(Exception):
    """What was seen is not what had to be; says what."""


def play(case: Case, cluster: Cluster, namespace: str, folder: Path) -> Played:
    """Play a case in a namespace that is there and empty."""
    began, result = time.monotonic(), Played(case.name)
    bench = Bench(case, Checkout(cluster, namespace, folder / "repo", folder / "home"), result.text)
    try:
        bench.install()
        result.refused = _said(bench.refused)
        result.mended = _said(bench.mended)
        if not case.refused:
            result.undone = _said(bench.undone) if not result.mended else "not tried"
        else:
            result.undone = ""
    except Wrong as wrong:
        result.refused = f"not installed: {wrong}"
    result.seconds = time.monotonic() - began
    return result


def _said(part: Any) -> str:
    try:
        part()
    except Wrong as wrong:
        return str(wrong)
    return ""


class Bench:
    """One case under way."""

    def __init__(self, case: Case, checkout: Checkout, text: list[str]) -> None:
        self.case, self.checkout, self.text = case, checkout, text
        self.before: Specs = {}
        self.content = b""

    @property
    def values(self) -> Path:
        """Return the chart's values file."""
        return self.checkout.repository / "chart" / "values.yaml"

    def install(self) -> None:
        """Commit the chart with the whole blueprint, install it as it is, and wait until its fault shows."""
        chart = self.values.parent
        (chart / "templates").mkdir(parents=True)
        (self.checkout.repository / "blueprints").mkdir()
        (chart / "Chart.yaml").write_text(f"apiVersion: v2\nname: {self.case.name}\nversion: 0.1.0\n")
        (chart / "templates" / "all.yaml").write_text(self.case.templates)
        self.values.write_text(self.case.values)
        self._state(self.case.blueprint)
        self.checkout.begin()
        done = self.checkout.cluster.helm(
            "install", RELEASE, str(chart), f"--namespace={self.checkout.namespace}", check=False
        )
        if done.returncode:
            raise Wrong(done.stderr.strip())
        self._wait(self.case.until)
        self.before, self.content = self._specs(), self.values.read_bytes()

    def refused(self) -> None:
        """Ask without the rows: nothing may be planned, the reason names what would have to be stated."""
        self._state(self.case.without)
        self.checkout.git("commit", "-qam", "without the row")
        argv = ("fix", self.case.fix) if self.case.fix else ("plan", *self.case.paths)
        done = self.checkout.agent(*argv, *self._where())
        said = done.stdout + done.stderr
        self.text.append(said)
        self.checkout.git("revert", "--no-edit", "HEAD")
        if self.case.harmless:
            _expect(done.returncode == ExitCode.OK, f"exit {done.returncode} where nothing is wrong")
        else:
            _expect(done.returncode == ExitCode.DENIED, f"exit {done.returncode} without the row")
            stated = self.case.stated  # a key that is in no file is nobody's to name
            _expect(not stated or any(path in said for path in stated), f"{stated} is not named")
        _expect(self._specs() == self.before, "something changed without the row")
        _expect(self.values.read_bytes() == self.content, "the values changed without the row")

    def mended(self) -> None:
        """Ask with the rows: the cause and the row are named, exactly the planned objects change, and it runs."""
        argv = ("fix", self.case.fix, "--wait=60") if self.case.fix else ("plan", "--wait=60")
        if self.case.fix and not self.case.refused:
            code, said = self.checkout.typed("apply", *argv, *self._where(), meanwhile=self._helped)
        else:
            done = self.checkout.agent(*argv, *self._where())
            code, said = done.returncode, done.stdout + done.stderr
        self.text.append(said)
        if self.case.refused:
            _expect(code == ExitCode.DENIED and self.case.refused in said, f"exit {code}, not refused as immutable")
            _expect(self._specs() == self.before, "something changed although it was refused")
            return
        if not self.case.fix:
            _expect(code == ExitCode.OK, f"exit {code} of plan")
            code, said = self.checkout.typed("apply", "apply", self._plan())
            self.text.append(said)
        _expect(code == (ExitCode.FOUND if self.case.still else ExitCode.OK), f"exit {code}")
        _expect(self.case.still in said, f"{self.case.still!r} is not said")
        _expect(all(row in said for row in self.case.rows), f"{self.case.rows} is not named")
        _expect(self._planned() == {*self.case.rows, *self.case.beside}, f"planned: {self._planned()}")
        self._wait(self.case.mended, 30)
        _expect(self._changed() == sorted(self.case.mends), f"changed: {self._changed()}")
        _expect(not self.checkout.git("status", "--short"), "the checkout is not clean")

    def undone(self) -> None:
        """Take it back: files, objects and the fault are what they were."""
        done = self.checkout.agent("rollback", self._plan(), "-o", "json")
        self.text.append(done.stdout[:1500] + done.stderr)
        _expect(done.returncode == ExitCode.OK, f"exit {done.returncode} of rollback: {done.stderr.strip()}")
        code, said = self.checkout.typed("apply", "apply", json.loads(done.stdout)["id"])
        self.text.append(said)
        _expect(code == ExitCode.OK, f"exit {code} of the way back")
        _expect(self.values.read_bytes() == self.content, "the values are not what they were")
        self._wait([], 5)
        _expect(not self._changed(), f"not as before: {self._changed()}")

    def _helped(self, shown: str) -> None:
        """Do what the narration asks a person to do while helm waits: delete a pod."""
        asked = re.search(r"kubectl delete pod (\S+)", shown)
        if asked is not None:
            here = f"--namespace={self.checkout.namespace}"
            self.checkout.cluster.kubectl("delete", "pod", asked[1], here, "--ignore-not-found", "--wait=false")

    def _where(self) -> Sequence[str]:
        return (f"--namespace={self.checkout.namespace}", "--chart=chart")

    def _state(self, text: str) -> None:
        (self.checkout.repository / "blueprints" / f"{self.case.name}.md").write_text(text)

    def _plan(self) -> str:
        """Return the newest plan."""
        return str(self._shown()["id"])

    def _planned(self) -> set[str]:
        """Return the controls of the newest plan."""
        return {change["control"] for change in self._shown()["plan"]["changes"]}

    def _shown(self) -> Any:
        done = self.checkout.agent("plan", "show", "-o", "json")
        _expect(done.returncode == ExitCode.OK, "there is no plan")
        return json.loads(done.stdout)

    def _changed(self) -> list[str]:
        now = self._specs()
        return sorted(name for name in {*now, *self.before} if now.get(name) != self.before.get(name))

    def _specs(self) -> Specs:
        here = f"--namespace={self.checkout.namespace}"
        found: Any = self.checkout.cluster.json("get", KINDS, here)["items"]
        return {f"{obj['kind']}/{obj['metadata']['name']}": _decided(obj) for obj in found if not _is_record(obj)}

    def _wait(self, conditions: Sequence[Condition], patience: float = PATIENCE) -> None:
        end = time.monotonic() + patience
        left = [item for item in conditions if not self._holds(item)]
        while left:
            if time.monotonic() > end:
                raise Wrong(f"never saw {left[0]}")
            time.sleep(1)
            left = [item for item in left if not self._holds(item)]

    def _holds(self, item: Condition) -> bool:
        argv = (
            "get",
            *item.get.split(),
            f"--namespace={self.checkout.namespace}",
            f"--output=jsonpath={item.jsonpath}",
        )
        return bool(re.search(item.matches, self.checkout.cluster.kubectl(*argv, check=False).stdout))


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Wrong(otherwise)


def _is_record(obj: Any) -> bool:
    return bool(obj.get("type") == "helm.sh/release.v1")


def _decided(obj: Any) -> str:
    notes = obj["metadata"].get("annotations") or {}
    kept = {key: value for key, value in notes.items() if not key.startswith(REVISIONS)}
    parts = {key: value for key, value in obj.items() if key not in ("metadata", "status")}
    return json.dumps([parts, obj["metadata"].get("labels"), kept], sort_keys=True)
