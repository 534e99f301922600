"""Find what is due although nobody nudged: an emptied queue, a dead worker, a time that has come."""

import asyncio
from contextvars import Context

import structlog

from app.agent.turn import Answers
from app.domain.agent_state import AgentState

log = structlog.get_logger(__name__)
EVERY_SECONDS = 1.0
AT_ONCE = 50


async def find_due(answers: Answers) -> None:
    """Look each second, until cancelled. Each look is a task of its own: one that the database breaks spoils no other."""
    while True:
        try:
            await asyncio.wait_for(asyncio.create_task(_look(answers), context=Context()), 20)
        except Exception as error:
            log.warning("could not look for due rows", error=repr(error))
        await asyncio.sleep(EVERY_SECONDS)


async def _look(answers: Answers) -> None:
    for session_id in await AgentState.due(AT_ONCE):
        answers.begin(session_id)
