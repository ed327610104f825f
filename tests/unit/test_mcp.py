"""`mcp`, spoken to by the official client library: what reads and proposes, and nothing that changes."""

import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from agent.mcp.server import BLUEPRINT, FINDINGS, TOOLS
from agent.operation import Effect
from agent.operations import OPERATIONS
from tests.fakes.shell import ROOT, Shell

T = Any


def spoken(tmp_path: Path, talk: Callable[[ClientSession], Awaitable[T]], *more: str) -> T:
    """Return what a conversation with the server, about the demo's capture, comes to."""
    argv = ["-m", "agent", "mcp", "--bundle", "demo", *more]
    server = StdioServerParameters(command=sys.executable, args=argv, env=Shell(tmp_path).env(), cwd=str(ROOT))

    async def whole() -> T:
        with anyio.fail_after(60):
            async with stdio_client(server) as (receive, send), ClientSession(receive, send) as session:
                await session.initialize()
                return await talk(session)

    return anyio.run(whole)


def test_what_reads_and_proposes_is_offered_and_nothing_else(tmp_path: Path) -> None:
    """A client that could apply would be a way around the person."""

    async def talk(session: ClientSession) -> T:
        return (await session.list_tools()).tools

    tools = {tool.name: tool for tool in spoken(tmp_path, talk)}
    changing = {item.name.replace(" ", "_") for item in OPERATIONS if item.effect is Effect.CHANGE}
    assert set(tools) == {name.replace(" ", "_") for name in TOOLS}
    assert not changing & set(tools)
    assert tools["diagnose"].annotations.read_only_hint is True
    assert tools["plan"].annotations.read_only_hint is False
    assert all(tool.output_schema and tool.input_schema["type"] == "object" for tool in tools.values())
    assert not {"context", "bundle", "kubeconfig"} & {
        key for tool in tools.values() for key in tool.input_schema["properties"]
    }


def test_a_tool_answers_with_its_document(tmp_path: Path) -> None:
    async def talk(session: ClientSession) -> T:
        values = {"subject": "deploy/todo-backend", "namespace": "todo-app"}
        return await session.call_tool("diagnose", values)

    found = spoken(tmp_path, talk)
    assert not found.is_error
    assert found.structured_content["schema"] == "bluehelm/diagnosis/v1"
    assert "killed for memory" in found.content[0].text


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("apply", {"plan": "0123"}, "no tool 'apply'"),
        ("get", {}, "needs kind"),
        ("get", {"kind": "pods", "context": "prod"}, "no argument context"),
        ("tree", {"subject": "deploy/nothing"}, "there are"),
        ("logs", {"subject": "--follow"}, "no dash"),
    ],
)
def test_what_is_wrong_with_a_call_is_an_answer(tmp_path: Path, name: str, values: dict[str, Any], said: str) -> None:
    async def talk(session: ClientSession) -> T:
        return await session.call_tool(name, values)

    found = spoken(tmp_path, talk)
    assert found.is_error
    assert said in found.content[0].text


def test_blueprints_and_findings_are_resources(tmp_path: Path) -> None:
    async def talk(session: ClientSession) -> T:
        listed = [str(item.uri) for item in (await session.list_resources()).resources]
        service = next(uri for uri in listed if uri.endswith("service.md"))
        return listed, await session.read_resource(FINDINGS), await session.read_resource(service)

    listed, findings, service = spoken(tmp_path, talk)
    assert FINDINGS in listed
    assert len([uri for uri in listed if uri.startswith(BLUEPRINT)]) >= 5
    assert json.loads(findings.contents[0].text)["findings"]
    assert "SVC-BE-MEM-LIMIT" in service.contents[0].text
