"""Row 26: what one more reader of an answer costs, by frame; and the memory of a stream that says nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.bench.clocks import Question
from tests.bench.ground import Ground
from tests.bench.processes import Server
from tests.bench.readers import ParleyReader, Person
from tests.bench.recording import Frames, go, invented, recorded, replaying
from tests.bench.rounds import OURS, Bound, Line, Measure, interleave
from tests.bench.wire import Wire, listen

RAW = "raw ASGI"
CHATS = 10
ANSWER = "tokens=200 text=prose"
Open = Callable[[int], Awaitable[Wire]]
Play = Callable[[], Awaitable[int]]


async def cost_and_memory(ground: Ground) -> list[Line]:
    readers = 100 if ground.quick else 150
    async with ground.parley() as ours:
        page = await Page.begin(ours) if ours else None
        frames = await page.record() if page else invented()
        async with replaying(ground, frames) as peer:
            costs = {RAW: cost(peer, lambda _: opened(f"{peer.url}/frames"), lambda: played(peer, frames), readers)}
            idle = {RAW: memory(peer, lambda _: opened(f"{peer.url}/idle"), readers)}
            if ours and page:
                costs[OURS] = cost(ours, page.watch, page.answer, readers)
                idle[OURS] = memory(ours, page.idle, readers)
            memory_by_round = await interleave(ground.rounds, idle)
            costs_by_round = await interleave(ground.rounds, costs)
        if page:
            await page.person.leave()
    return [
        Line(26, "cost of a frame, for one more reader", "us", costs_by_round, (Bound(1.2, 1.1, RAW),)),
        Line(26, "memory of an idle stream", "KiB", memory_by_round, (Bound(1.3, 1.1, RAW),)),
    ]


def cost(server: Server, watch: Open, play: Play, readers: int) -> Measure:
    """CPU microseconds for each frame and reader, from the difference between many readers and one: what the
    answer itself costs is in both."""

    async def busy(number: int) -> tuple[float, int]:
        wires = [await watch(at) for at in range(number)]
        await asyncio.sleep(0.3)
        before = server.cpu_seconds()
        frames = await play()
        spent = server.cpu_seconds() - before
        for wire in wires:
            wire.close()
        await asyncio.sleep(0.3)
        return spent, frames

    async def measure() -> float:
        alone, _ = await busy(1)
        crowded, frames = await busy(readers)
        return (crowded - alone) / ((readers - 1) * frames) * 1e6

    return measure


def memory(server: Server, idle: Open, readers: int) -> Measure:
    """KiB for each stream. What a round opens stays open: memory once used and freed would hide the next ones'."""
    wires: list[Wire] = []

    async def measure() -> float:
        if not wires:  # the first ones warm the allocator
            wires.extend([await idle(at) for at in range(readers)])
        await asyncio.sleep(0.5)
        before = server.memory_bytes()
        wires.extend([await idle(at) for at in range(readers)])
        await asyncio.sleep(0.5)
        return (server.memory_bytes() - before) / readers / 1024

    return measure


async def opened(url: str) -> Wire:
    return await listen(url, lambda _: None)


async def played(peer: Server, frames: Frames) -> int:
    """Play the recording to those who listen; returns when it has ended."""
    await go(peer)
    await asyncio.sleep(frames[-1][0] + 0.3)
    return len(frames)


@dataclass
class Page:
    """Ours: one conversation that many watch, and some in which nothing happens."""

    person: Person
    quiet: list[ParleyReader]
    busy: ParleyReader

    @classmethod
    async def begin(cls, ours: Server) -> "Page":
        person = await Person.sign_up(ours.url)
        quiet = [ParleyReader(person) for _ in range(CHATS)]
        await asyncio.gather(*(reader.open() for reader in quiet))
        return cls(person, quiet, quiet[0])

    async def record(self) -> Frames:
        return recorded(await self.quiet[0].ask(Question(ANSWER)))

    async def watch(self, at: int) -> Wire:
        """The first to watch begins the conversation, so that each round's is equally long."""
        if at == 0:
            self.busy = ParleyReader(self.person)
            await self.busy.open()
        return await self.person.follow(self.busy.chat, lambda _: None)

    async def answer(self) -> int:
        return len(recorded(await self.busy.ask(Question(ANSWER))))

    async def idle(self, at: int) -> Wire:
        return await self.person.follow(self.quiet[at % CHATS].chat, lambda _: None)
