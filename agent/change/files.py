"""The edits of values files that a proposal comes to: which file, which characters, what a person sees of it. Pure."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from agent.blueprint.control import Profile
from agent.blueprint.values import keys, parse
from agent.change.gate import Wanted
from agent.change.plan import digest
from agent.change.profiles import Contents, OtherProfile
from agent.change.reach import Pair
from agent.change.splice import FileEdit, Splice, spliced
from agent.change.values import edited
from tools.failure import Failure, FailureKind
from tools.redact import redact

AROUND = 3
"""Lines shown around a change."""


@dataclass(frozen=True, slots=True)
class Edited:
    """One file with the values it is to have."""

    name: str
    paths: tuple[str, ...]
    """The values it sets."""
    splices: tuple[Splice, ...]
    before: bytes
    after: bytes

    def sets(self, path: str) -> bool:
        """Return whether a value is one of its own."""
        return path in self.paths

    def sealed(self, path: str) -> FileEdit:
        """Return the edit as a plan holds it."""
        return FileEdit(
            path, digest(self.before), digest(self.after), self.splices, diff(self.name, self.before, self.after)
        )


def edits(
    wanted: Sequence[Wanted], contents: Contents, profile: Profile, there: OtherProfile
) -> list[Edited] | Failure:
    """Return the edits that give every wanted value to the file it belongs in, or why one cannot be made."""
    by_file: dict[str, list[Wanted]] = {}
    for item in wanted:
        place = home(item, contents, profile, there)
        if isinstance(place, Failure):
            return place
        by_file.setdefault(place, []).append(item)
    found: list[Edited] = []
    for name, items in by_file.items():
        splices = edited(name, contents[name], {tuple(keys(item.path)): item.value for item in items})
        if isinstance(splices, Failure):
            return splices
        text = spliced(contents[name].decode("utf-8"), splices)
        paths = tuple(item.path for item in items)
        found.append(Edited(name, paths, splices, contents[name], text.encode("utf-8")))
    return found


def home(wanted: Wanted, contents: Contents, profile: Profile, there: OtherProfile) -> str | Failure:
    """Return the file a value belongs in, or why there is none.

    What differs between the profiles belongs in the profile's own file where there is one; else a value stays where it
    stands, and a new one joins the values nearest to it. Where that is a file which the other profile reads, and whose
    rows say otherwise, only the profile's own file is left.
    """
    own = next((name for name in contents if name.endswith(f"values-{profile}.yaml")), None)
    if own is not None and _differs(wanted):
        return own
    stands = wanted.leaf is not None and wanted.leaf.source.file in contents
    place = wanted.leaf.source.file if wanted.leaf and stands else _nearest(wanted.path, contents)
    harm = there.harm(wanted, place)
    if not harm:
        return place
    first = f"a values-{profile}.yaml beside it would hold it, or state it in values-{there.profile}.yaml first"
    return own or Failure(FailureKind.DENIED, wanted.path, harm, first)


def _differs(wanted: Wanted) -> bool:
    cells = {repr(cell.value) for cell in wanted.control.values.values()}
    return len(cells) > 1


def _nearest(path: str, contents: Contents) -> str:
    """Return the file that holds the most of what is above a path, the first of several."""
    steps = keys(path)
    best, most = next(iter(contents)), 0
    for name, content in contents.items():
        common = max((_common(steps, keys(known)) for known in parse(name, content).leaves), default=0)
        if common > most:
            best, most = name, common
    return best


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    return next(
        (size for size, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def with_edits(contents: Contents, found: Sequence[Edited]) -> dict[str, bytes]:
    """Return the files as they will be."""
    return {**contents, **{item.name: item.after for item in found}}


def diff(name: str, before: bytes, after: bytes) -> str:
    """Return a unified diff of a file, secrets masked; line ends are those of a screen."""
    one, other = (redact(content.decode("utf-8", errors="replace")).splitlines() for content in (before, after))
    return "\n".join(difflib.unified_diff(one, other, name, name, n=AROUND, lineterm=""))


def manifest_diff(found: Sequence[Pair]) -> str:
    """Return a unified diff of the rendered objects that differ, each as YAML."""
    return "\n".join(line for pair in found for line in _object_diff(pair))


def _object_diff(pair: Pair) -> list[str]:
    import yaml

    one, other = (
        redact(yaml.safe_dump(obj, sort_keys=True, width=1_000)).splitlines() if obj else []
        for obj in (pair.before, pair.after)
    )
    return list(difflib.unified_diff(one, other, str(pair.name), str(pair.name), n=AROUND, lineterm=""))
