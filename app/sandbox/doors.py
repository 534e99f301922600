"""Who may come in: programs and browsers of this machine, directly. And the headers that go with every answer."""

from typing import Any, cast
from urllib.parse import urlsplit

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from app.peer import FORWARDING
from app.sandbox.dropping import STRAIGHT

LOOPBACK = ("127.0.0.1", "localhost", "::1")
LEADS_TO = "form leads to"
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-store"}


class Doors:
    """Refuses what a proxy brings or what calls this place by another name: then it is no longer only this machine that can
    reach it. A page elsewhere can't post here either."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in (ScopeType.HTTP, ScopeType.WEBSOCKET):
            return await self.app(scope, receive, send)
        if not is_welcome(scope):
            return await _refuse(scope, send)
        cast(dict[str, Any], scope)[STRAIGHT] = send

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_headers(scope, {key.lower() for key, _ in message["headers"]})]
            await send(message)

        await self.app(scope, receive, send_with_headers)


def is_welcome(scope: Scope) -> bool:
    """Whether somebody on this machine asks, by its own name and from no page elsewhere."""
    headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
    host = headers.get("host", "")
    origin = headers.get("origin", "")
    elsewhere = origin not in ("", "null") and urlsplit(origin).netloc != host
    return not (headers.keys() & FORWARDING) and is_loopback(host) and not elsewhere


def is_loopback(host: str) -> bool:
    """Whether a Host header names this machine, with or without a port."""
    try:
        return urlsplit(f"//{host}").hostname in LOOPBACK
    except ValueError:
        return False


def leads_to(scope: Scope, address: str) -> None:
    """A form of the page that is answered may end at this address: browsers look at where a redirect goes, too."""
    parts = urlsplit(address)
    cast(dict[str, Any], scope)[LEADS_TO] = f"{parts.scheme}://{parts.netloc}"


def _headers(scope: Scope, there: set[bytes]) -> list[tuple[bytes, bytes]]:
    place = cast(dict[str, Any], scope).get(LEADS_TO)
    policy = f"{POLICY} {place}" if place else POLICY
    ours = {"Content-Security-Policy": policy} | HEADERS
    return [(name.lower().encode(), value.encode()) for name, value in ours.items() if name.lower().encode() not in there]


async def _refuse(scope: Scope, send: Send) -> None:
    if scope["type"] == ScopeType.WEBSOCKET:
        closing: Any = {"type": "websocket.close", "code": 4003, "reason": "the sandbox is for this machine only"}
        return await send(closing)
    start: Any = {"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]}
    body: Any = {"type": "http.response.body", "body": b"The sandbox answers this machine only, and no proxy.\n"}
    await send(start)
    await send(body)
    return None
