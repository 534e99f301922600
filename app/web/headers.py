"""What stands on every answer: the security headers (promises.md, security 9), and the visitor's cookies."""

from typing import Any, cast

from litestar.datastructures import MutableScopeHeaders
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from app.auth.cookies import Visitor
from app.settings import settings

POLICY = "; ".join(
    [
        "default-src 'self'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'",
        "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'",
    ]
)  # fmt: skip
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class SecurityHeaders:
    """Puts the headers on every answer, errors included; what is not said to be kept is not kept. The visitor's cookies
    go with whatever is answered: a renewed sign-in that got lost would end as a stolen one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                for name, value in HEADERS.items():
                    headers[name] = value
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
