"""Choosing how to be reached, in the browser: the list, the hours, and a conversation that goes on elsewhere."""

import re

import pytest
from playwright.async_api import expect

from app.database import sql
from app.domain.channel_health import let_fail
from app.domain.user import User
from app.domain.webhook_endpoint import WebhookEndpoint, WebhookEvent
from tests.channels.engine import ask, reached_by
from tests.channels.fickle import Fickle
from tests.journeys.arrivals import Arrivals
from tests.journeys.axe import finds_nothing
from tests.journeys.test_asked import photograph

pytestmark = pytest.mark.usefixtures("worker")  # which carries what is asked


async def test_channels_are_ordered_tested_and_left_alone_at_night(visit: Arrivals, ana: User) -> None:
    await reached_by(ana, slack=Fickle(), email=Fickle())
    laptop = await visit.enter(ana, timezone_id="Europe/Oslo")
    await laptop.open("/channels")
    page, rows = laptop.page, laptop.page.locator(".channel")
    await expect(rows).to_have_count(4)
    await expect(page.locator(".preview")).to_contain_text("Slack now, e-mail")
    await rows.first.get_by_role("button", name="Test").click()
    await expect(rows.first.get_by_text("Test sent")).to_be_visible()
    await expect(rows.first).to_contain_text("Slack answered now")
    await rows.nth(1).get_by_role("button", name=re.compile("up$")).click()
    await expect(rows.first).to_contain_text("E-mail")
    await expect(page.get_by_label("Time zone")).to_have_value("Europe/Oslo")
    await page.get_by_label("From", exact=True).fill("00:00")
    await page.get_by_label("To", exact=True).fill("23:59")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".preview")).to_contain_text(
        "would wait until 23:59; if urgent: e-mail now, Slack after 5 min."
    )
    await rows.nth(1).get_by_role("button", name="Switch off").click()
    await expect(rows.nth(1)).to_contain_text("Slack is off")
    await photograph(laptop, "channels")
    await finds_nothing(laptop)


async def test_an_address_that_does_not_fit_and_one_that_goes(visit: Arrivals, ana: User) -> None:
    laptop = await visit.enter(ana)
    laptop.expects("422")
    await laptop.open("/channels")
    await laptop.page.get_by_label("E-mail").fill("nonsense")
    await laptop.page.get_by_role("button", name="Add").click()
    await expect(laptop.page.get_by_label("E-mail")).to_be_focused()
    await finds_nothing(laptop)
    await laptop.page.get_by_role("link", name="Remove ana@example.com").click()
    await finds_nothing(laptop)
    await laptop.page.get_by_role("button", name="Remove").click()
    await expect(laptop.page.locator(".channel")).to_have_count(1)


async def test_a_conversation_goes_on_by_mail_by_one_click_on_every_device(visit: Arrivals, ana: User) -> None:
    await reached_by(ana, email=Fickle())
    laptop = await visit.enter(ana)
    phone = await visit.enter(ana, viewport={"width": 390, "height": 800})
    path = await laptop.open_chat("[[say=Hello]]")
    await laptop.is_answered("Hello")
    await phone.open(path)
    await phone.connected()
    await laptop.page.get_by_role("button", name="E-mail").click()
    for device in (laptop, phone):
        await expect(device.page.locator("#log")).to_contain_text("From now on by e-mail (email of Ana).")
        await expect(device.page.locator("#channel-now")).to_contain_text("by e-mail")
    await photograph(laptop, "switched")
    await finds_nothing(laptop)
    await phone.page.get_by_role("button", name="Page").click()
    await expect(laptop.page.locator("#channel-now")).to_contain_text("here on the page")


async def test_pages_that_look_after_parley(visit: Arrivals, ana: User, ben: User) -> None:
    moods = iter(["no"])
    await reached_by(ben, slack=Fickle(lambda: next(moods, "well")), email=Fickle())
    await ask(ben)
    await sql(
        """INSERT INTO measures (id, kind, seconds, at) SELECT gen_random_uuid(), kind,
             ARRAY[0.02 + 0.01 * (n % 5), 0.05, 0.3 + 0.1 * (n % 3)], now() - make_interval(mins => n * 10)
           FROM generate_series(0, 30) n, unnest(ARRAY['ack', 'first token']) kind"""
    )
    laptop = await visit.enter(ana)
    page = laptop.page
    await laptop.open("/admin/requests")
    await photograph(laptop, "requests")
    await finds_nothing(laptop)
    await laptop.open("/admin/deliveries?status=rejected")
    await expect(page.get_by_role("link", name="Request to Ben")).to_be_visible()
    await photograph(laptop, "deliveries")
    await finds_nothing(laptop)
    await page.get_by_role("checkbox").check()
    await page.get_by_role("button", name="Send the chosen ones anew").click()
    await expect(page.get_by_role("status")).to_contain_text("1 is sent anew")
    await laptop.open("/admin/deliveries")
    await page.get_by_role("link", name="Request to Ben").first.click()
    await photograph(laptop, "delivery")
    await finds_nothing(laptop)
    await laptop.open("/admin/channels")
    await photograph(laptop, "everybodys-channels")
    await finds_nothing(laptop)
    await page.get_by_role("link", name="Connect Slack").click()
    await expect(page.locator("#app code")).to_contain_text("socket_mode_enabled: false")
    await photograph(laptop, "slack-guide")
    await finds_nothing(laptop)
    await laptop.open("/admin/system")
    await page.get_by_role("button", name="Let Slack fail").click()
    await expect(page.get_by_role("alert")).to_contain_text("Failing on purpose: slack")
    await photograph(laptop, "system")
    await finds_nothing(laptop)
    await page.get_by_role("button", name="Let Slack work again").click()
    await expect(page.get_by_role("alert")).to_have_count(0)
    await let_fail("slack", False)


async def test_the_page_of_a_webhook(visit: Arrivals, ana: User) -> None:
    endpoint, _ = await WebhookEndpoint.add(ana, "https://example.com/hooks/parley", list(WebhookEvent))
    await ask(ana)
    await sql("UPDATE deliveries SET status = 'rejected', error = 'HTTP 422' WHERE endpoint = $1", endpoint.id)
    laptop = await visit.enter(ana)
    await laptop.open("/account#webhooks")
    await laptop.page.get_by_role("link", name="https://example.com/hooks/parley").click()
    await laptop.page.get_by_role("button", name="New secret").click()
    await expect(laptop.page.locator(".secret code")).to_contain_text("whsec_")
    await photograph(laptop, "webhook")
    await finds_nothing(laptop)
    await laptop.page.get_by_role("button", name="Send again").first.click()
    await expect(laptop.page.get_by_role("status")).to_contain_text("1 is sent again")
    await finds_nothing(laptop)
