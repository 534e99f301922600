"""Row 29: how long Chromium works to show one answer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.bench.clocks import Question
from tests.bench.ground import Ground
from tests.bench.readers import ParleyReader, Person
from tests.bench.recording import Frames, go, invented, recorded, replaying
from tests.bench.rounds import OURS, Bound, Line, Measure, interleave
from tests.chromium import find

EVENTSOURCE = "EventSource"
ANSWER = "tokens=200 text=prose"
SETTLING_S = 0.7
Show = Callable[[], Awaitable[None]]


async def task_time(ground: Ground) -> list[Line]:
    async with AsyncExitStack() as stack:
        browser = await stack.enter_async_context(chromium())
        ours = await stack.enter_async_context(ground.parley())
        reader = await seated(ours.url, stack) if ours else None
        frames = recorded(await reader.ask(Question(ANSWER))) if reader else invented()
        peer = await stack.enter_async_context(replaying(ground, frames))
        subjects = {EVENTSOURCE: bare(browser, peer.url, frames, lambda: go(peer))}
        if reader:
            subjects[OURS] = page_of(browser, reader, frames[-1][0])
        values = await interleave(ground.rounds, subjects)
    bounds = (Bound(8, 4, EVENTSOURCE),)
    return [Line(29, "Chromium task time per answer", "ms", values, bounds)]


async def seated(url: str, stack: AsyncExitStack) -> ParleyReader:
    person = await Person.sign_up(url)
    stack.push_async_callback(person.leave)
    reader = ParleyReader(person)
    await reader.open()
    return reader


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=await asyncio.to_thread(find), args=["--no-sandbox"])
        yield browser
        await browser.close()


def bare(browser: Browser, url: str, frames: Frames, begin: Show) -> Measure:
    async def measure() -> float:
        async with await browser.new_context() as context:
            page = await context.new_page()
            await page.goto(f"{url}/page")
            await asyncio.sleep(SETTLING_S)
            return await task_ms(context, page, begin, frames[-1][0])

    return measure


def page_of(browser: Browser, reader: ParleyReader, seconds: float) -> Measure:
    """A conversation begun anew, opened in the browser; the words come from elsewhere, so that both pages only show."""

    async def measure() -> float:
        fresh = ParleyReader(reader.person)
        await fresh.open()
        async with await browser.new_context() as context:
            await context.add_cookies(reader.person.cookies())
            page = await context.new_page()
            await page.goto(reader.person.url + fresh.chat)
            await asyncio.sleep(SETTLING_S)
            taken = await task_ms(context, page, lambda: reader.person.say(fresh.chat, Question(ANSWER).text), seconds)
        await fresh.leave()
        return taken

    return measure


async def task_ms(context: BrowserContext, page: Page, begin: Show, seconds: float) -> float:
    """Milliseconds of main-thread work from `begin` until the answer has been shown."""
    session = await context.new_cdp_session(page)
    await session.send("Performance.enable")
    before = await task_duration(session)
    await begin()
    await asyncio.sleep(seconds + SETTLING_S)
    return (await task_duration(session) - before) * 1e3


async def task_duration(session: Any) -> float:
    metrics = (await session.send("Performance.getMetrics"))["metrics"]
    return next(float(metric["value"]) for metric in metrics if metric["name"] == "TaskDuration")
