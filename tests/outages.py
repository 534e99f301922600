"""Outages of the stores that the tests stand on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from signal import SIGKILL, SIGQUIT

from tests import conftest
from tests.waiting import until


@asynccontextmanager
async def postgres_away() -> AsyncIterator[None]:
    """Nobody listens there until the end of the block. At once: no open transaction ends, no connection is told."""
    child = conftest.POSTGRES[0].child
    child.send(SIGQUIT)
    await until(lambda: not child.running)
    try:
        yield
    finally:
        child.start()


async def restart_postgres() -> None:
    """Away, and back at once."""
    async with postgres_away():
        pass


async def empty_valkey() -> None:
    """Everything in it is gone; connections stay."""
    from app.valkey import valkey

    client = valkey()
    try:
        await client.flushall()
    finally:
        await client.aclose()


@asynccontextmanager
async def valkey_away() -> AsyncIterator[None]:
    """Nobody listens there until the end of the block; then it is back, empty."""
    child = conftest.VALKEY[0].child
    child.send(SIGKILL)
    await until(lambda: not child.running)
    try:
        yield
    finally:
        child.start()
