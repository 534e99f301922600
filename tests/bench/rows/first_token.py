"""Rows 20 and 21: what a product adds before the first token shows; row 22: what a token costs."""

import asyncio

from tests.bench.clocks import Question, middle
from tests.bench.ground import Ground
from tests.bench.rounds import Bound, Line, Measure, interleave
from tests.bench.subjects import AIOHTTP, CHAINLIT, OPENAI, Subject, subjects

AT_ONCE = 20


async def one_session(ground: Ground) -> list[Line]:
    """Row 20: one person; the middle of several answers, one after the other."""
    asks = 5 if ground.quick else 15

    def overhead(subject: Subject) -> Measure:
        async def measure() -> float:
            return middle([(await subject.ask_all(1, "tokens=3 text=time"))[0].overhead_ms for _ in range(asks)])

        return measure

    async with subjects(ground, CHAINLIT, AIOHTTP) as found:
        values = await interleave(ground.rounds, {name: overhead(subject) for name, subject in found.items()})
    bounds = (Bound(0.6, 0.4, CHAINLIT), Bound(2.5, 1.5, AIOHTTP))
    return [Line(20, "overhead to the first token, 1 session", "ms", values, bounds)]


async def many_sessions(ground: Ground) -> list[Line]:
    """Row 21: twenty people press Enter in the same moment."""
    asks = 1 if ground.quick else 3

    def overhead(subject: Subject) -> Measure:
        async def measure() -> float:
            ears = [ear for _ in range(asks) for ear in await subject.ask_all(AT_ONCE, "tokens=25 text=time")]
            return middle([ear.overhead_ms for ear in ears])

        return measure

    async with subjects(ground, CHAINLIT, OPENAI) as found:
        values = await interleave(ground.rounds, {name: overhead(subject) for name, subject in found.items()})
    bounds = (Bound(0.4, 0.2, CHAINLIT), Bound(1.2, 0.8, OPENAI))
    return [Line(21, "overhead to the first token, 20 sessions", "ms", values, bounds)]


async def cost_of_a_token(ground: Ground) -> list[Line]:
    """Row 22: CPU time of all processes, stores included, while twenty answers of prose are written."""
    tokens = 100 if ground.quick else 200

    def cost(subject: Subject) -> Measure:
        async def measure() -> float:
            async with subject.readers(AT_ONCE) as readers:
                steer = f"tokens={tokens} text=prose"
                before = subject.server.cpu_seconds()
                await asyncio.gather(*(reader.ask(Question(steer), close=False) for reader in readers))
                return (subject.server.cpu_seconds() - before) / (AT_ONCE * tokens) * 1e6

        return measure

    async with subjects(ground, CHAINLIT, AIOHTTP) as found:
        values = await interleave(ground.rounds, {name: cost(subject) for name, subject in found.items()})
    return [Line(22, "CPU per token, 20 sessions", "us", values, (Bound(0.6, 0.35, CHAINLIT),))]
