"""What stands on every answer: the security headers (promises.md, security 9), and the visitor's cookies."""

from typing import Any, cast
from urllib.parse import urlsplit

from litestar import Request
from litestar.datastructures import MutableScopeHeaders
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
                headers = MutableScopeHeaders.from_message(message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if place := scope.get("state", {}).get(LEADS_TO):
                    headers["Content-Security-Policy"] = f"{POLICY} {place}"
                headers.setdefault("Cache-Control", "no-store")
                if settings().https_only:
                    headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
                for cookie in _cookies(scope):
                    headers.add("Set-Cookie", cookie)
            await send(message)

        cast(dict[str, Any], scope)["straight"] = send
        await self.app(scope, receive, send_with_headers)


def _cookies(scope: Scope) -> list[str]:
    visitor: Visitor | None = scope.get("state", {}).get("visitor")
    return visitor.cookies if visitor else []
