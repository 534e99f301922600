"""What a page hears: one stream per page, carrying all that it shows."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextvars import Context
from uuid import UUID

import structlog
from litestar import Response, get
from litestar.params import FromQuery
from litestar.response import Stream

from app import live
from app.database import sql
from app.domain.sign_in import SignIn
from app.web.fragments import BEAT, SIGNED_OUT
from app.web.pages import AnyRequest, visitor_of
from app.web.rooms import Joining, Outbox, Room
from app.web.visitors import Id, Me

BEAT_SECONDS = 15
CHECK_SECONDS = 60
WATCH_SECONDS = 5
log = structlog.get_logger(__name__)


class House:
    """All rooms of this process, over one connection to Valkey."""

    def __init__(self) -> None:
        self.rooms: dict[UUID, Room] = {}
        self.listener = live.Listener(self._heard, self._lost)
        self.valkey = live.valkey()
        self.closing = False
        self.watching: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        self.listener.start(live.EVERYWHERE)
        self.watching = asyncio.create_task(self._watch(), context=Context())

    async def close(self) -> None:
        self.end_streams()
        if self.watching:
            self.watching.cancel()
        await self.listener.stop()
        await self.valkey.aclose()

    def end_streams(self) -> None:
        """End every page's stream cleanly; they come back to whoever answers then."""
        self.closing = True
        for room in self.rooms.values():
            room.close()

    async def join(self, session_id: UUID, box: Outbox, after_seq: int, revision: int) -> None:
        """Let a page into its room."""
        room = self.rooms.get(session_id)
        if room is None:
            room = self.rooms[session_id] = Room(session_id, self.valkey)
            await self.listener.follow(live.channel(session_id))
            room.open()
        room.expected.add(box)
        room.events.put_nowait(Joining(box, after_seq, revision))

    def leave(self, session_id: UUID, box: Outbox) -> None:
        """A page has gone. Must not await: the page's task may be cancelled."""
        room = self.rooms.get(session_id)
        if room is None:
            return
        room.expected.discard(box)
        room.pages.discard(box)
        if not room.expected and not self.closing:
            task = asyncio.create_task(self._leave_later(session_id, room), context=Context())
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def _leave_later(self, session_id: UUID, room: Room) -> None:
        await asyncio.sleep(10)  # a page that is reloaded finds the room as it was
        if not room.expected and self.rooms.get(session_id) is room:
            del self.rooms[session_id]
            room.close()
            await self.listener.leave(live.channel(session_id))

    def _heard(self, channel: bytes, event: live.Event) -> None:
        if channel == live.EVERYWHERE:
            if event["kind"] == "sign-in.ended":
                self._sign_out(UUID(event["id"]))
        elif room := self.rooms.get(UUID(channel.decode().removeprefix("live:"))):
            room.events.put_nowait(event)

    def _sign_out(self, sign_in_id: UUID) -> None:
        for room in self.rooms.values():
            for box in [box for box in room.expected if box.sign_in_id == sign_in_id]:
                box.end(SIGNED_OUT)

    def _lost(self) -> None:
        for room in self.rooms.values():
            room.resync()

    async def _watch(self) -> None:
        """Events may be lost (their sender was killed): rooms that are behind the database catch up within 5 s."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                for room in await asyncio.create_task(self._behind(), context=Context()):
                    room.resync()
            except Exception as error:
                log.warning("could not watch rooms", error=repr(error))

    async def _behind(self) -> list[Room]:
        query = "SELECT id, revision FROM chat_sessions WHERE id = ANY($1)"
        rows = await sql(query, list(self.rooms)) if self.rooms else []
        known = [(self.rooms.get(row["id"]), row["revision"]) for row in rows]
        return [room for room, revision in known if room and revision > room.revision]


@get("/chat/{session_id:uuid}/stream")
async def stream(
    request: AnyRequest,
    me: Me,
    session_id: Id,
    after: FromQuery[int] = 0,
    revision: FromQuery[int] = 0,
) -> Response[bytes]:
    """The page's stream. `Last-Event-ID`, the revision that a page has seen, wins over the address."""
    house: House = request.app.state.house
    await me.session(session_id)
    last = request.headers.get("last-event-id", "")
    if last.isascii() and last.isdigit() and len(last) < 19:
        revision = int(last)
    box = Outbox(visitor_of(request).sign_in_id)
    events = _events(house, session_id, box, after, revision)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Stream(events, media_type="text/event-stream", headers=headers)  # type: ignore[return-value]


async def _events(house: House, session_id: UUID, box: Outbox, after: int, revision: int) -> AsyncIterator[bytes]:
    yield b"retry: 300\n\n"
    check_at = time.monotonic() + CHECK_SECONDS
    try:
        await house.join(session_id, box, after, revision)
        while not house.closing and (data := await box.take(BEAT_SECONDS)) is not None:
            yield data or BEAT
            if time.monotonic() > check_at:
                check_at = time.monotonic() + CHECK_SECONDS
                if box.sign_in_id and await SignIn.person(box.sign_in_id) is None:
                    yield SIGNED_OUT
                    return
    finally:
        house.leave(session_id, box)
