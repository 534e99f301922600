"""What a conversation's place outside is to show: the log, entry by entry, from where it left off."""

from itertools import takewhile
from typing import Any
from uuid import UUID

from app.database import loaded, sql, transaction
from app.domain.binding import ChannelBinding
from app.domain.channel import ChannelType, CommunicationChannel
from app.domain.delivery import Delivery, DeliveryKind
from app.domain.mail_digest import put_digest
from app.domain.message import Author, Message, MessageStatus, MessageType

BEHIND = """
SELECT b.id FROM channel_bindings b JOIN chat_sessions s ON s.id = b.session
JOIN communication_channels c ON c.id = b.channel
WHERE s.revision > b.revision AND b.place IS NOT NULL AND c.status IN ('active', 'failing') LIMIT $1
"""
# What is still being written is shown when it is done: no later entry goes before it.
NEXT = """
SELECT m.* FROM messages m WHERE m.session = $1 AND m.revision > $2 ORDER BY m.revision, m.seq
"""


async def behind(limit: int) -> list[UUID]:
    """The places that don't show all of their log yet."""
    return [row["id"] for row in await sql(BEHIND, limit)]


async def catch_up(binding_id: UUID) -> None:
    """Put what is new in the log on its way to this place; each entry once."""
    async with transaction():
        rows = await sql("SELECT * FROM channel_bindings WHERE id = $1 FOR UPDATE SKIP LOCKED", binding_id)
        if not rows:
            return
        binding = loaded(ChannelBinding, rows[0])
        channel = await CommunicationChannel.objects().get(CommunicationChannel.id == binding.channel)
        assert channel is not None
        entries = [loaded(Message, row) for row in await sql(NEXT, binding.session, binding.revision)]
        done = list(takewhile(lambda entry: entry.status != MessageStatus.STREAMING, entries))
        if binding.type == ChannelType.EMAIL:
            await _put_mail(binding, channel, done)
        else:
            await _put_each(binding, channel, done)
        seen = max([binding.revision, *(entry.revision for entry in done)])
        await sql("UPDATE channel_bindings SET revision = $2 WHERE id = $1", binding.id, seen)


async def _put_mail(binding: ChannelBinding, channel: CommunicationChannel, entries: list[Message]) -> None:
    """Mail shows what the agent says while the conversation goes on there, and nothing else."""
    rows = await sql("SELECT channel FROM chat_sessions WHERE id = $1 AND deleted_at IS NULL", binding.session)
    if rows and rows[0]["channel"] == ChannelType.EMAIL:
        await put_digest(binding, channel, entries)


async def _put_each(binding: ChannelBinding, channel: CommunicationChannel, entries: list[Message]) -> None:
    """A thread shows all of the log."""
    for entry in entries:
        if await _is_news(binding, entry):
            told = {"revision": str(entry.revision)}
            await Delivery.put(DeliveryKind.MESSAGE, channel, message=entry.id, line=binding.line, payload=told)


async def _is_news(binding: ChannelBinding, entry: Message) -> bool:
    """Whether it is to be shown there, and is not yet. What was said there stands there; a request is posted by the
    ladder of whom it asks. An answer that failed is shown again when it was tried again."""
    if (entry.author == Author.PERSON and entry.channel == binding.type) or not (entry.text or entry.error):
        return False
    if entry.type in (MessageType.FEEDBACK_REQUEST, MessageType.FEEDBACK_RESPONSE):
        return False
    shown: list[Any] = await sql(
        """SELECT FROM deliveries WHERE message = $1 AND line = $2 AND ($3 OR payload ->> 'revision' = $4)""",
        entry.id, binding.line, entry.author != Author.AGENT, str(entry.revision),
    )  # fmt: skip
    return not shown
