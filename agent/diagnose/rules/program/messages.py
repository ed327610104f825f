"""Programs that end, or never get ready, for a reason that their own log says in words everybody uses for it."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from agent.diagnose import modes
from agent.diagnose.finding import Change, Confidence, Finding, Fix, finding
from agent.diagnose.logs import REFUSED, TIMED_OUT, UNKNOWN, ending_line, struggling
from agent.diagnose.messages.lines import telling_line
from agent.diagnose.modes import Mode
from agent.diagnose.registry import Rule, Test, rule
from agent.diagnose.unexplained import FLAPPING
from agent.kube.containers import Container, end_log, last_end
from agent.kube.credentials import credentials
from agent.kube.endpoints import chosen, is_ready, selected
from agent.kube.environment import environment
from agent.kube.fields import spec
from agent.kube.memo import per_graph
from agent.kube.wording import listed, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object

SHOWN_BY = (modes.UNEXPLAINED, modes.INIT_CONTAINER_FAILS, modes.EXCEPTION)
"""What such a program looks like to who does not read its log."""

LOCAL = re.compile(r"(?:^|://|@)(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?(?:$|[/?,])")
_PLACE = re.compile(
    r"host[ =]\"?(?P<a>[\w.-]+)\"?(?: \([^)]*\))?,? port[ =](?P<b>\d+)|(?P<c>[\w-]+(?:\.[\w-]+)*):(?P<d>\d{2,5})\b"
)
"""How programs name whom they called."""


_ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")


@dataclass(frozen=True, slots=True)
class Saying:
    """One thing logs say. `cause` goes behind the container's name; `{line}` and `{more}` are filled in."""

    mode: Mode
    pattern: re.Pattern[str]
    cause: str
    fix: str
    more: Callable[[Container, str, Graph], str] = lambda _part, _line, _graph: ""
    changes: Callable[[Container, str, Graph], tuple[Change, ...]] = lambda _part, _line, _graph: ()


def _credentials(container: Container, _line: str, _graph: Graph) -> str:
    found = credentials(container)
    return f"; they come from {listed(found)}" if found else ""


def _new_credentials(container: Container, _line: str, _graph: Graph) -> tuple[Change, ...]:
    found = credentials(container)
    return (Change(container.field("env"), listed(found), "", container.scaffold("env")),) if found else ()


def _where(container: Container, line: str, graph: Graph) -> str:
    """Say whom it cannot reach: as the log names it, or the variable that names the pod itself."""
    local = _local(container, graph)
    if local and not UNKNOWN.search(line):
        return f" {local}, which is its own pod, and nothing listens there"
    service, found = _service(container, line, graph), _PLACE.search(line)
    if service is not None:
        return f" {said(ref(service))}"
    if found is None:
        return " whom it needs"
    return f" {found['a'] or found['c']} on port {found['b'] or found['d']}"


def _service(container: Container, line: str, graph: Graph) -> Object | None:
    """Return the Service that the log names, by its name or address, None for nobody's."""
    named = _PLACE.search(line)
    found = (
        graph.get("Service", ref(container.pod).namespace, (named["a"] or named["c"]).split(".")[0]) if named else None
    )
    if found is not None:
        return found
    for address in _ADDRESS.findall(line):
        for service in graph.all("Service"):
            if address in (spec(service).get("clusterIPs") or ()):
                return service
    return None


def _came(container: Container, line: str, graph: Graph) -> bool:
    """Return whether a container that is ready now only had to wait: whom it could not reach has ready pods."""
    service = _service(container, line, graph) if container.ready and container.restarts < FLAPPING else None
    if service is None:
        return False
    return any(is_ready(pod) for pod in selected(ref(service).namespace, chosen(service), graph))


def _local(container: Container, graph: Graph) -> str:
    """Return `localhost (DB_HOST)`: the variable by which a container calls its own pod, "" for none."""
    given: Mapping[str, str] = environment(container.spec, ref(container.pod).namespace, graph).values
    found = ((name, LOCAL.search(value)) for name, value in given.items() if not name.endswith(("BIND", "LISTEN")))
    named = next(((name, hit) for name, hit in found if hit), None)
    return f"{named[1][0].strip(':/@?,')} ({named[0]})" if named else ""


def _address(container: Container, _line: str, graph: Graph) -> tuple[Change, ...]:
    given = environment(container.spec, ref(container.pod).namespace, graph).values
    local = next((name for name, value in given.items() if LOCAL.search(value)), "")
    return (Change(container.field("env"), f"{local}={given[local]}", "", container.scaffold("env")),) if local else ()


ALL = (
    Saying(
        modes.CREDENTIALS_REFUSED,
        re.compile(
            r"password authentication failed|[Aa]ccess denied for user|[Aa]uthentication failed|\bWRONGPASS\b"
            r"|\bNOAUTH\b"
            r"|invalid username-password|SASL authentication|[Ll]ogin failed for user|ORA-01017|[Ii]nvalid credentials"
            r"|role \"[^\"]*\" does not exist|no pg_hba\.conf entry|[Ii]nvalid (?:API|api) key|SignatureDoesNotMatch"
            r"|InvalidAccessKeyId|[Bb]ad credentials|ACCESS_REFUSED"
        ),
        "is refused: whom it calls does not accept its credentials ({line}){more}",
        "Put the credentials that the other side knows into the Secret, then restart the pods",
        _credentials,
        _new_credentials,
    ),
    Saying(
        modes.CONNECTIONS_EXHAUSTED,
        re.compile(
            r"[Tt]oo many (?:connections|clients)|remaining connection slots|max(?:imum)?(?: number of)?(?: client)?"
            r" (?:clients|connections) reached|max_user_connections|QueuePool limit|ER_CON_COUNT"
            r"|[Tt]imeout waiting for (?:idle object|connection from pool)|[Cc]onnection pool (?:is )?exhausted"
            r"|[Cc]onnection is not available, request timed out"
        ),
        "gets no connection: the database has no connections left ({line})",
        "Let each replica keep fewer connections, put a pooler between, or let the database accept more",
    ),
    Saying(
        modes.DATABASE_READ_ONLY,
        re.compile(
            r"read-only transaction|\bREADONLY\b|super-read-only|--read-only option|NotWritablePrimary"
            r"|read[- ]only (?:database|replica|mode)|readonly database|ReadOnlySqlTransaction"
        ),
        "cannot write: the database is read-only, as a replica is ({line})",
        "Call the primary, or let the database elect one",
    ),
    Saying(
        modes.CERTIFICATE_REFUSED,
        re.compile(
            r"x509:|CERT_HAS_EXPIRED|[Cc]ertificate (?:has |is )?(?:expired|not yet valid)|self[- ]signed certificate"
            r"|SELF_SIGNED_CERT|UNABLE_TO_(?:VERIFY_LEAF|GET_ISSUER)"
            r"|unable to get local issuer|CERTIFICATE_VERIFY_FAILED"
            r"|PKIX path|unknown (?:certificate )?authority|certificate is valid for|ERR_TLS_CERT_ALTNAME_INVALID"
            r"|doesn't match either of|certificate verify failed"
        ),
        "does not trust whom it calls: {line}",
        "Renew the certificate, or give the container the authority that signed it; look at the clock when it expired",
    ),
    Saying(
        modes.LIMIT_OF_THE_SYSTEM,
        re.compile(
            r"[Tt]oo many open files|\bE[MN]FILE\b|[Cc]annot assign requested address|EADDRNOTAVAIL|max_user_watches"
            r"|inotify watch(?:es)? limit|unable to create (?:new )?native thread|can't start new thread"
            r"|could not resize shared memory|fork: (?:retry: )?Resource temporarily unavailable|pthread_create failed"
        ),
        "runs into a limit of its system: {line}",
        "Let the program close what it opens, or raise that limit (ulimit, sysctl, a larger /dev/shm)",
    ),
    Saying(
        modes.DEPENDENCY_UNREACHABLE,
        re.compile("|".join(pattern.pattern for pattern in (REFUSED, TIMED_OUT, UNKNOWN))),
        "cannot reach{more} ({line})",
        "Correct the address it is given, or bring up whom it calls",
        _where,
        _address,
    ),
)
"""In order: an answer that refuses says more than none."""


def said_by(container: Container, graph: Graph) -> tuple[Saying, Evidence] | None:
    """Return what a container's log says, and the line; None where it says nothing known."""
    answers, key = _answers(graph), (ref(container.pod), container.name)
    if key not in answers:
        answers[key] = _said_by(container, graph)
    return answers[key]


@per_graph
def _answers(_: Graph) -> dict[object, tuple[Saying, Evidence] | None]:
    return {}


def _said_by(container: Container, graph: Graph) -> tuple[Saying, Evidence] | None:
    """Look in the line that says most, then in those around it."""
    pointer, log = end_log(container, graph)
    line = telling_line(log)
    telling = next((saying for saying in ALL if saying.pattern.search(line)), None)
    if telling is not None:
        return telling, Evidence(ref(container.pod), pointer, line)
    found = ((saying, ending_line(container, graph, saying.pattern)) for saying in ALL)
    return next(((saying, shown) for saying, shown in found if shown is not None), None)


def _rule(saying: Saying) -> Rule:
    def test(pod: Object, graph: Graph) -> Iterator[Finding]:
        for container in struggling(pod, graph):
            found = said_by(container, graph)
            if found is not None and found[0] is saying and not _came(container, found[1].text, graph):
                yield _finding(container, saying, found[1], graph)

    wrapped: Test = test
    return rule(saying.mode, on="Pod")(wrapped)


def _finding(container: Container, saying: Saying, shown: Evidence, graph: Graph) -> Finding:
    cause = saying.cause.format(line=shown.text[:200], more=saying.more(container, shown.text, graph))
    fix = Fix(saying.fix, saying.changes(container, shown.text, graph))
    ended = last_end(container, graph)
    code = f"exit code {ended[1].get('exitCode')}" if ended else ""
    proof = (shown, *([Evidence(ref(container.pod), ended[0], code)] if ended else []))
    made = finding(saying.mode, container, graph, f"{container.said} {cause}", fix, proof, Confidence.LIKELY)
    return replace(made, instead_of=SHOWN_BY)


RULES = tuple(map(_rule, ALL))
