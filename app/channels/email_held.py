"""Letting a mail through that was held back: an admin says that it is from whom it says."""

from uuid import UUID

from app.channels.gmail_inbox import keep_mail
from app.database import sql, transaction
from app.domain.errors import Unfit
from app.domain.held_mail import HeldMail, HeldStatus

KNOWN = "SELECT FROM communication_channels WHERE type = 'email' AND address = $1 AND status IN ('active', 'failing', 'off')"


async def let_through(held_id: UUID) -> str:
    """It is read again, and acted on; its sender. Unfit when nobody here has that address, so that nothing would come of
    it."""
    async with transaction():
        held = await HeldMail.decide(held_id, HeldStatus.RELEASED)
        if not await sql(KNOWN, held.sender):
            raise Unfit(f"Nobody here has confirmed {held.sender}. Invite them, or let them add it under Channels.")
        account, _, mail_id = held.external_id.partition(" ")
        await keep_mail(account, mail_id, held.thread, held.body, again=True)
    return held.sender
