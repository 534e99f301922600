"""Handing a request on: another person is asked in one's place."""

from app.clock import now
from app.database import after_commit, sql, transaction
from app.domain.errors import Conflict, Unfit
from app.domain.feedback import FeedbackRequest
from app.domain.feedback_recipient import FeedbackRecipient
from app.domain.message import Author, MessageType
from app.domain.session import ChatSession
from app.domain.user import User
from app.live import announce_everywhere


async def delegate(request: FeedbackRequest, by: User, to: User) -> None:
    """Where several are asked: `to` takes the place of `by`, and their ladder begins. Raises as an answer does; Conflict if
    `to` was asked already, Unfit where nobody else is asked."""
    async with transaction():
        asked, _ = await request.place_of(by)
        recipients = await FeedbackRecipient.of(asked.id)
        if len([one for one in recipients if not one.delegated_to]) < 2:
            raise Unfit("Only what several people are asked can be handed on.")
        if any(one.user == to.id for one in recipients):
            raise Conflict(f"{to.name} is asked already.")
        mine = next(one for one in recipients if one.user == by.id)
        await mine.update_self({
            FeedbackRecipient.delegated_to: to.id, FeedbackRecipient.delegated_at: now(),
            FeedbackRecipient.next_at: None, FeedbackRecipient.alarm: "",
        })  # fmt: skip
        await sql(
            """UPDATE deliveries SET status = 'rejected', error = 'handed on before it was sent'
               WHERE request = $1 AND "user" = $2 AND status = 'due' AND kind IN ('request', 'reminder')""",
            asked.id, by.id,
        )  # fmt: skip
        await mine.settle_copies()
        await ChatSession.named(asked.session).append(
            type=MessageType.NOTICE, author=Author.SYSTEM, text=f"{by.name} handed {asked.code} on to {to.name}."
        )
        await asked.reach(to)
        after_commit(announce_everywhere, "inbox.changed", {"person": str(by.id), "request": str(asked.id)})
