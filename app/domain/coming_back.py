"""What a channel had taken and then brought back, and a channel that takes nothing any more."""

from uuid import UUID

from app.clock import now
from app.database import after_commit, new_id, sql, transaction
from app.domain.channel import ChannelType, CommunicationChannel, channel_refused
from app.domain.notice import tell
from app.domain.user import User
from app.queue import nudge

# Locks are taken in one order everywhere: the recipient, then the delivery.
LADDER = """
UPDATE feedback_recipients p SET next_at = now() FROM deliveries d
WHERE d.id = $1 AND d.kind = 'request' AND p.request = d.request AND p."user" = d."user" RETURNING p.id
"""
BOUNCED = """
UPDATE deliveries SET status = 'bounced', error = $2, check_at = NULL WHERE id = $1 AND status IN ('accepted', 'seen')
RETURNING channel, attempt
"""


async def bounced(delivery_id: UUID, why: str, *, gone: bool = False) -> None:
    """What had been taken came back, maybe days later: its request goes on by another way. `gone`: the address takes nothing
    any more. Twice is once."""
    async with transaction():
        waiting = await sql(LADDER, delivery_id)
        rows = await sql(BOUNCED, delivery_id, why)
        if not rows:
            return
        await sql(
            """INSERT INTO delivery_attempts (id, delivery, number, outcome, error, ended_at)
               VALUES ($1, $2, $3, 'bounced', left($4, 1000), $5)""",
            new_id(), delivery_id, rows[0]["attempt"], why, now(),
        )  # fmt: skip
        if gone and rows[0]["channel"]:
            await disconnect(rows[0]["channel"], why)
        for row in waiting:
            after_commit(nudge, "climb", row["id"])


async def disconnect(channel_id: UUID, why: str) -> None:
    """This channel takes nothing any more, until its person does something about it: they are told by another one, once."""
    async with transaction():
        if not await channel_refused(channel_id, why):
            return
        channel = await CommunicationChannel.objects().get(CommunicationChannel.id == channel_id)
        person = await User.objects().get(User.id == channel.user) if channel else None
        if channel and person:
            name = f"{ChannelType(channel.type).label} ({channel.name})"
            words = (
                f"{name} takes nothing any more: {why.rstrip('.')}. You are asked by your other channels until you mend it."
            )
            await tell(person, {"from": "Parley", "text": words})
