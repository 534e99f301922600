"""What every address answers alike: HEAD, OPTIONS, and which methods it takes (RFC 9110, 9.3 and 10.2.1)."""

from typing import cast

from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

STREAMS = ("/stream", "/events")
UNKNOWN = "UNKNOWN"


class Methods:
    """Answers HEAD with what GET would, less the body; a stream has no end, so it is not asked. Answers OPTIONS with the
    methods that are allowed: Litestar's own answer names those of one handler, but its refusal of a method names all."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            return await self.app(scope, receive, send)
        method, is_stream = str(scope["method"]), scope["path"].endswith(STREAMS)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 405:
                _name_methods(message, method, is_stream)
            elif message["type"] == "http.response.body" and method in ("HEAD", "OPTIONS"):
                message["body"] = b""
            await send(message)

        asked = {"OPTIONS": UNKNOWN, "HEAD": "HEAD" if is_stream else "GET"}.get(method, method)
        await self.app(scope if method == asked else cast(Scope, {**scope, "method": asked}), receive, answer)


def _name_methods(refusal: HTTPResponseStartEvent, method: str, is_stream: bool) -> None:
    headers = MutableScopeHeaders.from_message(refusal)
    names = {name.strip() for name in headers.get("allow", "").split(",")} - {"", "websocket"}
    headers["Allow"] = ", ".join(sorted(names | ({"HEAD"} if "GET" in names and not is_stream else set())))
    if method == "OPTIONS":
        refusal["status"] = 204
        refusal["headers"] = [pair for pair in refusal["headers"] if not pair[0].lower().startswith(b"content-")]
