"""Everything that is to be said of one container: its causes, ranked, what it uses, its image, its blueprint. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from agent.blueprint.control import Blueprints, Profile
from agent.container.cause import Cause
from agent.container.checks import checks, loop, proof_of_health
from agent.container.distance import differences
from agent.container.ends import ends
from agent.container.examined import Examined
from agent.container.image import Advice, advice, facts
from agent.container.image import differences as changes
from agent.container.logs import logs, unexplained
from agent.container.look import Look, Record
from agent.container.starts import starts
from agent.diagnose.finding import Confidence
from agent.severity import Severity
from agent.snapshot.shape import ODD

T = TypeVar("T")


def examine(look: Look, steps: Sequence[Record], blueprints: Blueprints, profile: Profile | None) -> Examined:
    """Return what is to be said of a container; what an odd inspection keeps from being said is named."""
    asked = _Asked()
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


def _advised(look: Look, steps: Sequence[Record], name: str) -> Iterable[Advice]:
    return advice(look.image, steps, name, look.taken_at) if look.image else ()


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
    sure = any(item.severity is Severity.ERROR and item.confidence is Confidence.CERTAIN for item in found)
    if not sure and not any(item.code in ("ended-from-outside", "ignores-sigterm") for item in found):
        found = [*found, *logs(look)]
    found += checks(look)
    if not found:
        found += unexplained(look)
    yield from sorted(found, key=_order)
    again = loop(look)
    if again is not None:
        yield again


def _order(item: Cause) -> tuple[bool, int]:
    ranks = {Confidence.CERTAIN: 0, Confidence.LIKELY: 1, Confidence.POSSIBLE: 2}
    return item.severity is not Severity.ERROR, ranks[item.confidence]
