"""A program that comes by MCP, with the official client, over real HTTP.

async with mcp_client(url, key) as parley: asked = await call(parley, "ask_person", type="approval", question="Ship?")"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from app.domain.api_key import ApiKey
from app.domain.user import User
from tests.browsing import TRUST

LEGACY = "legacy"
"""The protocol as clients from before 2026-07-28 speak it, with a handshake."""


async def key_of(user: User, *scopes: str) -> str:
    """A new API key that speaks for somebody."""
    return await ApiKey.make(user, name="a program", scopes=scopes or ("feedback",))


@asynccontextmanager
async def mcp_client(url: str, token: str, mode: str = "auto") -> AsyncIterator[Client]:
    """A client at the door of a server."""
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=30, trust_env=False, verify=TRUST) as http:
        async with Client(streamable_http_client(f"{url}/mcp", http_client=http), mode=mode) as client:
            yield client


class Refused(Exception):
    """A tool could not do what it was asked; the text says why."""


async def call(client: Client, tool: str, **arguments: Any) -> Any:
    """What a tool answers. Refused when it says that it can't."""
    result = await client.call_tool(tool, arguments)
    if result.is_error:
        raise Refused(result.content[0].text)
    return result.structured_content
