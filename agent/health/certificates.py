"""Certificates by their public part: as servers show them, as webhooks trust them, as cert-manager keeps them."""

from base64 import b64decode
from binascii import Error
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.health.concern import Area, Concern
from agent.kube.fields import metadata, moment, spec, status
from agent.kube.wording import counted, duration
from agent.severity import Severity
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref
from tools.certificates import lifetime

SOON, AT_ONCE = timedelta(days=14), timedelta(days=2)
LATE, LAST = 0.1, 0.02
"""The share of a certificate's life by which whoever renews it should have: kubelets at 10 to 30 %, cert-manager at a
third. One that lives for a day is not near its end for being shorter than two weeks."""

AUTHORITY = 90
"""Days ahead that people are told of an authority's end: all that trust it have to be told of the next."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """When one certificate ends, and where that was seen."""

    subject: Ref
    place: str
    begins: datetime | None
    ends: datetime | None
    """None where nobody knows."""
    reason: str = ""
    is_authority: bool = False


def expiries(graph: Graph) -> Sequence[Expiry]:
    """Return every certificate that was seen, the one that ends first at the top and those nobody knows at the end."""
    serving = graph.snapshot.serving
    shown = [
        Expiry(item.subject, item.door, item.begins, item.ends, item.reason)
        for item in (serving.certificates if serving else ())
    ]
    found = [*shown, *_authorities(graph), *_kept(graph)]
    return sorted(found, key=lambda item: (item.ends is None, item.ends or graph.snapshot.taken_at))


def _authorities(graph: Graph) -> Iterator[Expiry]:
    """Yield the authorities that the API server trusts of whom it calls."""
    for item in graph.all("APIService"):
        yield from _bundle(item, "/spec/caBundle", spec(item).get("caBundle"))
    for kind in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"):
        for item in graph.all(kind):
            for index, hook in enumerate(item.get("webhooks") or ()):
                bundle = (hook.get("clientConfig") or {}).get("caBundle")
                yield from _bundle(item, f"/webhooks/{index}/clientConfig/caBundle", bundle)


def _bundle(obj: Object, pointer: str, bundle: str | None) -> Iterator[Expiry]:
    if not bundle:
        return
    try:
        found = lifetime(b64decode(bundle))
    except (Error, ValueError):
        found = None
    if found is None:
        yield Expiry(ref(obj), pointer, None, None, "it is no certificate that can be read", is_authority=True)
    else:
        yield Expiry(ref(obj), pointer, found.begins, found.ends, is_authority=True)


def _kept(graph: Graph) -> Iterator[Expiry]:
    """Yield what cert-manager says of those it renews."""
    for item in graph.all("Certificate"):
        ends = moment(status(item).get("notAfter"))
        reason = "" if ends else "cert-manager has issued none yet"
        yield Expiry(ref(item), "/status/notAfter", moment(metadata(item).get("creationTimestamp")), ends, reason)


def concerns(rows: Sequence[Expiry], now: datetime) -> Iterator[Concern]:
    """Yield the certificates that have ended, or that nobody has renewed in time."""
    for row in rows:
        severity = _severity(row, now)
        if severity is not None and row.ends is not None:
            yield Concern(
                Area.CERTIFICATES,
                "certificate-ends",
                row.subject,
                f"{_whose(row)} {_when(row.ends, now)} ({row.place})",
                severity,
                (Evidence(row.subject, row.place, f"notAfter {row.ends:%Y-%m-%d %H:%M:%S} UTC"),),
                advice=_advice(row),
            )


def _severity(row: Expiry, now: datetime) -> Severity | None:
    if row.ends is None:
        return None
    left = row.ends - now
    if left <= timedelta():
        return Severity.ERROR
    if row.is_authority:
        return Severity.WARNING if left < timedelta(days=AUTHORITY) else None
    life = row.ends - row.begins if row.begins else timedelta(days=365)
    if left < min(AT_ONCE, life * LAST):
        return Severity.ERROR
    return Severity.WARNING if left < min(SOON, life * LATE) else None


def _when(ends: datetime, now: datetime) -> str:
    span = duration(abs((ends - now).total_seconds()))
    return f"ended {span} ago" if ends <= now else f"ends in {span}"


WHOSE = {
    "Cluster": "The API server's certificate",
    "User": "Your client certificate",
    "Node": "The kubelet's certificate of node {name}",
    "Ingress": "The certificate of Ingress {name}",
    "Certificate": "Certificate {name}",
}


def _whose(row: Expiry) -> str:
    known = WHOSE.get(row.subject.kind, "The certificate behind {kind} {name}").format(**row.subject._asdict())
    return f"The authority that {row.subject.kind} {row.subject.name} trusts" if row.is_authority else known


def _advice(row: Expiry) -> str:
    return {
        "User": "Renew it, or log in again: `kubectl config view` names the file",
        "Node": "See why the kubelet does not rotate it (rotateCertificates, serverTLSBootstrap, unapproved CSRs)",
        "Cluster": "Renew the control plane's certificates (`kubeadm certs renew all` where kubeadm made it)",
        "Certificate": "See why cert-manager does not renew it: kubectl describe certificate",
    }.get(row.subject.kind, "Renew it, and see why nothing has")


def unseen(rows: Sequence[Expiry]) -> Iterator[str]:
    """Yield a line for each kind of owner whose certificates nobody could see."""
    kinds: dict[tuple[str, str], list[Expiry]] = {}
    for row in rows:
        if row.ends is None:
            kinds.setdefault((row.subject.kind, row.reason), []).append(row)
    for (kind, reason), found in kinds.items():
        yield f"{counted(len(found), 'certificate')} of {kind} not seen ({found[0].place}: {reason})"
