"""One leased turn of the agent: begun, kept alive, ended; and never by two workers at once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from app.clock import now
from app.database import AWAY, after_commit, loaded, new_id, sql, transaction
from app.disk import Commit
from app.domain.agent_state import AgentState, AgentStatus, wake_agent
from app.domain.feedback import FeedbackRequest
from app.domain.feedback_question import Question
from app.domain.message import Message, MessageStatus
from app.domain.session import ChatSession
from app.live import announce, decode

MOST_ATTEMPTS = 5


class Superseded(Exception):
    """Another worker holds the turn now; nothing of this one may be written."""


# One round trip, since a person waits for the first word. The session's row is locked first, as everywhere; then the turn
# is claimed if it is due; the answer gets the next place if it has none yet; and what waited before it is marked as read.
# Words said between this statement's snapshot and its lock stay queued, for the next turn. What the turn is to answer comes
# along: the entries before it, as far back as is wanted, of which none waits. The commit is not waited for, since the disk
# is what takes longest: the model is asked meanwhile, and nothing of the turn is told before `begin` has made it last. If
# PostgreSQL crashes in between, the claim has never been; a fence is a time in ms, so that it is never given twice.
CLAIM = """
WITH locked AS (
  SELECT id FROM chat_sessions WHERE id = $1 FOR NO KEY UPDATE
), agent AS (
  UPDATE agent_states SET status = 'thinking', attempt = attempt + 1, error = '',
    lease_until = now() + make_interval(secs => $2), message = COALESCE(message, $3),
    fence = GREATEST(fence + 1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
  FROM locked WHERE session = locked.id AND ((status = 'queued' AND due_at <= now())
    OR (status IN ('thinking', 'responding') AND lease_until < now()))
  RETURNING agent_states.*
), place AS (
  UPDATE chat_sessions SET revision = revision + 1, updated_at = now(),
    last_seq = last_seq + CASE WHEN agent.message = $3 THEN 1 ELSE 0 END
  FROM agent WHERE id = $1 RETURNING last_seq, revision
), answer AS (
  INSERT INTO messages (id, session, seq, revision, type, status, author, author_name, channel, text, error, created_at)
  SELECT agent.message, $1, place.last_seq, place.revision, 'text', 'streaming', 'agent', 'Parley', 'web', '', '', $4
  FROM agent, place
  ON CONFLICT (id) DO UPDATE SET status = 'streaming', error = '', revision = EXCLUDED.revision RETURNING *
), heard AS (
  UPDATE messages SET status = 'complete', revision = answer.revision FROM answer
  WHERE messages.session = $1 AND messages.status = 'queued' AND messages.seq < answer.seq RETURNING messages.*
), known AS (
  SELECT messages.* FROM messages, answer
  WHERE messages.session = $1 AND messages.status <> 'queued' AND messages.seq < answer.seq
  ORDER BY messages.seq DESC LIMIT $5
)
SELECT message.*, CASE WHEN message.id = agent.message THEN to_jsonb(agent) END AS agent,
  CASE WHEN message.id = agent.message THEN set_config('synchronous_commit', 'off', TRUE) END
FROM agent, (SELECT * FROM known UNION ALL SELECT * FROM heard UNION ALL SELECT * FROM answer) message
ORDER BY message.seq
"""

# What the agent does when a turn is over: it reads what was said meanwhile, or waits for whom it asked.
AT_REST = """CASE WHEN EXISTS (SELECT FROM messages m WHERE m.session = $1 AND m.status = 'queued') THEN 'queued'
  WHEN EXISTS (SELECT FROM feedback_requests r WHERE r.session = $1 AND r.status = 'open') THEN 'waiting' ELSE 'idle' END"""
OVER = "due_at = now(), lease_until = NULL, attempt = 0, waits = 0, stop_requested = FALSE, error = $3"


@dataclass(frozen=True)
class Turn:
    """The right to answer in `session` until the lease ends: to write `message`, knowing `log`, the entries before it,
    oldest first. `fence` grows with every claim, so that a worker which was away longer than its lease can't write any
    more."""

    session: ChatSession
    message: Message
    log: list[Message]
    state: AgentState
    commit: Commit

    @property
    def fence(self) -> int:
        return int(self.state.fence)

    @property
    def attempt(self) -> int:
        return int(self.state.attempt)

    @property
    def waited_seconds(self) -> float | None:
        """How long the one who said something has waited; None when an earlier attempt has failed."""
        first = self.attempt == 1 and not self.state.waits
        return (now() - datetime.fromisoformat(str(self.state.due_at))).total_seconds() if first else None

    @classmethod
    async def claim(cls, session_id: UUID, lease_seconds: float, entries: int = 400) -> Self | None:
        """Begin the turn that is due in a conversation, or take it over from a dead worker: its row of the log is
        written, empty, and what waited is marked as read. It knows the last `entries` before those. None: nothing is
        due, or somebody else has it."""
        async with Commit() as commit:
            rows = await sql(CLAIM, session_id, lease_seconds, new_id(), now(), entries)
        if not rows:
            return None
        *log, answer = [loaded(Message, row) for row in rows]
        return cls(ChatSession.named(session_id), answer, log, loaded(AgentState, decode(rows[-1]["agent"])), commit)

    async def begin(self) -> None:
        """Make the claim last, and tell who looks on. Superseded if it has not lasted."""
        try:
            await self.commit.last()
        except AWAY:  # it may be gone, and another worker may have the turn
            await self._moved("lease_until = lease_until")
        for message in self.log:
            if message.revision == self.message.revision:
                after_commit(announce, self.session.id, "message.changed", message.as_dict())
        after_commit(announce, self.session.id, "message.created", self.message.as_dict())
        after_commit(announce, self.session.id, "agent.status", self.state.as_dict())

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
        state = await self._moved("status = 'responding'")
        after_commit(announce, self.session.id, "agent.status", state.as_dict())

    async def finish(self, text: str, status: MessageStatus = MessageStatus.COMPLETE, error: str = "") -> None:
        """Write the whole answer and let the lease go. The agent is queued again if more was said meanwhile."""
        async with transaction():
            revision = await self.session.touch()
            state = await self._moved(
                f"status = CASE WHEN $4 THEN 'failed' ELSE {AT_REST} END, message = CASE WHEN $4 THEN message END, {OVER}",
                error, status == MessageStatus.FAILED,
            )  # fmt: skip
            await self.message.update_self(
                {Message.text: text, Message.status: status, Message.error: error, Message.revision: revision}
            )
            self._ended(state)

    async def ask(self, question: Question) -> FeedbackRequest:
        """End the turn with a question to the conversation's owner, which takes the answer's place in the log. What they
        say, or their silence at the deadline, begins the next turn."""
        async with transaction():
            request = await FeedbackRequest.ask(
                question, of=[await self.session.whose()], session=self.session, place=self.message
            )
            state = await self._moved(f"status = {AT_REST}, message = NULL, {OVER}", "")
            self._ended(state)
        return request

    def _ended(self, state: AgentState) -> None:
        after_commit(announce, self.session.id, "message.completed", self.message.as_dict())
        after_commit(announce, self.session.id, "agent.status", state.as_dict())
        if state.status == AgentStatus.QUEUED:
            after_commit(wake_agent, self.session.id)

    async def hand_back(self) -> None:
        """This worker is stopping: another goes on at once, and the attempt does not count."""
        await self._moved("status = 'queued', due_at = now(), lease_until = NULL, attempt = attempt - 1")
        after_commit(wake_agent, self.session.id)

    async def postpone(self, seconds: float, error: str, *, counts: bool) -> None:
        """Try again in `seconds`. `counts`: it was an attempt that failed, rather than a model that is away."""
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
        return loaded(AgentState, rows[0])
