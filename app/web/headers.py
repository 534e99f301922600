"""What stands on every answer: the security headers (promises.md, security 9), and the visitor's cookies."""

from collections.abc import Iterable, Iterator
from typing import Any, cast
from urllib.parse import urlsplit

from litestar import Request
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from app.auth.cookies import Visitor
from app.settings import settings

POLICY = "; ".join(
    [
        "default-src 'self'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'",
        "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'",
    ]  # form-action stands last: see leads_to
)  # fmt: skip
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
STRICT = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
ALWAYS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
OURS = {STRICT[0], *(name for name, _ in ALWAYS)}
LEADS_TO = "form leads to"


def leads_to(request: Request[Any, Any, Any], address: str) -> None:
    """The forms of the page that is answered may end at this address: browsers look at where a redirect goes, too. An IPv6
    address is no source that a policy can name, so that all of http stands for it (CSP 3, 2.3.1)."""
    parts = urlsplit(address)
    request.scope["state"][LEADS_TO] = f"{parts.scheme}:" if "[" in parts.netloc else f"{parts.scheme}://{parts.netloc}"


STARTS = ("http.response.start", "websocket.http.response.start")
"""How an answer begins; the second is a refusal of a socket."""


class SecurityHeaders:
    """Puts the headers on every answer, errors included; what is not said to be kept is not kept. The visitor's cookies
    go with whatever is answered: a renewed sign-in that got lost would end as a stolen one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] in STARTS:
                begun = cast(dict[str, Any], message)
                begun["headers"] = [*_others(begun["headers"]), *_ours(scope)]
            await send(message)

        cast(dict[str, Any], scope)["straight"] = send
        await self.app(scope, receive, send_with_headers)


def _others(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """What the answer says itself, but for what is ours to say."""
    kept = False
    for name, value in headers:
        if name.lower() not in OURS:
            kept = kept or name.lower() == b"cache-control"
            yield name, value
    if not kept:
        yield b"cache-control", b"no-store"


def _ours(scope: Scope) -> Iterator[tuple[bytes, bytes]]:
    state = scope.get("state", {})
    place = state.get(LEADS_TO)
    for name, value in ALWAYS:
        yield name, value + f" {place}".encode() if place and name == b"content-security-policy" else value
    if settings().https_only:
        yield STRICT
    visitor: Visitor | None = state.get("visitor")
    for cookie in visitor.cookies if visitor else []:
        yield b"set-cookie", cookie.encode("latin-1")
