"""Look again where something may have arrived twice: keep one, take the others back, count them."""

import asyncio

from app.channels.letters import letter_of
from app.channels.protocol import Rejected, Unavailable, Uncertain
from app.channels.registry import channel_for
from app.database import loaded, sql
from app.domain.delivery import LATE_ARRIVAL, SEND_SHARE, Delivery
from app.settings import settings

AGAIN_SECONDS = 5  # when another worker may take it up, if this one has died
SOON_SECONDS = 1
AT_ONCE = 100
DUE = """
UPDATE deliveries SET check_at = now() + make_interval(secs => $1) WHERE id IN (
  SELECT id FROM deliveries d WHERE check_at <= now() AND NOT EXISTS (
    SELECT FROM channel_health h WHERE h.key = d.via AND h.probe_at IS NOT NULL)
  ORDER BY check_at LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING *
"""
# Named before they are taken back: a worker that dies in between leaves them counted, and counted once.
TAKE_BACK = """
UPDATE deliveries SET external_id = $3, taken_back = taken_back || extra, doubles = cardinality(taken_back || extra)
FROM (SELECT ARRAY(SELECT unnest($2::text[]) EXCEPT SELECT unnest(taken_back) FROM deliveries WHERE id = $1) AS extra) more
WHERE id = $1
"""
# What is there is taken back at once; what was under way when another copy was accepted may arrive a while later.
LAST_LOOK = """
UPDATE deliveries SET check_at = CASE WHEN accepted_at > now() - $2::interval THEN accepted_at + $2::interval END
WHERE id = $1
"""


async def check_doubles() -> None:
    """Those whose time has come, but where a breaker is open; what can't be said now is asked again soon."""
    again = max(AGAIN_SECONDS, settings().lease_seconds)
    await asyncio.gather(*(_check(loaded(Delivery, row)) for row in await sql(DUE, again, AT_ONCE)))


async def _check(delivery: Delivery) -> None:
    try:
        async with asyncio.timeout(settings().lease_seconds * SEND_SHARE):
            await _keep_one(delivery)
    except (Unavailable, Uncertain, TimeoutError) as why:
        wait = getattr(why, "retry_after_seconds", None) or SOON_SECONDS
        await sql("UPDATE deliveries SET check_at = now() + make_interval(secs => $2) WHERE id = $1", delivery.id, wait)
    except Rejected:
        await sql("UPDATE deliveries SET check_at = NULL WHERE id = $1", delivery.id)


async def _keep_one(delivery: Delivery) -> None:
    channel, letter = channel_for(delivery.via), await letter_of(delivery)
    copies = await channel.find(letter) if channel else []
    kept = delivery.external_id if delivery.external_id in copies else next(iter(copies), delivery.external_id)
    others = [copy for copy in copies if copy != kept]
    if others:
        await sql(TAKE_BACK, delivery.id, others, kept)
    for copy in others:
        assert channel is not None
        await channel.remove(letter, copy)
    await sql(LAST_LOOK, delivery.id, LATE_ARRIVAL)
