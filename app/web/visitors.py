"""Who asks, and whether they may: cookies are read and renewed, forms are checked, strangers are sent to sign in."""

from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.params import FromPath
from litestar.types import ASGIApp, Receive, Scope, Send

from app import limits
from app.auth.cookies import Visitor, visitor
from app.auth.origin import is_own
from app.domain.user import User
from app.limits import Kind
from app.web.pages import AnyRequest, by_htmx, cookies_of, path_of, see, visitor_of

Me = NamedDependency[User]
"""The signed-in person, as a handler asks for them."""
Id = FromPath[UUID]
"""An id in the address."""

SAFE = ("GET", "HEAD", "OPTIONS")
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class SignInFirst(Exception):
    """A stranger asked for what only a signed-in person sees."""


class HasLeft(Exception):
    """Who wants to be erased may come back, but has to say so first."""


class Forged(Exception):
    """A form that did not come from a page of ours, or not for this person."""


class Visitors(ASGIMiddleware):
    """Puts a Visitor into every request's state, except where a route says that it is `stateless`. A route is for
    signed-in people unless it is `open`; what changes something must carry the form's token. What a signed-in person
    does is counted against their limit, unless the route is `uncounted`."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        handler = scope.get("route_handler")
        opt = handler.opt if handler else {"open": True}
        if opt.get("stateless") or scope["type"] != ScopeType.HTTP:
            return await next_app(scope, receive, send)
        request: AnyRequest = Request(scope, receive, send)
        who = await visitor(cookies_of(request))
        scope["state"]["visitor"] = who
        if request.method not in SAFE:
            await _check_origin_and_token(request, who)
        if who.user is None and not opt.get("open"):
            raise SignInFirst
        if who.user and not opt.get("uncounted"):
            await limits.admit(Kind.READ if request.method in SAFE else Kind.WRITE, who.user.id)
        if who.user and who.user.left_at and not (opt.get("open") or opt.get("leaving")):
            raise HasLeft
        await next_app(scope, receive, send)


async def _check_origin_and_token(request: AnyRequest, who: Visitor) -> None:
    """Refuse what another site sent in this person's name: by what the browser says, and by the form's token."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forged
    origin = request.headers.get("origin")
    if origin is not None and not is_own(origin):
        raise Forged
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in FORMS:
        raise Forged
    token = (await request.form()).get("csrf", "")
    if not isinstance(token, str) or not who.sent(token):
        raise Forged


async def me(request: AnyRequest) -> User:
    """The signed-in person; a route that asks for `me` has one."""
    user = visitor_of(request).user
    if user is None:
        raise SignInFirst
    return user


def to_sign_in(request: AnyRequest, *, query: str = "") -> Response[bytes]:
    """The answer to a stranger: the sign-in page, and back to where they were, with this `query`."""
    back = path_of(request.headers.get("hx-current-url", "")) if by_htmx(request) else request.scope["path"]
    back += f"?{query}" if query else ""
    return see(request, f"/sign-in?next={quote(back, safe='/')}" if back not in ("", "/") else "/sign-in")
