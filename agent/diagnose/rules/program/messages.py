"""Programs that end, or never get ready, for a reason that their own log says in words everybody uses for it.

What logs may say is data (agent/diagnose/messages); here it is joined with objects: a setting that is missing is not
set, a name that does not resolve is no Service, what takes no connection is one without a ready pod.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, finding
from agent.diagnose.logs import unready
from agent.diagnose.messages.lines import last_words
from agent.diagnose.messages.match import OF_OTHERS, Match, matches
from agent.diagnose.messages.network import COMPLAINTS, NAMES, REFUSALS, SILENCE, UNSURE
from agent.diagnose.modes import Mode
from agent.diagnose.registry import Rule, Test, rule
from agent.diagnose.rules.program.memory import OOM
from agent.diagnose.unexplained import FLAPPING
from agent.kube.addresses import service_at
from agent.kube.containers import Container, end_log, last_end
from agent.kube.credentials import credentials
from agent.kube.edits import variable_edits
from agent.kube.endpoints import chosen, is_ready, selected
from agent.kube.environment import environment, link_in
from agent.kube.fields import number, spec
from agent.kube.memo import per_graph
from agent.kube.mounts import mount_in
from agent.kube.places import Place, asked_name, places_in
from agent.kube.remedies import Edit, NeedsPerson
from agent.kube.wording import listed, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref

LOCAL = re.compile(r"(?:^|://|@)(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?(?:$|[/?,])")
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1", "0.0.0.0")  # noqa: S104 - names in logs
_LOCAL_IN_LINE = re.compile(r"localhost|127\.0\.0\.1|::1\b")
_QUOTED = re.compile(r"'([^']{1,80})'|\"([^\"]{1,80})\"")

_REFUSED = re.compile(r"(?i)refused|\berrno 111|os error 111|\(111\)")
"""A client may also only say that it has no broker or node: why, it does not tell."""

FILE_DENIED = re.compile(r"(?i)permission denied|EACCES|AccessDenied|UnauthorizedAccess|os error 13")


def match_of(container: Container, graph: Graph) -> Match | None:
    """Return what a container's log says of its end, or of why it does not serve, as far as objects bear it out."""
    answers, key = _answers(graph), (ref(container.pod), container.name)
    if key not in answers:
        _, log = end_log(container, graph)
        answers[key] = next((found for found in matches(log) if _holds(found, container, graph)), None)
    return answers[key]


@per_graph
def _answers(_: Graph) -> dict[tuple[Ref, str], Match | None]:
    return {}


def _holds(found: Match, container: Container, graph: Graph) -> bool:
    """Return whether the objects do not speak against what a line may mean."""
    if found.mode is modes.SETTING_MISSING and found.name and not found.name.startswith("/"):
        known = environment(container.spec, ref(container.pod).namespace, graph)
        return not known.has(re.sub(r"\W+", "_", found.name))
    if found.is_conversion:
        return bool(odd_value(container, found.line, graph) or linked(container, found.line, graph))
    if found.mode is modes.WRONG_USER and FILE_DENIED.search(found.line):
        return mount_in(container, found.line) is None and user_of(container) != 0
    if found.mode is modes.LIMIT_OF_THE_SYSTEM:
        return not any(ended.get("reason") == OOM for _, ended in container.ended())
    return True


def odd_value(container: Container, line: str, graph: Graph) -> tuple[str, str] | None:
    """Return (name, value) of the variable whose value a line quotes."""
    quoted = {a or b for a, b in _QUOTED.findall(line)}
    values = environment(container.spec, ref(container.pod).namespace, graph).values
    return next(((name, value) for name, value in values.items() if value and value in quoted), None)


def linked(container: Container, line: str, graph: Graph) -> tuple[str, Object] | None:
    """Return (variable, Service) of a service link that a line quotes and the container does not set itself."""
    found = link_in(line, ref(container.pod).namespace, graph)
    if found is None or spec(container.pod).get("enableServiceLinks") is False:
        return None
    return None if environment(container.spec, ref(container.pod).namespace, graph).has(found[0]) else found


def user_of(container: Container) -> int | None:
    """Return the user id a container is told to run as, None where its image decides."""
    places = (container.spec.get("securityContext") or {}, spec(container.pod).get("securityContext") or {})
    found = next((place["runAsUser"] for place in places if place.get("runAsUser") is not None), None)
    return number(found) if found is not None else None


@dataclass(frozen=True, slots=True)
class Wording:
    """How a mode is said. `cause` goes behind the container's name; `{line}` and `{more}` are filled in."""

    cause: str
    fix: str
    more: Callable[[Container, str, Graph], str] = lambda _container, _line, _graph: ""
    edits: Callable[[Container, str, Graph], tuple[Edit, ...]] = lambda _container, _line, _graph: ()


def _credentials(container: Container, _line: str, _graph: Graph) -> str:
    found = credentials(container)
    return f"; they come from {listed(found)}" if found else ""


def asked_host(container: Container, line: str, graph: Graph) -> str:
    """Return the host name that did not resolve, by a line or else by those around it, "" for none."""
    if not NAMES.search(line) and not UNSURE.search(line):
        return ""
    around = last_words(end_log(container, graph)[1])
    return next((name for text in (line, *around) if (name := asked_name(text))), "")


def _where(container: Container, line: str, graph: Graph) -> str:
    """Say what it cannot connect to and why, as the log names it, and what the Service there is short of."""
    asked = asked_host(container, line, graph)
    if asked:
        return f"cannot resolve {asked}: {_no_name(line)}"
    local = _local(container, line, graph)
    if local:
        return f"cannot connect to {local[1]} ({local[0]}), which is its own pod, and nothing listens there"
    if NAMES.search(line) or UNSURE.search(line):
        return f"cannot resolve a name: {_no_name(line)}"
    told = _naming(container, line, graph)
    place, service = _place(container, told, graph)
    where = f" to {_called(place, service)}" if place else ""
    why = ": connection refused" if _REFUSED.search(told) else "" if REFUSALS.search(told) else ": no answer in time"
    return f"cannot connect{where}{why}{_state(service, graph)}"


def _naming(container: Container, line: str, graph: Graph) -> str:
    """Return a line, or that one around it which complains of a connection too and says of which."""
    around = (text for text in last_words(end_log(container, graph)[1]) if COMPLAINTS.search(text))
    return next((text for text in (line, *around) if any(places_in(text))), line)


def _no_name(line: str) -> str:
    if SILENCE.search(line):
        return "no name server answers"
    return "no answer about this name for now" if UNSURE.search(line) else "there is no such host"


def _called(place: Place, service: Object | None) -> str:
    """Return `Service db (10.96.0.7:5432)` for an address, `db:5432` for a name."""
    if service is None or place.host.split(".")[0] == ref(service).name:
        return str(place)
    return f"{said(ref(service))} ({place})"


def _state(service: Object | None, graph: Graph) -> str:
    """Return what a Service is short of, "" for nothing."""
    if service is None or not chosen(service):
        return ""
    pods = selected(ref(service).namespace, chosen(service), graph)
    ready = sum(is_ready(pod) for pod in pods)
    return "" if ready else f"; {said(ref(service))} has no {'ready ' if pods else ''}pod"


def _place(container: Container, line: str, graph: Graph) -> tuple[Place | None, Object | None]:
    """Return the place a line names, that of a Service before any other, and the Service."""
    home, found = ref(container.pod).namespace, [one for one in places_in(line) if one.host not in _LOCAL_HOSTS]
    known = ((place, service_at(place.host, home, graph)) for place in found)
    return next(((place, service) for place, service in known if service), (next(iter(found), None), None))


def _came(container: Container, line: str, graph: Graph) -> bool:
    """Return whether a container that is ready now only had to wait: what it could not reach has ready pods."""
    ready = container.ready and container.restarts < FLAPPING
    service = _place(container, line, graph)[1] if ready else None
    return service is not None and any(
        is_ready(pod) for pod in selected(ref(service).namespace, chosen(service), graph)
    )


def _local(container: Container, line: str, graph: Graph) -> tuple[str, str] | None:
    """Return (variable, `localhost:5432`) by which a container calls its own pod, where the line names no other."""
    if not _LOCAL_IN_LINE.search(line) and _place(container, line, graph)[0] is not None:
        return None
    values = environment(container.spec, ref(container.pod).namespace, graph).values
    found = ((name, LOCAL.search(value)) for name, value in values.items() if not name.endswith(("BIND", "LISTEN")))
    return next(((name, hit[0].strip(":/@?,")) for name, hit in found if hit), None)


def _address(container: Container, line: str, graph: Graph) -> tuple[Edit, ...]:
    local = _local(container, line, graph)
    if local is None or asked_name(line):
        return ()
    elsewhere = NeedsPerson("the address of what it calls, which is not its own pod")
    return variable_edits(container, graph, local[0], elsewhere)


WORDINGS = {
    modes.CREDENTIALS_REFUSED: Wording(
        "is refused: the other side does not accept its credentials ({line}){more}",
        "Put the credentials that the other side knows into the Secret, then restart the pods",
        _credentials,
    ),
    modes.CONNECTIONS_EXHAUSTED: Wording(
        "gets no connection: the database has no connections left ({line})",
        "Let each replica keep fewer connections, put a pooler between, or let the database accept more",
    ),
    modes.DATABASE_READ_ONLY: Wording(
        "cannot write: the database is read-only, as a replica is ({line})",
        "Call the primary, or let the database elect one",
    ),
    modes.CERTIFICATE_REFUSED: Wording(
        "cannot connect: a certificate is not trusted ({line})",
        "Renew the certificate, or give the container the authority that signed it; look at the clock when it expired",
    ),
    modes.LIMIT_OF_THE_SYSTEM: Wording(
        "runs into a limit of its system: {line}",
        "Let the program close what it opens, or raise that limit (ulimit, sysctl, heap, a larger /dev/shm)",
    ),
    modes.DEPENDENCY_UNREACHABLE: Wording(
        "{more} ({line})",
        "Correct the address it is given, or bring up what it connects to",
        _where,
        _address,
    ),
}


def _rule(mode: Mode) -> Rule:
    def test(pod: Object, graph: Graph) -> Iterator[Finding]:
        for container in unready(pod, graph):
            found = match_of(container, graph)
            if found is not None and found.mode is mode and not _came(container, found.line, graph):
                yield _finding(container, found, graph)

    wrapped: Test = test
    return rule(mode, on="Pod")(wrapped)


def _finding(container: Container, found: Match, graph: Graph) -> Finding:
    wording, line = WORDINGS[found.mode], found.line
    cause = wording.cause.format(line=line[:200], more=wording.more(container, line, graph))
    fix = Fix(wording.fix, wording.edits(container, line, graph))
    ended = last_end(container, graph)
    code = f"exit code {ended[1].get('exitCode')}" if ended else ""
    shown = Evidence(ref(container.pod), end_log(container, graph)[0], line[:500])
    proof = (shown, *([Evidence(ref(container.pod), ended[0], code)] if ended else []))
    return finding(found.mode, container, graph, f"{container.said} {cause}", fix, proof, Confidence.LIKELY)


RULES = tuple(map(_rule, OF_OTHERS))
