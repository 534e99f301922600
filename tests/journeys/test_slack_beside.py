"""The page and Slack side by side: one conversation, whoever writes where, and whatever is killed."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import Locator, Page, expect

from tests.journeys.arrivals import SIZE, Arrivals, arrivals
from tests.journeys.device import Device
from tests.parley import Parley, home
from tests.stub_llm import StubLLM
from tests.waiting import until

WHOLE = " ".join(f"tok{number}" for number in range(150))


@pytest.fixture(scope="module")
async def beside(stub: StubLLM) -> AsyncIterator[Parley]:
    """A Parley with the Slack that `make run` brings."""
    provider = {"llm_provider": "openai-compatible", "llm_base_url": stub.base_url, "llm_model": "stub"}
    with home() as folder:
        async with Parley(folder, sandbox="true", **provider) as parley:
            yield parley


@pytest.fixture
async def arrive(beside: Parley, stub: StubLLM, window: Chromium) -> AsyncIterator[Arrivals]:
    stub.resume()
    async with arrivals(beside.url, window) as arriving:
        yield arriving


async def slack_of(device: Device, name: str) -> Page:
    """The same person in Slack, where Parley writes to them."""
    context = await device.page.context.browser.new_context(viewport=SIZE)  # type: ignore[union-attr,arg-type]
    page = await context.new_page()
    address = (await device.http.get("/sandbox/slack")).headers["location"]

    async def met() -> bool:
        await page.goto(address)
        return bool(await page.get_by_role("link", name=name, exact=True).count())

    await until(met, every=0.3)
    await page.get_by_role("link", name=name, exact=True).click()
    await page.locator("#places").get_by_role("link", name="Parley", exact=True).click()
    return page


async def thread_of(page: Page, words: str) -> Locator:
    """Open the thread that begins with these words."""
    head = page.locator("#conversation .said", has_text=words)
    await head.locator(".below a").click()
    return page.locator("#thread")


async def reply(page: Page, words: str) -> None:
    field = page.locator("#write-reply")
    await field.fill(words)
    await field.press("Enter")


async def test_begun_on_the_page_it_goes_on_in_slack_and_is_approved_there(arrive: Arrivals) -> None:
    page = await arrive("Dora")
    slack = await slack_of(page, "Dora")
    await page.open_chat("Our launch [[say=Hello from the page]]")
    await page.is_answered("Hello from the page")
    await page.page.locator(".channel-switch").get_by_role("button", name="Slack").click()
    await expect(page.page.locator("#log")).to_contain_text("From now on in Slack")
    thread = await thread_of(slack, "goes on here")
    await expect(slack.locator("#conversation")).to_contain_text("Hello from the page")
    link = await page.page.locator("#log").get_by_role("link", name="Open the thread").get_attribute("href")
    await slack.goto((await page.http.get(str(link))).headers["location"])
    await expect(thread).to_contain_text("goes on here")

    await reply(slack, "And here? [[say=Here, too]]")
    await expect(thread).to_contain_text("Here, too")
    await expect(page.page.locator("#log")).to_contain_text("And here?")
    await page.is_answered("Here, too")

    await reply(slack, "[[ask=approval Shall we launch?]]")
    request = slack.locator(".said", has_text="Shall we launch?").last
    await expect(page.page.locator("#docked").get_by_role("heading")).to_have_text("Shall we launch?")
    await request.get_by_role("button", name="Approve").click()
    await expect(request).to_contain_text(re.compile("Approved by Dora via Slack"))
    await expect(request.get_by_role("button", name="Approve")).to_have_count(0)
    await expect(page.page.locator("#docked .request")).to_have_count(0)
    await expect(page.page.locator("#log")).to_contain_text("via Slack")
    await page.holds_nothing_twice()


async def test_a_worker_that_is_killed_while_it_streams_leaves_one_whole_answer(beside: Parley, arrive: Arrivals) -> None:
    page = await arrive("Emil")
    slack = await slack_of(page, "Emil")
    field = slack.locator("#write-text")
    await field.fill("Tell me [[tokens=150 rate=30]]")
    await field.press("Enter")
    thread = await thread_of(slack, "Tell me")
    await expect(thread.locator(".growing")).to_contain_text("tok20")
    beside.kill("worker")
    await asyncio.sleep(0)
    await expect(thread).to_contain_text("tok149", timeout=40_000)
    await expect(thread.locator(".growing")).to_have_count(0)
    answers = thread.locator(".said", has_text="tok5")
    await expect(answers).to_have_count(1)
    await expect(answers).to_contain_text(WHOLE)
    await page.open("/chat")
    await page.page.get_by_role("link", name="Tell me").first.click()
    await expect(page.answer).to_contain_text(WHOLE)
