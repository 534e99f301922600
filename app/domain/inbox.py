"""What waits for a person, and what they were asked before."""

from typing import Any
from uuid import UUID

from app.clock import now
from app.database import loaded, sql
from app.domain.errors import NotFound
from app.domain.feedback import FeedbackRequest

# Urgent first, then by deadline, then as asked. What was asked together stands together, where its most pressing belongs.
WAITING = """
SELECT r.* FROM feedback_requests r JOIN feedback_recipients p ON p.request = r.id
WHERE p."user" = $1 AND p.delegated_to IS NULL AND r.status = 'open' AND ($2::uuid IS NULL OR r.session = $2)
  AND NOT EXISTS (SELECT FROM feedback_responses a WHERE a.request = r.id AND a."user" = $1)
WINDOW together AS (PARTITION BY COALESCE(r.batch, r.id))
ORDER BY bool_or(r.urgency = 'urgent') OVER together DESC, min(r.deadline) OVER together NULLS LAST,
  COALESCE(r.batch, r.id), r.urgency = 'urgent' DESC, r.deadline NULLS LAST, r.id
"""
SETTLED = """
SELECT r.* FROM feedback_requests r JOIN feedback_recipients p ON p.request = r.id
WHERE p."user" = $1 AND (r.status <> 'open' OR p.delegated_to IS NOT NULL OR EXISTS (
  SELECT FROM feedback_responses a WHERE a.request = r.id AND a."user" = $1))
ORDER BY COALESCE(r.settled_at, r.created_at) DESC LIMIT $2
"""
MAY_SEE = """
SELECT r.* FROM feedback_requests r WHERE (r.asked_by = $1
  OR EXISTS (SELECT FROM feedback_recipients p WHERE p.request = r.id AND p."user" = $1)
  OR EXISTS (SELECT FROM chat_sessions s WHERE s.id = r.session AND s.owner = $1))
"""

THEIRS = """
SELECT r.* FROM feedback_requests r WHERE r.id IN (
  SELECT id FROM feedback_requests WHERE asked_by = $1
  UNION ALL SELECT request FROM feedback_recipients WHERE "user" = $1
  UNION ALL SELECT o.id FROM feedback_requests o JOIN chat_sessions s ON s.id = o.session WHERE s.owner = $1)
"""


async def waiting_for(user_id: UUID, session_id: UUID | None = None) -> list[FeedbackRequest]:
    """What this person is asked and has not answered, the most pressing first; in one conversation, or in all."""
    return [loaded(FeedbackRequest, row) for row in await sql(WAITING, user_id, session_id)]


async def settled_for(user_id: UUID, limit: int = 30) -> list[FeedbackRequest]:
    """What needs nothing more from this person, the latest first."""
    return [loaded(FeedbackRequest, row) for row in await sql(SETTLED, user_id, limit)]


async def request_for(user_id: UUID, request_id: UUID) -> FeedbackRequest:
    """A request that this person asked, was asked, or has in a conversation of theirs; NotFound for any other."""
    return _only(await sql(f"{MAY_SEE} AND r.id = $2", user_id, request_id))


async def requests_for(
    user_id: UUID, *, status: str | None, batch: UUID | None, after: UUID | None, limit: int
) -> list[FeedbackRequest]:
    """All that this person may see, or only those of one status or batch, the newest first, from before `after`."""
    rows = await sql(
        f"""{THEIRS} AND ($2::text IS NULL OR r.status = $2) AND ($3::uuid IS NULL OR r.batch = $3)
            AND ($4::uuid IS NULL OR r.id < $4) ORDER BY r.id DESC LIMIT $5""",
        user_id, status, batch, after, limit,
    )  # fmt: skip
    return [loaded(FeedbackRequest, row) for row in rows]


async def asked_by(user_id: UUID, request_id: UUID) -> FeedbackRequest:
    """A request that this person asked themselves; NotFound for any other."""
    return _only(await sql("SELECT * FROM feedback_requests WHERE asked_by = $1 AND id = $2", user_id, request_id))


def _only(rows: list[Any]) -> FeedbackRequest:
    if not rows:
        raise NotFound("There is no such request.")
    return loaded(FeedbackRequest, rows[0])


async def seen_on_the_page(user_id: UUID, requests: list[FeedbackRequest]) -> None:
    """The person has these before their eyes."""
    if not requests:
        return
    await sql(
        """UPDATE deliveries SET status = 'seen', seen_at = $3 WHERE "user" = $1 AND request = ANY($2) AND via = 'web'
           AND kind = 'request' AND status = 'accepted'""",
        user_id, [request.id for request in requests], now(),
    )  # fmt: skip
