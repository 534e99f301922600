"""HEAD, as GET without the body (RFC 9110, 9.3.2)."""

from collections.abc import Awaitable
from typing import Any, cast

from litestar.types import ASGIApp, Message, Receive, Scope, Send


class Heads:
    """Answers HEAD with what GET would, less the body. A stream has no end, so it is not asked."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if cast(Any, scope).get("method") != "HEAD" or scope["path"].endswith("/stream"):
            return self.app(scope, receive, send)

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        return self.app(cast(Scope, {**scope, "method": "GET"}), receive, send_head)
