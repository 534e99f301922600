"""A conversation that somebody has open in this process: what happens there is put into words once for all who listen.

All that a room does goes through one line (`events`), so whoever joins gets the state, then every change after it."""

import asyncio
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from redis.asyncio import Redis

from app import frames
from app.domain.message import Message, MessageStatus
from app.domain.session import ChatSession
from app.live import Event
from app.rooms.outbox import Outbox
from app.rooms.place import UNKNOWN, Place
from app.rooms.telling import Ending, Telling
from app.rooms.writing import Writing

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Joining:
    """Somebody who comes in, from a place that their language understands."""

    box: Outbox
    came_to: Any


@dataclass
class Room:
    """One open conversation. `tellings` holds who hears what happens, by language; `expected` are those and the ones about
    to. Up to `revision` all is known, and of that one either all (`whole`) or what is in `shown`. `called`: what the
    conversation was called, and where it went on, when the database was asked last. `valkey` reads the
    answers that were begun before the room was opened."""

    session_id: UUID
    valkey: Redis
    expected: set[Outbox] = field(default_factory=set)
    tellings: dict[type[Telling], tuple[Telling, set[Outbox]]] = field(default_factory=dict)
    writing: dict[str, Writing] = field(default_factory=dict)
    revision: int = 0
    last_seq: int = 0
    whole: bool = True
    shown: set[str] = field(default_factory=set)
    called: dict[str, Any] = field(default_factory=dict)
    events: asyncio.Queue[Event | Joining | None] = field(default_factory=asyncio.Queue)
    task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin: the state first, then what happens."""
        self.events.put_nowait(None)
        self.task = asyncio.create_task(self._run(), context=Context())

    def close(self, ending: Ending) -> None:
        if self.task:
            self.task.cancel()
        for box in self.expected:
            box.end(ending)

    def resync(self) -> None:
        """Something may have been missed: ask the database."""
        if self.events.empty():
            self.events.put_nowait(None)

    def leave(self, box: Outbox) -> None:
        self.expected.discard(box)
        if box.language in self.tellings:
            self.tellings[box.language][1].discard(box)

    async def _run(self) -> None:
        while True:
            event = await self.events.get()
            try:
                await self._handle(event)
            except Exception as error:  # who can't be served comes again
                log.warning("room could not follow", session=str(self.session_id), error=repr(error))
                if isinstance(event, Joining):
                    event.box.end(Ending.BROKEN)

    async def _handle(self, event: Event | Joining | None) -> None:
        match event:
            case None:
                await self._catch_up()
            case Joining():
                await self._let_in(event)
            case {"kind": "message.delta"}:
                await self._grow(event)
            case {"kind": "session.deleted"}:
                self._end()
            case {"kind": "agent.status"}:
                self._tell(lambda telling: telling.status(event))
            case {"kind": "session.changed"}:
                self._tell(lambda telling: telling.session(event))
            case {"kind": "channel.changed"}:
                self._tell(lambda telling: telling.channel(event))
            case {"kind": "feedback.requested" | "feedback.settled"}:
                self._tell(lambda telling: telling.feedback(event))
            case {"revision": int(revision)}:
                if revision > self.revision + 1:
                    await self._catch_up()
                elif revision >= self.revision:
                    self._hear(event)

    def _end(self) -> None:
        """The conversation was deleted."""
        for box in self.expected:
            box.end(Ending.DELETED)

    def _tell(self, words: Callable[[Telling], bytes]) -> None:
        for telling, boxes in self.tellings.values():
            if boxes and (data := words(telling)):
                for box in boxes:
                    box.put(data)

    def _hear(self, told: Event) -> None:
        """A message was added or changed."""
        if told["revision"] > self.revision:
            self.revision, self.whole, self.shown = told["revision"], False, set()
        again = self.whole or told["id"] in self.shown
        self.shown.add(told["id"])
        self._show(told, again=again)

    def _show(self, told: Event, *, again: bool = False) -> None:
        new = told.get("kind", "message.created") == "message.created"
        first = told["seq"] > self.last_seq
        writing = self._written(told, begun=first)
        self.last_seq = max(self.last_seq, told["seq"])
        at = self._place()
        self._tell(lambda telling: telling.message(told, writing, at, new=new, first=first, again=again))

    def _written(self, told: Event, *, begun: bool) -> Writing | None:
        if told["status"] != MessageStatus.STREAMING:
            self.writing.pop(told["id"], None)
            return None
        return self.writing.setdefault(told["id"], Writing(told["id"], told["key"], begun))

    def _place(self) -> Place:
        """Where those are who have heard all."""
        writing = next(iter(self.writing.values()), None)
        frame = (0, 0)
        if writing is not None and (writing.last or not writing.begun):
            frame = (writing.last.fence, writing.last.number) if writing.last else UNKNOWN
        return Place(self.revision, self.last_seq, *frame)

    async def _grow(self, event: Event) -> None:
        writing = self.writing.get(event["id"])
        if writing is None:
            return  # begun before we looked; the state that comes with it has all the text
        frame = frames.parsed(event["frame"], event["text"], event["whole"])
        if not frame.newer(writing.last):
            return
        if frame.follows(writing.last):
            self._add(writing, frame)
        else:
            await self._read_again(writing)

    def _add(self, writing: Writing, frame: frames.Frame) -> None:
        goes_on = writing.add(frame)
        at = self._place()
        self._tell(lambda telling: telling.grow(writing, frame, at, goes_on=goes_on))

    async def _read_again(self, writing: Writing) -> None:
        """A frame is missing: read what there is. If Valkey lacks it too, the worker's next frame is whole."""
        for frame in await frames.read(self.valkey, writing.id):
            if frame.newer(writing.last) and frame.follows(writing.last):
                self._add(writing, frame)

    async def _catch_up(self) -> None:
        """Show what changed in the database since the last revision we know."""
        session = await self._session()
        if session.deleted_at:
            self._end()
        if self.revision == 0 and not any(boxes for _, boxes in self.tellings.values()):
            for message in await session.streaming():
                self._written(message.as_dict(), begun=False)
        else:
            changed = await session.changes(after_revision=self.revision, after_seq=0)
            for message in changed[:-1]:  # before the last one, nobody knows all of the new revision
                self._show(message.as_dict())
            self._know_all(max(message.revision for message in changed) if changed else 0)
            for message in changed[-1:]:
                self._show(message.as_dict())
        self._know_all(session.revision)
        self.last_seq = max(self.last_seq, session.last_seq)
        for writing in list(self.writing.values()):
            await self._read_again(writing)
        agent = (await session.agent()).as_dict()
        self._tell(lambda telling: telling.status(agent))
        self._call(session.as_dict())

    def _call(self, told: dict[str, Any]) -> None:
        """That its title or channel changed may not have been heard."""
        if self.called and told != self.called:
            self._tell(lambda telling: telling.session(told))
        self.called = told

    def _know_all(self, revision: int) -> None:
        if revision >= self.revision:
            self.revision, self.whole, self.shown = revision, True, set()

    async def _let_in(self, joining: Joining) -> None:
        """Give a listener what it has missed, the partial text so far, and every change from now on."""
        telling, boxes = self.tellings.setdefault(joining.box.language, (joining.box.language(), set()))
        session, missed = await self._missed(telling, joining.came_to)
        agent = telling.status((await session.agent()).as_dict())
        for message in missed:
            self._written(message.as_dict(), begun=False)
        joining.box.put(telling.caught_up(joining.came_to, missed, self._place(), self.writing), missed=True)
        joining.box.put(telling.session(session.as_dict()))
        joining.box.put(agent)
        if joining.box in self.expected:
            boxes.add(joining.box)

    async def _missed(self, telling: Telling, came_to: Any) -> tuple[ChatSession, list[Message]]:
        """What somebody has missed, when all who listen are as far as that."""
        while True:
            session = await self._session()
            if session.revision > self.revision:
                await self._catch_up()
            missed = await telling.missed(session, came_to)
            if all(message.revision <= self.revision for message in missed):
                return session, missed

    async def _session(self) -> ChatSession:
        session = await ChatSession.objects().get(ChatSession.id == self.session_id)
        assert session is not None
        return session
