"""A plan: one change with everything it rests on, sealed. Pure: bytes in, bytes out.

A plan is its canonical bytes (JSON, keys sorted, UTF-8) and its name is their sha256: whoever approves the name
approves the bytes. It holds no secret: values files are named by digest, edits by the text they put in place of
another.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from agent.blueprint.control import Profile
from agent.change.request import Request
from agent.change.splice import FileEdit
from agent.kube.gitsources import Source
from tools.failure import Failure, FailureKind

SCHEMA = "bluehelm/plan/v1"

LIVES: Mapping[Profile, timedelta] = {Profile.DEV: timedelta(minutes=30), Profile.PROD: timedelta(minutes=10)}
"""How long a plan may wait for the person who asked for it."""

LIVES_FOR_ANOTHER = timedelta(hours=8)
"""How long one may wait for a second person."""

LARGEST = 16 << 20
"""Bytes of a plan at most."""

JSON = str | int | float | bool | None | list[Any] | dict[str, Any]


class Action(StrEnum):
    """What a plan does."""

    UPGRADE = "upgrade"
    """`helm upgrade` with the values a blueprint states."""
    INSTALL = "install"
    """The first revision of a release."""
    REVERT = "revert"
    """`git revert` of a plan's commit, and `helm upgrade` with what that leaves."""
    RECOVER = "recover"
    """`helm rollback` out of a pending state."""
    UNDO = "undo"
    """`kubectl rollout undo`: break-glass, the values file is then ahead of what runs."""
    DRILL = "drill"
    """A failure that a checklist or scenario asks to be tried."""
    CLUSTER = "cluster"
    """`minikube start` or an addon, as a cluster control names it."""


@dataclass(frozen=True, slots=True)
class Target:
    """Which release of which cluster. The cluster is known by what cannot be given to another one."""

    context: str
    server: str
    authority: str
    """sha256 of the certificate authority, "" for the system's."""
    cluster: str
    """UID of the namespace kube-system."""
    namespace: str
    release: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asked for it: the user of this machine, and the name and groups the API server knows them by."""

    user: str
    name: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """One program that will run: its name, absolute path, version and the sha256 of its file."""

    name: str
    path: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the change was computed from, so that any of it moving is noticed."""

    repository: str
    """Top folder of the git repository, "" for none."""
    head: str
    """The commit it was in."""
    files: Mapping[str, str]
    """Absolute path -> sha256: blueprints, values files and every file of the chart."""
    programs: tuple[Program, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """One live object as it was: its identity, and the digest of what a person or helm states in it."""

    kind: str
    namespace: str
    name: str
    uid: str
    generation: int
    spec: str
    """sha256 of the object without status and without what controllers churn."""

    def __str__(self) -> str:
        """`Deployment/shop/web`."""
        return "/".join(part for part in (self.kind, self.namespace, self.name) if part)


@dataclass(frozen=True, slots=True)
class Base:
    """The release and its objects as they were. Revision 0 is a release that does not exist yet."""

    revision: int
    status: str
    manifest: str
    """sha256 of the stored manifest, Secrets left out."""
    values: str
    """sha256 of the values the release was given, as they may be shown."""
    objects: tuple[Seen, ...]
    server_side: bool
    """Whether its last revision was applied by the server, which is how the next one will be."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of one rendered object: from what to what, as text."""

    kind: str
    namespace: str
    name: str
    pointer: str
    old: str
    new: str

    @property
    def object(self) -> str:
        """Return `Deployment/shop/web`."""
        return "/".join(part for part in (self.kind, self.namespace, self.name) if part)


@dataclass(frozen=True, slots=True)
class Change:
    """One value, the control that justifies it, and the fields it decides."""

    control: str
    source: str
    """`blueprints/service.md:23`"""
    row: str
    """What the row says, word for word."""
    fingerprint: str
    path: str
    """The values path."""
    file: str
    """The values file as a person knows it."""
    line: int
    """Where the value stands in it, 0 where the key is added."""
    old: JSON
    new: JSON
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field another manager owns, so that helm's server-side apply will refuse."""

    object: str
    pointer: str
    manager: str
    operation: str
    subresource: str
    why: str
    """One sentence: whose it is, and what would end the conflict."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """What the API server said of the upgrade before it happens."""

    by: str
    """`server`, or `client` where the server could not be asked."""
    said: str
    """Why it was refused, or why only the client was asked; "" where all is well."""
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Effects:
    """How far the change reaches."""

    changed: tuple[str, ...]
    created: tuple[str, ...]
    deleted: tuple[str, ...]
    restarted: tuple[str, ...]
    """Workloads whose pods are replaced."""
    pods: int
    """How many pods that is now."""
    forbidden: tuple[str, ...]
    """What no plan may do, each in a sentence; empty in every plan that may be approved."""


@dataclass(frozen=True, slots=True)
class Return:
    """The way back."""

    revision: int
    manifest: str
    """sha256 of the manifest that will then be in force."""
    command: str
    """What a person types."""


@dataclass(frozen=True, slots=True)
class Promise:
    """A row that a drill answers."""

    control: str
    source: str
    says: str
    seconds: int
    """How long it may take, 0 where the row gives no time."""
    idle: int | None = None
    """Of what follows the end of a load: the seconds of idling before it, None for what happens under the load."""


@dataclass(frozen=True, slots=True)
class Drill:
    """What is tried: a pod is deleted, one value is given that cannot work, or something is asked by HTTP."""

    tried: str
    workload: str
    """`Deployment/shop/web`."""
    broken: Mapping[str, JSON]
    """Values path -> the value that cannot work; empty where a pod is deleted or asked."""
    promises: tuple[Promise, ...]
    request: Request | None = None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where a change belongs that a GitOps tool would undo here: such a plan is never applied, only handed over."""

    keeper: str
    """`Argo CD's Application shop in argocd`."""
    sources: tuple[Source, ...]
    """What the tool applies; () where nobody could read it."""
    holder: str
    """The tool's own values that decide these, "" where its files do."""
    values: str
    """The YAML to merge into those."""
    home: tuple[Source, ...]
    """Where the tool's own object is kept."""
    unread: str = ""
    """Why the sources are not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One change. Everything a person sees before they approve it is rendered from this."""

    schema: str = SCHEMA
    action: Action
    created: str
    """RFC 3339, UTC."""
    expires: str
    version: str
    """Of this program."""
    profile: Profile
    target: Target
    actor: Actor
    applier: str = ""
    """The identity that applies it, "" for the one that planned it."""
    protected: bool
    """Whether it needs a reason and the release's name typed."""
    inputs: Inputs
    chart: str = ""
    """Its folder."""
    values: tuple[str, ...] = ()
    """The values files that were named over the chart's own."""
    blueprints: str = ""
    """The folder they are in."""
    base: Base
    changes: tuple[Change, ...] = ()
    edits: tuple[FileEdit, ...] = ()
    rendered: str = ""
    """sha256 of the manifest that the new values give, Secrets left out; "" where nothing is rendered."""
    diff: str = ""
    """Unified diff of the rendered objects, Secrets left out."""
    dry_run: DryRun
    conflicts: tuple[Conflict, ...] = ()
    effects: Effects
    argv: tuple[tuple[str, ...], ...]
    """The commands that will run, in this order, exactly."""
    undo: tuple[tuple[str, ...], ...] = ()
    """The commands that take them back where what follows is worse than before."""
    seconds: int
    """How long helm may wait for each thing it waits for."""
    hooks: int = 0
    """How many hooks helm runs, each with that time again."""
    rollback: Return
    failing: tuple[str, ...] = ()
    """The release's workloads that fail without this change; of a plan that takes one back, that will fail again."""
    notes: tuple[str, ...] = ()
    """What a person should know, each in a sentence."""
    drill: Drill | None = None
    """Of a drill: what is tried, and what the blueprints promise of it."""
    for_another: bool = False
    """Whether somebody else than who planned it approves it: by a signature, for they sit at another terminal."""
    elsewhere: Elsewhere | None = None
    """Of a release that a GitOps tool keeps: where the change belongs."""

    @property
    def summary(self) -> str:
        """Return the controls it carries out: `SVC-BE-MEM-LIMIT, SVC-BE-IMAGE`."""
        return ", ".join(dict.fromkeys(change.control for change in self.changes))

    def has_expired(self, now: datetime) -> bool:
        """Return whether its time is up."""
        return now >= datetime.fromisoformat(self.expires)


def content(plan: Plan) -> bytes:
    """Return a plan's canonical bytes."""
    import orjson

    return orjson.dumps(asdict(plan), option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def digest(sealed: bytes) -> str:
    """Return the sha256 of some bytes, in hex: of a plan's, its name."""
    return hashlib.sha256(sealed).hexdigest()


def parse(sealed: bytes, name: str) -> Plan | Failure:
    """Return the plan that some bytes hold; a Failure where they are not what their name was given to."""
    if digest(sealed) != name:
        return Failure(FailureKind.MALFORMED, f"plan {name[:12]}", "its content is not what was sealed")
    from pydantic import TypeAdapter, ValidationError

    try:
        plan = TypeAdapter(Plan).validate_json(sealed)
    except ValidationError:
        return Failure(FailureKind.MALFORMED, f"plan {name[:12]}", f"not a plan of this version ({SCHEMA})")
    if plan.schema != SCHEMA:
        return Failure(FailureKind.MALFORMED, f"plan {name[:12]}", f"schema {plan.schema}, this reads {SCHEMA}")
    return plan


def times(profile: Profile, now: datetime, *, for_another: bool = False) -> tuple[str, str]:
    """Return when a plan made now was created and when it expires."""
    lives = LIVES_FOR_ANOTHER if for_another else LIVES[profile]
    return written(now), written(now + lives)


def written(moment: datetime) -> str:
    """Return a moment as plans and the ledger write it: RFC 3339, UTC, whole seconds."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")
