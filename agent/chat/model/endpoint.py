"""The model of the settings, at any OpenAI-compatible endpoint; its calls are heeded once they are whole."""

import json
import os
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk
from langchain_openai import AzureChatOpenAI, ChatOpenAI
from openai import OpenAIError
from pydantic import SecretStr

from agent.config import Settings

KEYS = ("BLUEHELM_API_KEY", "OPENAI_API_KEY", "AZURE_OPENAI_API_KEY")
"""Where the endpoint's key is taken from, the first that is set; it is in no file and no setting of ours."""

UNREADABLE = "__unreadable__"
"""The one argument of a call whose arguments were no JSON: it is answered, and never run."""

CALLS = 8
"""Calls of one answer that are heeded."""

RETRIES = 2
"""How often a request is tried again: the one layer that does."""

ERRORS = (OpenAIError, ValueError, OSError)
"""What a model that cannot be asked raises: the library's own, a stream without an answer, a broken connection."""


class CutShort(ValueError):
    """The answer broke off: what came of it is not whole, so no call in it is run."""


class Model(ChatOpenAI):
    """A model whose calls are heeded when they are whole."""

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        yield from whole(super()._stream(*args, **kwargs))


class AzureModel(AzureChatOpenAI):
    """The same at Azure."""

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        yield from whole(super()._stream(*args, **kwargs))


def whole(chunks: Iterator[ChatGenerationChunk]) -> Iterator[ChatGenerationChunk]:
    """Pass words on as they come, and calls once the answer has ended and each is JSON.

    langchain reads half an object as the whole one: a call that was cut would run with what had come of it.

    Raises:
        CutShort: the stream ended before the answer did.

    """
    calls: dict[int, dict[str, str]] = {}
    ended = False
    for chunk in chunks:
        message = chunk.message
        for part in getattr(message, "tool_call_chunks", ()):
            call = calls.setdefault(part.get("index") or 0, {"name": "", "args": "", "id": ""})
            for key in call:
                call[key] += str(part.get(key) or "") if key == "args" or not call[key] else ""
        ended |= bool((chunk.generation_info or {}).get("finish_reason"))
        if isinstance(message, AIMessageChunk) and message.tool_call_chunks:
            message = message.model_copy(update={"tool_call_chunks": [], "tool_calls": [], "invalid_tool_calls": []})
        yield ChatGenerationChunk(message=message, generation_info=chunk.generation_info)
    if not ended:
        raise CutShort("the model's answer broke off")
    if calls:
        yield _calls([call for _, call in sorted(calls.items())][:CALLS])


def _calls(calls: list[dict[str, str]]) -> ChatGenerationChunk:
    """Return calls as one chunk, each with an id of its own."""
    seen: set[str] = set()
    parts = []
    for index, call in enumerate(calls):
        known = call["id"] and call["id"] not in seen
        name = call["id"] if known else f"call_{uuid.uuid4().hex[:12]}"
        seen.add(name)
        parts.append(tool_call_chunk(name=call["name"], args=_readable(call["args"]), id=name, index=index))
    return ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=parts))


def _readable(text: str) -> str:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return json.dumps({UNREADABLE: text[:200]})
    return json.dumps(found) if isinstance(found, dict) else json.dumps({UNREADABLE: text[:200]})


def model(settings: Settings, name: str = "") -> BaseChatModel:
    """Return the model of the settings, or another one at the same endpoint."""
    key = next((os.environ[variable] for variable in KEYS if os.environ.get(variable)), "none")
    common: dict[str, Any] = {
        "model": name or settings.model,
        "api_key": SecretStr(key),
        "timeout": settings.patience,
        "max_retries": RETRIES,
        "stream_usage": True,
        **_client(settings),
    }
    if settings.api_version:
        return AzureModel(azure_endpoint=settings.endpoint, api_version=settings.api_version, **common)
    return Model(base_url=settings.endpoint or None, use_responses_api=False, **common)


def _client(settings: Settings) -> Mapping[str, Any]:
    """Return the HTTP client that trusts a private authority; proxies are those of the environment, as ever."""
    if not settings.ca:
        return {}
    import ssl

    from openai import DefaultHttpxClient

    return {"http_client": DefaultHttpxClient(verify=ssl.create_default_context(cafile=settings.ca))}


def said(error: Exception) -> str:
    """Return in a line why a model could not be asked: what it answered, without what it was sent."""
    from tools.redact import redact
    from tools.text import clean

    name = type(error).__name__.removeprefix("OpenAI")
    return clean(redact(f"{name}: {error}" if str(error) else name), 200)
