"""What `ask` and `chat` are asked with."""

from dataclasses import dataclass, field

from agent.argument import arg
from agent.operate.arguments.common import BLUEPRINTS, CHART, PROFILE, VALUES, ProfileName
from agent.world.scope import Scope


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """Where a conversation looks, and who answers."""

    no_model: bool = arg("answer by the words of the question alone, whatever model is set", default=False)
    session: str | None = arg("go on with this session, or begin one of that name", metavar="NAME")
    scope: Scope = field(default_factory=Scope)
    chart: str | None = arg(CHART, metavar="DIR")
    values: tuple[str, ...] = arg(VALUES, default=(), short="-f", metavar="FILE")
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")
    profile: ProfileName | None = arg(PROFILE)


@dataclass(frozen=True)
class Ask:
    """A question."""

    question: tuple[str, ...] = arg("why is web failing; - or nothing reads it from stdin", default=(), positional=True)
    conversation: Conversation = field(default_factory=Conversation)


@dataclass(frozen=True)
class Chat:
    """Nothing but where it looks: the questions are typed."""

    conversation: Conversation = field(default_factory=Conversation)
