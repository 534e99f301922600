"""What a page hears: one stream per page, carrying all that it shows."""

import asyncio
from typing import Any, cast
from uuid import UUID

from litestar import get
from litestar.params import FromQuery
from litestar.types import ASGIApp, Receive, Scope, Send

from app.web.fragments import BEAT
from app.web.house import House
from app.web.outbox import Outbox
from app.web.pages import AnyRequest, visitor_of
from app.web.visitors import Id, Me

LARGEST = 2**31 - 1


@get("/chat/{session_id:uuid}/stream", opt={"uncounted": True}, media_type="text/event-stream")
async def stream(
    request: AnyRequest, me: Me, session_id: Id, after: FromQuery[int] = 0, revision: FromQuery[int] = 0
) -> ASGIApp:
    """The page's stream. `Last-Event-ID`, the revision that a page has seen, wins over the address."""
    await me.session(session_id)
    last = request.headers.get("last-event-id", "")
    if last.isascii() and last.isdigit() and len(last) < 19:
        revision = int(last)
    box = Outbox(visitor_of(request).sign_in_id)
    return Stream(request.app.state.house, session_id, box, max(0, min(after, LARGEST)), max(0, min(revision, LARGEST**2)))


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
    """Answers with what comes into an outbox. It is bare ASGI: Litestar's own costs each piece a task."""

    def __init__(self, house: House, session_id: UUID, box: Outbox, after: int, revision: int) -> None:
        self.house, self.session_id, self.box, self.after, self.revision = house, session_id, box, after, revision

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        cast(dict[str, Any], scope)["afterwards"] = self.answer

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        scope["state"].clear()
        send = cast(dict[str, Any], scope).pop("straight", send)  # its wrappers have nothing to say to what follows
        await receive()  # the empty body; what comes after it is the end
        self.box.put(b"retry: 300\n\n")
        try:
            await self.house.join(self.session_id, self.box, self.after, self.revision)
            await self._send_all(receive, send)
        finally:
            self.house.leave(self.session_id, self.box)

    async def _send_all(self, receive: Receive, send: Send) -> None:
        while (data := await self.box.take()) is not None:
            await send({"type": "http.response.body", "body": data, "more_body": True})
            if data == BEAT and await _gone(receive):
                return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Receive) -> bool:
    """Whether the page has closed its connection."""
    asked = asyncio.ensure_future(receive())
    await asyncio.sleep(0)
    if asked.done():
        return asked.result()["type"] == "http.disconnect"
    asked.cancel()
    return False
