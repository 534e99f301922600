"""Take the next steps with one person's request."""

from uuid import UUID

from saq.types import Context

from app.domain.feedback_recipient import FeedbackRecipient

AT_ONCE = 50


async def climb(ctx: Context, *, row_id: str) -> None:
    """Post it on the next channel, remind, raise the alarm, or let it expire: whatever its ladder says."""
    await FeedbackRecipient.climb(UUID(row_id))


async def climb_due() -> None:
    """Those whose time has come although nobody said so."""
    due = await FeedbackRecipient.due(AT_ONCE)
    while due:
        for recipient_id in due:
            await FeedbackRecipient.climb(recipient_id)
        due = await FeedbackRecipient.due(AT_ONCE) if len(due) == AT_ONCE else []
