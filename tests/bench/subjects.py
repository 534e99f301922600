"""Who is measured: each subject is a running server and a way to seat readers at it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import aiohttp

from tests.bench.clocks import Ear, Question
from tests.bench.ground import Ground
from tests.bench.processes import Server
from tests.bench.readers import ChainlitReader, ParleyReader, Person, Reader, RelayReader
from tests.bench.rounds import OURS

CHAINLIT = "Chainlit"
AIOHTTP = "Starlette + aiohttp"
OPENAI = "Starlette + openai SDK"
WARMING = 20
PAUSE_S = 0.3  # nobody asks in the millisecond in which the page has opened
RELAYS = {AIOHTTP: "relay_aiohttp:app", OPENAI: "relay_openai:app"}


@dataclass
class Subject:
    server: Server
    reader: Callable[[], Reader]

    @contextlib.asynccontextmanager
    async def readers(self, number: int) -> AsyncIterator[list[Reader]]:
        """So many people, each at a page of their own."""
        readers = [self.reader() for _ in range(number)]
        for start in range(0, number, 20):
            await asyncio.gather(*(reader.open() for reader in readers[start : start + 20]))
        await asyncio.sleep(PAUSE_S)
        try:
            yield readers
        finally:
            await asyncio.gather(*(reader.leave() for reader in readers), return_exceptions=True)

    async def ask_all(self, number: int, steer: str, *, close: bool = True) -> list[Ear]:
        """All of them ask at once; returns when the last answer has ended."""
        async with self.readers(number) as readers:
            return await asyncio.gather(*(reader.ask(Question(steer), close=close) for reader in readers))


@contextlib.asynccontextmanager
async def subjects(ground: Ground, *peers: str) -> AsyncIterator[dict[str, Subject]]:
    """Ours, if it starts, and these peers, all running."""
    async with contextlib.AsyncExitStack() as stack:
        found: dict[str, Subject] = {}
        if server := await stack.enter_async_context(ground.parley()):
            person = await Person.sign_up(server.url)
            stack.push_async_callback(person.leave)
            found[OURS] = Subject(server, lambda: ParleyReader(person))
        for name in peers:
            found[name] = await peer(ground, name, stack)
        for subject in found.values():  # what loads at the first use is no part of the measure
            await subject.ask_all(WARMING, "tokens=5")
        yield found


async def peer(ground: Ground, name: str, stack: contextlib.AsyncExitStack) -> Subject:
    if name == CHAINLIT:
        server = await stack.enter_async_context(ground.chainlit())
        web = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        return Subject(server, lambda: ChainlitReader(server.url, web))
    server = await stack.enter_async_context(ground.peer(RELAYS[name]))
    return Subject(server, lambda: RelayReader(server.url))
