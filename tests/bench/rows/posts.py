"""Row 24: how soon words are acknowledged, which is when they are committed."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import aiohttp

from tests.bench.clocks import Question, middle, percentile
from tests.bench.ground import Ground
from tests.bench.readers import Person
from tests.bench.rounds import OURS, Bound, Line, interleave

AT_ONCE = 20
INSERT = "ASGI + asyncpg"
Post = Callable[[int], Awaitable[object]]


async def acknowledged(ground: Ground) -> list[Line]:
    waves = 5 if ground.quick else 15
    slowest: dict[str, list[float]] = {}

    def measured(name: str, post: Post) -> Callable[[], Awaitable[float]]:
        async def measure() -> float:
            times = [taken for _ in range(waves) for taken in await wave(post)]
            slowest.setdefault(name, []).append(percentile(times, 0.95))
            return middle(times)

        return measure

    async with ground.parley() as ours, ground.peer("insert:app") as peer, aiohttp.ClientSession() as web:
        subjects = {INSERT: measured(INSERT, lambda at: insert(web, peer.url))}
        if ours:
            person = await Person.sign_up(ours.url)
            chats = await asyncio.gather(*(person.begin(quick_answer()) for _ in range(AT_ONCE)))
            subjects[OURS] = measured(OURS, lambda at: person.say(chats[at], quick_answer()))
        values = await interleave(ground.rounds, subjects)
        if ours:
            await person.leave()
    return [
        Line(24, "post acknowledged, 20 at once", "ms", values, (Bound(3, 2, INSERT),)),
        Line(24, "the same, p95", "ms", slowest, (Bound(100),)),
    ]


def quick_answer() -> str:
    return Question("tokens=1 first=0 rate=0").text


async def wave(post: Post) -> list[float]:
    """Twenty posts in one moment, in milliseconds; then a pause in which their answers are written."""

    async def timed(at: int) -> float:
        began = time.perf_counter()
        await post(at)
        return (time.perf_counter() - began) * 1e3

    times = await asyncio.gather(*(timed(at) for at in range(AT_ONCE)))
    await asyncio.sleep(0.3)
    return times


async def insert(web: aiohttp.ClientSession, url: str) -> None:
    async with web.post(url, data=quick_answer().encode()) as answer:
        await answer.read()
        answer.raise_for_status()
