"""Deliveries that were tried for so long that they are dead, and sending them anew."""

from datetime import timedelta
from uuid import UUID

import structlog

from app import metrics
from app.database import after_commit, sql, transaction
from app.queue import nudge

PATIENCE = timedelta(days=7)
log = structlog.get_logger(__name__)


async def bury() -> None:
    """What was tried for a week is dead: an alarm tells of it, it stays where it is, and an admin can replay it."""
    rows = await sql(
        """SELECT id, via, request, "user" FROM deliveries WHERE status IN ('due', 'uncertain') AND attempt > 0
           AND COALESCE(replayed_at, created_at) < now() - $1::interval""",
        PATIENCE,
    )
    for row in rows:
        why = f"{row['via']} has not taken it for {PATIENCE.days} days."
        async with transaction():  # locks are taken in one order everywhere: request, recipient, delivery
            await sql(
                """UPDATE feedback_recipients SET next_at = now(), alarm = CASE alarm WHEN '' THEN $3 ELSE alarm END
                   WHERE request = $1 AND "user" = $2""",
                row["request"], row["user"], why,
            )  # fmt: skip
            await sql("UPDATE deliveries SET status = 'dead' WHERE id = $1 AND status IN ('due', 'uncertain')", row["id"])
        metrics.count("parley_deliveries_dead_total", via=row["via"])
        log.error("a delivery is dead", delivery=str(row["id"]), why=why)


async def replay(ids: list[UUID]) -> int:
    """Send these anew: of those that ended without having arrived, the ones that can go somewhere. How many that is."""
    rows = await sql(
        """UPDATE deliveries d SET status = 'due', due_at = now(), attempt = 0, given_up = FALSE, error = '',
             replayed_at = now()
           WHERE id = ANY($1) AND status IN ('dead', 'rejected', 'bounced') AND (endpoint IS NOT NULL OR EXISTS (
             SELECT FROM communication_channels c WHERE c.id = d.channel
             AND (c.status IN ('active', 'failing') OR d.kind = 'confirm')))
           RETURNING id""",
        ids,
    )
    for row in rows:
        after_commit(nudge, "deliver", row["id"])
    return len(rows)
