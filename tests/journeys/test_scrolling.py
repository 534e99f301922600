"""Reading a conversation: at its end, further up, and far back."""

import asyncio

from playwright.async_api import expect

from tests.journeys.answers import in_the_middle, pause_after
from tests.journeys.conftest import Arrivals
from tests.journeys.device import Device
from tests.stub_llm import StubLLM

AT = "document.querySelector('follow-bottom').scrollTop"
TOP_OF = "id => document.getElementById(id).getBoundingClientRect().top"
IN_VIEW = """[...document.querySelectorAll('#log > .message')].find(one => one.getBoundingClientRect().top > 60).id"""
LINES = "\n\n".join(f"paragraph {n}" for n in range(400))


async def long_chat(device: Device, messages: int) -> str:
    """A conversation with so many entries before its answer."""
    session_id = await device.http.open_chat("message 1")
    for n in range(2, messages + 1):
        await device.http.say(session_id, f"message {n}")
    return f"/chat/{session_id}"


async def test_the_page_follows_the_end_until_the_reader_goes_up(arrive: Arrivals, stub: StubLLM) -> None:
    device = await arrive()
    page = device.page
    await in_the_middle(device, stub, f"[[rate=60]][[say={LINES}]]")
    stub.resume()
    await expect(device.answer).to_contain_text("paragraph 40")
    assert await page.evaluate(AT) == 0, "it follows"

    await page.mouse.move(700, 300)
    await page.mouse.wheel(0, -60)
    await device.comes_true(f"{AT} < 0")
    before = len(await device.answer.inner_text())
    await device.comes_true("before => document.querySelector('#log').innerText.length > before + 100", before)
    assert await page.evaluate(AT) < -60, "what grows below moves nothing"
    await expect(page.locator("#jump")).to_be_visible()

    await device.http.say(page.url.rsplit("/", 1)[1], "From another device")
    await expect(page.locator("#jump .count")).to_have_text("1")
    await page.locator("#jump").click()
    await expect(page.locator("#jump")).to_be_hidden()
    assert await page.evaluate(AT) == 0
    await expect(device.said("From another device")).to_be_in_viewport()


async def test_what_is_read_further_up_stays_where_it_is(arrive: Arrivals, stub: StubLLM) -> None:
    device = await arrive()
    page = device.page
    pausing = asyncio.create_task(pause_after(stub, 1))
    path = await long_chat(device, 40)
    await pausing
    await device.open(path)
    await device.connected()
    await page.mouse.move(700, 300)
    await page.mouse.wheel(0, -600)
    await device.comes_true(f"{AT} < -500")
    seen = await page.evaluate(IN_VIEW)
    was = await page.evaluate(TOP_OF, seen)
    stub.resume()
    await expect(page.locator("#agent-status [data-busy]")).to_have_count(0)
    await expect(page.locator("[data-waiting]")).to_have_count(0)
    assert abs(await page.evaluate(TOP_OF, seen) - was) < 2


async def test_older_pages_load_above_without_a_jump(arrive: Arrivals, stub: StubLLM) -> None:
    device = await arrive()
    page = device.page
    pausing = asyncio.create_task(pause_after(stub, 1))
    path = await long_chat(device, 130)
    await pausing
    stub.resume()
    await device.open(path)
    await device.connected()
    await expect(page.locator("#agent-status [data-busy]")).to_have_count(0)
    for there in (120, 133):
        seen = await page.evaluate("[...document.querySelectorAll('#log > .message')][3].id")
        offset = await page.evaluate(
            "id => { const list = document.querySelector('follow-bottom');"
            "list.scrollTop = -list.scrollHeight; return document.getElementById(id).getBoundingClientRect().top }",
            seen,
        )
        await device.comes_true("there => document.querySelectorAll('#log > .message').length >= there", there)
        await device.comes_true("!document.querySelector('#older a')?.matches('.htmx-request')")
        assert abs(await page.evaluate(TOP_OF, seen) - offset) < 2
    places = await page.evaluate("[...document.querySelectorAll('#log > .message')].map(one => +one.dataset.seq)")
    assert places == list(range(1, len(places) + 1))
    await expect(page.locator("#older a")).to_have_count(0)
    await device.holds_nothing_twice()
