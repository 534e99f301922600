"""Server-sent events: what comes into an outbox, down an open answer."""

import asyncio
from typing import Any, cast
from uuid import UUID

from litestar.types import ASGIApp, Receive, Scope, Send

from app.rooms.house import House
from app.rooms.outbox import Outbox, breaking_off


class Afterwards:
    """What a handler has put into `scope["afterwards"]` answers the request when all that led to it has been let go: a
    stream lives for hours and sends many small pieces, each of which would go through every frame and wrapper."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)
        if answer := cast(dict[str, Any], scope).pop("afterwards", None):
            await answer(scope, receive, send)


class Stream:
    """Answers with what comes into an outbox, from a conversation or from none. It is bare ASGI: Litestar's own costs each
    piece a task."""

    def __init__(self, house: House, session_id: UUID | None, box: Outbox, came_to: Any) -> None:
        self.house, self.session_id, self.box, self.came_to = house, session_id, box, came_to

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        cast(dict[str, Any], scope)["afterwards"] = self.answer

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        scope["state"].clear()
        send = cast(dict[str, Any], scope).pop("straight", send)  # its wrappers have nothing to say to what follows
        self.box.break_off = breaking_off(send)
        await receive()  # the empty body; what comes after it is the end
        self.box.put(b"retry: 300\n\n")
        try:
            await self.house.join(self.session_id, self.box, self.came_to)
            await self._send_all(receive, send)
        finally:
            self.house.leave(self.session_id, self.box)

    async def _send_all(self, receive: Receive, send: Send) -> None:
        while (data := await self.box.take()) is not None:
            await send({"type": "http.response.body", "body": data, "more_body": True})
            if data == self.box.language.beat and await _gone(receive):
                return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Receive) -> bool:
    """Whether who listens has closed the connection."""
    asked = asyncio.ensure_future(receive())
    await asyncio.sleep(0)
    if asked.done():
        return asked.result()["type"] == "http.disconnect"
    asked.cancel()
    return False
