"""What a chart would make of other values: rendered here, and asked of the server without changing anything."""

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.audit.inputs import is_hook
from agent.audit.normalise import is_masked
from agent.change.plan import DryRun
from agent.world.chart import Chart
from agent.world.release import Target
from tools import helm
from tools.failure import Failure, FailureKind
from tools.kubectl import refusal
from tools.sandbox import Sandbox
from tools.upgrade import Upgrade, dry_run

Objects = Sequence[Mapping[str, Any]]

CLIENT_ONLY = (
    (FailureKind.FORBIDDEN, re.compile(r'User ".*" cannot '), "this identity may not ask the server"),
    (FailureKind.MISSING, re.compile(""), "there is nothing here to ask the server with"),
    (FailureKind.EXIT, re.compile("no matches for kind"), "the server does not know a kind yet that comes along"),
    (FailureKind.EXIT, re.compile("failed to run .* not found in"), "kubectl asks by a diff that is missing"),
)
"""Why the server is not asked, where this machine's word has to do. A quota or a policy says `forbidden`, too: that is
the server's answer, and refuses the plan."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """What the values as they are and as they would be give, Secrets left out, and where the latter are written."""

    before: Objects
    after: Objects
    files: Sequence[Path]


def prospect(
    box: Sandbox,
    chart: Chart,
    files: Mapping[str, Path],
    after: Mapping[str, bytes],
    where: Target,
    version: str,
    *,
    over: bytes = b"",
) -> Prospect | Failure:
    """Return what the chart renders from the files as they are and as they would be.

    Args:
        box: where helm runs; the new files are written into it.
        chart: what is rendered.
        files: values file as shown -> where it is, in the order helm reads them.
        after: the same names -> what they would hold.
        where: the release.
        version: the cluster's, for charts that ask.
        over: a drill's value, laid over the files as they would be.

    """
    fresh = [_written(box, number, after[name]) for number, name in enumerate(files)]
    fresh += [_written(box, len(fresh), over)] if over else []
    with ThreadPoolExecutor(2) as workers:
        jobs = [
            workers.submit(helm.template, box, where.name, where.namespace, chart.path, given, kube_version=version)
            for given in (list(files.values()), fresh)
        ]
        one, other = (job.result() for job in jobs)
    if isinstance(one, Failure):
        return one
    return other if isinstance(other, Failure) else Prospect(one, other, fresh)


def asked(box: Sandbox, upgrade: Upgrade, objects: Objects, *, install: bool) -> DryRun:
    """Return what the server says of an upgrade: of its templates, asked by helm, and of its objects, by kubectl.

    Helm's dry run renders on the server and shows it no object: what an admission webhook, an immutable field or a
    limit below its request refuses, only the second one hears.
    """
    return _answer(dry_run(box, upgrade, install=install) or refusal(box, upgrade.namespace, _plain(objects)))


def asked_of(box: Sandbox, namespace: str, objects: Objects) -> DryRun:
    """Return what the server says of objects that others than helm apply."""
    return _answer(refusal(box, namespace, _plain(objects)))


def _answer(said: Failure | None) -> DryRun:
    if said is None:
        return DryRun("server", "")
    why = next((text for kind, words, text in CLIENT_ONLY if said.kind is kind and words.search(said.detail)), "")
    return DryRun("client", f"{why}: {said.detail}") if why else DryRun("server", str(said), refused=True)


def _plain(objects: Objects) -> list[Mapping[str, Any]]:
    """Return the objects that may be shown to the server: hooks are made later, and a hidden value is none of it."""
    return [obj for obj in objects if not is_hook(obj) and not _holds_mask(obj)]


def _holds_mask(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_mask, value.values()))
    return any(map(_holds_mask, value)) if isinstance(value, list) else is_masked(value)


def hooks(objects: Objects) -> int:
    """Return how many of the rendered objects helm runs as hooks of an upgrade."""
    return sum(is_hook(obj) for obj in objects)


def _written(box: Sandbox, number: int, content: bytes) -> Path:
    path = box.folder / f"values-{number}.yaml"
    path.touch(mode=0o600)
    path.write_bytes(content)
    return path
