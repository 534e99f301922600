"""All conversations that somebody has open in this process, over one connection to Valkey."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any
from uuid import UUID

import structlog

from app import live
from app.auth import present
from app.database import sql
from app.domain.api_key import ApiKey
from app.domain.sign_in import SignIn
from app.rooms.outbox import Outbox
from app.rooms.room import Joining, Room
from app.rooms.settlements import Settlements
from app.rooms.telling import Ending, Telling
from app.valkey import valkey

BEAT_SECONDS = 15
CHECK_SECONDS = 60
WATCH_SECONDS = 5
LINGER_SECONDS = 10
log = structlog.get_logger(__name__)


class House:
    """Rooms, opened by the first who joins and closed a while after the last has left; and a lobby, for those who have no
    conversation open."""

    def __init__(self) -> None:
        self.rooms: dict[UUID, Room] = {}
        self.lobby: set[Outbox] = set()
        self.settlements = Settlements()
        self.listener = live.Listener(self._heard, self._lost, lambda: present.set_hearing(True))
        self.valkey = valkey()
        self.closing = False
        self.tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        self.listener.start(live.EVERYWHERE)
        self._spawn(self._watch())

    async def close(self) -> None:
        self.end_streams()
        for task in self.tasks:
            task.cancel()
        present.set_hearing(False)
        await self.listener.stop()
        await self.valkey.aclose()

    def end_streams(self) -> None:
        """End every stream and socket cleanly; they come back to whoever answers then."""
        self.closing = True
        self.settlements.close()
        for room in self.rooms.values():
            room.close(Ending.RESTARTING)
        for box in self.lobby:
            box.end(Ending.RESTARTING)

    async def join(self, session_id: UUID | None, box: Outbox, came_to: Any) -> None:
        """Let somebody into their room, who has come to a place as their language names it; or into the lobby."""
        if session_id is None:
            self.lobby.add(box)
        else:
            await self._join_room(session_id, box, came_to)
        if box.person_id:
            self._spawn(self._attempt(lambda: self._show_inbox({box: session_id})))
        if self.closing:
            box.end(Ending.RESTARTING)

    async def _join_room(self, session_id: UUID, box: Outbox, came_to: Any) -> None:
        room = self.rooms.get(session_id)
        if room is None:
            room = self.rooms[session_id] = Room(session_id, self.valkey)
            room.expected.add(box)
            await self.listener.follow(live.channel(session_id))
            room.open()
        room.expected.add(box)
        room.events.put_nowait(Joining(box, came_to))

    def leave(self, session_id: UUID | None, box: Outbox) -> None:
        """A listener has gone. Must not await: its task may be cancelled."""
        box.left()
        self.lobby.discard(box)
        room = self.rooms.get(session_id) if session_id else None
        if room is None:
            return
        room.leave(box)
        if not room.expected and not self.closing:
            self._spawn(self._close_later(room.session_id, room))

    async def _close_later(self, session_id: UUID, room: Room) -> None:
        await asyncio.sleep(LINGER_SECONDS)  # a page that is reloaded finds the room as it was
        if not room.expected and self.rooms.get(session_id) is room:
            del self.rooms[session_id]
            room.close(Ending.RESTARTING)
            self.listener.leave(live.channel(session_id))

    def boxes(self) -> list[Outbox]:
        """The outbox of everybody who listens."""
        return [*self.lobby, *(box for room in self.rooms.values() for box in room.expected)]

    def _heard(self, channel: bytes, event: live.Event) -> None:
        match event["kind"]:
            case "sign-in.ended":
                present.forget(UUID(event["id"]))
                self._sign_out({UUID(event["id"])})
            case "key.revoked":
                self._revoke({UUID(event["id"])})
            case "person.changed":
                present.forget_person(UUID(event["id"]))
                self._spawn(self._attempt(self._check_sign_ins))
            case "inbox.changed":
                self._inbox_changed(UUID(event["person"]))
                if (asked := event.get("request")) and UUID(asked) in self.settlements.waiting:
                    self._spawn(self._attempt(lambda: self.settlements.look(UUID(asked))))
            case _ if room := self.rooms.get(UUID(channel.decode().removeprefix("live:"))):
                room.events.put_nowait(event)

    def _sign_out(self, sign_in_ids: set[UUID]) -> None:
        self._end({box for box in self.boxes() if box.sign_in_id in sign_in_ids})

    def _revoke(self, key_ids: set[UUID]) -> None:
        self._end({box for box in self.boxes() if box.key_id in key_ids})

    def _end(self, boxes: set[Outbox]) -> None:
        for box in boxes:
            box.end(Ending.SIGNED_OUT)

    def _inbox_changed(self, person_id: UUID) -> None:
        open_in: dict[Outbox, UUID | None] = dict.fromkeys(self.lobby)
        open_in |= {box: room.session_id for room in self.rooms.values() for box in room.expected}
        if theirs := {box: session_id for box, session_id in open_in.items() if box.person_id == person_id}:
            self._spawn(self._attempt(lambda: self._show_inbox(theirs)))

    async def _show_inbox(self, open_in: dict[Outbox, UUID | None]) -> None:
        """What waits for one person, rendered once for all who look at the same."""
        told: dict[tuple[type[Telling], UUID | None], bytes] = {}
        for box, session_id in open_in.items():
            view = (box.language, session_id)
            if box.person_id and view not in told:
                told[view] = await box.language.inbox(box.person_id, session_id)
            box.put(told[view])

    def _lost(self) -> None:
        present.set_hearing(False)
        for room in self.rooms.values():
            room.resync()
        self._spawn(self._attempt(self.settlements.look))

    async def _beat(self) -> None:
        """Let listeners and proxies know that a silent stream lives."""
        for box in self.boxes():
            if not box.waiting:
                box.put(box.language.beat)

    async def _check_sign_ins(self) -> None:
        """That one has ended, or a key was removed, may not have been heard."""
        known = {box.sign_in_id for box in self.boxes() if box.sign_in_id}
        self._sign_out(known - await SignIn.live_among(known))
        keys = {box.key_id for box in self.boxes() if box.key_id}
        self._revoke(keys - await ApiKey.live_among(keys) if keys else keys)

    async def _catch_up(self) -> None:
        """Events may be lost (their sender was killed): rooms that are behind the database ask it."""
        query = "SELECT id, revision FROM chat_sessions WHERE id = ANY($1)"
        rows = await sql(query, list(self.rooms)) if self.rooms else []
        for row in rows:
            if (room := self.rooms.get(row["id"])) and row["revision"] > room.revision:
                room.resync()
        await self.settlements.look()

    async def _watch(self) -> None:
        """Do each of these again when its time has come."""
        done_at: dict[str, float] = {}
        while True:
            for work, seconds in (
                (self._catch_up, WATCH_SECONDS), (self._check_sign_ins, CHECK_SECONDS), (self._beat, BEAT_SECONDS)
            ):  # fmt: skip
                now = asyncio.get_running_loop().time()
                if now - done_at.setdefault(work.__name__, now) >= seconds:
                    done_at[work.__name__] = now
                    await self._attempt(work)
            await asyncio.sleep(1)

    async def _attempt(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
        except Exception as error:
            log.warning("will try again", work=work.__qualname__, error=repr(error))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, context=Context())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
