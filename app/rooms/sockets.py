"""WebSockets: what comes into an outbox, down an open socket, and what is said by it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, cast
from uuid import UUID

from litestar import WebSocket
from litestar.exceptions import WebSocketDisconnect

from app.rooms.house import House
from app.rooms.outbox import Outbox, breaking_off
from app.rooms.telling import Ending

AnySocket = WebSocket[Any, Any, Any]
Hear = Callable[[str | bytes], Awaitable[None]]
CODES = {
    Ending.SIGNED_OUT: 4401,
    Ending.DELETED: 4404,
    Ending.RESTARTING: 1012,
    Ending.SLOW: 1013,
    Ending.BROKEN: 1013,
}


async def open_socket(socket: AnySocket) -> None:
    """Accept it; a sign-in that was renewed on the way gets its cookies."""
    visitor = socket.scope["state"].get("visitor")
    cookies = visitor.cookies if visitor else []
    await socket.accept(headers=[(b"set-cookie", cookie.encode()) for cookie in cookies])


async def refuse_socket(socket: AnySocket, status: int, body: bytes, headers: dict[str, str]) -> None:
    """Answer the handshake with a status instead."""
    told: Any = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await socket.receive()
    await socket.send({"type": "websocket.http.response.start", "status": status, "headers": told})
    await socket.send({"type": "websocket.http.response.body", "body": body, "more_body": False})


async def converse(socket: AnySocket, house: House, session_id: UUID, box: Outbox, came_to: Any, hear: Hear) -> None:
    """Tell what happens, one frame for each line that comes into the outbox, and `hear` what is said, until either side
    closes."""
    box.break_off = breaking_off(cast(dict[str, Any], socket.scope).get("straight"))
    hearing = asyncio.create_task(_hear_all(socket, hear))
    try:
        await house.join(session_id, box, came_to)
        telling = asyncio.create_task(_tell_all(socket, box))
        await asyncio.wait({hearing, telling}, return_when=asyncio.FIRST_COMPLETED)
        telling.cancel()
        hearing.cancel()
        await asyncio.gather(telling, hearing, return_exceptions=True)
    finally:
        house.leave(session_id, box)
    if box.ending and socket.connection_state != "disconnect":
        await close_socket(socket, box.ending)


async def close_socket(socket: AnySocket, ending: Ending) -> None:
    """Say why, and hang up."""
    with suppress(WebSocketDisconnect, OSError):
        await socket.close(CODES[ending], ending)


async def _hear_all(socket: AnySocket, hear: Hear) -> None:
    while (message := await socket.receive())["type"] == "websocket.receive":
        await hear(message.get("text") or message.get("bytes") or "")


async def _tell_all(socket: AnySocket, box: Outbox) -> None:
    while (data := await box.take()) is not None:
        for frame in box.language.frames(data):
            await socket.send({"type": "websocket.send", "text": frame.decode(), "bytes": None})
