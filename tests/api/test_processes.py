"""Sockets of real processes, as `parley web` serves them: what one process does, those who listen to another hear."""

import asyncio
import json

import httpx
import pytest
import websockets

from app.domain.user import User
from app.settings import settings
from tests.browsing import ABSENT, Browser, event_of
from tests.programs import Program
from tests.web_processes import web_processes


async def test_what_one_process_does_the_sockets_of_another_hear_and_end_by(server: str, ana: User) -> None:
    async with web_processes(1) as (here,), Program(here, ana) as program, Browser(here) as page:
        await page.enter(ana)
        path = await program.open()
        session_id = path.rpartition("/")[2]
        address = f"{here.replace('http', 'ws', 1)}{path}/socket"
        token = {"Authorization": f"Bearer {program.token}"}
        async with (
            httpx.AsyncClient(base_url=server, headers=token, trust_env=False) as other,
            websockets.connect(address, additional_headers=token, proxy=None) as by_token,
            page.socket(session_id, Origin=settings().base_url) as by_cookie,
        ):
            assert (await other.post(f"{path}/messages", json={"text": "said there"})).status_code == 202
            async with asyncio.timeout(5):
                while json.loads(await by_token.recv())["type"] != "message.created":
                    pass
                while "said there" not in event_of(await by_cookie.recv()).data:
                    pass
            async with Browser(server) as elsewhere:
                elsewhere.take(page.cookies)
                await elsewhere.sign_out()
            async with asyncio.timeout(1):
                await by_cookie.wait_closed()
            assert by_cookie.close_code == 4401
            await by_token.send('{"type": "message", "text": "still here"}')  # it came by another sign-in
            async with asyncio.timeout(5):
                while "still here" not in await by_token.recv():
                    pass
        for origin in ("https://evil.example", "null", ABSENT):
            with pytest.raises(websockets.InvalidStatus) as refused:
                async with page.socket(session_id, Origin=origin):
                    pass
            assert refused.value.response.status_code == 403
