"""Row 23: how many answers can be watched at once before they stutter."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import chain

from tests.bench.clocks import Ear, Question, percentile
from tests.bench.ground import Ground
from tests.bench.readers import Reader
from tests.bench.rounds import Bound, Line, Measure, interleave
from tests.bench.subjects import CHAINLIT, Subject, subjects

LIMIT_MS = 150
FEWEST, MOST = 10, 400
SAMPLE = 20
SPREAD_S = 1.0  # people don't all press Enter in the same moment


async def most_streams(ground: Ground) -> list[Line]:
    seconds = 3 if ground.quick else 6

    def most(subject: Subject) -> Measure:
        async def smooth(number: int) -> bool:
            return await lag_ms(subject, number, seconds) < LIMIT_MS

        async def measure() -> float:
            return await search(smooth)

        return measure

    async with subjects(ground, CHAINLIT) as found:
        rounds = 1 if ground.quick else min(ground.rounds, 3)
        values = await interleave(rounds, {name: most(subject) for name, subject in found.items()})
    bounds = (Bound(2, 5, CHAINLIT, at_least=True),)
    return [Line(23, f"most 50-token/s streams, p99 < {LIMIT_MS} ms (<= {MOST})", "streams", values, bounds)]


async def search(smooth: Callable[[int], Awaitable[bool]]) -> int:
    """The largest number that is still smooth, by doubling and then halving the gap twice."""
    good, number = 0, FEWEST
    while await smooth(number):
        good, number = number, min(number * 2, MOST)
        if good == MOST:
            return good
    bad = number
    for _ in range(2):
        number = (good + bad) // 2
        if await smooth(number):
            good = number
        else:
            bad = number
    return good


async def lag_ms(subject: Subject, number: int, seconds: int) -> float:
    """The 99th percentile of how late a token shows, over a sample of the streams; past all bounds when one broke."""
    async with subject.readers(number) as readers:
        step = max(1, number // SAMPLE)
        waiting = (ask_later(reader, at, number, seconds, at % step == 0) for at, reader in enumerate(readers))
        ears = await asyncio.gather(*waiting, return_exceptions=True)
    if any(isinstance(ear, BaseException) for ear in ears):
        return float("inf")
    sampled = [ear.lags_ms for ear in ears if isinstance(ear, Ear) and ear.close]
    return percentile(list(chain.from_iterable(sampled)), 0.99)


async def ask_later(reader: Reader, at: int, number: int, seconds: int, close: bool) -> Ear:
    await asyncio.sleep(SPREAD_S * at / number)
    question = Question(f"tokens={seconds * 50} text=time")
    return await reader.ask(question, close=close, patience_s=seconds * 3 + 5)
