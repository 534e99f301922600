"""Parley in real processes: killed, restarted and stopped while people talk to it."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.browsing import Browser
from tests.conftest import free_port
from tests.open_page import OpenPage
from tests.parley import Parley, home
from tests.stub_llm import StubLLM
from tests.waiting import until


@pytest.fixture(scope="module")
async def stub() -> AsyncIterator[StubLLM]:
    async with StubLLM() as llm:
        yield llm


@pytest.fixture(scope="module")
async def parley(stub: StubLLM) -> AsyncIterator[Parley]:
    provider = {"llm_provider": "openai-compatible", "llm_base_url": stub.base_url, "llm_model": "stub"}
    with home() as folder:
        async with Parley(folder, web_processes="2", **provider) as parley:
            yield parley


async def heard(browser: Browser, session_id: str) -> OpenPage:
    """The page's stream to the answer's end, reconnecting as the browser does."""
    page = OpenPage()
    async with asyncio.timeout(40):
        while not page.done:
            try:
                headers = {"Last_Event_ID": page.last_id} if page.last_id else {}
                async with browser.stream(session_id, **headers) as events:
                    async for event in events:
                        page.hear(event)
                        if page.done:
                            break
            except (httpx.HTTPError, AssertionError):
                await asyncio.sleep(0.2)
    return page


WORDS = " ".join(f"tok{n}" for n in range(100))


@pytest.mark.timeout(180)
async def test_a_journey_through_kills(parley: Parley, stub: StubLLM) -> None:
    async with Browser(parley.url) as browser:
        assert (await browser.sign_up("Ana")).headers["location"] == "/chat"

        session_id = await browser.open_chat("[[tokens=100 rate=50]]")
        hearing = asyncio.create_task(heard(browser, session_id))
        await until(lambda: any(len(sent) > 30 for sent in stub.sent.values()))
        killed = time.monotonic()
        parley.kill("worker")
        page = await hearing
        assert page.words() == WORDS, "a killed worker's answer is taken over and whole"
        assert time.monotonic() - killed < 15 + 2.5
        assert len(page.articles) == 2

        session_id = await browser.open_chat("[[tokens=100 rate=50]]")
        hearing = asyncio.create_task(heard(browser, session_id))
        await until(lambda: max((len(sent) for sent in list(stub.sent.values())[-1:]), default=0) > 30)
        parley.kill("web")
        assert (await hearing).words() == WORDS, "killed web processes lose nothing"

        for server in ("valkey-server", "postgres"):
            session_id = await browser.open_chat("[[tokens=100 rate=50]]")
            hearing = asyncio.create_task(heard(browser, session_id))
            await until(lambda: max((len(sent) for sent in list(stub.sent.values())[-1:]), default=0) > 30)
            for process in psutil.Process(parley.process.pid).children():
                if process.name() == server:
                    process.kill()
            assert (await hearing).words() == WORDS, f"a killed {server} loses nothing"


async def test_the_database_away_is_503_and_heals(parley: Parley) -> None:
    async with Browser(parley.url) as browser:
        await until_signed_up(browser, "Ben")
        for process in psutil.Process(parley.process.pid).children():
            if process.name() == "postgres":
                process.kill()
        statuses = set()
        for _ in range(40):
            answer = await browser.get("/chat")
            statuses.add(answer.status_code)
            if answer.status_code == 503:
                assert answer.headers["retry-after"]
            await asyncio.sleep(0.05)
        assert statuses <= {200, 503}

        async def back() -> bool:
            return (await browser.get("/chat")).status_code == 200

        await until(back, 15)


async def until_signed_up(browser: Browser, name: str) -> None:
    async def signed_up() -> bool:
        return (await browser.sign_up(name)).status_code == 303

    await until(signed_up, 20)


@pytest.mark.timeout(120)
async def test_it_stops_within_five_seconds_with_a_hundred_open_streams(parley: Parley) -> None:
    async with Browser(parley.url) as browser:
        await until_signed_up(browser, "Cleo")
        session_id = await browser.open_chat("[[tokens=2000 rate=20]]")
        limits = httpx.Limits(max_connections=200)
        async with httpx.AsyncClient(
            base_url=parley.url, cookies=browser.cookies, limits=limits, trust_env=False, timeout=30
        ) as client:
            ended: list[str] = []

            async def stream() -> None:
                async with client.stream("GET", f"/chat/{session_id}/stream?after=0") as answer:
                    async for line in answer.aiter_lines():
                        last = line
                    ended.append(last)

            streams = [asyncio.create_task(stream()) for _ in range(100)]
            await asyncio.sleep(2)
            began = time.monotonic()
            everything = psutil.Process(parley.process.pid).children(recursive=True)
            await parley.stop()
            assert time.monotonic() - began < 5
            await asyncio.gather(*streams)
            assert len(ended) == 100, "every stream ended cleanly, not by a cut connection"
            assert not any(process.is_running() for process in everything)
        await parley.start()
        page = OpenPage()
        async with asyncio.timeout(20), browser.stream(session_id) as events:
            async for event in events:
                page.hear(event)
                if "tok5" in event.data:
                    break  # the turn was handed back and goes on after the restart


async def test_a_second_start_on_the_same_data_refuses(parley: Parley) -> None:
    second = Parley(parley.home)
    second.environment["PARLEY_PORT"] = str(free_port())
    with pytest.raises(AssertionError, match="PARLEY_DATA_DIR: another Parley"):
        await second.start()


async def test_a_port_in_use_is_said(parley: Parley, tmp_path: Path) -> None:
    second = Parley(tmp_path)
    second.environment["PARLEY_PORT"] = str(parley.port)
    with pytest.raises(AssertionError, match=f"PARLEY_PORT: can't listen on 127.0.0.1:{parley.port}"):
        await second.start()
