"""Requests that wait for people, as an admin looks after them: whether each arrives, never what it asks."""

from typing import Any

from app.database import sql
from app.domain.people import PAGE

# One row for each person who has not answered; those with an alarm first, then what is urgent, then by deadline.
WAITING = """
SELECT r.id, r.code, r.type, r.urgency, r.deadline, r.asked_by_name, r.created_at, p.alarm, p.next_at, p."user",
  u.name AS person, u.email, sent.ways
FROM feedback_requests r JOIN feedback_recipients p ON p.request = r.id JOIN users u ON u.id = p."user"
LEFT JOIN LATERAL (
  SELECT array_agg(d.via || ' ' || d.status ORDER BY d.id) AS ways FROM deliveries d
  WHERE d.request = r.id AND d."user" = p."user" AND d.kind = 'request'
) sent ON TRUE
WHERE r.status = 'open'
  AND NOT EXISTS (SELECT FROM feedback_responses a WHERE a.request = r.id AND a."user" = p."user")
ORDER BY p.alarm = '', r.urgency <> 'urgent', r.deadline NULLS LAST, r.id, p.id LIMIT $1 OFFSET $2
"""


async def open_requests(page: int = 1) -> list[Any]:
    """Rows of who is asked and waited for; one more than a page if there is another. `ways`: where it stands by channel."""
    return await sql(WAITING, PAGE + 1, (page - 1) * PAGE)


async def alarms() -> int:
    """How many people may not know of what they are asked."""
    rows = await sql(
        """SELECT count(*) FROM feedback_recipients p JOIN feedback_requests r ON r.id = p.request
           WHERE r.status = 'open' AND p.alarm <> ''"""
    )
    return int(rows[0][0])
