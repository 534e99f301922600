"""Look again where something may have arrived twice: keep one, take the others back, count them."""

from app.channels.letters import letter_of
from app.channels.protocol import Rejected, Unavailable, Uncertain
from app.channels.registry import channel_for
from app.database import loaded, sql
from app.domain.delivery import Delivery

AGAIN_SECONDS = 5
DUE = """
UPDATE deliveries SET check_at = now() + make_interval(secs => $1) WHERE id IN (
  SELECT id FROM deliveries WHERE check_at <= now() ORDER BY check_at LIMIT 20 FOR UPDATE SKIP LOCKED)
RETURNING *
"""


async def check_doubles() -> None:
    """Those whose time has come; what can't be said now is asked again in 5 s."""
    for row in await sql(DUE, AGAIN_SECONDS):
        try:
            await _check(loaded(Delivery, row))
        except (Unavailable, Uncertain, TimeoutError):
            continue
        except Rejected:
            await sql("UPDATE deliveries SET check_at = NULL WHERE id = $1", row["id"])


async def _check(delivery: Delivery) -> None:
    channel, letter = channel_for(delivery.via), await letter_of(delivery)
    copies = await channel.find(letter) if channel else []
    kept = delivery.external_id if delivery.external_id in copies else next(iter(copies), delivery.external_id)
    others = [copy for copy in copies if copy != kept]
    for copy in others:
        assert channel is not None
        await channel.remove(letter, copy)
    await sql(
        "UPDATE deliveries SET check_at = NULL, doubles = doubles + $2, external_id = $3 WHERE id = $1",
        delivery.id, len(others), kept,
    )  # fmt: skip
