"""Reading a conversation: at its end, further up, and far back."""

import asyncio

from playwright.async_api import expect

from tests.journeys.answers import pause_after
from tests.journeys.arrivals import Arrivals
from tests.journeys.device import Device
from tests.stub_llm import StubLLM

LIST = "document.querySelector('follow-bottom')"
AT = f"{LIST}.scrollTop"
TOP_OF = "id => document.getElementById(id).getBoundingClientRect().top"
IN_VIEW = "[...document.querySelectorAll('#log > .message')].find(one => one.getBoundingClientRect().top > 60).id"
GROWN = "document.querySelector('#log > :last-child').textContent.length"
FOURTH = "document.querySelectorAll('#log > .message')[3].id"
LINES = "\n\n".join(f"paragraph {n}" for n in range(300))


async def long_chat(device: Device, stub: StubLLM, messages: int) -> None:
    """Open a conversation with so many entries before its last answer."""
    pausing = asyncio.create_task(pause_after(stub, 1))
    session_id = await device.http.open_chat("[[tokens=5 rate=0]]")
    await pausing
    for n in range(messages - 2):
        await device.http.say(session_id, f"[[tokens=5 rate=0]] message {n}")
    stub.resume()
    await device.open(f"/chat/{session_id}")
    await device.connected()
    await expect(device.page.locator("#agent-status [data-busy]")).to_have_count(0)
    await expect(device.page.locator("#log > [data-waiting]")).to_have_count(0)
    await expect(device.answer).to_have_attribute("data-status", "complete")


async def scroll(device: Device, pixels: int) -> None:
    """With the wheel."""
    await device.page.mouse.move(700, 300)
    before = await device.page.evaluate(AT)
    await device.page.mouse.wheel(0, pixels)
    await device.comes_true(f"before => {AT} != before", before)


async def test_the_page_follows_the_end_until_the_reader_goes_up(arrive: Arrivals, stub: StubLLM) -> None:
    device = await arrive()
    page = device.page
    path = await device.open_chat(f"[[rate=60]][[say={LINES}]]")
    await expect(device.answer).to_contain_text("paragraph 60")
    assert await page.evaluate(AT) == 0, "it follows"

    await scroll(device, -60)
    seen = await page.evaluate(GROWN)
    await device.comes_true(f"seen => {GROWN} > seen + 200", seen)
    assert await page.evaluate(AT) < -60, "what grows below moves nothing"
    await expect(page.locator("#jump")).to_be_visible()

    await device.http.say(path.removeprefix("/chat/"), "From another device")
    await expect(page.locator("#jump .count")).to_have_text("1")
    await page.locator("#jump").click()
    await expect(page.locator("#jump")).to_be_hidden()
    assert await page.evaluate(AT) == 0
    await expect(device.said("From another device")).to_be_in_viewport()


async def test_what_is_read_further_up_stays_where_it_is(arrive: Arrivals, stub: StubLLM) -> None:
    device = await arrive()
    page = device.page
    await long_chat(device, stub, 30)
    await scroll(device, -700)
    seen = await page.evaluate(IN_VIEW)
    was = await page.evaluate(TOP_OF, seen)
    await device.http.say(page.url.rsplit("/", 1)[1], f"[[rate=0]][[say={LINES}]]")
    await expect(device.answer).to_contain_text("paragraph 299")
    await expect(device.answer).to_have_attribute("data-status", "complete")
    assert abs(await page.evaluate(TOP_OF, seen) - was) < 2


async def test_older_pages_load_above_without_a_jump(arrive: Arrivals, stub: StubLLM) -> None:
    device = await arrive()
    page = device.page
    await long_chat(device, stub, 130)
    title = await page.title()
    for left in (1, 0):
        seen = await page.evaluate(FOURTH)
        count = await device.messages.count()
        await page.evaluate(f"{AT} = -{LIST}.scrollHeight")
        was = await page.evaluate(TOP_OF, seen)
        await device.comes_true("count => document.querySelectorAll('#log > .message').length > count", count)
        await expect(page.locator("#older a")).to_have_count(left)
        assert abs(await page.evaluate(TOP_OF, seen) - was) < 2
    places = await page.evaluate("[...document.querySelectorAll('#log > .message')].map(one => +one.dataset.seq)")
    assert places == list(range(1, len(places) + 1))
    assert len(places) >= 130
    assert await page.title() == title
    await device.holds_nothing_twice()
