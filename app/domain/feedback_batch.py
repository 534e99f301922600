"""Several requests that are asked together: all of them or none, and seen side by side."""

from dataclasses import dataclass
from uuid import UUID

from app.database import new_id, sql, transaction
from app.domain.errors import Unfit
from app.domain.feedback import FeedbackRequest, owner_of
from app.domain.feedback_question import Question
from app.domain.session import ChatSession
from app.domain.title import titled
from app.domain.user import User

MOST = 50


@dataclass(frozen=True)
class Asked:
    """One of them: what is asked, of whom, and in which conversation, if in any."""

    question: Question
    of: list[User]
    session: ChatSession | None = None


async def ask_together(asked: list[Asked], by: User) -> list[FeedbackRequest]:
    """Ask them under one `batch`, in the order given. Those without a conversation share one. Unfit, and nothing is asked,
    if any can't be."""
    if not 1 <= len(asked) <= MOST:
        raise Unfit(f"Ask 1 to {MOST} requests together.")
    batch, opened = new_id(), dict[UUID, ChatSession]()
    requests = []
    async with transaction():
        named = sorted(one.session.id for one in asked if one.session)
        await sql("SELECT FROM chat_sessions WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", named)  # no two in a knot
        for one in asked:
            owner = owner_of(one.of, by)
            session = (
                one.session or opened.get(owner.id) or await ChatSession.open(owner, title=titled(one.question.question))
            )
            if one.session is None:
                opened[owner.id] = session
            requests.append(await FeedbackRequest.ask(one.question, of=one.of, by=by, session=session, batch=batch))
    return requests
