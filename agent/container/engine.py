"""Everything that is to be said of one container: its causes, ranked, what it uses, its image, its blueprint. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from agent.blueprint.control import Blueprints, Profile
from agent.container.cause import Cause
from agent.container.checks import checks, proof_of_health
from agent.container.distance import differences
from agent.container.ends import aborted, ends
from agent.container.examined import Examined
from agent.container.image import advice, facts
from agent.container.image import differences as changes
from agent.container.logs import logs, unexplained
from agent.container.look import Look, Record
from agent.container.restarts import last_run, loop
from agent.container.starts import starts
from agent.diagnose.finding import Confidence
from agent.severity import Severity
from agent.snapshot.shape import ODD

T = TypeVar("T")


def examine(look: Look, steps: Sequence[Record], blueprints: Blueprints, profile: Profile | None) -> Examined:
    """Return what is to be said of a container; what an odd inspection keeps from being said is named."""
    asked = _Asked()
    look = next(iter(asked.of("its restarts", lambda: [last_run(look)])), look)
    causes = tuple(asked.of("its causes", lambda: _causes(look)))
    apart = tuple(asked.of("its blueprint", lambda: differences(look, blueprints, profile)))
    name, newer = str(look.config.get("Image") or ""), look.current.get("Id") not in (None, look.image.get("Id"))
    return Examined(
        look=look,
        causes=causes,
        proof=tuple(asked.of("its proof", lambda: proof_of_health(look) if look.running and not causes else ())),
        differences=apart,
        image=" ".join(asked.of("its image", lambda: [facts(look.image, look.taken_at)] if look.image else [])),
        advice=tuple(
            asked.of("its image", lambda: advice(look.image, steps, name, look.taken_at) if look.image else ())
        ),
        changes=tuple(asked.of("its build", lambda: changes(look.image, look.current) if newer else ())),
        unknown=(*look.gaps, *asked.odd),
    )


class _Asked:
    """The one guard: what cannot read an inspection is named, and the rest goes on."""

    def __init__(self) -> None:
        self.odd: list[str] = []

    def of(self, what: str, told: Callable[[], Iterable[T]]) -> list[T]:
        try:
            return list(told())
        except ODD as error:
            self.odd.append(f"{what}: a field could not be read ({type(error).__name__}: {error})")
            return []


def _causes(look: Look) -> Iterator[Cause]:
    """Yield the cause, then what shows of it: the engine's own words before a log's, a log's before a guess."""
    refused = next(starts(look), None)
    found = [*([refused] if refused else []), *ends(look)]
    if not any(_suffices(item, look) for item in found):
        said = list(logs(look))
        found = [*(item for item in found if not said or not _says_less(item, look)), *said]
    found += checks(look)
    if not found:
        found += unexplained(look)
    yield from sorted(found, key=_order)
    again = loop(look)
    if again is not None:
        yield again


def _suffices(item: Cause, look: Look) -> bool:
    """Return whether the log is not asked: the engine is sure of the cause, and it is no abort of the program's own."""
    sure = item.severity is Severity.ERROR and item.confidence is Confidence.CERTAIN
    return item.code in ("ended-from-outside", "ignores-sigterm") or (sure and not aborted(look))


def _says_less(item: Cause, look: Look) -> bool:
    """Return whether a log that says why makes it superfluous: a guess, or that a program ended itself upon that."""
    return item.confidence is Confidence.POSSIBLE or (item.code == "crashed" and aborted(look))


def _order(item: Cause) -> tuple[bool, int]:
    ranks = {Confidence.CERTAIN: 0, Confidence.LIKELY: 1, Confidence.POSSIBLE: 2}
    return item.severity is not Severity.ERROR, ranks[item.confidence]
