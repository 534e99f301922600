"""Working through what waits, in the browser: by keys, on every device, and on the page of one request."""

import re
from dataclasses import replace

from playwright.async_api import expect

from app.domain.channel import ChannelType
from app.domain.feedback import FeedbackRequest
from app.domain.user import User
from tests.journeys.arrivals import Arrivals
from tests.journeys.axe import finds_nothing
from tests.journeys.questions import DAY, SHIP, WORDS


async def test_the_inbox_is_worked_through_by_keys_and_the_next_has_the_focus(visit: Arrivals, ana: User) -> None:
    device = await visit.enter(ana)
    for question in (SHIP, DAY, WORDS):
        await FeedbackRequest.ask(question, of=[ana])
    await device.open("/feedback")
    await expect(device.page).to_have_title("(3) Requests \u00b7 Parley")
    assert "parley-waiting" in str(await device.page.locator("link[rel=icon]").get_attribute("href"))
    page, cards = device.page, device.page.locator("#inbox .request")
    for key, number in (("j", 0), ("j", 1), ("j", 2), ("j", 2), ("k", 1), ("k", 0)):
        await page.keyboard.press(key)
        await expect(cards.nth(number)).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(cards.first.get_by_role("button", name="Approve")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(cards).to_have_count(2)
    await expect(cards.filter(has_text="Which day")).to_be_focused()
    await expect(page).to_have_title("(2) Requests \u00b7 Parley")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.keyboard.type("jeke")
    await expect(cards.get_by_label("Your answer")).to_have_value("jeke")
    await expect(cards.locator("text-counter")).to_have_text("4 of 10,000")
    await page.keyboard.press("Escape")
    await finds_nothing(device)
    await cards.filter(has_text="Which day").focus()
    await page.keyboard.press("e")
    await expect(page.get_by_role("heading", name="What has become of it")).to_be_visible()


async def test_the_page_of_a_request_follows_it_and_keeps_what_is_being_written(
    visit: Arrivals, ana: User, ben: User
) -> None:
    device = await visit.enter(ana)
    request = await FeedbackRequest.ask(replace(WORDS, needed=2), of=[ana, ben])
    await device.open(f"/feedback/{request.id}")
    await device.connected()
    await device.page.get_by_label("Your answer").fill("Spring")
    await request.respond(ben, "Summer", ChannelType.EMAIL)
    card = device.page.locator("article.request")
    await expect(card).to_contain_text("1 of 2 answers")
    await expect(device.page.locator(".timeline")).to_contain_text("Answered")
    await expect(card.get_by_label("Your answer")).to_have_value("Spring")
    await expect(card.locator("text-counter")).to_have_text("6 of 10,000")
    await request.respond(ana, "Winter", ChannelType.SLACK)
    await expect(card.locator(".outcome")).to_contain_text(
        "\u201cSummer\u201d by Ben by e-mail; \u201cWinter\u201d by Ana via Slack."
    )
    await expect(device.page).to_have_title(re.compile("^What shall"))
    await device.holds_nothing_twice()
    await finds_nothing(device)


async def test_one_of_several_answers_is_shown_on_every_device_though_it_does_not_settle(
    visit: Arrivals, ana: User, ben: User
) -> None:
    laptop, bens = await visit.enter(ana), await visit.enter(ben)
    request = await FeedbackRequest.ask(replace(SHIP, needed=2), of=[ana, ben])
    for device in (laptop, bens):
        await device.open("/feedback")
        await device.connected()
    await request.respond(ana, True, ChannelType.SLACK)
    await expect(laptop.page.get_by_text("Nothing waits for you")).to_be_visible()
    await expect(bens.page.locator("#inbox .request")).to_contain_text("1 of 2 answers")
