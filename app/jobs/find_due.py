"""Find what is due although nobody nudged: an emptied queue, a dead worker, a time that has come."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from app.apart import apart

log = structlog.get_logger(__name__)
EVERY_SECONDS = 1.0
Look = Callable[[], Coroutine[Any, Any, None]]


async def find_due(*looks: Look) -> None:
    """Let each of these look each second, until cancelled. A slow or broken one holds up no other."""
    await asyncio.gather(*(_again_and_again(look) for look in looks))


async def _again_and_again(look: Look) -> None:
    while True:
        try:  # each look is a task of its own: what the database breaks in it spoils nothing after it
            await apart(look(), 20)
        except Exception as error:
            log.warning("could not look for what is due", look=look.__qualname__, error=repr(error))
        await asyncio.sleep(EVERY_SECONDS)
