"""A question answered with a model: it chooses operations and words; what it says is held against what they said."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import ModelCallLimitMiddleware, ModelFallbackMiddleware
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langgraph.errors import GraphRecursionError

from agent.blueprint.control import Blueprints
from agent.chat.answer import Answer
from agent.chat.answerer import Answerer
from agent.chat.choice import chosen
from agent.chat.grounding import checked, grounds
from agent.chat.model.endpoint import ERRORS, model, said
from agent.chat.model.heeding import Heeding
from agent.chat.model.tools import Toolbox
from agent.chat.prompts import prompt
from agent.chat.question import LONGEST, question
from agent.config import Settings
from agent.events import Emit, Warned, Wrote
from agent.world.blueprints import read

TURNS = 8
"""Answers of a model to one question, those that only call tools included."""

STEPS = 4 * TURNS + 4
"""Steps of langgraph that these may take, whatever middleware does."""


@dataclass(slots=True)
class Converser:
    """Answers questions with a model; without an answer of it, as the answerer does."""

    answerer: Answerer
    settings: Settings
    before: str = ""
    """What was said before, in short."""

    def answer(self, text: str, emit: Emit) -> Answer:
        """Answer one question."""
        box = Toolbox(self.answerer.runner, emit, self.settings.window)
        try:
            prose = self._prose(text, box, emit)
        except (*ERRORS, GraphRecursionError) as error:
            emit(Warned(f"the model could not be asked, so it is answered without one: {said(error)}"))
            return self.answerer.answer(text, emit)
        return self._checked(text, prose, box, emit)

    def _prose(self, text: str, box: Toolbox, emit: Emit) -> str:
        """Let the model choose and write; return its words."""
        asked = question(text)
        tools = box.tools(chosen(asked))
        shown = asked.text if not asked.pasted else f"{asked.text}\n\n{asked.pasted[: LONGEST * 2]}"
        agent: Any = create_agent(
            model(self.settings),
            tools,
            system_prompt=prompt("system", place=self._place(), before=self.before),
            middleware=self._middleware([tool.name for tool in tools]),
        )
        last = ""
        asking = {"messages": [HumanMessage(shown)]}
        for mode, part in agent.stream(asking, {"recursion_limit": STEPS}, stream_mode=["messages", "updates"]):
            if mode == "messages":
                _forward(part[0], box, emit)
            else:
                last = _last(part) or last
        return last

    def _middleware(self, names: Sequence[str]) -> list[Any]:
        other = (
            [ModelFallbackMiddleware(model(self.settings, self.settings.fallback))] if self.settings.fallback else []
        )
        return [ModelCallLimitMiddleware(run_limit=TURNS, exit_behavior="end"), *other, Heeding(names)]

    def _place(self) -> str:
        base = self.answerer.runner.base
        where = f"the capture {base['bundle']}" if base.get("bundle") else "a live cluster"
        return f"{where}, namespace {base['namespace']}" if base.get("namespace") else where

    def _checked(self, text: str, prose: str, box: Toolbox, emit: Emit) -> Answer:
        """Return the answer: the model's words as far as results hold them; without a result the answerer's own."""
        if not box.ran:
            found = self.answerer.answer(text, emit)
            held = checked(prose, grounds([text], [], self._rows(emit)))
            return replace(found, prose=held.prose, struck=held.struck, folded=True)
        codes = [part.code for part in box.ran]
        held = checked(prose, grounds([*box.texts, text], codes, self._rows(emit)))
        self.answerer.remember(tuple(box.ran), "")
        return Answer(text, "model", tuple(box.ran), prose=held.prose, struck=held.struck)

    def _rows(self, emit: Emit) -> Blueprints:
        return read(self.answerer.runner.world({}).settings.blueprints, emit)


def _forward(message: Any, box: Toolbox, emit: Emit) -> None:
    """Pass a model's words on as they come, and count what it cost."""
    if isinstance(message, AIMessageChunk):
        if message.text:
            emit(Wrote(message.text))
        if message.usage_metadata:
            box.tokens += message.usage_metadata["total_tokens"]


def _last(update: Any) -> str:
    """Return the words of a step that ended with some, "" for one that called tools."""
    for step in update.values():
        for message in (step or {}).get("messages", ()):
            if isinstance(message, AIMessage) and not message.tool_calls and message.text.strip():
                return message.text
    return ""
