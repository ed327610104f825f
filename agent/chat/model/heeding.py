"""What is made of a model's odd answers: an empty one is asked for again, a call written as prose is taken as one."""

import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from langchain.agents.middleware import AgentMiddleware, AgentState, ModelRequest, ModelResponse, hook_config
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.runtime import Runtime

from agent.chat.model.endpoint import CutShort

EMPTY = 2
"""Empty answers that are asked for again."""

AGAIN = "That answer was empty. Call a tool, or answer in a sentence."

_FENCED = re.compile(r"(?:```(?:json|tool_call)?|<tool_call>)\s*(\{.*?\})\s*(?:```|</tool_call>|\Z)", re.DOTALL)


class Heeding(AgentMiddleware[Any, Any]):
    """Stands between a model and what is done with its answer; one for each question."""

    def __init__(self, names: Sequence[str]) -> None:
        """Take the tools' names: prose that calls none of them is prose."""
        super().__init__()
        self._names = frozenset(names)
        self._empty = 0

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Ask once more where the answer broke off."""
        try:
            return handler(request)
        except CutShort:
            return handler(request)

    @hook_config(can_jump_to=["model", "tools"])
    def after_model(self, state: AgentState[Any], runtime: Runtime[Any]) -> dict[str, Any] | None:
        """Return where to go on from an answer that is neither words nor calls; None for one that is sound."""
        last = state["messages"][-1]
        if not isinstance(last, AIMessage) or last.tool_calls:
            return None
        text = last.text.strip()
        call = written_call(text, self._names)
        if call is not None:
            made = AIMessage(
                content="",
                id=last.id,
                tool_calls=[{**call, "id": f"call_{uuid.uuid4().hex[:12]}", "type": "tool_call"}],
            )
            return {"messages": [made], "jump_to": "tools"}
        if text or self._empty >= EMPTY:
            return None
        self._empty += 1
        return {"messages": [HumanMessage(AGAIN)], "jump_to": "model"}


def written_call(text: str, names: frozenset[str]) -> dict[str, Any] | None:
    """Return the call that a text writes out as JSON, None where it writes none of these tools."""
    found = _FENCED.search(text)
    body = found[1] if found else text if text.startswith("{") and text.endswith("}") else ""
    try:
        told = json.loads(body) if body else None
    except ValueError:
        return None
    if not isinstance(told, Mapping):
        return None
    inner = told.get("function")
    told = inner if isinstance(inner, Mapping) else told
    name, values = (
        told.get("name") or told.get("tool"),
        told.get("arguments", told.get("parameters", told.get("args", {}))),
    )
    values = _object(values)
    return {"name": name, "args": values} if name in names and values is not None else None


def _object(values: Any) -> dict[str, Any] | None:
    if isinstance(values, str):
        try:
            values = json.loads(values)
        except ValueError:
            return None
    return dict(values) if isinstance(values, Mapping) else None
