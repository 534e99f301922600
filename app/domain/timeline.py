"""All that has become of a request, in the order of time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.database import sql

# Every row that is told of a request, as (when, who it is about, by which channel, what, why).
TOLD = """
SELECT created_at AS at, asked_by_name AS person, '' AS via, 'asked' AS what, '' AS detail
  FROM feedback_requests WHERE id = $1
UNION ALL
SELECT d.created_at, u.name, d.via, CASE d.kind WHEN 'request' THEN 'queued' WHEN 'settle' THEN 'outcome queued'
  ELSE d.kind END, '' FROM deliveries d JOIN users u ON u.id = d."user" WHERE d.request = $1 AND d.via <> 'web'
UNION ALL
SELECT a.ended_at, u.name, d.via, CASE WHEN d.kind = 'settle' THEN 'outcome ' ELSE '' END || a.outcome, a.error
  FROM delivery_attempts a JOIN deliveries d ON d.id = a.delivery JOIN users u ON u.id = d."user" WHERE d.request = $1
UNION ALL
SELECT d.accepted_at, u.name, d.via, 'accepted', '' FROM deliveries d JOIN users u ON u.id = d."user"
  WHERE d.request = $1 AND d.via = 'web' AND d.accepted_at IS NOT NULL
UNION ALL
SELECT d.seen_at, u.name, d.via, 'seen', '' FROM deliveries d JOIN users u ON u.id = d."user"
  WHERE d.request = $1 AND d.seen_at IS NOT NULL
UNION ALL
SELECT d.due_at, u.name, d.via, 'given up', d.error FROM deliveries d JOIN users u ON u.id = d."user"
  WHERE d.request = $1 AND d.given_up
UNION ALL
SELECT created_at, user_name, channel, 'answered', comment FROM feedback_responses WHERE request = $1
UNION ALL
SELECT settled_at, '', '', status, '' FROM feedback_requests WHERE id = $1 AND settled_at IS NOT NULL
ORDER BY 1
"""


@dataclass(frozen=True)
class Told:
    """One thing that happened."""

    at: datetime
    person: str
    via: str
    what: str
    detail: str

    def as_dict(self) -> dict[str, Any]:
        return {
            "at": self.at.isoformat(),
            "person": self.person,
            "channel": self.via,
            "what": self.what,
            "detail": self.detail,
        }


async def timeline(request_id: UUID) -> list[Told]:
    """What happened, the first first."""
    return [Told(*row) for row in await sql(TOLD, request_id)]
