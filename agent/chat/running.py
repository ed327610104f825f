"""Operations run for a conversation: those of the table that read or propose, and no other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.argument import arguments, build, flat
from agent.chat.answer import Certainty, Ran
from agent.chat.call import Call
from agent.chat.keeping import Keeper
from agent.errors import AgentError
from agent.events import Emit
from agent.exitcode import ExitCode
from agent.operation import Effect, Operation, load
from agent.operations import OPERATIONS, commands
from agent.world.world import World

ENDLESS = ("ask", "chat", "session list", "session show", "watch", "exporter", "completion", "doctor model", "mcp")
"""Operations that are conversations themselves, or never end, or answer no question."""

OFFERED: Mapping[str, Operation] = {
    operation.name: operation
    for operation in OPERATIONS
    if operation.effect in (Effect.READ, Effect.PROPOSE) and operation.name not in ENDLESS
}
"""What a conversation may run: it looks and proposes, and changes nothing."""

CAPTURED = "this conversation is about a capture; a plan is made against the cluster itself"

PLACE = ("namespace", "all_namespaces")


@dataclass(frozen=True, slots=True)
class Runner:
    """What the operations of a conversation have in common."""

    base: Mapping[str, object]
    """What the conversation was begun with: bundle, context, namespace, profile, chart, ..."""
    keeper: Keeper

    def world(self, values: Mapping[str, object]) -> World:
        """Return where operations look, with these settings on top of the conversation's."""
        return World({**self.base, **values}, commands(), looker=self.keeper)

    def run(self, call: Call, emit: Emit) -> Ran:
        """Run one operation; what stops it is a sentence of the answer, and the rest goes on."""
        operation = OFFERED[call.operation]
        values = self._values(call, operation)
        if self.base.get("bundle") and operation.effect is Effect.PROPOSE and "bundle" not in values:
            return Ran(call, _typed(values), None, CAPTURED, ExitCode.USAGE)
        try:
            args = build(load(operation.args), values)
            result = load(operation.run)(args, self.world(flat(args)), emit)
        except AgentError as error:
            return Ran(call, _typed(values), None, str(error), error.code)
        code = load(operation.code)(result) if operation.code else ExitCode.OK
        return Ran(call, _typed(values), result, "", ExitCode(code), certainty(operation.name, result))

    def _values(self, call: Call, operation: Operation) -> dict[str, object]:
        """Return an operation's arguments by name: the conversation's, then where this call looks, then its own."""
        known = {item.name for item in arguments(load(operation.args))}
        placed = call.namespace or call.everywhere
        common = {key: value for key, value in self.base.items() if not (placed and key in PLACE)}
        place = {"namespace": call.namespace} if call.namespace else {"all_namespaces": True} if call.everywhere else {}
        return {key: value for key, value in {**common, **place, **call.values}.items() if key in known and value}


def _typed(values: Mapping[str, object]) -> Mapping[str, object]:
    return {key: value for key, value in values.items() if value not in (None, "", False, ())}


def certainty(name: str, result: Any) -> Certainty | None:
    """Return how sure a diagnosis is; None for whatever is no diagnosis."""
    if name != "diagnose":
        return None
    from agent.diagnose.finding import Confidence

    found = result.diagnosis
    if any(item.confidence is Confidence.CERTAIN for item in found.findings[:1]):
        return Certainty.CONFIRMED
    if found.findings:
        return Certainty.LIKELY
    return Certainty.NOT_EXAMINED if found.unknown else Certainty.CONFIRMED
