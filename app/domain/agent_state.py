"""What the agent is doing in one conversation, and who may do it: lease, fence, attempts."""

from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import BigInt, Boolean, ForeignKey, Integer, LazyTableReference, Text, Timestamptz, Varchar
from piccolo.table import Table

from app.database import DB, after_commit, loaded, sql
from app.live import announce, tell_workers
from app.queue import nudge


class AgentStatus(StrEnum):
    IDLE = "idle"
    QUEUED = "queued"
    THINKING = "thinking"
    RESPONDING = "responding"
    WAITING = "waiting"
    FAILED = "failed"


class AgentState(Table, tablename="agent_states", db=DB):
    """One per conversation. Its times are PostgreSQL's, since leases are compared between machines."""

    session: ForeignKey[Any] = ForeignKey(
        LazyTableReference("ChatSession", module_path="app.domain.session"), primary_key=True, null=False
    )
    status = Varchar(choices=AgentStatus, default=AgentStatus.IDLE)
    message = UUIDColumn(null=True, default=None)
    fence = BigInt(default=0)
    attempt = Integer(default=0)
    waits = Integer(default=0)
    due_at = Timestamptz(null=True, default=None)
    lease_until = Timestamptz(null=True, default=None)
    stop_requested = Boolean(default=False)
    error = Text(default="")
    summary = Text(default="")

    @classmethod
    async def queue(cls, session_id: UUID) -> None:
        """There is something new for the agent to read: let it take a turn, unless one is under way or due already."""
        rows = await sql(
            """UPDATE agent_states SET status = 'queued', due_at = now(), attempt = 0, waits = 0, error = '',
                 message = CASE WHEN status = 'failed' THEN NULL ELSE message END
               WHERE session = $1 AND status IN ('idle', 'waiting', 'failed') RETURNING *""",
            session_id,
        )
        if rows:
            after_commit(announce, session_id, "agent.status", loaded(cls, rows[0]).as_dict())
            after_commit(wake_agent, session_id)

    @classmethod
    async def wait(cls, session_id: UUID) -> None:
        """Somebody was asked: an agent that is at rest waits for them."""
        query = "UPDATE agent_states SET status = 'waiting' WHERE session = $1 AND status = 'idle' RETURNING *"
        for row in await sql(query, session_id):
            after_commit(announce, session_id, "agent.status", loaded(cls, row).as_dict())

    @classmethod
    async def delay(cls, session_id: UUID, seconds: float) -> None:
        """Let a turn that is due wait."""
        await sql(
            """UPDATE agent_states SET due_at = now() + make_interval(secs => $2)
               WHERE session = $1 AND status = 'queued'""",
            session_id, seconds,
        )  # fmt: skip

    @classmethod
    async def retry(cls, session_id: UUID) -> Self | None:
        """Try the failed answer again, in the same place of the log. None: nothing has failed."""
        rows = await sql(
            """UPDATE agent_states SET status = 'queued', due_at = now(), attempt = 0, waits = 0, error = ''
               WHERE session = $1 AND status = 'failed' RETURNING *""",
            session_id,
        )
        if not rows:
            return None
        state = loaded(cls, rows[0])
        after_commit(announce, session_id, "agent.status", state.as_dict())
        after_commit(wake_agent, session_id)
        return state

    @classmethod
    async def stop(cls, session_id: UUID) -> None:
        """End the turn under way, keeping what was said; also one that waits for its model."""
        rows = await sql(
            """UPDATE agent_states SET stop_requested = TRUE, due_at = now() WHERE session = $1
               AND (status IN ('thinking', 'responding') OR (status = 'queued' AND waits > 0)) RETURNING status""",
            session_id,
        )
        if rows:
            after_commit(tell_workers, "stop", session_id)
            after_commit(wake_agent, session_id)

    @classmethod
    async def due(cls, limit: int) -> list[UUID]:
        """Conversations whose agent should run now: queued ones, and those whose worker has died."""
        rows = await sql(
            """SELECT session FROM agent_states WHERE (status = 'queued' AND due_at <= now())
                  OR (status IN ('thinking', 'responding') AND lease_until < now())
               ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED""",
            limit,
        )
        return [row["session"] for row in rows]

    @property
    def busy(self) -> bool:
        return self.status in (AgentStatus.THINKING, AgentStatus.RESPONDING)

    def as_dict(self) -> dict[str, Any]:
        """What pages and programs are told of it."""
        waits = self.status == AgentStatus.QUEUED and bool(self.waits)
        return {"status": self.status, "error": self.error, "retry_at": self.due_at.isoformat() if waits else None}


def wake_agent(session_id: UUID) -> None:
    """Let a worker look at a conversation now: by word to all of them, which is quickest; if none hears it, by the
    queue, which keeps it until one comes."""
    tell_workers("wake", session_id, then=lambda heard_by: nudge("run_agent", session_id) if heard_by == 0 else None)
