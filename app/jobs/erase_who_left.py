"""Erase people who have left when their grace is over."""

import asyncio

import structlog

from app.apart import apart
from app.domain import erasure

log = structlog.get_logger(__name__)
EVERY_SECONDS = 60.0


async def erase_who_left() -> None:
    """Look each minute, until cancelled."""
    while True:
        try:
            await apart(erase_all(), 50)
        except Exception as error:
            log.warning("could not erase who left", error=repr(error))
        await asyncio.sleep(EVERY_SECONDS)


async def erase_all() -> None:
    """Each person on their own: one who can't be erased keeps no other."""
    for user_id in await erasure.due():
        try:
            await erasure.erase(user_id)
            log.info("erased a person who left", user=str(user_id))
        except Exception:
            log.exception("could not erase", user=str(user_id))
