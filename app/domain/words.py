"""What a person says: written at once, and acknowledged when it lasts."""

import asyncio
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from asyncpg import UniqueViolationError

from app.database import after_commit, attempt, loaded, sql
from app.disk import Commit
from app.domain.agent_state import AgentState, AgentStatus, wake_agent
from app.domain.channel import ChannelType
from app.domain.errors import NotFound, Unfit
from app.domain.message import Message
from app.domain.title import titled
from app.domain.user import User
from app.live import announce

# One round trip, since a person waits for it: the session's row is locked, the message takes the next place, the agent
# is woken. The agent's row is chosen by its key alone and judged in SET, after the lock: a condition on its status would
# be asked of the statement's snapshot, and words said just as a turn ends would wake nobody. Where nothing else is to be
# committed with it ($10), it does not wait for the disk: the agent begins meanwhile, and what it says can't outlast it.
SAY = """
WITH place AS (
  UPDATE chat_sessions SET last_seq = last_seq + 1, revision = revision + 1, updated_at = $8,
    title = CASE WHEN last_seq = 0 AND title = '' THEN $9 ELSE title END
  WHERE id = $1 AND owner = $11 AND deleted_at IS NULL RETURNING last_seq, revision, title
), message AS (
  INSERT INTO messages (id, session, seq, revision, type, status, author, "user", author_name, channel, text, client_id,
    error, created_at)
  SELECT $2, $1, last_seq, revision, 'text', 'queued', 'person', $3, $4, $5, $6, $7, '', $8 FROM place
), agent AS (
  UPDATE agent_states SET error = '', due_at = now(),
    status = CASE WHEN status IN ('idle', 'waiting', 'failed') THEN 'queued' ELSE status END,
    attempt = CASE WHEN status IN ('idle', 'waiting', 'failed') THEN 0 ELSE attempt END,
    waits = CASE WHEN status IN ('idle', 'waiting', 'failed') THEN 0 ELSE waits END,
    message = CASE WHEN status = 'failed' THEN NULL ELSE message END
  FROM place WHERE session = $1 RETURNING agent_states.*
)
SELECT place.last_seq AS place, place.revision AS told, place.title, agent.*,
  set_config('synchronous_commit', CASE WHEN $10 THEN 'off' ELSE current_setting('synchronous_commit') END, TRUE)
FROM place, agent
"""


@dataclass
class Words:
    """Words that stand in the log. Nobody may be told of them before they `last`; what is to be told can be made ready."""

    message: Message
    commit: Commit
    agent: AgentState | None = None
    title: str = ""

    @classmethod
    async def write(
        cls, session_id: UUID, text: str, *, by: User, via: ChannelType, client_id: str | None = None,
        owner: UUID | None = None,
    ) -> Self:  # fmt: skip
        """Add a person's words to the log and wake the agent. Saying the same `client_id` twice is saying it once.
        NotFound unless it is their conversation, or that of the `owner` whose thread they were seen to write in; Unfit for
        what can't be kept."""
        try:
            said, title = Message.from_person(by, text, session_id, via, client_id), titled(text)
        except Unfit:
            await by.session(session_id)  # what is wrong with their words is told to nobody else
            raise
        commit = Commit()
        try:
            async with commit, attempt():
                rows = await sql(
                    SAY, session_id, said.id, by.id, said.author_name, via, said.text, said.client_id, said.created_at,
                    title, commit.early, owner or by.id,
                )  # fmt: skip
        except UniqueViolationError:
            before = await Message.objects().get((Message.session == session_id) & (Message.client_id == said.client_id))
            assert before is not None
            return cls(before, commit)
        if not rows:
            raise NotFound("There is no such conversation.")
        said.seq, said.revision = rows[0]["place"], rows[0]["told"]
        words = cls(said, commit, loaded(AgentState, rows[0]), rows[0]["title"])
        if words.agent and words.agent.status == AgentStatus.QUEUED:
            after_commit(wake_agent, session_id)
        return words

    async def last(self) -> Message:
        """Wait for the disk; then everybody is told."""
        await self.commit.last()
        if self.agent is None:  # they were said before
            return self.message
        session_id, said = self.agent.session, self.message
        if self.agent.status == AgentStatus.QUEUED:
            after_commit(announce, session_id, "agent.status", self.agent.as_dict())
        after_commit(announce, session_id, "message.created", said.as_dict())
        if said.seq == 1:
            after_commit(announce, session_id, "session.changed", {"id": str(session_id), "title": self.title})
        await asyncio.sleep(0)  # what was announced leaves now, not after the answer was rendered
        return said
