"""What arrives from a provider: kept as it came before it is acknowledged, read once, by a worker."""

from datetime import timedelta
from typing import Self

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Integer, Text, Timestamptz
from piccolo.constraints import Unique
from piccolo.table import Table

from app.backoff import backoff_seconds
from app.clock import now
from app.database import DB, loaded, new_id, sql
from app.disk import Commit
from app.queue import nudge

KEPT = timedelta(days=7)
MOST_ATTEMPTS = 10
# What is due and first on its line: what a person said first is read first.
CLAIM = """
WITH next AS (
  SELECT e.id FROM inbound_events e
  WHERE e.processed_at IS NULL AND e.due_at <= now() AND (e.lease_until IS NULL OR e.lease_until < now())
    AND NOT EXISTS (SELECT FROM inbound_events f WHERE f.line = e.line AND f.id < e.id AND f.processed_at IS NULL)
  ORDER BY e.due_at LIMIT $1 FOR UPDATE SKIP LOCKED
)
UPDATE inbound_events e SET attempt = attempt + 1, lease_until = now() + make_interval(secs => $2)
FROM next WHERE e.id = next.id RETURNING e.*
"""


class InboundEvent(Table, tablename="inbound_events", db=DB):
    """One thing that a provider told us. `external_id` is the provider's own, unique: the second arrival has no effect.
    `line`: what must be read in order."""

    id = UUIDColumn(primary_key=True, default=new_id)
    provider = Text()
    external_id = Text()
    kind = Text()
    line = Text()
    body = Text()
    received_at = Timestamptz(default=now)
    due_at = Timestamptz(default=now)
    attempt = Integer(default=0)
    lease_until = Timestamptz(null=True, default=None)
    processed_at = Timestamptz(null=True, default=None)
    error = Text(default="")

    once = Unique([provider, external_id])

    @classmethod
    async def keep(cls, provider: str, external_id: str, kind: str, line: str, body: str) -> bool:
        """Keep it, so that it lasts; whether it is new. A worker is told."""
        commit = Commit()
        async with commit:
            rows = await sql(
                """INSERT INTO inbound_events
                     (id, provider, external_id, kind, line, body, received_at, due_at, attempt, error)
                   VALUES ($1, $2, $3, $4, $5, $6, now(), now(), 0, '') ON CONFLICT DO NOTHING
                   RETURNING id, set_config('synchronous_commit',
                     CASE WHEN $7 THEN 'off' ELSE current_setting('synchronous_commit') END, TRUE)""",
                new_id(), provider, external_id, kind, line, body, commit.early,
            )  # fmt: skip
        await commit.last()
        for row in rows:
            nudge("take_in", row["id"])
        return bool(rows)

    @classmethod
    async def known(cls, provider: str, external_ids: list[str]) -> list[str]:
        """Those of these that were kept before."""
        query = "SELECT external_id FROM inbound_events WHERE provider = $1 AND external_id = ANY($2)"
        return [row["external_id"] for row in await sql(query, provider, external_ids)]

    @classmethod
    async def claim(cls, limit: int, lease_seconds: float) -> list[Self]:
        """The right to read up to `limit` of what is due, for as long as the lease lasts. Reading twice is reading once."""
        return [loaded(cls, row) for row in await sql(CLAIM, limit, lease_seconds)]

    async def done(self, error: str = "") -> None:
        """It was read. `error`: why it has no effect."""
        await sql("UPDATE inbound_events SET processed_at = now(), error = $2 WHERE id = $1", self.id, error)

    async def failed(self, why: str, *, by_us: bool) -> None:
        """It could not be read: tried again after a wait that grows. One that fails `by_us` is left after ten times, so that
        it holds up its line no longer; where the provider is away, it waits for a week. The error stays."""
        if (by_us and self.attempt >= MOST_ATTEMPTS) or self.received_at < now() - KEPT:
            return await self.done(why)
        await sql(
            """UPDATE inbound_events SET lease_until = NULL, error = $2, due_at = now() + make_interval(secs => $3)
               WHERE id = $1""",
            self.id, why, backoff_seconds(self.attempt),
        )  # fmt: skip

    @classmethod
    async def forget_old(cls) -> None:
        """What was read a week ago: no provider sends it again, and it holds people's words."""
        await sql("DELETE FROM inbound_events WHERE processed_at < $1", now() - KEPT)
