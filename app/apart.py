"""Work in a task of its own, which can spoil nothing for whoever waits for it, nor hold them up."""

import asyncio
from collections.abc import Coroutine
from contextvars import Context
from typing import Any


async def apart(work: Coroutine[Any, Any, None], seconds: float) -> None:
    """Do it, with what it raises; TimeoutError after `seconds`. What the database breaks in it stays in its task, and one
    that does not heed its end is left. Python 3.11's `wait_for` forgets a cancellation that comes just as the work ends, so
    that a loop around it would go on for ever (github.com/python/cpython/issues/86296)."""
    task = asyncio.create_task(work, context=Context())
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    finally:
        task.cancel()
    if not done:
        raise TimeoutError
    task.result()
