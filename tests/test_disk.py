"""What is committed early lasts before anybody is told; one flush is enough for all who commit at once."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.database import transaction
from app.disk import GATHER_SECONDS, Commit, disk


class Line:
    """A connection that only counts."""

    def __init__(self) -> None:
        self.flushes = 0

    def is_closed(self) -> bool:
        return False

    async def execute(self, query: str) -> None:
        self.flushes += 1
        await asyncio.sleep(0.001)

    def terminate(self) -> None:
        pass


@pytest.fixture
async def line(migrated: None) -> AsyncIterator[Line]:
    kept, disk.connection = disk.connection, (counting := Line())  # type: ignore[assignment]
    yield counting
    disk.connection = kept


async def committed(seconds: float) -> Commit:
    async with Commit() as commit:
        await asyncio.sleep(seconds)
    return commit


async def lasting(seconds: float) -> None:
    await (await committed(seconds)).last()


async def test_one_flush_is_enough_for_all_who_commit_at_once(line: Line) -> None:
    await asyncio.gather(*(lasting(0.0001 * number) for number in range(20)))
    assert line.flushes == 1


async def test_a_flush_does_not_wait_for_who_takes_long_nor_does_that_one_rely_on_it(line: Line) -> None:
    slow = asyncio.create_task(lasting(0.3))
    await asyncio.sleep(0)
    async with asyncio.timeout(0.2 + GATHER_SECONDS):
        await lasting(0)
    assert line.flushes == 1
    await slow
    assert line.flushes == 2


async def test_what_may_have_been_lost_is_not_said_to_last(line: Line) -> None:
    commit = await committed(0)
    disk.connection = Line()  # type: ignore[assignment]
    with pytest.raises(ConnectionError):
        await commit.last()


async def test_within_a_transaction_its_own_end_waits(line: Line) -> None:
    async with transaction(), Commit() as commit:
        assert not commit.early
    await commit.last()
    assert line.flushes == 0
