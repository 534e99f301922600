"""Row 30: Stop stops, and nobody else's answer stutters for it."""

import asyncio
import time

from tests.bench.clocks import Ear, Question, middle, percentile
from tests.bench.ground import Ground
from tests.bench.readers import ParleyReader, Person
from tests.bench.rounds import OURS, Bound, Line, interleave

BESIDE = 5
BEFORE_S = 1.5
AFTER_S = 1.5


async def stopped(ground: Ground) -> list[Line]:
    stalls: list[float] = []
    values: dict[str, list[float]] = {}
    async with ground.parley() as ours:
        if ours:
            person = await Person.sign_up(ours.url)

            async def measure() -> float:
                last, stall = await stop_one(person)
                stalls.append(stall)
                return last

            values = await interleave(max(ground.rounds, 3), {OURS: measure})
            await person.leave()
    return [
        Line(30, "last token after Stop", "ms", values, (Bound(200),)),
        Line(30, "stall of other answers at Stop", "ms", {OURS: stalls} if stalls else {}, (Bound(50),)),
    ]


async def stop_one(person: Person) -> tuple[float, float]:
    """One of six answers is stopped midway. When its last token came, and how much later than usual the tokens of the
    others came in the second after: the worker's and the web process's event loops both stand in that path."""
    readers = [ParleyReader(person) for _ in range(BESIDE + 1)]
    await asyncio.gather(*(reader.open() for reader in readers))
    asked = [asyncio.create_task(reader.ask(Question("tokens=250 text=time"))) for reader in readers]
    await asyncio.sleep(BEFORE_S)
    clicked = time.monotonic_ns()
    await person.post(f"{readers[0].chat}/stop", hx=True)
    await asyncio.sleep(AFTER_S)
    last = max((seen for _, seen in readers[0].ear.tokens), default=clicked)
    stall = max(stall_ms(reader.ear, clicked) for reader in readers[1:])
    for task in asked:
        task.cancel()
    await asyncio.gather(*asked, *(reader.leave() for reader in readers), return_exceptions=True)
    return max(0.0, (last - clicked) / 1e6), stall


def stall_ms(ear: Ear, clicked: int) -> float:
    """The worst lag after the click, less what is usual: the 95th percentile before it."""
    before = [(seen - sent) / 1e6 for sent, seen in ear.tokens if seen < clicked]
    after = [(seen - sent) / 1e6 for sent, seen in ear.tokens if seen >= clicked]
    if not before or not after:
        raise RuntimeError(f"an answer beside the stopped one said nothing ({middle([len(before), len(after)])} tokens)")
    return max(0.0, max(after) - percentile(before, 0.95))
