"""What is taken back ends within a second on every process: requests, streams and sockets (promises.md, security 6)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
import websockets

from app.domain.api_key import ApiKey
from app.domain.scope import Scope
from app.domain.sign_in import SignIn
from app.domain.user import User
from tests.browsing import Browser
from tests.oauth_program import OAuthProgram, notes_of
from tests.programs import Program
from tests.timing import timed, within
from tests.waiting import until
from tests.web_processes import web_processes


@pytest.fixture(scope="module")
async def elsewhere(migrated: None) -> AsyncIterator[str]:
    """The address of a web process of its own."""
    async with web_processes(1) as (url,):
        yield url


class Open:
    """All that a program has open with one token at one process: it asks, listens to a stream and has a socket."""

    def __init__(self, url: str, token: str, path: str) -> None:
        self.url, self.token, self.path = url, token, path
        self.stack = AsyncExitStack()

    async def __aenter__(self) -> "Open":
        self.program = await self.stack.enter_async_context(OAuthProgram(self.url))
        headers = {"Authorization": f"Bearer {self.token}"}
        self.stream = await self.stack.enter_async_context(
            self.program.http.stream("GET", f"{self.path}/events?after=0", headers=headers)
        )
        assert self.stream.status_code == 200
        self.lines = self.stream.aiter_lines()
        await anext(self.lines)
        self.socket = await self.stack.enter_async_context(
            websockets.connect(f"{self.url.replace('http', 'ws')}{self.path}/socket", additional_headers=headers, proxy=None)
        )
        assert await self.program.status(self.token) == 200
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stack.aclose()

    async def is_over(self) -> None:
        """Wait until nothing of it works any more."""
        told = [line async for line in self.lines]
        assert 'data: {"reason":"signed-out"}' in told
        await self.socket.wait_closed()
        assert self.socket.close_code == 4401
        await until(self._is_refused)

    async def _is_refused(self) -> bool:
        return await self.program.status(self.token) == 401


Take = Callable[[], Awaitable[object]]


async def ends_everywhere(servers: list[str], token: str, path: str, take_back: Take) -> None:
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(Open(url, token, path)) for url in servers]
        with within(1):
            await take_back()
            await asyncio.wait_for(asyncio.gather(*(one.is_over() for one in opened)), 10)


@timed
async def test_a_token_a_grant_a_program_a_key_and_a_device_end_at_once_on_another_process(
    server: str, elsewhere: str, ana: User, ben: User
) -> None:
    both = [server, elsewhere]
    client = await notes_of(ana)
    async with OAuthProgram(server, client) as notes, OAuthProgram(server) as ours, Browser(server) as browser:
        await browser.enter(ben)
        async with Program(server, ben) as program:
            path = await program.open()
        tokens = [await (notes if n else ours).enter(ben, Scope.CHAT) for n in range(3)]
        key = await ApiKey.make(ben, name="x", scopes=["chat"])
        (kept,) = await ApiKey.of(ben)
        (device,) = [one for one in await SignIn.of(ben) if one.scopes is not None]
        account = "/account/programs"
        for token, take_back in (
            (tokens[1]["access_token"], lambda: notes.revoke(tokens[1]["refresh_token"])),
            (tokens[2]["access_token"], lambda: browser.post(f"{account}/{client.id}/take-back")),
            (key, lambda: browser.post(f"/account/api-keys/{kept.id}/delete")),
            (tokens[0]["access_token"], lambda: browser.post(f"/account/devices/{device.id}/end")),
        ):
            await ends_everywhere(both, token, path, take_back)
        token = (await notes.enter(ben, Scope.CHAT))["access_token"]
        await ends_everywhere(both, token, path, lambda: client.discard(by=ana))
        key = await ApiKey.make(ben, name="y", scopes=["chat"])
        await ends_everywhere(both, key, path, ben.disable)
