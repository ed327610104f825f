"""Programs that end, or never get ready, for a reason that their own log says in words everybody uses for it."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from agent.diagnose.fields import spec
from agent.diagnose.finding import Change, Confidence, Evidence, Finding, Fix
from agent.diagnose.logs import telling_line
from agent.diagnose.memo import per_graph
from agent.diagnose.pods import Part, end_log, finding, last_end
from agent.diagnose.registry import Rule, Test, rule
from agent.diagnose.secrets import credentials
from agent.diagnose.selection import chosen, is_ready, selected
from agent.diagnose.trouble import REFUSED, TIMED_OUT, UNKNOWN, ending_line, struggling
from agent.diagnose.unexplained import FLAPPING
from agent.diagnose.upstream import variables
from agent.diagnose.wording import listed, said
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object

SHOWN_BY = (0, 62, 73)
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

    mode: int
    code: str
    pattern: re.Pattern[str]
    cause: str
    fix: str
    more: Callable[[Part, str, Graph], str] = lambda _part, _line, _graph: ""
    changes: Callable[[Part, str, Graph], tuple[Change, ...]] = lambda _part, _line, _graph: ()


def _credentials(part: Part, _line: str, _graph: Graph) -> str:
    found = credentials(part)
    return f"; they come from {listed(found)}" if found else ""


def _new_credentials(part: Part, _line: str, _graph: Graph) -> tuple[Change, ...]:
    found = credentials(part)
    return (Change(part.field("env"), listed(found), "", part.scaffold("env")),) if found else ()


def _where(part: Part, line: str, graph: Graph) -> str:
    """Say whom it cannot reach: as the log names it, or the variable that names the pod itself."""
    local = _local(part, graph)
    if local and not UNKNOWN.search(line):
        return f" {local}, which is its own pod, and nothing listens there"
    service, found = _service(part, line, graph), _PLACE.search(line)
    if service is not None:
        return f" {said(ref(service))}"
    if found is None:
        return " whom it needs"
    return f" {found['a'] or found['c']} on port {found['b'] or found['d']}"


def _service(part: Part, line: str, graph: Graph) -> Object | None:
    """Return the Service that the log names, by its name or address, None for nobody's."""
    named = _PLACE.search(line)
    found = graph.get("Service", ref(part.pod).namespace, (named["a"] or named["c"]).split(".")[0]) if named else None
    if found is not None:
        return found
    for address in _ADDRESS.findall(line):
        for service in graph.all("Service"):
            if address in (spec(service).get("clusterIPs") or ()):
                return service
    return None


def _came(part: Part, line: str, graph: Graph) -> bool:
    """Return whether a container that is ready now only had to wait: whom it could not reach has ready pods."""
    service = _service(part, line, graph) if part.ready and part.restarts < FLAPPING else None
    if service is None:
        return False
    return any(is_ready(pod) for pod in selected(ref(service).namespace, chosen(service), graph))


def _local(part: Part, graph: Graph) -> str:
    """Return `localhost (DB_HOST)`: the variable by which a container calls its own pod, "" for none."""
    given: Mapping[str, str] = dict(variables(part.container, ref(part.pod).namespace, graph))
    found = ((name, LOCAL.search(value)) for name, value in given.items() if not name.endswith(("BIND", "LISTEN")))
    named = next(((name, hit) for name, hit in found if hit), None)
    return f"{named[1][0].strip(':/@?,')} ({named[0]})" if named else ""


def _address(part: Part, _line: str, graph: Graph) -> tuple[Change, ...]:
    given = dict(variables(part.container, ref(part.pod).namespace, graph))
    local = next((name for name, value in given.items() if LOCAL.search(value)), "")
    return (Change(part.field("env"), f"{local}={given[local]}", "", part.scaffold("env")),) if local else ()


ALL = (
    Saying(
        81,
        "credentials-refused",
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
        83,
        "connections-exhausted",
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
        84,
        "database-read-only",
        re.compile(
            r"read-only transaction|\bREADONLY\b|super-read-only|--read-only option|NotWritablePrimary"
            r"|read[- ]only (?:database|replica|mode)|readonly database|ReadOnlySqlTransaction"
        ),
        "cannot write: the database is read-only, as a replica is ({line})",
        "Call the primary, or let the database elect one",
    ),
    Saying(
        85,
        "certificate-refused",
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
        87,
        "limit-of-the-system",
        re.compile(
            r"[Tt]oo many open files|\bE[MN]FILE\b|[Cc]annot assign requested address|EADDRNOTAVAIL|max_user_watches"
            r"|inotify watch(?:es)? limit|unable to create (?:new )?native thread|can't start new thread"
            r"|could not resize shared memory|fork: (?:retry: )?Resource temporarily unavailable|pthread_create failed"
        ),
        "runs into a limit of its system: {line}",
        "Let the program close what it opens, or raise that limit (ulimit, sysctl, a larger /dev/shm)",
    ),
    Saying(
        82,
        "dependency-unreachable",
        re.compile("|".join(pattern.pattern for pattern in (REFUSED, TIMED_OUT, UNKNOWN))),
        "cannot reach{more} ({line})",
        "Correct the address it is given, or bring up whom it calls",
        _where,
        _address,
    ),
)
"""In order: an answer that refuses says more than none."""


def said_by(part: Part, graph: Graph) -> tuple[Saying, Evidence] | None:
    """Return what a container's log says, and the line; None where it says nothing known."""
    answers, key = _answers(graph), (ref(part.pod), part.name)
    if key not in answers:
        answers[key] = _said_by(part, graph)
    return answers[key]


@per_graph
def _answers(_: Graph) -> dict[object, tuple[Saying, Evidence] | None]:
    return {}


def _said_by(part: Part, graph: Graph) -> tuple[Saying, Evidence] | None:
    """Look in the line that says most, then in those around it."""
    pointer, log = end_log(part, graph)
    line = telling_line(log)
    telling = next((saying for saying in ALL if saying.pattern.search(line)), None)
    if telling is not None:
        return telling, Evidence(ref(part.pod), pointer, line)
    found = ((saying, ending_line(part, graph, saying.pattern)) for saying in ALL)
    return next(((saying, shown) for saying, shown in found if shown is not None), None)


def _rule(saying: Saying) -> Rule:
    def test(pod: Object, graph: Graph) -> Iterator[Finding]:
        for part in struggling(pod, graph):
            found = said_by(part, graph)
            if found is not None and found[0] is saying and not _came(part, found[1].text, graph):
                yield _finding(part, saying, found[1], graph)

    wrapped: Test = test
    return rule(saying.mode, saying.code, on="Pod")(wrapped)


def _finding(part: Part, saying: Saying, shown: Evidence, graph: Graph) -> Finding:
    cause = saying.cause.format(line=shown.text[:200], more=saying.more(part, shown.text, graph))
    fix = Fix(saying.fix, saying.changes(part, shown.text, graph))
    ended = last_end(part, graph)
    code = f"exit code {ended[1].get('exitCode')}" if ended else ""
    proof = (shown, *([Evidence(ref(part.pod), ended[0], code)] if ended else []))
    made = finding(saying.mode, saying.code, part, graph, f"{part.said} {cause}", fix, proof, Confidence.LIKELY)
    return replace(made, instead_of=SHOWN_BY)


RULES = tuple(map(_rule, ALL))
