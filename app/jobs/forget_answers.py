"""Forget the answers that were kept in case that a request is repeated."""

import asyncio
from contextvars import Context

import structlog

from app.domain.idempotency import KeptAnswer

log = structlog.get_logger(__name__)
EVERY_SECONDS = 600.0


async def forget_answers() -> None:
    """Look every ten minutes, until cancelled."""
    while True:
        try:
            await asyncio.wait_for(asyncio.create_task(KeptAnswer.forget_old(), context=Context()), 60)
        except Exception as error:
            log.warning("could not forget old answers", error=repr(error))
        await asyncio.sleep(EVERY_SECONDS)
