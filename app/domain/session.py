"""A conversation: one ordered log, whatever the channel."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import BigInt, ForeignKey, Integer, Text, Timestamptz, Varchar
from piccolo.table import Table

from app.clock import now
from app.database import DB, after_commit, loaded, new_id, sql, transaction
from app.domain.agent_state import AgentState, AgentStatus
from app.domain.channel import ChannelType, CommunicationChannel
from app.domain.errors import Conflict, NotFound
from app.domain.message import Author, Message, MessageStatus, MessageType, fit_text
from app.domain.title import fit_title
from app.domain.user import User
from app.domain.words import Words
from app.live import announce


class SessionStatus(StrEnum):
    ACTIVE = "active"
    WAITING = "waiting"
    CLOSED = "closed"


class ChatSession(Table, tablename="chat_sessions", db=DB):
    """A conversation. Its row is the lock under which `last_seq` and `revision` are given out."""

    id = UUIDColumn(primary_key=True, default=new_id)
    owner = ForeignKey(User)
    title = Text(default="")
    status = Varchar(choices=SessionStatus, default=SessionStatus.ACTIVE)
    channel = Varchar(choices=ChannelType, default=ChannelType.WEB)
    last_seq = Integer(default=0)
    revision = BigInt(default=0)
    created_at = Timestamptz(default=now)
    updated_at = Timestamptz(default=now)
    deleted_at = Timestamptz(null=True, default=None)

    @classmethod
    async def open(
        cls, owner: User, session_id: UUID | None = None, title: str = "", channel: ChannelType = ChannelType.WEB
    ) -> "ChatSession":
        """A new, empty conversation of `owner`. Opening the same `session_id` twice is opening it once."""
        async with transaction():
            session = cls(id=session_id or new_id(), owner=owner.id, title=fit_title(title), channel=channel)
            opened = await cls.insert(session).on_conflict(cls.id, "DO NOTHING").returning(cls.id)
            if not opened:
                return await owner.session(session.id)
            session._exists_in_db = True
            await AgentState(session=session.id).save()
        return session

    @classmethod
    async def listed(cls, owner: User, *, after: UUID | None, limit: int) -> "list[tuple[ChatSession, AgentStatus]]":
        """The conversations of `owner` and what their agents are doing, the newest first, from before `after`."""
        rows = await sql(
            """SELECT s.*, a.status AS agent FROM chat_sessions s JOIN agent_states a ON a.session = s.id
               WHERE s.owner = $1 AND s.deleted_at IS NULL AND ($2::uuid IS NULL OR s.id < $2)
               ORDER BY s.id DESC LIMIT $3""",
            owner.id, after, limit,
        )  # fmt: skip
        return [(loaded(cls, row), AgentStatus(row["agent"])) for row in rows]

    @classmethod
    def named(cls, session_id: UUID) -> "ChatSession":
        """A conversation of which only the id is known, and not yet whether there is one: what is done finds out."""
        session = cls.__new__(cls)
        session.__dict__.update(id=session_id, revision=0, _exists_in_db=True)
        return session

    def as_dict(self) -> dict[str, Any]:
        """What pages and programs are told when it has changed."""
        return {"id": str(self.id), "title": self.title, "channel": self.channel}

    async def say(
        self, text: str, *, by: User, via: ChannelType, client_id: str | None = None, owner: UUID | None = None
    ) -> Message:
        """Add a person's words to the log, wake the agent and tell everybody: Words, written and lasting."""
        words = await Words.write(self.id, text, by=by, via=via, client_id=client_id, owner=owner)
        said = await words.last()
        self.last_seq, self.revision = said.seq, said.revision
        return said

    async def touch(self) -> int:
        """Lock the session's row to the end of the transaction; the revision that this change is to carry."""
        query = "UPDATE chat_sessions SET revision = revision + 1, updated_at = $2 WHERE id = $1 RETURNING revision"
        rows = await sql(query, self.id, now())
        if not rows:
            raise NotFound("There is no such conversation.")
        self.revision = rows[0][0]
        return self.revision

    async def append(self, **entry: Any) -> Message:
        """Add an entry to the log in its next place; what reads it is woken by the caller. Needs a transaction."""
        rows = await sql(
            """UPDATE chat_sessions SET last_seq = last_seq + 1, revision = revision + 1, updated_at = $2
               WHERE id = $1 RETURNING last_seq, revision""",
            self.id, now(),
        )  # fmt: skip
        if not rows:
            raise NotFound("There is no such conversation.")
        self.last_seq, self.revision = rows[0]
        message = Message(session=self.id, seq=self.last_seq, revision=self.revision, **entry)
        await message.save()
        after_commit(announce, self.id, "message.created", message.as_dict())
        return message

    async def ask_at(self, place: Message, question: str) -> None:
        """Let an entry of the log be a request; who reads it is told by the caller. Needs a transaction."""
        asked: dict[Any, Any] = {"type": MessageType.FEEDBACK_REQUEST, "text": question, "status": MessageStatus.COMPLETE}
        await place.update_self({**asked, "revision": await self.touch()})

    async def set_status(self, status: SessionStatus) -> None:
        """Whether it waits for somebody."""
        await sql("UPDATE chat_sessions SET status = $2 WHERE id = $1", self.id, status)

    async def rename(self, title: str) -> None:
        """Call it otherwise."""
        async with transaction():
            await self.touch()
            await self.update_self({ChatSession.title: fit_title(title)})
            after_commit(announce, self.id, "session.changed", self.as_dict())

    async def discard(self) -> None:
        """Hide it for good; the agent says no more, and who has it open is told."""
        async with transaction():
            await self.touch()
            await self.update_self({ChatSession.deleted_at: now()})
            await sql("UPDATE agent_states SET status = 'idle' WHERE session = $1 AND status = 'queued'", self.id)
            await AgentState.stop(self.id)
            after_commit(announce, self.id, "session.deleted", {"id": str(self.id)})

    async def switch(self, channel: ChannelType) -> None:
        """Go on by another channel; the log says so. Conflict if its owner can't be reached there."""
        from app.domain.continuing import continue_at

        way = await CommunicationChannel.way_to(self.owner, channel)
        if way is None and channel != ChannelType.WEB:
            raise Conflict(f"There is no connection to {channel.label} that is on. You choose it under Channels.")
        async with transaction():
            changed = await sql(
                "UPDATE chat_sessions SET channel = $2 WHERE id = $1 AND channel <> $2 RETURNING id", self.id, channel
            )
            if changed:
                text = notice_of(channel, way.name if way else "")
                await self.append(type=MessageType.NOTICE, author=Author.SYSTEM, channel=channel, text=text)
                if way:
                    await continue_at(self, way)
            self.channel = channel
            after_commit(announce, self.id, "channel.changed", {"type": channel})

    async def edit(self, message_id: UUID, text: str) -> Message:
        """Change words that the agent has not read yet. Conflict when it has."""
        return await self._change_queued(message_id, text=fit_text(text))

    async def take_back(self, message_id: UUID) -> Message:
        """Take words back that the agent has not read yet; an empty row keeps their place."""
        return await self._change_queued(message_id, text="", status=MessageStatus.COMPLETE)

    async def entry(self, message_id: UUID) -> Message:
        """That entry of the log. NotFound for any other."""
        message = await Message.objects().get((Message.session == self.id) & (Message.id == message_id))
        if message is None:
            raise NotFound("There is no such message.")
        return message

    async def entries(self, *, before: int | None = None, limit: int = 100) -> list[Message]:
        """The latest `limit` entries of the log (those before `before`), oldest first."""
        query = "SELECT * FROM messages WHERE session = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3"
        rows = await sql(query, self.id, before if before is not None else 2**31 - 1, limit)
        return [loaded(Message, row) for row in reversed(rows)]

    async def log(self, *, after: int, limit: int) -> list[Message]:
        """The first `limit` entries after a place, oldest first."""
        query = "SELECT * FROM messages WHERE session = $1 AND seq > $2 ORDER BY seq LIMIT $3"
        return [loaded(Message, row) for row in await sql(query, self.id, after, limit)]

    async def changes(self, *, after_revision: int = 0, after_seq: int = 0) -> list[Message]:
        """Entries changed since a revision (or placed after a seq, when no revision is known), oldest first."""
        since = Message.revision > after_revision if after_revision else Message.seq > after_seq
        return list(await Message.objects().where((Message.session == self.id) & since).order_by(Message.seq))

    async def since(self, revision: int, seq: int) -> list[Message]:
        """Entries after a place in the log, and those before it that changed since a revision, oldest first."""
        query = "SELECT * FROM messages WHERE session = $1 AND (revision > $2 OR seq > $3) ORDER BY seq"
        return [loaded(Message, row) for row in await sql(query, self.id, revision, seq)]

    async def streaming(self) -> list[Message]:
        """The entry that the agent is writing, if it is."""
        streaming = (Message.session == self.id) & (Message.status == MessageStatus.STREAMING)
        return list(await Message.objects().where(streaming).order_by(Message.seq))

    async def whose(self) -> User:
        """Its owner."""
        rows = await sql("SELECT u.* FROM users u JOIN chat_sessions s ON s.owner = u.id WHERE s.id = $1", self.id)
        if not rows:
            raise NotFound("There is no such conversation.")
        return loaded(User, rows[0])

    async def agent(self) -> AgentState:
        """The agent's state in this conversation."""
        state = await AgentState.objects().get(AgentState.session == self.id)
        if state is None:
            raise NotFound("There is no such conversation.")
        return state

    async def _change_queued(self, message_id: UUID, **changes: Any) -> Message:
        async with transaction():
            revision = await self.touch()
            message = await self.entry(message_id)
            if message.author != Author.PERSON:
                raise NotFound("There is no such message.")
            if message.status != MessageStatus.QUEUED:
                raise Conflict("The agent has read this message already.")
            await message.update_self({**changes, "revision": revision})  # type: ignore[dict-item]
            after_commit(announce, self.id, "message.changed", message.as_dict())
        return message


def notice_of(channel: ChannelType, address: str) -> str:
    """What the log says when a conversation goes on by this channel."""
    where = f" ({address})" if address else ""
    match channel:
        case ChannelType.WEB:
            return "From now on here on the page."
        case ChannelType.SLACK:
            return f"From now on in Slack{where}. Back to the page by one click."
    return f"From now on by e-mail{where}. Back to the page by one click."
