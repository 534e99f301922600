"""All that has become of a request, in the order of time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.clock import iso
from app.database import sql

# Every row that is told of a request, as (when, who it is about, by which channel, what, why).
TOLD = """
WITH asked AS (SELECT * FROM feedback_requests WHERE id = $1), sent AS (
  SELECT d.*, split_part(d.via, ':', 1) AS way, u.name, CASE d.kind WHEN 'request' THEN '' WHEN 'settle' THEN 'outcome '
    WHEN 'webhook' THEN 'event ' ELSE d.kind || ' ' END AS about FROM deliveries d JOIN users u ON u.id = d."user"
  WHERE d.request = $1 AND (d.kind <> 'webhook' OR d."user" = $2)
), told AS (
  SELECT 0 AS rank, created_at AS at, asked_by_name AS person, '' AS via, 'asked' AS what, '' AS detail FROM asked
  UNION ALL SELECT 1, created_at, name, way, about || 'queued', '' FROM sent WHERE via <> 'web'
  UNION ALL SELECT 2, accepted_at, name, way, CASE kind WHEN 'reminder' THEN 'reminded' ELSE 'accepted' END, ''
    FROM sent WHERE via = 'web' AND accepted_at IS NOT NULL
  UNION ALL SELECT 2, a.ended_at, name, way, CASE WHEN kind = 'reminder' AND a.outcome = 'accepted' THEN 'reminded'
    ELSE about || a.outcome END, a.error
    FROM delivery_attempts a JOIN sent ON sent.id = a.delivery
  UNION ALL SELECT 3, seen_at, name, way, 'seen', '' FROM sent WHERE seen_at IS NOT NULL
  UNION ALL SELECT 4, due_at, name, way, about || 'given up', error FROM sent WHERE given_up
  UNION ALL SELECT 5, a.created_at, user_name, channel, 'answered', CASE WHEN asked.status = 'open' THEN '' ELSE comment END
    FROM feedback_responses a JOIN asked ON asked.id = a.request
  UNION ALL SELECT 4, delegated_at, u.name, '', 'handed on', 'to ' || t.name FROM feedback_recipients p
    JOIN users u ON u.id = p."user" JOIN users t ON t.id = p.delegated_to WHERE p.request = $1
  UNION ALL SELECT 6, settled_at, '', '', status, '' FROM asked WHERE status IN ('expired', 'withdrawn')
)
SELECT told.at, person, via, what, detail FROM told, asked ORDER BY GREATEST(told.at, asked.created_at), rank
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
            "at": iso(self.at),
            "person": self.person,
            "channel": self.via,
            "what": self.what,
            "detail": self.detail,
        }


async def timeline(request_id: UUID, reader_id: UUID) -> list[Told]:
    """What happened, the first first. What goes to programs is told to those whose programs they are."""
    return [Told(*row) for row in await sql(TOLD, request_id, reader_id)]
