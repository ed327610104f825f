"""Triggers, failure scenarios and mapping rows: whether what they rest on is in place and its arithmetic holds."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from agent.audit.fields import WORKLOADS, kinds, read
from agent.audit.inputs import bound
from agent.audit.legs import Legs
from agent.audit.verdict import Cause, Fidelity, Outcome, Verdict, worst
from agent.blueprint.cells import CellType
from agent.blueprint.commands import operation
from agent.blueprint.commands import read as read_command
from agent.blueprint.control import Binding, Control
from agent.diagnose.finding import Severity
from agent.kube.fields import number
from agent.snapshot.record import Object, Ref

NOTICE = 50
"""Seconds until the control plane counts a silent node as lost (node-monitor-grace-period, and its next turn)."""

TRIGGER = re.compile(r"(?P<component>\w+) (?P<what>CPU|Mem(?:ory)?) > (?P<percent>\d+)%", re.IGNORECASE)
RATE = re.compile(r"max (\d+)/min", re.IGNORECASE)

Answer = tuple[Outcome, str]


class Scenario(StrEnum):
    """A failure that a workload has to survive."""

    IMAGE = "image"
    """The image cannot be had."""
    MEMORY = "memory"
    """A container takes more memory than its limit."""
    NODE = "node"
    """A node is lost."""
    UNREADY = "unready"
    """A pod runs and does not answer: its readiness probe fails."""
    HANG = "hang"
    """A container hangs: its liveness probe fails."""
    CRASH = "crash"
    """A pod dies."""


WORDS: Sequence[tuple[tuple[str, ...], Scenario]] = (
    (("image pull", "errimagepull"), Scenario.IMAGE),
    (("oom", "memory limit"), Scenario.MEMORY),
    (("node failure", "node notready"), Scenario.NODE),
    (("readiness",), Scenario.UNREADY),
    (("liveness", "health check"), Scenario.HANG),
    (("restart policy", "crash"), Scenario.CRASH),
)
"""Words of a scenario's row -> the failure it speaks of, the most particular first."""


def trigger(control: Control, legs: Legs) -> Verdict:
    """Judge a scaling trigger by the live HPA: it must add pods at that figure, or must not where people are told."""
    asked = TRIGGER.fullmatch(control.title)
    if asked is None:
        return _verdict(control, (Outcome.UNKNOWN, "not of the form `Backend CPU > 70%`"), Fidelity.STATIC)
    found = [
        _trigger(obj, asked["what"][:3].casefold(), int(asked["percent"]), control.raw)
        for _, obj in _live(legs, asked["component"].casefold(), kinds("hpa"))
    ]
    return _verdict(control, _all(found, "no HorizontalPodAutoscaler of it was seen"))


def _trigger(hpa: Object, what: str, percent: int, action: str) -> Answer:
    metric = read("hpa.metrics.cpu" if what == "cpu" else "hpa.metrics.memory", hpa, "")[0].value
    if "no auto-scale" in action.casefold():
        told = read("hpa.alert.memory", hpa, "")[0].value
        fine = metric is None and str(told) == str(percent)
        return _answer(
            fine, f"memory scales nothing, people are told at {told}%", f"scales at {metric}, told at {told}"
        )
    rate = RATE.search(action)
    seconds = read("hpa.behavior.scaleUp", hpa, "")[0].value
    fine = metric == percent and (rate is None or (seconds is not None and int(rate[1]) * number(seconds) >= 60))
    said = f"scales at {metric}%, one pod in {seconds} s"
    return _answer(fine, said, said)


def scenario(control: Control, legs: Legs) -> Verdict:
    """Judge a failure scenario by the mechanism that must catch it; how long it takes is measured by a drill only."""
    known = scenario_of(control)
    if known is None:
        return _verdict(control, (Outcome.UNKNOWN, "nothing known here catches it"), Fidelity.STATIC)
    limit, check = seconds(control), MECHANISMS[known]
    found = [
        check(obj, binding, limit, legs)
        for component in legs.inputs.components
        for binding, obj in _live(legs, component, WORKLOADS)
    ]
    return _verdict(control, _all(found, "no workload was seen"))


def scenario_of(control: Control) -> Scenario | None:
    """Return which failure a row speaks of, None for one that is not known here."""
    text = f"{control.title} {control.raw}".casefold()
    return next((known for words, known in WORDS if any(word in text for word in words)), None)


def seconds(control: Control) -> int | None:
    """Return how long a scenario's recovery may take, None where its row gives no time."""
    cell = next(iter(control.values.values()), None)
    return int(str(cell.value)) if cell is not None and cell.type is CellType.DURATION else None


def _crash(obj: Object, binding: Binding, _: int | None, __: Legs) -> Answer:
    policy = read("restartPolicy", obj, binding.container)[0].value or "Always"
    return _answer(policy == "Always", "the kubelet restarts it (restartPolicy Always)", f"restartPolicy {policy}")


def _hang(obj: Object, binding: Binding, limit: int | None, _: Legs) -> Answer:
    probe = _part(obj, binding, "livenessProbe")
    if not probe:
        return Outcome.FAIL, f"{binding.name} has no liveness probe"
    window = number(probe.get("periodSeconds"), 10) * number(probe.get("failureThreshold"), 3)
    said = f"{binding.name} is restarted after {window} s"
    return _answer(limit is None or window <= limit, said, f"{said}, {limit} are allowed")


def _out_of_memory(obj: Object, binding: Binding, limit: int | None, legs: Legs) -> Answer:
    memory = (_part(obj, binding, "resources").get("limits") or {}).get("memory")
    if not memory:
        return Outcome.FAIL, f"{binding.name} has no memory limit to be held to"
    found, said = _crash(obj, binding, limit, legs)
    return found, f"ended at {memory} and restarted in place" if found is Outcome.PASS else said


def _node_loss(obj: Object, binding: Binding, limit: int | None, _: Legs) -> Answer:
    waits = [number(found.value, 300) for found in read("tolerations", obj, binding.container)]
    needed = NOTICE + max(waits)
    said = f"{binding.name} leaves a lost node after {NOTICE} + {max(waits)} s"
    return _answer(limit is None or needed <= limit, said, f"{said}, {limit} are allowed")


def _image(obj: Object, binding: Binding, _: int | None, legs: Legs) -> Answer:
    """The row's own words say the policy of each profile: `local: Never, cloud: Always`."""
    wanted = "Never" if legs.inputs.profile == "dev" else "Always"
    policy = _part(obj, binding, "imagePullPolicy") or "Always"
    return _answer(policy == wanted, f"pull policy {policy}", f"{binding.name} has pull policy {policy}, not {wanted}")


def _not_ready(obj: Object, binding: Binding, _: int | None, __: Legs) -> Answer:
    probe = _part(obj, binding, "readinessProbe")
    return _answer(
        bool(probe), "a readiness probe takes it out of its Services", f"{binding.name} has no readiness probe"
    )


def _part(obj: Object, binding: Binding, name: str) -> Any:
    found = read(f"containers[].{name}", obj, binding.container)[0].value
    return found or {}


Mechanism = Callable[[Object, Binding, int | None, Legs], Answer]

MECHANISMS: Mapping[Scenario, Mechanism] = {
    Scenario.IMAGE: _image,
    Scenario.MEMORY: _out_of_memory,
    Scenario.NODE: _node_loss,
    Scenario.UNREADY: _not_ready,
    Scenario.HANG: _hang,
    Scenario.CRASH: _crash,
}
"""What must be in place for each."""


def mapping(control: Control, legs: Legs) -> Verdict:
    """Judge a mapping row: the template is in the chart, its values are in the files, its kinds come out of it."""
    template = control.raw.partition(";")[0].strip()
    if template.casefold() in ("n/a", "none"):
        return _verdict(control, (Outcome.PASS, "out of Helm's scope"), Fidelity.STATIC)
    chart = legs.inputs.chart
    if chart.templates and template not in chart.templates:
        return _verdict(control, (Outcome.FAIL, f"{chart.shown} has no {template}"), Fidelity.STATIC)
    empty = [path for path in control.paths if not any(legs.inputs.values.below(path))]
    if empty:
        place = next(iter(legs.inputs.files), f"{chart.shown}, which has no values file")
        return _verdict(control, (Outcome.FAIL, f"no values below {empty[0]} in {place}"), Fidelity.STATIC)
    if not chart.templates:
        return _verdict(control, (Outcome.UNKNOWN, "the chart was not read"), Fidelity.STATIC)
    return _verdict(control, (Outcome.PASS, f"{template} and its values are there"), Fidelity.STATIC)


def question(control: Control, legs: Legs) -> Verdict:
    """Judge what people ask an assistant: this has the command that answers it, or not yet."""
    asked = control.raw.rpartition("; ")[2].strip("` ")
    known = legs.inputs.commands
    if operation(read_command(asked, known), known):
        return _verdict(control, (Outcome.PASS, f"`{asked}` answers it"), Fidelity.STATIC)
    return _verdict(control, (Outcome.UNKNOWN, f"this version has no `{asked}`"), Fidelity.STATIC)


def _live(legs: Legs, component: str, wanted: Sequence[str]) -> Iterator[tuple[Binding, Object]]:
    for binding, name in bound(legs.inputs, component, wanted):
        obj = legs.live.get(Ref(*name))
        if obj is not None:
            yield binding, obj


def _answer(fine: bool, said: str, otherwise: str) -> Answer:
    return (Outcome.PASS, said) if fine else (Outcome.FAIL, otherwise)


def _all(found: Sequence[Answer], nothing: str) -> Answer:
    if not found:
        return Outcome.UNKNOWN, nothing
    outcome = worst([item[0] for item in found])
    said = dict.fromkeys(text for result, text in found if result is outcome)
    return outcome, "; ".join(said)


def _verdict(control: Control, answer: Answer, fidelity: Fidelity = Fidelity.SERVER) -> Verdict:
    outcome, why = answer
    severity = {Outcome.PASS: Severity.INFO, Outcome.UNKNOWN: Severity.WARNING}.get(outcome, Severity.ERROR)
    causes = {Outcome.PASS: Cause.NONE, Outcome.UNKNOWN: Cause.UNSEEN}
    return Verdict(control, outcome, severity, (), causes.get(outcome, Cause.RULE), why, fidelity=fidelity)
