"""Waiting for what is to come true."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def until(true: Callable[[], T | Awaitable[T]], seconds: float = 15, every: float = 0.01) -> T:
    """The first true value of `true()`, asked each `every` seconds; TimeoutError after `seconds`."""
    async with asyncio.timeout(seconds):
        while True:
            value = true()
            if inspect.isawaitable(value):
                value = await value
            if value:
                return value  # type: ignore[return-value]
            await asyncio.sleep(every)
