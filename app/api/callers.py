"""Who calls, and whether they may: every route of the API asks for a token, and a scope."""

from typing import Any
from uuid import UUID

from litestar import Request
from litestar.datastructures import MutableScopeHeaders
from litestar.di import NamedDependency
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.params import FromPath
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from app import limits
from app.auth.bearer import Caller, ScopeMissing, caller
from app.domain import scope as scopes
from app.domain.user import User
from app.limits import Kind

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[User]
"""The person whom the caller speaks for, as a handler asks for them."""
Id = FromPath[UUID]
"""An id in the address."""


class Callers(ASGIMiddleware):
    """Puts a Caller into every request's state. A route wants the scope `chat` unless it says another; what is done is
    counted against the person's limit unless the route is `uncounted`. A route that is `live` asks by itself."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        opt = scope["route_handler"].opt
        if opt.get("live"):
            return await next_app(scope, receive, send)
        request: AnyRequest = Request(scope, receive, send)
        who = await caller(request.headers.get("authorization", ""))
        check_scope(who, opt.get("scope", scopes.Scope.CHAT))
        scope["state"]["caller"] = who
        if opt.get("uncounted"):
            return await next_app(scope, receive, send)
        verdict = await limits.admit(Kind.READ if request.method in ("GET", "HEAD") else Kind.WRITE, who.user.id)

        async def send_with_limit(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableScopeHeaders.from_message(message).update(verdict.headers)
            await send(message)

        await next_app(scope, receive, send_with_limit)


def check_scope(who: Caller, scope: scopes.Scope) -> None:
    """ScopeMissing unless the caller may do this."""
    if not who.may(scope):
        raise ScopeMissing(scope)


async def still(request: AnyRequest) -> None:
    """For what took its time: Stranger if the token has ended meanwhile."""
    await caller(request.headers.get("authorization", ""))


async def me(request: AnyRequest) -> User:
    """The person whom the caller speaks for."""
    who: Caller = request.scope["state"]["caller"]
    return who.user
