"""kubectl, read only: who we are, what we may do, logs and rollouts. Lists come from tools/cluster.py."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.failure import Failure, FailureKind
from tools.kinds import POLICY_REPORTS
from tools.run import run, run_json
from tools.sandbox import Sandbox

NO = re.compile(r"exit status 1(: Warning: .*)?")
"""How `kubectl auth can-i --quiet` says no; anything more on its last line is a reason why it does not know."""

RIGHT = re.compile(r"(\S*) +\[([^\]]*)\] +\[([^\]]*)\] +\[([^\]]*)\]")
"""A line of `kubectl auth can-i --list`: resource, URLs, names of objects, verbs."""

INCOMPLETE = "the list may be incomplete"
"""What kubectl warns of where one of the server's authorizers answers questions and lists nothing (EKS, GKE, AKS)."""

ROW = re.compile(r"^(\d{1,9})[ \t]+(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Rollout:
    """One revision of a workload. `cause` is its change-cause annotation, `<none>` where nobody wrote one."""

    revision: int
    cause: str


@dataclass(frozen=True, slots=True)
class Right:
    """What one rule lets an identity do: the resource as kubectl writes it (`deployments.apps`, `pods/exec`, `*.*`)."""

    resource: str
    names: tuple[str, ...]
    """The only objects it holds for, () for all."""
    verbs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rights:
    """Every rule of an identity in a namespace, as far as the server lists them."""

    listed: tuple[Right, ...]
    whole: bool


def version(box: Sandbox) -> str | Failure:
    """Return the client's version: `v1.36.3`."""
    found = run_json(["kubectl", "version", "--client", "--output=json"], box)
    client = _part(found, "clientVersion", "kubectl version")
    return client if isinstance(client, Failure) else str(client.get("gitVersion") or "")


def whoami(box: Sandbox) -> Mapping[str, Any] | Failure:
    """Return the identity the API server sees: username and groups."""
    found = run_json(["kubectl", "auth", "whoami", f"--context={box.context}", "--output=json"], box)
    status = _part(found, "status", "kubectl auth whoami")
    return status if isinstance(status, Failure) else _part(status, "userInfo", "kubectl auth whoami")


def can_i(box: Sandbox, verb: str, resource: str, namespace: str) -> bool | Failure:
    """Return whether this identity may do one thing in a namespace; a resource may be a subresource (`pods/exec`)."""
    plain, _, sub = resource.partition("/")  # kubectl would take what is behind a slash for an object's name
    target = [f"--context={box.context}", f"--namespace={namespace}", *([f"--subresource={sub}"] if sub else [])]
    found = run(["kubectl", "auth", "can-i", verb, plain, *target, "--quiet"], box)
    if not isinstance(found, Failure):
        return True
    said_no = found.kind is FailureKind.EXIT and NO.fullmatch(found.detail)
    return False if said_no else found


def rights(box: Sandbox, namespace: str) -> Rights | Failure:
    """Return everything this identity may do to objects of a namespace, and to those of none."""
    target = [f"--context={box.context}", f"--namespace={namespace}"]
    found = run(["kubectl", "auth", "can-i", "--list", "--no-headers", *target], box)
    if isinstance(found, Failure):
        return found
    rows = [RIGHT.fullmatch(line.rstrip()) for line in found.stdout.splitlines() if line.strip()]
    if found.truncated or not rows or None in rows:
        return Failure(FailureKind.MALFORMED, "kubectl auth can-i --list", "printed no list of rights")
    listed = [Right(row[1], tuple(row[3].split()), tuple(row[4].split())) for row in rows if row and row[1]]
    return Rights(tuple(listed), INCOMPLETE not in found.stderr.lower())


def refusal(box: Sandbox, namespace: str, objects: Sequence[Mapping[str, Any]]) -> Failure | None:
    """Return why the API server would not take some objects from helm, None where it would; nothing changes.

    Fields that others hold are not asked about here: who holds them is read from the objects themselves.
    """
    file = box.folder / "objects.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}), encoding="utf-8")
    where = [f"--context={box.context}", f"--namespace={namespace}", f"--filename={file}"]
    how = ["--server-side", "--force-conflicts", "--field-manager=helm"]
    found = run(["kubectl", "diff", *where, *how], box, timeout=60.0, cap=64 << 20, answers=(0, 1))
    return found if isinstance(found, Failure) else None


def keep_reports(box: Sandbox, reports: Sequence[Mapping[str, Any]]) -> Failure | None:
    """Have the cluster keep some PolicyReports, over those of the same name; return why it did not.

    Raises:
        ValueError: there is something else among them. Nothing else is ever written without an approved plan.

    """
    ours = {(kind.version, kind.name) for kind in POLICY_REPORTS}
    if any((report.get("apiVersion"), report.get("kind")) not in ours for report in reports):
        raise ValueError("only PolicyReports are written")
    file = box.folder / "policyreports.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(reports)}), encoding="utf-8")
    how = ["--server-side", "--force-conflicts", "--field-manager=bluehelm", "--output=name"]
    found = run(["kubectl", "apply", f"--context={box.context}", f"--filename={file}", *how], box, timeout=60.0)
    return found if isinstance(found, Failure) else None


def logs(box: Sandbox, namespace: str, pod: str, container: str, *, previous: bool = False) -> str | Failure:
    """Return the end of one container's log: at most 500 lines and 256 KiB, redacted."""
    bounds = ["--tail=500", "--limit-bytes=262144", *(["--previous"] if previous else [])]
    target = [f"--context={box.context}", f"--namespace={namespace}", f"--container={container}"]
    found = run(["kubectl", "logs", pod, *target, *bounds], box)
    return found if isinstance(found, Failure) else found.stdout


def rollout_status(box: Sandbox, namespace: str, workload: str, *, seconds: int = 30) -> str | Failure:
    """Return what kubectl says of a rollout (`deployment/web`) once it is done; a Failure when it is not in time."""
    target = [f"--context={box.context}", f"--namespace={namespace}", f"--timeout={seconds}s"]
    found = run(["kubectl", "rollout", "status", workload, *target], box, timeout=seconds + 5)
    return found if isinstance(found, Failure) else found.stdout.strip()


def rollout_history(box: Sandbox, namespace: str, workload: str) -> list[Rollout] | Failure:
    """Return a workload's revisions, oldest first."""
    target = [f"--context={box.context}", f"--namespace={namespace}"]
    found = run(["kubectl", "rollout", "history", workload, *target], box)
    if isinstance(found, Failure):
        return found
    return [Rollout(int(number), cause.strip()) for number, cause in ROW.findall(found.stdout)]


def _part(found: Any, key: str, what: str) -> Mapping[str, Any] | Failure:
    if isinstance(found, Failure):
        return found
    part = found.get(key) if isinstance(found, dict) else None
    return part if isinstance(part, dict) else Failure(FailureKind.MALFORMED, what, f"printed no {key}")
