"""The door for MCP: streamable HTTP at /mcp, and what a client must know to come in (RFC 9728).

It keeps nothing of a client between two requests, so that any process answers any of them, also after a restart."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Request, asgi, get
from litestar.enums import ScopeType
from litestar.types import HTTPScope, Receive, Scope, Send
from mcp.server.transport_security import TransportSecuritySettings
from starlette.responses import JSONResponse, Response

from app import limits
from app.api.callers import check_scope
from app.api.mcp_tools import Tools
from app.api.problems import MEDIA_TYPE, headers_of, problem
from app.auth.bearer import Caller, ScopeMissing, Stranger, caller
from app.auth.origin import Foreign, is_own
from app.domain import scope as scopes
from app.domain.errors import NotFound
from app.limits import Kind
from app.rooms.house import House
from app.settings import settings

MOST_BODY_BYTES = 1024 * 1024
METADATA = "/.well-known/oauth-protected-resource"


class Door:
    """One web process's. What comes has a token for `feedback`; a browser may bring it from our own pages only."""

    def __init__(self, house: House) -> None:
        server = Tools(house).server
        server.streamable_http_app(
            stateless_http=True, max_request_body_size=MOST_BODY_BYTES,
            transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),  # we look at the origin
        )  # fmt: skip
        self.sessions = server.session_manager

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Answer until the end of the context."""
        async with self.sessions.run():
            yield

    async def answer(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """One request. There is no stream to GET and no session to DELETE."""
        try:
            scope["state"]["caller"] = await _let_in(Request(scope))
        except Exception as error:
            return await _refusal(error)(scope, receive, send)  # type: ignore[arg-type]
        if scope["method"] == "POST":
            await self.sessions.handle_request(scope, receive, send)  # type: ignore[arg-type]
        else:
            await Response(status_code=405, headers={"Allow": "POST"})(scope, receive, send)  # type: ignore[arg-type]


async def _let_in(request: Request[Any, Any, Any]) -> Caller:
    origin = request.headers.get("origin")
    if origin is not None and not is_own(origin):
        raise Foreign
    who = await caller(request.headers.get("authorization", ""))
    check_scope(who, scopes.Scope.FEEDBACK)
    await limits.admit(Kind.READ, who.user.id)  # tools that change something count themselves, as writes
    return who


def _refusal(error: Exception) -> JSONResponse:
    """Problem details; who lacks a token is told where they are to be had."""
    found = problem(error)
    headers = headers_of(error, found["status"])
    if isinstance(error, Stranger | ScopeMissing):
        headers["WWW-Authenticate"] += f', resource_metadata="{settings().base_url}{METADATA}/mcp"'
    return JSONResponse(found, status_code=found["status"], media_type=MEDIA_TYPE, headers=headers)


@asgi("/mcp", is_mount=True, copy_scope=True, opt={"stateless": True})
async def mcp(scope: Scope, receive: Receive, send: Send) -> None:
    """MCP by streamable HTTP."""
    door: Door = scope["litestar_app"].state.mcp
    if scope["type"] != ScopeType.HTTP or scope["path"] != "/":
        raise NotFound
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
