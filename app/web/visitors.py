"""Who asks, and whether they may: cookies are read and renewed, forms are checked, strangers are sent to sign in."""

from urllib.parse import quote, urlsplit

from litestar import Request
from litestar.datastructures import MutableScopeHeaders
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from app.auth.cookies import Visitor, read_cookies, visitor
from app.domain.user import User
from app.settings import settings
from app.web.pages import AnyRequest, by_htmx, see, visitor_of

SAFE = ("GET", "HEAD", "OPTIONS")
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class SignInFirst(Exception):
    """A stranger asked for what only a signed-in person sees."""


class Forged(Exception):
    """A form that did not come from a page of ours, or not for this person."""


class Visitors(ASGIMiddleware):
    """Puts a Visitor into every request's state, except where a route says that it is `stateless`. A route is for
    signed-in people unless it is `open`; what changes something must carry the form's token."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        handler = scope.get("route_handler")
        opt = handler.opt if handler else {"open": True}
        if opt.get("stateless") or scope["type"] != "http":
            return await next_app(scope, receive, send)
        request: AnyRequest = Request(scope, receive, send)
        who = await visitor(read_cookies(request.headers.get("cookie", "").encode("latin-1", "replace")))
        scope["state"]["visitor"] = who
        if request.method not in SAFE:
            await _check_origin_and_token(request, who)
        if who.user is None and not opt.get("open"):
            raise SignInFirst

        async def send_with_cookies(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                for cookie in who.cookies:
                    headers.add("Set-Cookie", cookie)
            await send(message)

        await next_app(scope, receive, send_with_cookies)


async def _check_origin_and_token(request: AnyRequest, who: Visitor) -> None:
    """Refuse what another site sent in this person's name: by what the browser says, and by the form's token."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forged
    origin = request.headers.get("origin")
    if origin is not None and origin != _own_origin():
        raise Forged
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in FORMS:
        raise Forged
    token = (await request.form()).get("csrf", "")
    if not isinstance(token, str) or not who.sent(token):
        raise Forged


def _own_origin() -> str:
    parts = urlsplit(settings().base_url)
    return f"{parts.scheme}://{parts.netloc}"


async def me(request: AnyRequest) -> User:
    """The signed-in person; a route that asks for `me` has one."""
    user = visitor_of(request).user
    if user is None:
        raise SignInFirst
    return user


def to_sign_in(request: AnyRequest) -> object:
    """The answer to a stranger: the sign-in page, and back to where they were."""
    back = urlsplit(request.headers.get("hx-current-url", "")).path if by_htmx(request) else request.url.path
    return see(request, f"/sign-in?next={quote(back, safe='/')}" if back not in ("", "/") else "/sign-in")
