"""Find what is due although nobody nudged: an emptied queue, a dead worker, a time that has come."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context

import structlog

from app.agent.turn import Answers
from app.domain.agent_state import AgentState
from app.domain.feedback_recipient import FeedbackRecipient
from app.jobs.check_doubles import check_doubles
from app.jobs.deliver import Post

log = structlog.get_logger(__name__)
EVERY_SECONDS = 1.0
AT_ONCE = 50
Look = Callable[[], Awaitable[None]]


async def find_due(answers: Answers, post: Post) -> None:
    """Look each second, until cancelled. Each look is a task of its own: one that the database breaks spoils no other."""

    async def turns() -> None:
        for session_id in await AgentState.due(AT_ONCE):
            answers.begin(session_id)

    async def ladders() -> None:
        for recipient_id in await FeedbackRecipient.due(AT_ONCE):
            await FeedbackRecipient.climb(recipient_id)

    async def deliveries() -> None:
        post.look()

    await asyncio.gather(*(_each_second(look) for look in (turns, deliveries, ladders, check_doubles)))


async def _each_second(look: Look) -> None:
    while True:
        try:
            await asyncio.wait_for(asyncio.create_task(_awaited(look), context=Context()), 20)
        except Exception as error:
            log.warning("could not look for what is due", error=repr(error))
        await asyncio.sleep(EVERY_SECONDS)


async def _awaited(look: Look) -> None:
    await look()
