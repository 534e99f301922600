"""How long things take, kept for a week: what the charts of the system page are drawn from."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Array, Real, Timestamptz, Varchar
from piccolo.table import Table

from app import metrics
from app.apart import apart
from app.clock import now
from app.database import DB, new_id, sql

TELL_SECONDS = 5.0
KEPT = timedelta(days=7)
log = structlog.get_logger(__name__)

# Ten minutes each. What was delivered outside of the page stands in its own rows.
SLOTS = """
SELECT date_bin('10 min', at, 'epoch') AS slot, count(*) AS count,
  percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY seconds) AS middles
FROM (
  SELECT at, unnest(seconds) AS seconds FROM measures WHERE kind = $1 AND at > $2
  UNION ALL
  SELECT accepted_at, GREATEST(extract(epoch FROM accepted_at - COALESCE(replayed_at, created_at)), 0) FROM deliveries
  WHERE $1 = 'delivery' AND via <> 'web' AND accepted_at > $2
) taken GROUP BY slot ORDER BY slot
"""


class Measure(Table, tablename="measures", db=DB):
    """What one process noted within a few seconds."""

    id = UUIDColumn(primary_key=True, default=new_id)
    kind = Varchar()
    seconds = Array(base_column=Real())
    at = Timestamptz(default=now)


@dataclass(frozen=True)
class Slot:
    """Ten minutes: how many there were, and p50, p95 and p99 in seconds."""

    at: datetime
    count: int
    middles: tuple[float, float, float]


async def slots(kind: str, since: datetime) -> list[Slot]:
    """How long it took, in each ten minutes in which there was something. `kind`: "ack", "first token" or "delivery"."""
    return [Slot(row["slot"], row["count"], tuple(row["middles"])) for row in await sql(SLOTS, kind, since)]


async def keep_notes() -> None:
    """Write down what this process has noted."""
    for kind, seconds in metrics.take_notes().items():
        query = "INSERT INTO measures (id, kind, seconds, at) VALUES ($1, $2, $3, $4)"
        await sql(query, new_id(), kind, seconds, now())


async def forget_measures() -> None:
    """Those that are older than a week."""
    await sql("DELETE FROM measures WHERE at < $1", now() - KEPT)


async def keep_telling(kind: str) -> None:
    """Every few seconds, until cancelled: what this process ("web" or "worker") has counted and noted."""
    while True:
        await metrics.tell(kind)
        try:  # a task of its own: what the database breaks in it spoils nothing after it
            await apart(keep_notes(), 10)
        except Exception as error:
            log.warning("could not keep what was measured", error=repr(error))
        await asyncio.sleep(TELL_SECONDS)
