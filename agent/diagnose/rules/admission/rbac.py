"""What the API server forbids a pod: a role without the verb, a binding for another account, no token at all."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, finding
from agent.diagnose.logs import log_line, unready
from agent.diagnose.modes import Mode
from agent.diagnose.registry import rule
from agent.kube.containers import Container
from agent.kube.edits import edit, pod_edits
from agent.kube.fields import spec
from agent.kube.remedies import END, Command, Edit, kubectl
from agent.kube.wording import listed, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref

MOUNTED = "/var/run/secrets/kubernetes.io/serviceaccount"

_FORBIDDEN = re.compile(
    r'cannot (?P<verb>[a-z]+) (?:resource )?\\?"?(?P<resource>[a-z][\w./-]*)\\?"?'
    r'(?: in API group \\?"(?P<group>[\w.-]*)\\?")?'
    r'(?: in the namespace \\?"(?P<space>[\w-]+)\\?"| at the cluster scope)?'
)
_USER = re.compile(r'forbidden: User \\?"system:serviceaccount:(?P<namespace>[\w-]+):(?P<account>[\w.-]+)\\?"')
_NO_TOKEN = re.compile(rf"{MOUNTED}/?(?:token|ca\.crt)?\b.*|unable to load in-cluster configuration")
_ABSENT = re.compile(r"[Nn]o such file|ENOENT|not found|unable to load in-cluster|cannot find|does not exist")


@dataclass(frozen=True, slots=True)
class Refused:
    """One request the API server forbade."""

    account: Ref
    verb: str
    resource: str
    group: str
    namespace: str
    """"" at cluster scope."""
    shown: Evidence

    @property
    def said(self) -> str:
        """`list deployments.apps in namespace shop`."""
        what = f"{self.resource}.{self.group}" if self.group else self.resource
        return f"{self.verb} {what} {f'in namespace {self.namespace}' if self.namespace else 'at the cluster scope'}"


@rule(modes.RBAC_FORBIDDEN, on="Pod")
def forbidden(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The pod's account may not do what it asks of the API, and a role it has comes near, or none does."""
    for refused, container in _refusals(pod, graph):
        grants = list(_grants(refused.account, graph))
        if _allowed(refused, grants) or _elsewhere(refused, graph):
            continue
        near = [name for name, rules, _ in grants if _covers_resource(rules, refused)]
        why = f"{listed(near)} lets it do other things with them" if near else _nothing(refused, grants, graph)
        cause = f"{said(refused.account)} may not {refused.said}, which container {container.name} asks for: {why}"
        group, where = refused.group or '""', near[0] if near else "a role of it"
        fix = Fix(
            f"Add verb {refused.verb} for {refused.resource} (API group {group}) to {where}",
            (*_verb_edits(refused, graph), _may_it(refused)),
        )
        yield _finding(modes.RBAC_FORBIDDEN, container, graph, cause, fix, refused)


def _may_it(refused: Refused) -> Command:
    account = f"system:serviceaccount:{refused.account.namespace}:{refused.account.name}"
    place = refused.namespace or "default"
    return kubectl("auth", "can-i", refused.verb, refused.resource, "-n", place, f"--as={account}")


def _verb_edits(refused: Refused, graph: Graph) -> tuple[Edit, ...]:
    """Return the edit that adds the verb to the one rule of the account's roles that speaks of the resource."""
    found = [
        (role, index)
        for role in _roles(refused.account, graph)
        for index, one in enumerate(role.get("rules") or ())
        if _covers(one, refused) and not one.get("resourceNames")
    ]
    if len(found) != 1:
        return ()
    role, index = found[0]
    return (edit(role, ("rules", index, "verbs", END), refused.verb),)


def _roles(account: Ref, graph: Graph) -> Iterator[Object]:
    """Yield the roles bound to an account."""
    for binding in _bindings(graph):
        if any(_is_subject(subject, account, binding) for subject in binding.get("subjects") or ()):
            wanted = binding.get("roleRef") or {}
            home = ref(binding).namespace if wanted.get("kind") == "Role" else ""
            role = graph.get(str(wanted.get("kind")), home, str(wanted.get("name")))
            if role is not None:
                yield role


def _nothing(refused: Refused, grants: Sequence[Any], graph: Graph) -> str:
    if not graph.snapshot.knows("RoleBinding"):
        return "no role that it has allows it"
    names = listed(name for name, _, _ in grants)
    return f"{names} {'does' if len(grants) == 1 else 'do'} not grant it" if names else "no role is bound to it"


@rule(modes.ROLEBINDING_WRONG_SUBJECT, on="Pod")
def wrong_subject(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The role that would allow it is bound, to an account the pod does not run as."""
    for refused, container in _refusals(pod, graph):
        found = None if _allowed(refused, list(_grants(refused.account, graph))) else _elsewhere(refused, graph)
        if found is None:
            continue
        binding, role, others = found
        names = listed(others) or "nobody"
        cause = (
            f"container {container.name} runs as {said(refused.account)}, which may not {refused.said}: "
            f"{said(ref(binding))} gives {role} to {names} instead"
        )
        account, pod_space = others[0] if len(others) == 1 else "", ref(binding).namespace or ref(pod).namespace
        fix = Fix(
            f"Run as {account}, or bind the role to {refused.account.name}"
            if account
            else f"Bind the role to {refused.account.name}",
            (
                *(pod_edits(pod, graph, ("serviceAccountName",), account) if account and "/" not in account else ()),
                kubectl("describe", ref(binding).kind.lower(), ref(binding).name, namespace=pod_space),
            ),
            ("serviceAccountName",),
        )
        yield _finding(modes.ROLEBINDING_WRONG_SUBJECT, container, graph, cause, fix, refused, binding)


def _finding(
    mode: Mode,
    container: Container,
    graph: Graph,
    cause: str,
    fix: Fix,
    refused: Refused,
    binding: Object | None = None,
) -> Finding:
    shown = [refused.shown]
    if binding is not None:
        shown.append(Evidence(ref(binding), "/subjects", str(binding.get("subjects"))))
    known = graph.snapshot.knows("RoleBinding")
    confidence = Confidence.CERTAIN if known else Confidence.LIKELY
    return finding(mode, container, graph, cause, fix, shown, confidence)


def _refusals(pod: Object, graph: Graph) -> Iterator[tuple[Refused, Container]]:
    for container in unready(pod, graph):
        shown = log_line(container, graph, _USER)
        user = _USER.search(shown.text) if shown else None
        asked = _FORBIDDEN.search(shown.text, user.end()) if shown and user else None
        if shown and user and asked:
            resource, _, group = asked["resource"].partition(".")
            account = Ref("ServiceAccount", user["namespace"], user["account"])
            space = asked["space"] or ""
            yield Refused(account, asked["verb"], resource, asked["group"] or group, space, shown), container


def _bindings(graph: Graph) -> Iterator[Object]:
    yield from graph.all("RoleBinding")
    yield from graph.all("ClusterRoleBinding")


def _grants(account: Ref, graph: Graph) -> Iterator[tuple[str, Sequence[Mapping[str, Any]], str]]:
    """Yield (role in words, its rules, namespace it counts in or "" for all) of what is bound to an account."""
    for binding in _bindings(graph):
        if any(_is_subject(subject, account, binding) for subject in binding.get("subjects") or ()):
            yield _grant(binding, graph)


def _grant(binding: Object, graph: Graph) -> tuple[str, Sequence[Mapping[str, Any]], str]:
    wanted, namespace = binding.get("roleRef") or {}, ref(binding).namespace
    kind, name = str(wanted.get("kind")), str(wanted.get("name"))
    role = graph.get(kind, namespace if kind == "Role" else "", name)
    return f"{kind} {name}", (role or {}).get("rules") or (), namespace


def _is_subject(subject: Mapping[str, str], account: Ref, binding: Object) -> bool:
    if subject.get("kind") == "ServiceAccount":
        home = subject.get("namespace") or ref(binding).namespace
        return (subject.get("name"), home) == (account.name, account.namespace)
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{account.namespace}", "system:authenticated")
    user = f"system:serviceaccount:{account.namespace}:{account.name}"
    return subject.get("name") in (groups if subject.get("kind") == "Group" else (user,))


def _allowed(refused: Refused, grants: Sequence[tuple[str, Sequence[Mapping[str, Any]], str]]) -> bool:
    """Return whether what is bound now allows it: then the refusal is history."""
    return any(_allows(rules, refused) and place in ("", refused.namespace) for _, rules, place in grants)


def _allows(rules: Sequence[Mapping[str, Any]], refused: Refused) -> bool:
    return any(_covers(one, refused) and not one.get("resourceNames") for one in rules if _has_verb(one, refused))


def _has_verb(one: Mapping[str, Any], refused: Refused) -> bool:
    return bool({refused.verb, "*"} & set(one.get("verbs") or ()))


def _covers(one: Mapping[str, Any], refused: Refused) -> bool:
    groups, resources = set(one.get("apiGroups") or ()), set(one.get("resources") or ())
    return bool({refused.group, "*"} & groups) and bool({refused.resource, "*"} & resources)


def _covers_resource(rules: Sequence[Mapping[str, Any]], refused: Refused) -> bool:
    return any(_covers(one, refused) for one in rules)


def _elsewhere(refused: Refused, graph: Graph) -> tuple[Object, str, list[str]] | None:
    """Return (binding, role in words, its accounts) where a role that allows it is bound to others near by.

    Near is a binding in the pod's own namespace, or one whose account is of that namespace: a cluster has many roles
    that allow anything, for others.
    """
    for binding in _bindings(graph):
        subjects = [item for item in binding.get("subjects") or () if item.get("kind") == "ServiceAccount"]
        near = [
            item for item in subjects if (item.get("namespace") or ref(binding).namespace) == refused.account.namespace
        ]
        name, rules, place = _grant(binding, graph)
        misplaced = bool(subjects) and not near and ref(binding).namespace == refused.account.namespace
        if (near or misplaced) and _allows(rules, refused) and place in ("", refused.namespace):
            shown = [
                item if near else {**item, "name": f"{item.get('namespace')}/{item.get('name')}"} for item in subjects
            ]
            return binding, name, [str(item.get("name")) for item in shown]
    return None


@rule(modes.TOKEN_NOT_MOUNTED, on="Pod")
def token_not_mounted(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A container looks for its account's token, and none is mounted."""
    holder = _switched_off(pod, graph)
    for container in unready(pod, graph) if holder else ():
        shown = log_line(container, graph, _NO_TOKEN)
        if shown is None or not _ABSENT.search(shown.text) or _mounts(container):
            continue
        where = said(holder) if holder and holder.kind == "ServiceAccount" else "its pod template"
        cause = (
            f"container {container.name} looks for its account's token, which is not mounted: "
            f"automountServiceAccountToken is false in {where}"
        )
        fix = Fix(
            "Mount the token where the program talks to the API",
            _mounting(holder, pod, graph),
            ("automountServiceAccountToken",),
        )
        own = holder is None or holder.kind != "ServiceAccount"
        pointer = f"{'/spec/template/spec' if own else ''}/automountServiceAccountToken"
        proof = (Evidence(holder or ref(pod), pointer, "false"), shown)
        yield finding(modes.TOKEN_NOT_MOUNTED, container, graph, cause, fix, proof, Confidence.CERTAIN)


def _mounting(holder: Ref | None, pod: Object, graph: Graph) -> tuple[Edit, ...]:
    """Return the edit that switches mounting on where it is off: in the account, or in the pod template."""
    account = graph.get(*holder) if holder is not None and holder.kind == "ServiceAccount" else None
    field = ("automountServiceAccountToken",)
    return (edit(account, field, value=True),) if account is not None else pod_edits(pod, graph, field, value=True)


def _switched_off(pod: Object, graph: Graph) -> Ref | None:
    """Return where mounting the token is switched off: in the pod, or in its account where the pod does not say."""
    own = spec(pod).get("automountServiceAccountToken")
    if own is not None:
        return ref(graph.workload(pod)) if own is False else None
    account = graph.get("ServiceAccount", ref(pod).namespace, spec(pod).get("serviceAccountName") or "default")
    return ref(account) if account is not None and account.get("automountServiceAccountToken") is False else None


def _mounts(container: Container) -> bool:
    mounts = container.spec.get("volumeMounts") or ()
    return any(str(mount.get("mountPath") or "").rstrip("/") == MOUNTED for mount in mounts)


RULES = (forbidden, wrong_subject, token_not_mounted)
