"""The door for MCP: streamable HTTP at /mcp, and what a client must know to come in (RFC 9728).

It keeps nothing of a client between two requests, so that any process answers any of them, also after a restart."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

from litestar import Request, asgi, get
from litestar.enums import ScopeType
from litestar.exceptions import MethodNotAllowedException
from litestar.types import HTTPScope, Receive, Scope, Send

from app import limits
from app.api import problems
from app.api.callers import check_scope
from app.auth.bearer import Caller, ScopeMissing, Stranger, caller
from app.auth.origin import Foreign, is_own
from app.domain import scope as scopes
from app.domain.errors import NotFound
from app.limits import Kind
from app.rooms.house import House
from app.settings import settings

METADATA = "/.well-known/oauth-protected-resource"


class Door:
    """One web process's. The library behind it takes long to load: it is, in a thread, when the first client comes."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.wanted = asyncio.Event()
        self.sessions: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.running: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Answer until the end of the context."""
        self.running = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self.running.cancel()
            await asyncio.gather(self.running, return_exceptions=True)

    async def _run(self) -> None:
        await self.wanted.wait()
        tools = await asyncio.to_thread(import_module, "app.api.mcp_tools")
        sessions = tools.sessions_of(self.house)
        async with sessions.run():
            self.sessions.set_result(sessions)
            await asyncio.Event().wait()

    async def answer(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """One request. There is no stream to GET and no session to DELETE."""
        scope["state"]["caller"] = await _let_in(Request(scope))
        if scope["method"] != "POST":
            raise MethodNotAllowedException(headers={"Allow": "POST"})
        assert self.running is not None
        self.wanted.set()
        await asyncio.wait({self.sessions, self.running}, return_when=asyncio.FIRST_COMPLETED)
        if self.running.done():
            self.running.result()  # why it could not be loaded
        await self.sessions.result().handle_request(scope, receive, send)


async def _let_in(request: Request[Any, Any, Any]) -> Caller:
    """What comes has a token for `feedback`; a browser may bring it from our own pages only."""
    origin = request.headers.get("origin")
    if origin is not None and not is_own(origin):
        raise Foreign
    who = await caller(request.headers.get("authorization", ""))
    check_scope(who, scopes.Scope.FEEDBACK)
    await limits.admit(Kind.READ, who.user.id)  # tools that change something count themselves, as writes
    return who


def refuse(request: Request[Any, Any, Any], error: Exception) -> Any:
    """Problem details; who lacks a token is told where they are to be had."""
    answer = problems.answer(request, error)
    if isinstance(error, Stranger | ScopeMissing):
        answer.headers["WWW-Authenticate"] += f', resource_metadata="{settings().base_url}{METADATA}/mcp"'
    return answer


@asgi("/mcp", is_mount=True, copy_scope=True, opt={"stateless": True}, exception_handlers={Exception: refuse})
async def mcp(scope: Scope, receive: Receive, send: Send) -> None:
    """MCP by streamable HTTP."""
    if scope["type"] != ScopeType.HTTP or scope["path"] != "/":
        raise NotFound
    door: Door = scope["litestar_app"].state.mcp
    await door.answer(scope, receive, send)


@get([METADATA, f"{METADATA}/mcp"])
async def describe_mcp() -> dict[str, Any]:
    """Who gives tokens for /mcp, and for what (RFC 9728)."""
    base = settings().base_url
    return {
        "resource": f"{base}/mcp",
        "resource_name": "Parley",
        "authorization_servers": [base],
        "scopes_supported": [scopes.Scope.FEEDBACK],
        "bearer_methods_supported": ["header"],
    }
