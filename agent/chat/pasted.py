"""What somebody pasted: a manifest, the output of kubectl, a log; whose it is, and what it says."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_FIELD = re.compile(r"^\s*-?\s*\"?(kind|name|namespace)\"?:\s*\"?([\w./-]+)\"?,?\s*$", re.MULTILINE)
_DESCRIBED = re.compile(r"^(Name|Namespace):\s+(\S+)\s*$", re.MULTILINE)
_ABOUT = re.compile(
    r"\b(pod|deployment|service|node|job|statefulset|daemonset|pvc|ingress|replicaset)s?[/ ]\"?([a-z0-9][\w.-]{2,})\"?"
)


@dataclass(frozen=True, slots=True)
class Pasted:
    """Whose a pasted text is."""

    names: tuple[str, ...] = ()
    """Objects it is about, as they would be typed: `deployment/web`; of a table those that are not well."""
    namespace: str = ""
    states: tuple[str, ...] = ()
    """Words of Kubernetes in it: `CrashLoopBackOff`."""


def pasted(text: str) -> Pasted:
    """Return whose a pasted text is, as far as it says so."""
    described = dict(_DESCRIBED.findall(text))
    if "Name" in described:
        kind = "node" if "Roles:" in text else "pod" if "Containers:" in text and "Node:" in text else ""
        return Pasted((f"{kind}/{described['Name']}" if kind else described["Name"],), described.get("Namespace", ""))
    fields = _FIELD.findall(text)
    kinds = [value for key, value in fields if key == "kind"]
    names = [value for key, value in fields if key == "name"]
    if kinds and names:
        namespace = next((value for key, value in fields if key == "namespace"), "")
        return Pasted((f"{kinds[0].lower()}/{names[0]}",), namespace)
    rows = list(_rows(text))
    return (
        Pasted(tuple(dict.fromkeys(rows)))
        if rows
        else Pasted(tuple(dict.fromkeys(f"{kind}/{name}" for kind, name in _ABOUT.findall(text))))
    )


_WELL = re.compile(r"\b(?:Running|Completed|Ready|Bound|Active)\b")


def _rows(text: str) -> Iterator[str]:
    """Yield the first cell of each row of kubectl's table that is not well."""
    heads: list[str] = []
    for line in text.splitlines():
        cells = line.split()
        if cells and cells[0] in ("NAME", "NAMESPACE"):
            heads = cells
        elif heads and len(cells) >= len(heads) - 1:
            name = cells[1] if heads[0] == "NAMESPACE" else cells[0]
            ready = next((cell for cell in cells if re.fullmatch(r"\d+/\d+", cell)), "")
            full = ready.partition("/")[0] == ready.partition("/")[2]
            if not (_WELL.search(line) and full):
                yield name
