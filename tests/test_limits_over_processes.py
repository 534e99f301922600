"""One limit over all processes and all ways in (promises.md, 17): pages, programs and sockets of one person, at once."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from signal import SIGKILL

import pytest
import websockets
from websockets.asyncio.client import ClientConnection

from app.auth.tokens import access_token
from app.child import Child
from app.database import sql
from app.domain.session import ChatSession
from app.domain.user import User
from app.embedded import start_valkey
from tests.browsing import Browser
from tests.parley import home
from tests.web_processes import web_processes

WHOLE = bool(os.environ.get("WHOLE_RUNS"))
TIMES = 20 if WHOLE else 1
AT_ONCE = 200
STEADY_SECONDS = 150 if WHOLE else 2
numbers = count()


class Talkative:
    """A person who talks into one conversation by a page, a program and a socket at each process. `said` is when each try
    began and ended, and whether it got through."""

    def __init__(self, stack: AsyncExitStack, urls: list[str]) -> None:
        self.stack, self.urls = stack, urls
        self.browsers: list[Browser] = []
        self.sockets: list[ClientConnection] = []
        self.answers: dict[str, asyncio.Future[bool]] = {}
        self.said: list[tuple[float, float, bool]] = []

    async def arrive(self) -> None:
        """Sign in, and open the sockets."""
        name = f"Cleo{next(numbers)}{os.urandom(4).hex()}"
        self.person = await User.sign_up(name=name, email=f"{name}@example.com".lower(), password_hash="")
        self.session = (await ChatSession.open(self.person)).id
        self.browsers = [await self.stack.enter_async_context(Browser(url)) for url in self.urls]
        sign_in = await self.browsers[0].enter(self.person)
        for browser in self.browsers[1:]:
            browser.take(self.browsers[0].cookies)
        self.csrf = await self.browsers[0].csrf()
        self.bearer = {"Authorization": f"Bearer {access_token(self.person.id, sign_in.id)}"}
        for url in self.urls:
            address = f"{url.replace('http', 'ws')}/api/sessions/{self.session}/socket"
            socket = await self.stack.enter_async_context(websockets.connect(address, additional_headers=self.bearer))
            self.sockets.append(socket)
            hearing = asyncio.create_task(self._hear(socket))
            self.stack.callback(hearing.cancel)

    async def _hear(self, socket: ClientConnection) -> None:
        async for frame in socket:
            event = json.loads(frame)
            if event["type"] == "error":
                assert event["data"]["status"] == 429, event
                assert int(event["data"]["Retry-After"]) in range(1, 61)
                self._answered(event["data"]["client_id"], False)
            elif event["type"] == "message.created":
                self._answered(event["data"]["text"], True)

    def _answered(self, key: str, passed: bool) -> None:
        if (answer := self.answers.get(key)) and not answer.done():
            answer.set_result(passed)

    async def page(self, at: int) -> bool:
        form = {"text": f"page-{next(numbers)}"}
        answer = await self.browsers[at].post(f"/chat/{self.session}/messages", form, csrf=self.csrf)
        return self._passed(answer.status_code, 303)

    async def program(self, at: int) -> bool:
        body = {"text": f"program-{next(numbers)}"}
        path = f"/api/sessions/{self.session}/messages"
        answer = await self.browsers[at].client.post(path, json=body, headers=self.bearer)
        return self._passed(answer.status_code, 202)

    async def socket(self, at: int) -> bool:
        key = f"socket-{next(numbers)}"
        self.answers[key] = asyncio.get_running_loop().create_future()
        await self.sockets[at].send(json.dumps({"type": "message", "text": key, "client_id": key}))
        return await self.answers[key]

    def _passed(self, status: int, done: int) -> bool:
        assert status in (done, 429), status
        return status == done

    async def say(self, ways: str, number: int) -> None:
        began = time.monotonic()
        way = {"p": self.page, "a": self.program, "s": self.socket}[ways[number % len(ways)]]
        passed = await way(number // len(ways) % len(self.urls))
        self.said.append((began, time.monotonic(), passed))

    async def rush(self, ways: str, times: int) -> int:
        """How many of so many tries at once get through; the log holds as many more."""
        before, first = await self.kept(), len(self.said)
        await asyncio.gather(*(self.say(ways, number) for number in range(times)))
        passed = sum(passed for _, _, passed in self.said[first:])
        assert await self.kept() == before + passed
        return passed

    async def kept(self) -> int:
        count: int = (await sql("SELECT count(*) FROM messages WHERE session = $1", self.session))[0][0]
        return count

    def most_in_a_minute(self) -> int:
        """How many surely got through within some 60 s: those that began after it began and had ended before its end."""
        passed = [(began, ended) for began, ended, passed in self.said if passed]
        return max(sum(begin <= began and ended < begin + 60 for began, ended in passed) for begin, _ in passed)


@asynccontextmanager
async def talkative(urls: list[str]) -> AsyncIterator[Talkative]:
    async with AsyncExitStack() as stack:
        person = Talkative(stack, urls)
        await person.arrive()
        yield person


@pytest.mark.sized
@pytest.mark.timeout(900)
@pytest.mark.parametrize("processes", [1, 2, 4, 8] if WHOLE else [2])
async def test_exactly_thirty_of_two_hundred_at_once_get_through(ana: User, processes: int) -> None:
    with home() as folder, start_valkey(folder, folder) as valkey:
        async with web_processes(processes, rate_per_minute="30", valkey_url=valkey.url) as urls:
            for run in range(TIMES):
                async with talkative(urls) as person:
                    assert await person.rush(("pas", "p")[run % 2], AT_ONCE) == 30
            async with talkative(urls) as person:
                await steadily(person)
            await while_valkey_is_away(urls, valkey.child)


async def steadily(person: Talkative) -> None:
    """Whoever never stops trying gets thirty through in any minute, and not one more."""
    until_then = time.monotonic() + STEADY_SECONDS
    while time.monotonic() < until_then:
        await person.rush("pas", 12)
        await asyncio.sleep(0.2)
    assert person.most_in_a_minute() == 30
    assert sum(passed for _, _, passed in person.said) >= 30 * (STEADY_SECONDS // 61 + 1)


async def while_valkey_is_away(urls: list[str], valkey: Child) -> None:
    """Nobody is let through freely, and nothing breaks: each process counts its share."""
    async with talkative(urls) as before, talkative(urls) as person:
        assert await before.rush("pa", 20) == 20
        valkey.send(SIGKILL)
        shares = len(urls) * (30 // len(urls))
        assert await person.rush("pa", 100) == shares <= 30
        assert await before.rush("pa", 60) <= shares, "what it let through when Valkey was there counts"
