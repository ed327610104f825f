"""Which of bluehelm's roles an identity has: judged by what the API server lets it do, never by its name."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

from tools import kubectl
from tools.failure import Failure
from tools.kinds import KINDS, POLICY_REPORTS, Kind
from tools.kubectl import Right
from tools.sandbox import Sandbox


class Role(StrEnum):
    """What an identity is to bluehelm; charts/bluehelm makes the first three."""

    AUDITOR = "auditor"
    """It looks at everything but Secrets, so that releases are unknown to it."""
    RELEASE_READER = "release-reader"
    """It looks at Secrets as well: helm keeps releases in them."""
    APPLIER = "applier"
    """It changes what an ordinary chart makes, in its own namespace."""
    WIDER = "more than an applier"
    """It may change more than any plan does, or give itself the right to."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What an identity may do in a namespace."""

    role: Role
    changes: tuple[str, ...]
    """What it may change there or by way of it: `patch deployments.apps`, `get pods/exec`."""
    wide: tuple[str, ...]
    """Those of them that no applier needs."""
    unread: tuple[str, ...]
    """Kinds an answer needs and that it may not list."""
    reports: bool = False
    """Whether it may keep PolicyReports, which nothing acts upon."""


SYSTEM = "kube-system"

LOOKING = frozenset(("get", "list", "watch"))

QUESTIONS = (
    "selfsubjectreviews.authentication.k8s.io",
    "selfsubjectaccessreviews.authorization.k8s.io",
    "selfsubjectrulesreviews.authorization.k8s.io",
    "subjectaccessreviews.authorization.k8s.io",
    "localsubjectaccessreviews.authorization.k8s.io",
    "tokenreviews.authentication.k8s.io",
)
"""Resources that are created to ask something: the API server keeps nothing of them."""

REPORTS = tuple(f"{kind.plural}.{kind.group}" for kind in POLICY_REPORTS)
"""What an auditor that runs by itself writes down. It changes nothing that runs."""

DOORS = ("pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "services/proxy", "nodes/proxy")
"""Subresources that let a GET through to what changes something: a shell, a port, the kubelet."""

DRILLED = "create pods/portforward"
"""What an applier that tries drills has as well: no more than the pods it may make, which reach the same ports."""

OWNING = ("nodes", "namespaces", "serviceaccounts/token", "pods/ephemeralcontainers", "persistentvolumes")
RBAC = (".rbac.authorization.k8s.io", ".admissionregistration.k8s.io", ".apiextensions.k8s.io", ".certificates.k8s.io")
"""What whoever may change it takes more with than a release."""

SEIZING = frozenset(("impersonate", "escalate", "bind"))
"""Verbs that give the rights of somebody else."""

ASKED = (
    ("create", "pods"), ("patch", "pods"), ("delete", "pods"), ("patch", "deployments"), ("update", "deployments"),
    ("delete", "deployments"), ("patch", "deployments/scale"), ("patch", "statefulsets"), ("patch", "daemonsets"),
    ("create", "jobs"), ("patch", "services"), ("patch", "configmaps"), ("update", "configmaps"), ("create", "secrets"),
    ("patch", "secrets"), ("list", "secrets"), ("get", "secrets"), ("create", "pods/exec"), ("get", "pods/exec"),
    ("create", "pods/portforward"), ("get", "nodes/proxy"), ("patch", "nodes"), ("delete", "namespaces"),
    ("create", "rolebindings"), ("create", "clusterrolebindings"), ("create", "serviceaccounts/token"),
    ("impersonate", "users"), ("impersonate", "serviceaccounts"), ("list", "nodes"), ("list", "deployments"),
)  # fmt: skip
"""What is asked one by one of a server that does not list every right: EKS, GKE and AKS decide some by their own."""

EVERYTHING = "do everything"
"""What `*` of `*.*` comes to."""

AT_ONCE = 4
"""kubectl processes at a time."""


def rights(box: Sandbox, namespace: str) -> Rights | Failure:
    """Return what this identity may do in a namespace; a Failure where the server does not say all of it."""
    here = _rules(box, namespace)
    if isinstance(here, Failure):
        return here
    changes = tuple(dict.fromkeys(what for rule in here for what in _changes(rule)))
    wide = tuple(dict.fromkeys(what for rule in here for what in _changes(rule) if _is_wide(what)))
    if changes and not wide and namespace != SYSTEM:
        elsewhere = _rules(box, SYSTEM)
        if isinstance(elsewhere, Failure):
            return elsewhere
        wide = tuple(f"{what} in {SYSTEM}" for rule in elsewhere for what in _changes(rule))
    unread = tuple(kind.name for kind in KINDS if _is_needed(kind) and not _may(here, "list", _resource(kind)))
    reports = any(rule.resource in REPORTS and not LOOKING.issuperset(rule.verbs) for rule in here)
    return Rights(_role(here, changes, wide), changes, wide, unread, reports)


def _rules(box: Sandbox, namespace: str) -> Sequence[Right] | Failure:
    found = kubectl.rights(box, namespace)
    if isinstance(found, Failure) or found.whole:
        return found if isinstance(found, Failure) else found.listed
    with ThreadPoolExecutor(AT_ONCE) as workers:
        answers = list(workers.map(lambda asked: kubectl.can_i(box, asked[0], asked[1], namespace), ASKED))
    failed = next((answer for answer in answers if isinstance(answer, Failure)), None)
    asked = [Right(_called(what), (), (verb,)) for (verb, what), may in zip(ASKED, answers, strict=True) if may]
    return failed or (*found.listed, *asked)


def _role(rules: Sequence[Right], changes: Sequence[str], wide: Sequence[str]) -> Role:
    if wide:
        return Role.WIDER
    if changes:
        return Role.APPLIER
    reads = _may(rules, "list", "secrets") and _may(rules, "get", "secrets")
    return Role.RELEASE_READER if reads else Role.AUDITOR


def _changes(rule: Right) -> Iterator[str]:
    """Yield what a rule lets an identity change: a verb that does more than look, or a look that opens a door."""
    if rule.resource in (*QUESTIONS, *REPORTS):
        return
    for verb in rule.verbs:
        if verb not in LOOKING:
            yield EVERYTHING if (verb, rule.resource) == ("*", "*.*") else f"{verb} {rule.resource}"
        elif verb == "get":
            yield from (f"get {door}" for door in DOORS if _covers(rule.resource, door))


def _is_wide(what: str) -> bool:
    verb, _, resource = what.partition(" ")
    owned = resource in (*OWNING, *DOORS) or resource.partition("/")[0].endswith(RBAC)
    return what != DRILLED and (what == EVERYTHING or verb in SEIZING or "*" in resource or owned)


def _may(rules: Sequence[Right], verb: str, resource: str) -> bool:
    """Return whether an identity may do something to every object of a kind."""
    return any(
        not rule.names and _covers(rule.resource, resource) and not {verb, "*"}.isdisjoint(rule.verbs) for rule in rules
    )


def _covers(named: str, resource: str) -> bool:
    """Return whether a rule's resource is another's: `*.*`, `*.apps`, in the core group `*`, `*/exec`, or the same."""
    plain, _, sub = resource.partition("/")
    group = plain.partition(".")[2]
    every = ("*.*", f"*.{group}" if group else "*")
    return named in (resource, *every, *(f"{any}/{sub}" for any in every if sub))


def _is_needed(kind: Kind) -> bool:
    return kind.needed and kind.name != "Secret"


def _resource(kind: Kind) -> str:
    return f"{kind.plural}.{kind.group}" if kind.group else kind.plural


def _called(word: str) -> str:
    """Return a resource by its whole name, as the server lists it."""
    plain, slash, sub = word.partition("/")
    kind = next((kind for kind in KINDS if kind.plural == plain), None)
    return (_resource(kind) if kind else plain) + slash + sub
