"""`debug`: what is wrong with a container of the Docker engine in use."""

from dataclasses import dataclass
from datetime import UTC, datetime

from agent.blueprint.control import Blueprints, Profile
from agent.container.examined import Examined
from agent.container.image import Advice, advice, differences, facts
from agent.container.look import Record
from agent.errors import UsageError
from agent.events import Emit, Progress, Warned
from agent.exitcode import ExitCode
from agent.operate.ahead import load_ahead
from agent.operate.arguments.debug import Debug
from agent.world.blueprints import read
from agent.world.containers import Found, found, image_of
from agent.world.world import World


@dataclass(frozen=True, slots=True)
class OfImage:
    """What is to be said of an image that no container was named of."""

    name: str
    says: str
    advice: tuple[Advice, ...]
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Debugged:
    """What was found out, of each container that the name means, or of the image."""

    name: str
    containers: tuple[Examined, ...]
    image: OfImage | None
    engine: str


def run(args: Debug, world: World, emit: Emit) -> Debugged:
    """Say what is wrong with a container, a service of compose or an image."""
    emit(Progress("asking the docker engine"))
    load_ahead("agent.container.engine", "agent.report.debug")
    meant = found(args.name, world.settings, world.deadline)
    blueprints, named = read(world.settings.blueprints, emit), world.settings.profile
    profile = Profile(named) if named in set(Profile) else None
    told = _examined(meant, blueprints, profile)
    for look in meant.looks:
        for gap in look.gaps:
            emit(Warned(f"{look.name}: {gap}"))
    if args.against and meant.image is None:
        raise UsageError(f"--against compares two images, and {args.name} is a container")
    return Debugged(args.name, told, _of_image(args, meant, world), meant.engine)


def _examined(meant: Found, blueprints: Blueprints, profile: Profile | None) -> tuple[Examined, ...]:
    from agent.container.engine import examine

    pairs = zip(meant.looks, meant.steps, strict=True)
    return tuple(examine(look, steps, blueprints, profile) for look, steps in pairs)


def code(result: Debugged) -> ExitCode:
    """Return whether something is wrong; a container whose inspection alone could be read is not called well."""
    if any(item.failing for item in result.containers):
        return ExitCode.FOUND
    return ExitCode.INDETERMINATE if any(item.unknown for item in result.containers) else ExitCode.OK


def _of_image(args: Debug, meant: Found, world: World) -> OfImage | None:
    if meant.image is None:
        return None
    now = datetime.now(UTC)
    changes = tuple(differences(_other(args.against, world), meant.image)) if args.against else ()
    told = tuple(advice(meant.image, meant.image_steps, args.name, now))
    return OfImage(args.name, facts(meant.image, now), told, changes)


def _other(name: str, world: World) -> Record:
    return image_of(name, world.settings, world.deadline)
