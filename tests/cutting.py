"""A bad network between a browser and a Parley: page sockets are broken off in the middle of a piece, or refused."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

BAD_GATEWAY = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
GROWTH = b" .open"
"""It stands in each piece by which an answer grows."""


@dataclass
class Cutting:
    """Carries bytes to `port`. While it is `bad`, each socket lives until an answer grows, and every fourth is refused by a
    502. `asked` are the addresses that sockets asked for."""

    port: int
    chance: random.Random
    url: str = ""
    bad: bool = False
    away: bool = False
    cuts: int = 0
    asked: list[str] = field(default_factory=list)
    open: set[asyncio.StreamWriter] = field(default_factory=set)

    def fall(self) -> None:
        """Break everything off, and let nothing through until it is no more `away`."""
        self.away = True
        for writer in self.open:
            writer.transport.abort()

    async def carry(self, browser: asyncio.StreamReader, to_browser: asyncio.StreamWriter) -> None:
        """One connection."""
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await browser.readuntil(b"\r\n\r\n")
            is_socket = b"/socket?" in head
            if is_socket:
                self.asked.append(head.split()[1].decode())
            if self.away or (is_socket and self.bad and len(self.asked) % 4 == 0):
                to_browser.write(BAD_GATEWAY)
            else:
                await self._carry_on(browser, to_browser, head, is_socket)
        to_browser.close()

    async def _carry_on(
        self, browser: asyncio.StreamReader, to_browser: asyncio.StreamWriter, head: bytes, is_socket: bool
    ) -> None:
        parley, to_parley = await asyncio.open_connection("127.0.0.1", self.port)
        to_parley.write(head)
        self.open |= {to_browser, to_parley}
        ways = [self._pass(browser, to_parley, False), self._pass(parley, to_browser, is_socket)]
        _, others = await asyncio.wait([asyncio.create_task(way) for way in ways], return_when=asyncio.FIRST_COMPLETED)
        for other in others:
            other.cancel()
        self.open -= {to_browser, to_parley}
        to_parley.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_socket: bool) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                cut = is_socket and self.bad and GROWTH in data
                writer.write(data[: self.chance.randrange(len(data))] if cut else data)
                await writer.drain()
                if cut:
                    self.cuts += 1
                    return


@asynccontextmanager
async def cutting(port: int, seed: int) -> AsyncIterator[Cutting]:
    """Such a network, at an address of its own."""
    network = Cutting(port, random.Random(seed))
    async with await asyncio.start_server(network.carry, "127.0.0.1", 0) as listening:
        network.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        yield network
        network.fall()
