"""Let the threads in which conversations go on show what is new in their logs."""

from app.channels.email_place import MailCopy
from app.channels.slack_place import thread_of
from app.database import sql
from app.domain.binding import ChannelBinding
from app.domain.channel import ChannelType
from app.domain.mirror import behind, catch_up

AT_ONCE = 100
# Where a thread begins is known once what begins it has arrived.
BEGUN = """
SELECT b.id, b.type, d.external_id, c.address FROM channel_bindings b JOIN communication_channels c ON c.id = b.channel
JOIN deliveries d ON d.line = 'binding ' || b.id AND d.payload ->> 'begins' = b.id::text AND d.status IN ('accepted', 'seen')
WHERE b.place IS NULL
"""


async def mirror() -> None:
    """All that are behind."""
    for row in await sql(BEGUN):
        copy = row["external_id"]
        by_mail = row["type"] == ChannelType.EMAIL
        await ChannelBinding.placed(
            row["id"], str(MailCopy.read(copy).place) if by_mail else thread_of(row["address"], copy)
        )
    for binding_id in await behind(AT_ONCE):
        await catch_up(binding_id)
