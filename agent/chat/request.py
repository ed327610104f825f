"""A question becomes operations: what it wants, of which objects, with which arguments."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from agent.chat import details
from agent.chat.call import Call, Reason, Turned, Understood
from agent.chat.intent import Intent, intents
from agent.chat.lexicon import CUES, FUNCTION_WORDS
from agent.chat.meaning import code_of
from agent.chat.seen import Seen
from agent.chat.targets import MOST, one, owner, running, targets
from agent.chat.turning import CHANGE, HELP, STRANGE
from agent.diagnose.words import WORDS
from agent.kube.names import KINDS
from agent.snapshot.record import Ref
from tools.kinds import BY_NAME

SCALER = "HorizontalPodAutoscaler"

Asked = Sequence[Call] | Turned


def understood(seen: Seen) -> Understood | Turned:
    """Return the operations a question comes to; what is missing, or why it gets none."""
    wanted = intents(seen.asked.plain, seen.asked.text)
    again = Intent(seen.memory.intent) if seen.memory.intent and _AGAIN.match(seen.asked.plain) else None
    intent = wanted[0] if wanted else again or _bare(seen)
    if _STRANGE_WORD.search(seen.asked.plain) and code_of(seen.asked) in WORDS:
        intent = Intent.MEANING
    if seen.asked.pasted and seen.subjects.meant and intent in (None, Intent.HELP):
        intent = Intent.WHY
    if intent is None:
        return Turned(Reason.MISSING, "; ".join(seen.subjects.absent)) if seen.subjects.absent else STRANGE
    if seen.place.absent:
        return Turned(Reason.MISSING, f"there is no namespace {seen.place.absent} here")
    made = _MAKERS[intent](seen)
    if isinstance(made, Turned):
        return made
    notes = [*seen.notes, *(note for meant in seen.subjects.meant for note in meant.notes)]
    return Understood(intent.value, tuple(made), tuple(notes))


_STRANGE_WORD = re.compile(r"\bwhat is (?:that|this|it)\b|\b(?:never|not) (?:seen|heard)\b|\bdo not know what\b")
"""How one asks for the meaning of a word that one saw."""

_WELL = re.compile(r"\b(?:healthy|health|ok|okay|fine|well|good shape)\b")
_AGAIN = re.compile(r"(?:and|what about|how about|same|also|now|or|then)\b")
"""How one asks the same of another object or place."""


def _bare(seen: Seen) -> Intent | None:
    """Return what is wanted of an object that is only named: how it is."""
    return Intent.WHY if seen.subjects.meant else Intent.LIST if details.kind(seen.asked) else None


def _why(seen: Seen) -> Asked:
    found = targets(seen, trouble=True)
    if isinstance(found, Turned):
        return found
    if not found and seen.place.namespace and _WELL.search(seen.asked.plain):
        return _health(seen)
    if not found and seen.asked.plain.startswith("status") and not seen.place.namespace:
        return _health(seen)
    return [_about("diagnose", name) for name in found] or [_everywhere("diagnose", seen)]


def _about(operation: str, name: Ref, **more: object) -> Call:
    """Return an operation about one object; what has no diagnosis of its own is shown with what belongs to it."""
    if operation == "diagnose" and name.kind not in KINDS:
        operation = "tree"
    return Call(operation, {"subject": spelled(name), **more}, name, name.namespace)


def spelled(name: Ref) -> str:
    """`deploy/web`: an object as kubectl takes it."""
    return f"{BY_NAME[name.kind].word}/{name.name}"


def _everywhere(operation: str, seen: Seen, **values: object) -> Call:
    """Return an operation about a whole namespace, or all of them."""
    return Call(operation, values, None, seen.namespace, everywhere=not seen.namespace)


def _health(seen: Seen) -> Asked:
    found = targets(seen)
    if isinstance(found, tuple) and found:
        return _why(seen)
    whole = not seen.place.namespace and (seen.place.everywhere or "namespace" not in seen.asked.plain)
    since = details.since(seen.asked)
    return [Call("health", {"since": since} if since else {}, None, "" if whole else seen.namespace, everywhere=whole)]


def _scaling(seen: Seen) -> Asked:
    found = targets(seen)
    if isinstance(found, Turned):
        return found
    at = {"at": details.load(seen.asked)} if details.load(seen.asked) else {}
    if not found:
        return [_everywhere("scaling", seen, **at)]
    return [
        Call(
            "scaling",
            {"subject": spelled(name if name.kind == SCALER else owner(name, seen)), **at},
            name,
            name.namespace,
        )
        for name in found
    ]


def _spread(operation: str, seen: Seen, **values: object) -> Asked:
    """Return an operation about what is named, or about all there is."""
    found = targets(seen)
    if isinstance(found, Turned):
        return found
    return [_about(operation, name, **values) for name in found] or [_everywhere(operation, seen, **values)]


def _changes(seen: Seen) -> Asked:
    since = details.since(seen.asked)
    return _spread("changes", seen, **({"since": since} if since else {}))


def _events(seen: Seen) -> Asked:
    warnings = {"warnings": True} if re.search(r"\bwarnings?\b|\berrors?\b|\bbad\b", seen.asked.plain) else {}
    since = {"since": span} if (span := details.since(seen.asked)) else {}
    return _spread("events", seen, **warnings, **since)


def _logs(seen: Seen) -> Asked:
    found = one(seen, "logs")
    if isinstance(found, Turned):
        return found
    asked = seen.asked
    parts: dict[str, object] = {
        "container": details.container(asked), "grep": details.search(asked), "tail": details.lines(asked),
        "since": details.since(asked), "previous": details.previous(asked),
    }  # fmt: skip
    values = {key: value for key, value in parts.items() if value}
    names = targets(seen, trouble=True)
    each = names if isinstance(names, tuple) and names else (found,)
    return [_about("logs", running(name, seen), **values) for name in each[:MOST]]


def _usage(seen: Seen) -> Asked:
    sort = (
        "memory" if re.search(r"\bmem\w*\b|\bram\b", seen.asked.plain) else "cpu" if "cpu" in seen.asked.plain else ""
    )
    more = {"sort": sort} if sort else {}
    found = targets(seen)
    if isinstance(found, Turned):
        return found
    if not found:
        what = "nodes" if details.kind(seen.asked) == "Node" else "pods"
        return [_everywhere("top", seen, what=what, **more)]
    return [Call("top", {"what": spelled(running(name, seen)), **more}, name, name.namespace) for name in found]


def _list(seen: Seen) -> Asked:
    asked = seen.asked
    if re.search(r"\b(?:controls?|blueprints?)\b", asked.plain):
        return [Call("blueprint list")]
    wanted = details.kind(asked, used=seen.subjects.used)
    found = targets(seen)
    if isinstance(found, Turned):
        return found
    if found and (not wanted or wanted == found[0].kind) and not details.selector(asked):
        shown = re.search(r"^(?:please |kubectl )*(?:get|show|list|display|print)\b", asked.plain) is not None
        return [_got(name) for name in found] if shown and wanted else _why(seen)
    if found:
        return [_about("tree", name) for name in found]
    return [_everywhere("get", seen, **_filters(seen, wanted or "Pod"))]


def _got(name: Ref) -> Call:
    return Call("get", {"kind": BY_NAME[name.kind].plural, "name": name.name}, name, name.namespace)


def _filters(seen: Seen, kind: str) -> dict[str, object]:
    parts = {"selector": details.selector(seen.asked), "status": details.state(seen.asked)}
    return {"kind": BY_NAME[kind].plural, **{key: value for key, value in parts.items() if value}}


def _count(seen: Seen) -> Asked:
    asked = seen.asked
    if re.search(r"\brestart\w*\b", asked.plain):
        return _why(seen)
    if re.search(r"\breplicas?\b", asked.plain):
        return _spread_get(seen)
    if re.search(r"\breleases?\b", asked.plain):
        return _releases(seen)
    found = targets(seen)
    if isinstance(found, tuple) and found:
        return _spread_get(seen)
    return [_everywhere("get", seen, **_filters(seen, details.kind(asked, used=seen.subjects.used) or "Pod"))]


def _spread_get(seen: Seen) -> Asked:
    found = targets(seen)
    if isinstance(found, Turned):
        return found
    return [_got(owner(name, seen)) for name in found] or [_everywhere("get", seen, kind="deployments")]


def _should(seen: Seen) -> Asked:
    asked = seen.asked
    known = {control.id for control in seen.blueprints.controls}
    ids = [name for name in details.controls(asked) if name in known]
    if ids:
        return [Call("blueprint show", {"name": name}) for name in ids[:MOST]]
    found = list(details.paths(asked))
    if found:
        return [Call("why", {"value": path}) for path in found[:MOST]]
    return [Call("blueprint search", {"words": tuple(_telling(seen))})]


def _telling(seen: Seen) -> list[str]:
    """Return the words of a question that say which row is meant; what `it` is comes from before."""
    ordinary = FUNCTION_WORDS | {"blueprint", "blueprints", "spec", "specs", "value", "values", "supposed", "expected"}
    words = [word for word in seen.asked.words if word.lower() not in ordinary]
    named = [name.name for meant in seen.subjects.meant for name in meant.refs[:1]]
    if not named and seen.memory.subject is not None:
        named = [seen.memory.subject.name]
    return [*words, *(name for name in named if name not in words)]


def _compliant(seen: Seen) -> Asked:
    namespace = seen.place.namespace or next((name.namespace for item in seen.subjects.meant for name in item.refs), "")
    namespace = namespace or seen.home
    return [Call("audit", {}, None, namespace, everywhere=not namespace)]


def _checklist(seen: Seen) -> Asked:
    names = {control.blueprint for control in seen.blueprints.controls}
    found = next((word for word in seen.asked.words if word.lower() in names), "")
    return [_everywhere("verify", seen, **({"blueprint": found.lower()} if found else {}))]


def _tree(seen: Seen) -> Asked:
    found = one(seen, "what belongs together", trouble=False)
    return found if isinstance(found, Turned) else [_about("tree", found)]


def _fix(seen: Seen) -> Asked:
    return _why(seen)


def _propose(seen: Seen) -> Asked:
    known = {control.id for control in seen.blueprints.controls}
    named = [name for name in details.controls(seen.asked) if name in known] or list(details.paths(seen.asked))
    if named:
        return [Call("plan", {"what": tuple(named)}, None, seen.namespace)]
    if (
        re.search(r"\b(?:blueprints?|drift\w*|audit|compl\w+|everything|all|deviation\w*|spec)\b", seen.asked.plain)
        and not seen.subjects.meant
    ):
        return [Call("plan", {}, None, seen.namespace)]
    found = one(seen, "a plan")
    if isinstance(found, Turned):
        return found
    name = owner(found, seen)
    return [Call("plan", {"what": (spelled(name),)}, name, name.namespace)]


_DOCKER = frozenset(("container", "containers", "image", "docker", "compose", "docker-compose"))


def _container(seen: Seen) -> Asked:
    if seen.subjects.meant and "docker" not in seen.asked.plain and "compose" not in seen.asked.plain:
        return _why(seen)
    words = list(seen.asked.words)
    after = next((place for place, word in enumerate(words) if word.lower() in _DOCKER), 0)
    near = (*seen.asked.quoted, *words[after:], *reversed(words[:after]))
    name = next((word for word in near if word.lower() not in (FUNCTION_WORDS | CUES | _DOCKER)), "")
    if not name:
        return Turned(Reason.MISSING, "which container? Name it as `docker ps` does")
    return [Call("debug", {"name": name})]


def _meaning(seen: Seen) -> Asked:
    known = {control.id for control in seen.blueprints.controls}
    if known & set(details.controls(seen.asked)):
        return _should(seen)
    code = code_of(seen.asked)
    if code:
        return [Call("explain", {"code": code})]
    return _why(seen) if seen.subjects.meant else [Call("explain")]


def _releases(seen: Seen) -> Asked:
    here = [item for item in seen.graph.snapshot.releases if seen.namespace in ("", item.namespace)]
    named = [item for item in here if item.name in seen.asked.words]
    if len(named) == 1:
        return [Call("releases", {"name": named[0].name}, None, named[0].namespace)]
    return [_everywhere("releases", seen)]


def _change(seen: Seen) -> Asked:
    """Return that nothing is changed here, and what would plan it for the object that is meant."""
    found = targets(seen)
    if not isinstance(found, tuple) or not found or found[0].kind not in KINDS:
        return CHANGE
    name = owner(found[0], seen)
    place = f" --namespace={name.namespace}" if name.namespace else ""
    return replace(CHANGE, choices=(f"agent plan {spelled(name)}{place}", "agent apply PLAN"))


def _ledger(_: Seen) -> Asked:
    return [Call("history")]


def _access(_: Seen) -> Asked:
    return [Call("doctor")]


_MAKERS: Mapping[Intent, Callable[[Seen], Asked]] = {
    Intent.WHY: _why,
    Intent.HEALTH: _health,
    Intent.SCALING: _scaling,
    Intent.CHANGES: _changes,
    Intent.EVENTS: _events,
    Intent.LOGS: _logs,
    Intent.USAGE: _usage,
    Intent.LIST: _list,
    Intent.COUNT: _count,
    Intent.SHOULD: _should,
    Intent.COMPLIANT: _compliant,
    Intent.CHECKLIST: _checklist,
    Intent.TREE: _tree,
    Intent.FIX: _fix,
    Intent.PROPOSE: _propose,
    Intent.CONTAINER: _container,
    Intent.MEANING: _meaning,
    Intent.RELEASES: _releases,
    Intent.LEDGER: _ledger,
    Intent.ACCESS: _access,
    Intent.CHANGE: _change,
    Intent.HELP: lambda _: HELP,
}
