"""What an edit comes to in the profile it is not planned for: values.yaml is read for both. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from agent.audit.expected import expected
from agent.blueprint.control import Profile
from agent.blueprint.values import Values, keys, merged, parse
from agent.change.gate import Gate, Wanted
from agent.change.splice import spliced
from agent.change.values import edited
from tools.failure import Failure

Contents = Mapping[str, bytes]
"""Values file as shown to a person -> its bytes, in the order helm reads them."""


@dataclass(frozen=True, slots=True)
class OtherProfile:
    """The other profile: the files it reads, and the gate that knows its rows."""

    profile: Profile
    contents: Contents
    gate: Gate

    def harm(self, wanted: Wanted, name: str) -> str:
        """Return why a value may not be written into a file for this profile's sake, "" where it may."""
        if not self.changes(wanted, name):
            return ""
        too, own = f"{name} is read for {self.profile} too", wanted.control
        row = next(self.gate.against(wanted.path, wanted.value, self.profile), None)
        if row is not None:
            return f"{too}, for which {row.source} says {row.raw}"
        return "" if expected(own, self.profile) else f"{too}, for which {own.source} says nothing"

    def changes(self, wanted: Wanted, name: str) -> bool:
        """Return whether a value that is written into a file comes to be this profile's as well."""
        if name not in self.contents:
            return False
        path = tuple(keys(wanted.path))
        splices = edited(name, self.contents[name], {path: wanted.value})
        if isinstance(splices, Failure):  # the edit itself will say so
            return False
        text = spliced(self.contents[name].decode("utf-8"), splices)
        before, after = values_of(self.contents), values_of({**self.contents, name: text.encode()})
        return _shown(before, wanted.path) != _shown(after, wanted.path)


def other(profile: Profile) -> Profile:
    """Return the profile that is not the one."""
    return next(item for item in Profile if item is not profile)


def values_of(contents: Contents) -> Values:
    """Return what Helm makes of the files."""
    return merged(parse(name, content) for name, content in contents.items())


def _shown(values: Values, path: str) -> dict[str, str]:
    return {leaf.path: repr(leaf.value) for leaf in values.below(path)}
