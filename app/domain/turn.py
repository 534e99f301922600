"""One leased turn of the agent: begun, kept alive, ended; and never by two workers at once."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from app.database import after_commit, sql, transaction
from app.domain.agent_state import AgentState, AgentStatus
from app.domain.message import Message, MessageStatus
from app.domain.session import ChatSession
from app.live import announce
from app.queue import nudge

MOST_ATTEMPTS = 5


class Superseded(Exception):
    """Another worker holds the turn now; nothing of this one may be written."""


@dataclass(frozen=True)
class Turn:
    """The right to answer in `session` until the lease ends. `fence` grows with every claim, so that a worker which
    was away longer than its lease can't write any more."""

    session: ChatSession
    message: Message
    fence: int
    attempt: int
    waits: int
    stopped: bool

    @classmethod
    async def claim(cls, session_id: UUID, lease_seconds: float) -> Self | None:
        """Begin the turn that is due in a conversation, or take it over from a dead worker: its row of the log is
        written, empty, and what waited is marked as read. None: nothing is due, or somebody else has it."""
        async with transaction():
            session = await ChatSession.objects().get(ChatSession.id == session_id).lock_rows("NO KEY UPDATE")
            state = await _claimed(session_id, lease_seconds)
            if session is None or state is None:
                return None
            message = await _begun(session, state)
            await sql("UPDATE agent_states SET message = $2 WHERE session = $1", session_id, message.id)
            await _mark_read(session, message.seq)
            after_commit(announce, session_id, "message.created", message.as_dict())
            after_commit(announce, session_id, "agent.status", state.as_dict())
        return cls(session, message, state.fence, state.attempt, state.waits, state.stop_requested)

    async def heartbeat(self, lease_seconds: float) -> bool:
        """Keep the lease; whether somebody asked to stop. Superseded if it is lost."""
        rows = await sql(
            """UPDATE agent_states SET lease_until = now() + make_interval(secs => $3)
               WHERE session = $1 AND fence = $2 AND status IN ('thinking', 'responding') RETURNING stop_requested""",
            self.session.id, self.fence, lease_seconds,
        )  # fmt: skip
        if not rows:
            raise Superseded
        return bool(rows[0][0])

    async def responding(self) -> None:
        """The first token is there."""
        async with transaction():
            state = await self._moved("status = 'responding'")
            after_commit(announce, self.session.id, "agent.status", state.as_dict())

    async def finish(self, text: str, status: MessageStatus = MessageStatus.COMPLETE, error: str = "") -> None:
        """Write the whole answer and let the lease go. The agent is queued again if more was said meanwhile."""
        async with transaction():
            revision = await self.session.touch()
            state = await self._moved(
                """status = CASE WHEN $3 THEN 'failed' WHEN EXISTS (SELECT FROM messages m WHERE m.session = $1
                     AND m.status = 'queued') THEN 'queued' ELSE 'idle' END,
                   message = CASE WHEN $3 THEN message END, due_at = now(), lease_until = NULL,
                   attempt = 0, waits = 0, stop_requested = FALSE, error = $4""",
                status == MessageStatus.FAILED, error,
            )  # fmt: skip
            await self.message.update_self(
                {Message.text: text, Message.status: status, Message.error: error, Message.revision: revision}
            )
            after_commit(announce, self.session.id, "message.completed", self.message.as_dict())
            after_commit(announce, self.session.id, "agent.status", state.as_dict())
            if state.status == AgentStatus.QUEUED:
                after_commit(nudge, "run_agent", self.session.id)

    async def hand_back(self) -> None:
        """This worker is stopping: another goes on at once, and the attempt does not count."""
        async with transaction():
            await self._moved("status = 'queued', due_at = now(), lease_until = NULL, attempt = attempt - 1")
            after_commit(nudge, "run_agent", self.session.id)

    async def postpone(self, seconds: float, error: str, *, counts: bool) -> None:
        """Try again in `seconds`. `counts`: it was an attempt that failed, rather than a model that is away."""
        async with transaction():
            state = await self._moved(
                """status = 'queued', due_at = now() + make_interval(secs => $3), lease_until = NULL,
                   attempt = attempt - CASE WHEN $4 THEN 0 ELSE 1 END, waits = waits + 1, error = $5""",
                seconds, counts, error,
            )  # fmt: skip
            after_commit(announce, self.session.id, "agent.status", state.as_dict())

    async def _moved(self, changes: str, *arguments: object) -> AgentState:
        """The state after `changes` (SQL, ours), if the turn is still this worker's. Superseded otherwise."""
        rows = await sql(
            f"""UPDATE agent_states SET {changes} WHERE session = $1 AND fence = $2
                AND status IN ('thinking', 'responding') RETURNING *""",  # noqa: S608 - no word of it comes from outside
            self.session.id, self.fence, *arguments,
        )  # fmt: skip
        if not rows:
            raise Superseded
        return AgentState(**dict(rows[0]), _exists_in_db=True)


async def _claimed(session_id: UUID, lease_seconds: float) -> AgentState | None:
    rows = await sql(
        """UPDATE agent_states SET status = 'thinking', fence = fence + 1, attempt = attempt + 1, error = '',
             lease_until = now() + make_interval(secs => $2)
           WHERE session = $1 AND ((status = 'queued' AND due_at <= now())
              OR (status IN ('thinking', 'responding') AND lease_until < now())) RETURNING *""",
        session_id, lease_seconds,
    )  # fmt: skip
    return AgentState(**dict(rows[0]), _exists_in_db=True) if rows else None


async def _begun(session: ChatSession, state: AgentState) -> Message:
    """The row to answer in: the one begun before, or a new one."""
    message = await Message.objects().get(Message.id == state.message) if state.message else None
    if message is None:
        message = Message.from_agent()
        await session.append(message)
    elif message.status != MessageStatus.STREAMING:
        await message.update_self(
            {Message.status: MessageStatus.STREAMING, Message.error: "", Message.revision: await session.touch()}
        )
    return message


async def _mark_read(session: ChatSession, seq: int) -> None:
    """What waited before `seq` is read now: the pages drop its "waiting"."""
    waiting = (Message.session == session.id) & (Message.status == MessageStatus.QUEUED) & (Message.seq < seq)
    for message in await Message.objects().where(waiting).order_by(Message.seq):
        await message.update_self({Message.status: MessageStatus.COMPLETE, Message.revision: await session.touch()})
        after_commit(announce, session.id, "message.changed", message.as_dict())
