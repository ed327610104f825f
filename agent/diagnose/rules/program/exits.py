"""Programs that end by themselves: on configuration they cannot read, as the wrong user, on a taken port, by a bug."""

import json
import re
from collections.abc import Iterator, Mapping

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, finding
from agent.diagnose.messages.lines import failing_line, telling_line
from agent.diagnose.modes import Mode
from agent.diagnose.registry import rule
from agent.diagnose.rules.program.containers import cannot_execute, ended_itself
from agent.diagnose.rules.program.messages import FILE_DENIED, linked, match_of, odd_value, user_of
from agent.kube.containers import Container, containers_of, end_log, last_end
from agent.kube.edits import container_edits, edit, pod_edits, variable_edits
from agent.kube.fields import number, spec
from agent.kube.remedies import Edit, NeedsPerson
from agent.kube.wording import counted
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object

ROOT_REFUSED = re.compile(r"not (?:be )?run|\"root\" execution|refus|running as root|as root is not", re.IGNORECASE)
LOW_PORT = re.compile(r"\bbind\b|listen|could not bind|make_sock", re.IGNORECASE)
_PORT = re.compile(r"(?::::?|[:\s])(\d{2,5})\b")

SIGNALS = {132: "an illegal instruction", 134: "an abort", 136: "an arithmetic fault", 139: "a segmentation fault"}
"""Exit statuses of programs that a fault of their own ended."""


@rule(modes.CONFIGURATION_UNREADABLE, on="Pod")
def configuration_unreadable(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The program cannot make anything of a value or file it was given."""
    for container, shown in _ended(pod, graph, modes.CONFIGURATION_UNREADABLE):
        found = _broken_file(container, graph) or _odd_value(container, shown.text, graph)
        where, proof, edits = found or _service_link(container, shown.text, graph) or ("", (), ())
        cause = f"{container.said} ends because it cannot read its configuration{where}: {shown.text[:200]}"
        fix = Fix("Correct what it was given", edits)
        confidence = Confidence.CERTAIN if proof else Confidence.LIKELY
        yield finding(modes.CONFIGURATION_UNREADABLE, container, graph, cause, fix, (shown, *proof), confidence)


_Where = tuple[str, tuple[Evidence, ...], tuple[Edit, ...]]


def _broken_file(container: Container, graph: Graph) -> _Where | None:
    """Return the mounted ConfigMap key that is named as JSON and is none: seen here, not only told by the program."""
    mounts = {str(item.get("name")) for item in container.spec.get("volumeMounts") or ()}
    for volume in spec(container.pod).get("volumes") or ():
        name = (volume.get("configMap") or {}).get("name") if volume.get("name") in mounts else None
        config = graph.get("ConfigMap", ref(container.pod).namespace, name) if name else None
        for key, text in ((config or {}).get("data") or {}).items():
            problem = _no_json(str(text)) if key.endswith(".json") else ""
            if config is not None and problem:
                shown = Evidence(ref(config), f"/data/{key.replace('/', '~1')}", problem)
                mended = edit(config, ("data", key), NeedsPerson("the same text as valid JSON"))
                return f" (key {key} of ConfigMap {name}: {problem})", (shown,), (mended,)
    return None


def _no_json(text: str) -> str:
    try:
        json.loads(text)
    except ValueError as error:
        return str(error)
    return ""


def _odd_value(container: Container, line: str, graph: Graph) -> _Where | None:
    """Return the variable whose value the log quotes."""
    found = odd_value(container, line, graph)
    if found is None:
        return None
    name, value = found
    shown = Evidence(ref(container.pod), f"{container.pointer}/env", f"{name}={value}")
    edits = variable_edits(container, graph, name, NeedsPerson(f"a value of {name} that the program takes"))
    return f" (its variable {name} is {value!r})", (shown,), edits


def _service_link(container: Container, line: str, graph: Graph) -> _Where | None:
    """Return the variable of a Service that the program takes for a setting of its own: `REDIS_PORT=tcp://…`."""
    found = linked(container, line, graph)
    if found is None:
        return None
    shown = Evidence(ref(found[1]), "/spec/clusterIP", str(spec(found[1]).get("clusterIP")))
    edits = pod_edits(container.pod, graph, ("enableServiceLinks",), value=False)
    return f" (Kubernetes sets {found[0]} for Service {ref(found[1]).name}, a service link)", (shown,), edits


@rule(modes.WRONG_USER, on="Pod")
def wrong_user(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The program wants to be root and is not, or is and will not."""
    for container, shown in _ended(pod, graph, modes.WRONG_USER):
        user = user_of(container)
        runs = f", and runs as user {user}" if user is not None else ", and the image decides which user it runs as"
        cause = f"{container.said} {_wish(shown.text)}{runs}: {shown.text[:200]}"
        made_for = NeedsPerson("the id of the user that the image is made for")
        edits = container_edits(container.pod, graph, container.name, ("securityContext", "runAsUser"), made_for)
        fix = Fix("Run it as a user its image is made for, or do what needs root in the image", edits)
        yield finding(modes.WRONG_USER, container, graph, cause, fix, (shown,), Confidence.LIKELY)


def _wish(line: str) -> str:
    """Return what a program asks of the user it runs as."""
    if ROOT_REFUSED.search(line):
        return "refuses to run as root"
    if LOW_PORT.search(line):
        return "may not listen on a port below 1024"
    return "may not open or write a file it needs" if FILE_DENIED.search(line) else "needs the rights of root"


@rule(modes.PORT_TAKEN, on="Pod")
def port_taken(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The program wants to listen where somebody in its pod (or on its host) listens already."""
    for container, shown in _ended(pod, graph, modes.PORT_TAKEN):
        port, holder = _holder(container, shown.text)
        where = f"port {port}" if port else "its port"
        who = f"container {holder.name} of the same pod listens there" if holder else _somebody(container)
        cause = f"{container.said} cannot listen on {where}: {who}"
        proof = (shown, *([Evidence(ref(pod), f"{holder.pointer}/ports", f"containerPort {port}")] if holder else []))
        fix = Fix(
            "Have one of the two listen on another port (the program's own setting), then say so in its ports",
            concerns=(container.field("ports[].containerPort"),),
        )
        confidence = Confidence.CERTAIN if holder else Confidence.LIKELY
        yield finding(modes.PORT_TAKEN, container, graph, cause, fix, proof, confidence)


def _holder(container: Container, line: str) -> tuple[str, Container | None]:
    """Return the port, and the other container of the pod that declares it."""
    asked = " ".join(map(str, (*(container.spec.get("command") or ()), *(container.spec.get("args") or ()))))
    own = {str(item.get("containerPort")) for item in container.spec.get("ports") or ()}
    named = [*_PORT.findall(line), *own, *re.findall(r"\b\d{2,5}\b", asked)]
    others = [other for other in containers_of(container.pod) if other.name != container.name and not other.initial]
    for port in named:
        for other in others:
            if port in {str(item.get("containerPort")) for item in other.spec.get("ports") or ()}:
                return port, other
    return next(iter(named), ""), None


def _somebody(container: Container) -> str:
    if spec(container.pod).get("hostNetwork"):
        return "another program of its host listens there; the pod uses the host's network"
    return "another program of its pod listens there, or it starts twice"


@rule(modes.EXCEPTION, on="Pod")
def exception(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The program ends by a fault of its own, and nothing outside of it explains that."""
    for container in containers_of(pod):
        ended = last_end(container, graph)
        if (
            container.initial
            or ended is None
            or not ended_itself(container, ended[1], graph)
            or _known(container, graph)
        ):
            continue
        pointer, log = end_log(container, graph)
        code, line = number(ended[1].get("exitCode")), telling_line(log)
        fault = SIGNALS.get(code, "")
        if not line and not fault:
            continue
        how = f"exit code {code}{f', {fault}' if fault else ''}"
        cause = f"{container.said} ends by an error of its own ({how}, {counted(container.restarts, 'restart')})"
        told = (Evidence(ref(pod), pointer, line),) if line else ()
        fix = Fix("Read what the program wrote before it ended, and correct the program or what it works on")
        proof = (*told, Evidence(ref(pod), ended[0], how))
        said = f"{cause}{f': {line[:300]}' if line else ''}"
        confidence = Confidence.LIKELY if fault or failing_line(log) else Confidence.POSSIBLE
        yield finding(modes.EXCEPTION, container, graph, said, fix, proof, confidence)


def _known(container: Container, graph: Graph) -> bool:
    """Return whether another rule of this family says more."""
    found = match_of(container, graph)
    return (found is not None and found.mode is not modes.EXCEPTION) or cannot_execute(container, graph) is not None


def _ended(pod: Object, graph: Graph, mode: Mode) -> Iterator[tuple[Container, Evidence]]:
    """Yield the containers that ended by themselves with a line that speaks for that mode."""
    for container in containers_of(pod):
        ended: tuple[str, Mapping[str, object]] | None = last_end(container, graph)
        found = match_of(container, graph) if ended is not None else None
        if ended is None or found is None or found.mode is not mode or not ended_itself(container, ended[1], graph):
            continue
        yield container, Evidence(ref(pod), end_log(container, graph)[0], found.line[:500])


RULES = (configuration_unreadable, wrong_user, port_taken, exception)
