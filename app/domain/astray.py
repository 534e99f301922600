"""Requests that nothing brings to their people any more: there should be none."""

from uuid import UUID

from app.database import sql

# Every open request has, for each person who has not answered, an accepted delivery, a scheduled attempt, or an alarm.
# Who has no channel but the page finds it there; whose account is closed is alarmed for if needed.
ASTRAY = """
SELECT p.id FROM feedback_recipients p JOIN feedback_requests r ON r.id = p.request
WHERE r.status = 'open' AND p.next_at IS NULL AND p.alarm = '' AND ($1::uuid IS NULL OR p.id = $1)
  AND NOT EXISTS (SELECT FROM feedback_responses a WHERE a.request = r.id AND a."user" = p."user")
  AND NOT EXISTS (SELECT FROM deliveries d WHERE d.request = r.id AND d."user" = p."user" AND d.kind = 'request'
    AND d.via <> 'web' AND d.status IN ('accepted', 'seen', 'due', 'sending', 'uncertain'))
  AND EXISTS (SELECT FROM users u WHERE u.id = p."user" AND u.disabled_at IS NULL AND u.left_at IS NULL)
  AND EXISTS (SELECT FROM communication_channels c WHERE c."user" = p."user" AND c.type <> 'web' AND (
    (c.status IN ('active', 'failing') AND (r.channels = '{}' OR c.type = ANY(r.channels)))
    OR EXISTS (SELECT FROM deliveries d WHERE d.request = r.id AND d.channel = c.id AND d.kind = 'request')))
"""


async def astray(recipient_id: UUID | None = None) -> list[UUID]:
    """The recipients whom nothing brings their request to; all, or this one if it is so."""
    return [row["id"] for row in await sql(ASTRAY, recipient_id)]
