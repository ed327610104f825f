"""`doctor model`: what the endpoint of the settings can do, by asking it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tools import tool

from agent.chat.model.endpoint import ERRORS, KEYS, model, said
from agent.config import Settings
from agent.events import Emit, Progress
from agent.exitcode import ExitCode
from agent.operate.arguments.doctor import DoctorModel
from agent.operate.doctor import Check, CheckState, Checkup
from agent.world.world import World

QUESTION = "How many pods run in namespace shop? Call the tool."


@tool
def count_pods(namespace: str) -> str:
    """Return how many pods run in a namespace."""
    return f"3 pods run in {namespace}"


def run(_: DoctorModel, world: World, emit: Emit) -> Checkup:
    """Return what the endpoint can do."""
    settings = world.settings
    if not settings.model:
        hint = "set `model` in the settings file, or BLUEHELM_MODEL; all but free conversation works without one"
        return Checkup(
            (Check("model", CheckState.WARNING, "none is set, so questions are answered without one", hint),)
        )
    return Checkup(tuple(_checks(settings, emit)))


def code(result: Checkup) -> ExitCode:
    """Return whether a conversation with it works."""
    failed = any(check.state is CheckState.FAILED for check in result.checks)
    return ExitCode.INDETERMINATE if failed else ExitCode.OK


def _checks(settings: Settings, emit: Emit) -> Iterator[Check]:
    where = settings.endpoint or "https://api.openai.com/v1"
    yield Check("model", CheckState.OK, f"{settings.model} at {where}")
    chat = model(settings)
    first = _tried(
        "answer", lambda: _words(chat), f"see that {where} is reachable and that one of {', '.join(KEYS)} is set", emit
    )
    yield first
    if first.state is CheckState.FAILED:
        return
    yield _tried("tool call", lambda: _call(chat), "questions are answered without it where it calls no tool", emit)
    yield _tried(
        "tool call, streamed", lambda: _streamed(chat), "its calls are lost while streaming: try another server", emit
    )
    yield _tried("tokens", lambda: _tokens(chat), "what an answer costs is not known", emit, missing=CheckState.WARNING)


def _tried(
    name: str, asked: Callable[[], str], hint: str, emit: Emit, *, missing: CheckState = CheckState.FAILED
) -> Check:
    emit(Progress(f"asking the model: {name}"))
    try:
        found = asked()
    except ERRORS as error:
        return Check(name, CheckState.FAILED, said(error), hint)
    return Check(name, CheckState.OK, found) if found else Check(name, missing, "none came", hint)


def _words(chat: BaseChatModel) -> str:
    found = chat.invoke([HumanMessage("Answer with the word ready.")])
    return "it answers" if found.text.strip() or found.additional_kwargs.get("reasoning_content") else ""


def _call(chat: BaseChatModel) -> str:
    return _told([_forced(chat).invoke([HumanMessage(QUESTION)])])


def _streamed(chat: BaseChatModel) -> str:
    chunks: list[Any] = list(_forced(chat).stream([HumanMessage(QUESTION)]))
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    return _told([whole])


def _forced(chat: BaseChatModel) -> Any:
    return chat.bind_tools([count_pods], tool_choice="any")


def _told(messages: Sequence[Any]) -> str:
    calls = [call for message in messages if isinstance(message, AIMessage) for call in message.tool_calls]
    return "one came, with its arguments" if any(call["args"].get("namespace") for call in calls) else ""


def _tokens(chat: BaseChatModel) -> str:
    parts: list[Any] = list(chat.stream([HumanMessage("Answer with the word ready.")]))
    used = [part.usage_metadata["total_tokens"] for part in parts if part.usage_metadata]
    return f"counted: {sum(used)} for a word" if used else ""
