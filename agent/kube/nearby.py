"""Names that nearly match one of many, found through an index: comparing each with each is too dear for thousands."""

from collections import Counter
from collections.abc import Iterable, Iterator

from agent.kube.wording import closest

COMMON = 64
"""Names that may share a piece of three letters; one that more of them share tells none of them apart."""

MOST = 4
"""Names that are compared in full: those that share most pieces."""

SHARE = 4
"""Of so many pieces of the shorter name one at least is shared by names that are near each other."""


class Nearby:
    """An index over names by their pieces of three letters: a misspelt name shares some with the one that was meant."""

    def __init__(self, names: Iterable[str]) -> None:
        self._pieces = {name: _pieces(name) for name in names}
        self._with: dict[str, list[str]] = {}
        for name, pieces in self._pieces.items():
            for piece in pieces:
                self._with.setdefault(piece, []).append(name)

    def closest(self, wanted: str) -> str:
        """Return the name a person most likely meant, "" when none is near (the same test as `wording.closest`)."""
        return closest(wanted, self.candidates(wanted))

    def candidates(self, wanted: str) -> Iterator[str]:
        """Yield the few names worth a full comparison, the likeliest first."""
        own = _pieces(wanted)
        lists = (self._with.get(piece, ()) for piece in own)
        shared = Counter(name for names in lists if len(names) <= COMMON for name in names)
        for name, count in shared.most_common(MOST):
            if count * SHARE >= min(len(own), len(self._pieces[name])):
                yield name


def _pieces(name: str) -> set[str]:
    framed = f"-{name}-"
    return {framed[start : start + 3] for start in range(len(framed) - 2)}
