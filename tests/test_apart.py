"""Work that is done apart holds nobody up, and who waits for it can be cancelled at any moment."""

import asyncio

import pytest

from app.apart import apart
from app.jobs.find_due import find_due


async def test_what_it_raises_and_a_time_that_is_over_are_told() -> None:
    async def break_down() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await apart(break_down(), 1)
    with pytest.raises(TimeoutError):
        await apart(asyncio.sleep(10), 0.01)


async def test_a_loop_that_is_cancelled_just_as_its_look_ends_is_over() -> None:
    async def look() -> None:
        asyncio.get_running_loop().call_soon(looking.cancel)  # it comes when the look is done, before the loop knows

    looking = asyncio.create_task(find_due(look))
    await asyncio.wait({looking}, timeout=3)
    assert looking.cancelled()


async def test_work_that_does_not_heed_its_end_holds_up_nobody() -> None:
    done = asyncio.Event()

    async def stay() -> None:
        while not done.is_set():
            try:
                await done.wait()
            except asyncio.CancelledError:
                continue

    waiting = asyncio.create_task(apart(stay(), 60))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait({waiting}, timeout=1)
    assert waiting.cancelled()
    done.set()
