"""Every form works where no script runs."""

import asyncio
import re

from playwright.async_api import Page, expect

from tests.conftest import PASSWORD
from tests.journeys.answers import pause_after
from tests.journeys.arrivals import Arrivals
from tests.journeys.device import Device
from tests.stub_llm import StubLLM
from tests.waiting import until


async def test_a_person_without_scripts_signs_up_talks_edits_stops_and_leaves(arrive: Arrivals, stub: StubLLM) -> None:
    device = await arrive("", java_script_enabled=False)
    page = device.page
    await sign_up(device)

    pausing = asyncio.create_task(pause_after(stub, 10))
    await send(device, "[[tokens=60 rate=50]] Hello")
    await page.wait_for_url("**/chat/*-*")
    await pausing
    await send(device, "Wrong words")
    waiting = page.locator("[data-waiting]")
    await waiting.locator("summary").click()
    await waiting.locator("textarea").fill("[[say=Right]]")
    await waiting.get_by_role("button", name="Save").click()
    await expect(waiting.locator(".words")).to_have_text("[[say=Right]]")

    await page.get_by_role("button", name="Stop").click()
    stub.resume()
    await shows(page, "Right")
    await expect(page.locator("[data-status=stopped] .prose")).to_contain_text("tok9")

    await page.get_by_role("button", name="Dark").click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await expect(page).to_have_url(re.compile("/chat/.*-"))
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.locator("h1")).to_have_text("Sign in")


async def sign_up(device: Device) -> None:
    """Wrong at first: the form comes back with what was right."""
    page = device.page
    device.expects("422")
    await device.open("/sign-up")
    await page.fill("[name=name]", "Cleo")
    await page.click("main form button")
    await expect(page.locator(".error")).to_have_count(2)
    await expect(page.locator("[name=name]")).to_have_value("Cleo")
    await page.fill("[name=email]", "cleo@example.com")
    await page.fill("[name=password]", PASSWORD)
    await page.click("main form button")
    await expect(page.locator(".welcome button")).to_have_count(3)


async def send(device: Device, words: str) -> None:
    await device.composer.fill(words)
    await device.page.get_by_role("button", name="Send", exact=True).click()


async def shows(page: Page, words: str) -> None:
    """A page without scripts is looked at again to see what is new."""

    async def there() -> bool:
        await page.get_by_role("link", name="Look again").or_(page.locator("[aria-current]")).first.click()
        return await page.locator("[data-status=complete] .prose").filter(has_text=words).count() == 1

    await until(there)
