"""How findings put names, amounts and near misses into words."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from agent.snapshot.record import Ref


def said(name: Ref) -> str:
    """`Deployment web`: an object inside a sentence."""
    return f"{name.kind} {name.name}"


def listed(names: Iterable[str], most: int = 3) -> str:
    """`a, b and 4 more`: distinct names in their order, a few of them in full."""
    distinct = list(dict.fromkeys(names))
    shown, hidden = distinct[:most], len(distinct) - most
    if hidden > 0:
        return f"{', '.join(shown)} and {hidden} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def pairs(labels: Mapping[str, object]) -> str:
    """`app=web,tier=front`: labels or a selector as kubectl writes them."""
    return ",".join(f"{key}={value}" for key, value in labels.items())


def counted(number: int, noun: str) -> str:
    """`1 pod`, `3 pods`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h`, `5 d`: in the largest unit of which there are at least two."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{int(seconds / size)} {unit}"
    return f"{int(seconds)} s"


def cores(amount: Decimal) -> str:
    """`250m`, `4`, `1500m`: CPU as people write it in a manifest."""
    if amount == amount.to_integral_value():
        return str(int(amount))
    return f"{int(amount * 1000)}m" if amount < 10 else f"{amount:.2f}"


def memory(amount: Decimal) -> str:
    """`512Mi`, `1.5Gi`: bytes as people write them in a manifest, to one decimal place."""
    for unit, size in (("Ti", 1 << 40), ("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)):
        if abs(amount) >= size:
            return f"{round(amount / size, 1):f}".removesuffix(".0") + unit
    return str(int(amount))


def closest(wanted: str, known: Iterable[str]) -> str:
    """Return the known name a person most likely meant, "" when none is near."""
    from difflib import get_close_matches

    names = [name for name in dict.fromkeys(known) if name != wanted]
    near = get_close_matches(wanted, names, n=1, cutoff=0.75)
    if near:
        return near[0]
    parts = [name for name in names if _inside(name, wanted) or _inside(wanted, name)]
    return min(parts, key=len) if len(parts) == 1 else ""


def _inside(part: str, whole: str) -> bool:
    """Return whether `part` is some of the dash-separated words of `whole`: `backend` of `todo-backend`."""
    return len(part) > 2 and f"-{part}-" in f"-{whole}-"
