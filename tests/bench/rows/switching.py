"""Row 25: what happens on one device is seen on another; and a conversation goes on by another channel."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial

import asyncpg

from tests.bench.clocks import Question, middle
from tests.bench.ground import Ground
from tests.bench.readers import Person
from tests.bench.rounds import OURS, Bound, Line, interleave

PATIENCE_S = 10
BUSY = b'data-agent="queued"'


async def seen_elsewhere(ground: Ground) -> list[Line]:
    times = 5 if ground.quick else 20
    status: dict[str, list[float]] = {}
    switch: dict[str, list[float]] = {}
    async with ground.parley() as ours:
        if ours:
            person = await Person.sign_up(ours.url)
            await confirm(ground, person)
            status = await interleave(ground.rounds, {OURS: lambda: status_change(person, times)})
            switch = await interleave(ground.rounds, {OURS: lambda: channel_switch(person, times)})
            await person.leave()
    return [
        Line(25, "status change seen on another device", "ms", status, (Bound(500, 50),)),
        Line(25, "channel switch, click to both pages", "ms", switch, (Bound(1000, 100),)),
    ]


async def confirm(ground: Ground, person: Person) -> None:
    """The person's own address is theirs: else there is nothing to switch to."""
    connection = await asyncpg.connect(ground.database_url)
    await connection.execute("UPDATE communication_channels SET status = 'active' WHERE type = 'email'")
    await connection.close()


class Ear:
    """Waits for some bytes of a stream."""

    def __init__(self) -> None:
        self.wanted, self.rest, self.heard = b"", b"", asyncio.Event()

    def listen_for(self, wanted: bytes) -> None:
        self.wanted, self.rest = wanted, b""
        self.heard.clear()

    def hear(self, data: bytes) -> None:
        self.rest += data
        if self.wanted and self.wanted in self.rest:
            self.heard.set()


async def timed(ears: list[Ear], wanted: bytes, act: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds from an act to the last ear having heard."""
    for ear in ears:
        ear.listen_for(wanted)
    began = time.perf_counter()
    acting = asyncio.ensure_future(act())
    await asyncio.wait_for(asyncio.gather(*(ear.heard.wait() for ear in ears)), PATIENCE_S)
    took = (time.perf_counter() - began) * 1e3
    await acting
    return took


async def status_change(person: Person, times: int) -> float:
    """One device says something; another sees that the agent has it."""
    question = Question("tokens=1 rate=0 first=0")
    chat, ear = await person.begin(question.text), Ear()
    wire = await person.follow(chat, ear.hear)
    taken = []
    for _ in range(times):
        await asyncio.sleep(0.2)  # until the last answer has ended
        taken.append(await timed([ear], BUSY, partial(person.say, chat, question.text)))
    wire.close()
    return middle(taken)


async def channel_switch(person: Person, times: int) -> float:
    """Both of two open pages show the new channel."""
    chat, ears = await person.begin(Question("tokens=1 rate=0 first=0").text), [Ear(), Ear()]
    wires = [await person.follow(chat, ear.hear) for ear in ears]
    taken = []
    for turn in range(times):
        await asyncio.sleep(0.05)
        to = ("email", "web")[turn % 2]
        switch = partial(person.post, f"{chat}/channel", hx=True, type=to)
        taken.append(await timed(ears, f'data-now="{to}"'.encode(), switch))
    for wire in wires:
        wire.close()
    return middle(taken)
