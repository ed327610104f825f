"""Which namespaces one of several runs looks at: each namespace belongs to exactly one, whoever asks."""

import re
from dataclasses import dataclass
from zlib import crc32

MOST = 100

_WRITTEN = re.compile(r"(\d{1,3})/(\d{1,3})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `of` equal parts, counted from 0 as Kubernetes counts the pods of an indexed Job."""

    index: int = 0
    of: int = 1

    def __str__(self) -> str:
        """`0/4`."""
        return f"{self.index}/{self.of}"

    @property
    def is_all(self) -> bool:
        """Return whether there is no other part."""
        return self.of == 1

    def holds(self, namespace: str) -> bool:
        """Return whether a namespace is this part's; its name alone decides, so that runs need not talk."""
        return crc32(namespace.encode()) % self.of == self.index


def parse(text: str) -> Shard | None:
    """Return what `0/4` says, None for what is no part of anything."""
    found = _WRITTEN.fullmatch(text)
    index, of = (int(found[1]), int(found[2])) if found else (0, 0)
    return Shard(index, of) if found and index < of <= MOST else None
