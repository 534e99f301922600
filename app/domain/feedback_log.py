"""Requests as they stand in a conversation's log."""

import re
from collections.abc import Iterable
from uuid import UUID

from app.database import loaded, sql, transaction
from app.domain.errors import Conflict, NotFound
from app.domain.feedback import FeedbackRequest
from app.domain.feedback_question import LONGEST_CONTEXT_BYTES, Question
from app.domain.feedback_value import FeedbackType
from app.domain.message import Author, Message, MessageStatus, MessageType
from app.domain.session import ChatSession
from app.domain.title import titled
from app.domain.user import User


async def ask_before_going_on(session: ChatSession, message_id: UUID, *, of: User) -> FeedbackRequest:
    """Let a person decide whether the agent goes on as it said in a message. Twice is once, while that is open. NotFound
    unless the agent said something there; Conflict while it is still talking."""
    async with transaction():
        await session.touch()
        message = await session.entry(message_id)
        if message.author != Author.AGENT or message.type != MessageType.TEXT:
            raise NotFound("That is none of the agent's messages.")
        if message.status == MessageStatus.STREAMING or not message.text.strip():
            raise Conflict("The agent has not said what it would do.")
        open_ones = await sql(
            """SELECT r.* FROM feedback_requests r JOIN messages m ON m.id = r.id
               WHERE r.session = $1 AND r.status = 'open' AND m.about = $2""",
            session.id, message_id,
        )  # fmt: skip
        if open_ones:
            return loaded(FeedbackRequest, open_ones[0])
        return await FeedbackRequest.ask(_going_on(message.text), of=[of], session=session, about=message_id)


def _going_on(words: str) -> Question:
    """Whether the agent shall go on as it said with these words. The question quotes them: it may be read elsewhere."""
    quoted = titled(re.sub(r"[#>*_`|]+", "", words)) or titled(words)
    context = words.encode(errors="replace")[:LONGEST_CONTEXT_BYTES].decode(errors="ignore")
    return Question(FeedbackType.APPROVAL, f"Shall I go on? “{quoted}”", context=context)


async def told_in(log: Iterable[Message]) -> dict[UUID, FeedbackRequest]:
    """The requests that these entries ask or answer, by their id."""
    ids = {entry.id for entry in log if entry.type == MessageType.FEEDBACK_REQUEST}
    ids |= {entry.about for entry in log if entry.about}
    rows = await sql("SELECT * FROM feedback_requests WHERE id = ANY($1)", list(ids)) if ids else []
    return {row["id"]: loaded(FeedbackRequest, row) for row in rows}
