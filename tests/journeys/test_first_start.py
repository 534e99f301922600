"""The first start, as a stranger meets it: nothing is set but a folder, and a real model answers."""

from collections.abc import AsyncIterator
from itertools import count

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import expect

from tests.conftest import PASSWORD
from tests.journeys.arrivals import arrivals
from tests.journeys.device import Device
from tests.parley import Parley, home


@pytest.fixture
async def device(window: Chromium) -> AsyncIterator[Device]:
    """The first visitor's."""
    with home() as folder:
        async with Parley(folder) as parley, arrivals(parley.url, window) as arrive:
            yield await arrive("")


@pytest.mark.model
@pytest.mark.timeout(300)
async def test_the_first_visitor_becomes_admin_and_a_real_model_answers_word_by_word(device: Device) -> None:
    page = device.page
    await device.open("/")
    await expect(page.locator("h1")).to_have_text("Set up Parley")
    await expect(page.locator("main")).to_contain_text("You are the first here, so you will be the admin.")
    await page.fill("[name=name]", "Ana")
    await page.fill("[name=email]", "ana@example.com")
    await page.fill("[name=password]", PASSWORD)
    await page.click("main form button")
    await page.get_by_role("button", name="Explain something simply").click()
    await page.wait_for_url("**/chat/*-*")
    await device.remember_steps()
    for answers in count(1):  # a small model says little at times; it is asked for more then
        await expect(device.messages).to_have_count(2 * answers)
        await expect(device.answer).to_have_attribute("data-status", "complete", timeout=120_000)
        if len((await device.answer.locator(".prose").inner_text()).split()) >= 10:
            break
        assert answers < 4, "a model that says something"
        await device.say("Tell me the story of a small ship on a large sea, in ten sentences.")
    assert len(await device.steps()) >= 5, "word by word"
