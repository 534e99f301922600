"""What is on its way to people and what has become of it, as an admin looks through it: never what it says."""

from typing import Any
from uuid import UUID

from app.database import sql
from app.domain.errors import NotFound
from app.domain.people import PAGE

LISTED = """
SELECT d.id, d.kind, split_part(d.via, ':', 1) AS via, d.status, d.given_up, d.attempt, d.due_at, d.error, d.doubles,
  d.request, d.external_id,
  d.created_at, d.accepted_at, d.seen_at, d.replayed_at, d."user", u.name AS person, u.email, COALESCE(
    c.address, d.payload->>'address', substring(COALESCE(d.payload->>'url', w.url) FROM '^[a-z]+://([^/?]+)')) AS address
FROM deliveries d LEFT JOIN users u ON u.id = d."user" LEFT JOIN communication_channels c ON c.id = d.channel
  LEFT JOIN webhook_endpoints w ON w.id = d.endpoint
"""
FOUND = f"""{LISTED}
WHERE $1 IN ('', d.status) AND $2 IN ('', split_part(d.via, ':', 1)) AND d.via <> 'web'
  AND strpos(lower(concat_ws(' ', u.name, u.email, c.address, w.url)), lower($3)) > 0
ORDER BY d.id DESC LIMIT $4 OFFSET $5
"""


async def deliveries(words: str = "", status: str = "", via: str = "", page: int = 1) -> list[Any]:
    """Rows of what left or is to leave by other ways than the page, the newest first: of one status, by one channel, to
    people whose name or address holds `words`; one more than a page if there is another. Of a webhook, whose address may
    hold what lets one in, only the host is told."""
    return await sql(FOUND, status, via, words, PAGE + 1, (page - 1) * PAGE)


async def delivery(delivery_id: UUID) -> Any:
    """One such row. NotFound."""
    rows = await sql(f"{LISTED} WHERE d.id = $1", delivery_id)
    if not rows:
        raise NotFound("There is no such delivery.")
    return rows[0]


async def attempts(delivery_id: UUID) -> list[Any]:
    """How each try to send it ended, the first one first."""
    return await sql(
        "SELECT number, outcome, error, ended_at FROM delivery_attempts WHERE delivery = $1 ORDER BY ended_at, id",
        delivery_id,
    )


async def count_dead() -> int:
    """How many were given up for good, which an admin is to look at."""
    return int((await sql("SELECT count(*) FROM deliveries WHERE status = 'dead'"))[0][0])
