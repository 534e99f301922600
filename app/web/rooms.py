"""A conversation that somebody has open in this process: what happens there is rendered once and given to every page.

All that a room does goes through one line (`events`), so a page that joins gets the state, then every change after it."""

import asyncio
from contextvars import Context
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from redis.asyncio import Redis

from app import frames
from app.domain.message import Message, MessageStatus
from app.domain.session import ChatSession
from app.live import Event
from app.web.fragments import Fragments, Writing
from app.web.outbox import Outbox

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Joining:
    """A page that comes in. `revision`: what it has seen; 0 if it knows only its last `seq`."""

    box: Outbox
    after_seq: int
    revision: int


@dataclass
class Room:
    """One open conversation. `pages` hear what happens, `expected` are those and the ones about to. `valkey` reads the
    answers that were begun before the room was opened."""

    session_id: UUID
    valkey: Redis
    expected: set[Outbox] = field(default_factory=set)
    pages: set[Outbox] = field(default_factory=set)
    writing: dict[str, Writing] = field(default_factory=dict)
    revision: int = 0
    events: asyncio.Queue[Event | Joining | None] = field(default_factory=asyncio.Queue)
    task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin: the state first, then what happens."""
        self.fragments = Fragments()
        self.events.put_nowait(None)
        self.task = asyncio.create_task(self._run(), context=Context())

    def close(self) -> None:
        if self.task:
            self.task.cancel()
        for box in self.expected:
            box.end()

    def resync(self) -> None:
        """Something may have been missed: ask the database."""
        if self.events.empty():
            self.events.put_nowait(None)

    async def _run(self) -> None:
        while True:
            event = await self.events.get()
            try:
                await self._handle(event)
            except Exception as error:  # a page that can't be served comes again
                log.warning("room could not follow", session=str(self.session_id), error=repr(error))
                if isinstance(event, Joining):
                    event.box.end()

    async def _handle(self, event: Event | Joining | None) -> None:
        match event:
            case None:
                await self._catch_up()
            case Joining():
                await self._let_in(event)
            case {"kind": "message.delta"}:
                await self._grow(event)
            case {"kind": "agent.status"}:
                self._tell(self.fragments.status(event))
            case {"kind": "session.changed"}:
                self._tell(self.fragments.title(event))
            case {"revision": int(revision)}:
                if revision > self.revision + 1:
                    await self._catch_up()
                elif revision >= self.revision:
                    self._show(event)

    def _tell(self, data: bytes) -> None:
        for box in self.pages:
            box.put(data)

    def _show(self, told: Event) -> None:
        """A message was added or changed."""
        self.revision = max(self.revision, told["revision"])
        self._tell(self._rendered(told, new=told.get("kind", "message.created") == "message.created"))

    def _rendered(self, told: Event, *, new: bool) -> bytes:
        writing = self.writing.get(told["id"])
        if told["status"] == MessageStatus.STREAMING:
            if writing is None:
                writing = self.writing[told["id"]] = Writing(told["key"])
        else:
            self.writing.pop(told["id"], None)
            writing = None
        return self.fragments.message(told, writing, new=new)

    async def _grow(self, event: Event) -> None:
        writing = self.writing.get(event["id"])
        if writing is None:
            return  # begun before we looked; the state that comes with it has all the text
        frame = frames.parsed(event["frame"], event["text"], event["whole"])
        if not frame.newer(writing.last):
            return
        if frame.follows(writing.last):
            self._tell(writing.grow(frame))
        else:
            await self._read_again(event["id"], writing)

    async def _read_again(self, message_id: str, writing: Writing) -> None:
        """A frame is missing: read what there is. If Valkey lacks it too, the worker's next frame is whole."""
        for frame in await frames.read(self.valkey, message_id):
            if frame.newer(writing.last) and frame.follows(writing.last):
                self._tell(writing.grow(frame))

    async def _catch_up(self) -> None:
        """Show what changed in the database since the last revision we know."""
        session = await self._session()
        if self.revision == 0 and not self.pages:
            changed = await self._streaming()
        else:
            changed = await session.changes(after_revision=self.revision, after_seq=0)
        for message in changed:
            self._show(message.as_dict())
        self.revision = max(self.revision, session.revision)
        for message_id, writing in list(self.writing.items()):
            await self._read_again(message_id, writing)
        self._tell(self.fragments.status((await session.agent()).as_dict()))

    async def _let_in(self, joining: Joining) -> None:
        """Give a page what it has missed, the partial text so far, and every change from now on."""
        session = await self._session()
        if session.revision > self.revision:
            await self._catch_up()
        changed = await session.changes(after_revision=joining.revision, after_seq=joining.after_seq)
        known = {str(message.id) for message in changed}
        changed += [message for message in await self._streaming() if str(message.id) not in known]
        for message in changed:
            joining.box.put(self._rendered(message.as_dict(), new=message.seq > joining.after_seq))
        joining.box.put(self.fragments.title({"title": session.title}))
        joining.box.put(self.fragments.status((await session.agent()).as_dict()))
        if joining.box in self.expected:
            self.pages.add(joining.box)

    async def _session(self) -> ChatSession:
        session = await ChatSession.objects().get(ChatSession.id == self.session_id)
        assert session is not None
        return session

    async def _streaming(self) -> list[Message]:
        streaming = (Message.session == self.session_id) & (Message.status == MessageStatus.STREAMING)
        return list(await Message.objects().where(streaming).order_by(Message.seq))
