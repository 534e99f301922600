"""The delivery engine in this process: what a worker does, told to do it at once."""

import asyncio
from collections.abc import Awaitable, Callable

from app.channels.protocol import Channel
from app.channels.registry import connect
from app.clock import now
from app.database import sql
from app.domain.channel import ChannelType, CommunicationChannel
from app.domain.delivery import Delivery
from app.domain.feedback import FeedbackRequest
from app.domain.feedback_question import Question
from app.domain.feedback_recipient import FeedbackRecipient
from app.domain.feedback_value import FeedbackType
from app.domain.session import ChatSession
from app.domain.user import User
from app.jobs.check_doubles import check_doubles
from app.jobs.deliver import Post

Shall = Question(FeedbackType.APPROVAL, "Shall we ship?")


async def reached_by(person: User, **ways: Channel) -> None:
    """Let a person be reached by these, in this order, before the page."""
    channels = await CommunicationChannel.of(person.id)
    new = []
    for name, way in ways.items():
        connect(name, way)
        new.append(await CommunicationChannel.add(person.id, ChannelType(name), f"{name} of {person.name}"))
    await CommunicationChannel.reorder(person.id, [channel.id for channel in [*new, *channels]])


async def ask(*people: User, question: Question = Shall, session: ChatSession | None = None) -> FeedbackRequest:
    return await FeedbackRequest.ask(question, of=list(people), session=session)


async def work_until(done: Callable[[], Awaitable[bool]], workers: int = 1, seconds: float = 10) -> None:
    """Let so many workers do what is due until it is `done`."""
    posts = [Post() for _ in range(workers)]
    async with asyncio.timeout(seconds):
        while not await done():
            for post in posts:
                post.look()
            for recipient_id in await FeedbackRecipient.due(100):
                await FeedbackRecipient.climb(recipient_id)
            await check_doubles()
            await asyncio.sleep(0.02)
    await asyncio.gather(*(post.leave() for post in posts))


async def at_rest() -> bool:
    """Whether nothing is on its way and no ladder has to be looked at."""
    rows = await sql(
        """SELECT EXISTS (SELECT FROM deliveries WHERE status IN ('due', 'sending', 'uncertain') OR check_at <= now())
           OR EXISTS (SELECT FROM feedback_recipients WHERE next_at <= $1)""",
        now(),
    )
    return not rows[0][0]


async def outcomes(request: FeedbackRequest, via: str) -> list[str]:
    """How each attempt there ended."""
    rows = await sql(
        """SELECT outcome FROM delivery_attempts a JOIN deliveries d ON d.id = a.delivery
           WHERE d.request = $1 AND d.via = $2 AND d.kind = 'request' ORDER BY a.id""",
        request.id, via,
    )  # fmt: skip
    return [row["outcome"] for row in rows]


async def statuses(request: FeedbackRequest, kind: str = "request") -> dict[str, str]:
    """How it stands on each channel."""
    rows = await Delivery.objects().where((Delivery.request == request.id) & (Delivery.kind == kind))
    return {delivery.via: str(delivery.status) for delivery in rows}
