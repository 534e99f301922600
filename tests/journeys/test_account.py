"""An account in the browser: two devices, another password, and more than the limit."""

import re

import pytest
from playwright.async_api import expect

from app import limits
from app.database import sql
from app.domain.user import User
from app.settings import settings
from tests.conftest import PASSWORD
from tests.journeys.arrivals import Arrivals
from tests.journeys.axe import finds_nothing
from tests.timing import timed, within

NEW = "an altogether other phrase"


@timed
@pytest.mark.parametrize("transport", ["stream", "socket"])
async def test_one_device_signs_the_other_out_and_its_page_says_so_within_a_second(arrive: Arrivals, transport: str) -> None:
    laptop = await arrive("Ana", user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    phone = await arrive("Ana", email=laptop.email)
    await laptop.open_chat("[[say=Hello]]", transport)
    await laptop.is_answered("Hello")
    await phone.open("/account")
    others = phone.page.locator("#devices li").filter(has_not=phone.page.get_by_text("This device"))
    await expect(others).to_have_count(1)
    with within(1.5, "1 s, and half of one for the browser to press and look"):
        await others.get_by_role("button", name="Sign out").click()
        await expect(laptop.page.get_by_text("You are signed out.")).to_be_visible()
    await expect(phone.page.get_by_role("status")).to_have_text("That device is signed out.")
    await expect(phone.page.locator("#devices li")).to_have_count(1)
    await laptop.composer.fill("words that are kept")
    laptop.expects("sign-in")
    await laptop.page.get_by_role("link", name="Sign in again").click()
    await laptop.sign_in()
    await expect(laptop.composer).to_have_value("words that are kept")


async def test_another_password_signs_the_other_device_out(arrive: Arrivals) -> None:
    laptop = await arrive("Ben")
    phone = await arrive("Ben", email=laptop.email)
    await phone.open_chat("[[say=Hello]]")
    await laptop.open("/chat")
    await laptop.page.get_by_role("link", name="Ben").click()
    laptop.expects("422")
    await laptop.page.get_by_label("Present password").fill("not it")
    await laptop.page.get_by_label("New password").fill(NEW)
    await laptop.page.get_by_role("button", name="Change password").click()
    await expect(laptop.page.get_by_label("Present password")).to_be_focused()
    await expect(laptop.page.locator("#present-error")).to_have_text("That is not your present password.")
    await laptop.page.get_by_label("Present password").fill(PASSWORD)
    await laptop.page.get_by_label("New password").fill(NEW)
    await laptop.page.get_by_role("button", name="Change password").click()
    await expect(laptop.page.get_by_role("status")).to_contain_text("Your password is changed.")
    await expect(phone.page.get_by_text("You are signed out.")).to_be_visible()


async def test_over_the_limit_the_words_stay_and_it_says_when(
    visit: Arrivals, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_away_until", 0.0)
    device = await visit.enter(ana)
    await device.open_chat("one")
    monkeypatch.setattr(settings(), "rate_per_minute", 1)
    device.expects("429")
    await device.say("two")
    unsent = device.said("two")
    await expect(unsent.locator(".reason")).to_have_text(
        re.compile(r"That was a lot at once: You can go on in \d\d seconds\.")
    )
    monkeypatch.setattr(settings(), "rate_per_minute", 30)
    await unsent.get_by_role("button", name="Retry").click()
    await expect(unsent).to_have_attribute("data-seq", "2")


async def test_a_button_that_is_refused_says_why(visit: Arrivals, ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_away_until", 0.0)
    device = await visit.enter(ana)
    path = await device.open_chat("one")
    await sql("UPDATE agent_states SET status = 'responding'")
    await device.http.say(path.removeprefix("/chat/"), "two")
    await device.open(path)
    await expect(device.said("two")).to_contain_text("Waits for its turn")
    monkeypatch.setattr(settings(), "rate_per_minute", 1)
    device.expects("429")
    await device.said("two").get_by_role("button", name="Delete").click()
    await expect(device.page.get_by_role("alert")).to_contain_text("You can go on in")
    await finds_nothing(device)


async def test_pages_of_an_account(visit: Arrivals, ana: User, ben: User) -> None:
    device = await visit.enter(ana)
    await device.http.post("/account/profile", {"name": "Ana", "time_zone": "Asia/Kolkata"})
    await device.open("/account")
    device.expects("422", "409")
    await device.page.get_by_label("Name").fill("")
    await device.page.get_by_role("button", name="Save").click()
    await expect(device.page.get_by_label("Name")).to_be_focused()
    await finds_nothing(device)
    await device.page.get_by_label("Your password").fill(PASSWORD)
    await device.page.get_by_role("button", name="Delete my account").click()
    await expect(device.page.get_by_role("alert")).to_contain_text("There is no other admin")


async def test_pages_of_an_admin(visit: Arrivals, ana: User, ben: User) -> None:
    device = await visit.enter(ana)
    await device.open("/admin/users")
    await device.page.get_by_label("E-mail").fill("cleo@example.com")
    await device.page.get_by_role("button", name="Make a link").click()
    await expect(device.page.get_by_role("button", name="Copy")).to_be_visible()
    await finds_nothing(device)
    await device.page.get_by_role("link", name="Ben").click()
    await device.page.get_by_role("button", name="Make a link").click()
    await finds_nothing(device)
    link = await device.page.locator(".secret code").inner_text()
    await device.open("/admin/sessions")
    await finds_nothing(device)
    await device.page.get_by_role("link", name="Audit trail").click()
    await device.page.get_by_label("What was done").select_option("Invited")
    await device.page.get_by_role("button", name="Search").click()
    await expect(device.page.locator(".rows strong")).to_have_text("Ana invited cleo@example.com")
    await finds_nothing(device)
    await device.page.goto(link)
    await finds_nothing(device)


async def test_who_leaves_is_asked_once_more(visit: Arrivals, ben: User) -> None:
    device = await visit.enter(ben)
    await device.open("/account")
    await device.page.get_by_label("Your password").fill(PASSWORD)
    await device.page.get_by_role("button", name="Delete my account").click()
    await expect(device.page.locator("h1")).to_have_text("Goodbye")
    await finds_nothing(device)
    await device.page.get_by_role("link", name="To the sign-in").click()
    await device.sign_in()
    await expect(device.page.locator("h1")).to_have_text("Keep your account?")
    await finds_nothing(device)
    await device.page.get_by_role("button", name="Keep my account").click()
    await expect(device.composer).to_be_visible()


async def test_without_scripts_every_form_of_the_account_works(visit: Arrivals, ana: User, ben: User) -> None:
    device = await visit("", java_script_enabled=False)
    page = device.page
    device.email = ana.email
    await device.open("/sign-in")
    await device.sign_in()
    await page.get_by_role("link", name="Ana").click()
    await page.get_by_label("Name").fill("Ana L.")
    await page.get_by_label("Time zone").select_option("Europe/Oslo")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status")).to_have_text("Saved.")
    await expect(page.locator("#devices local-time").first).to_contain_text("CET")
    await page.get_by_role("link", name="Admin").click()
    await page.get_by_label("Name or address").fill("ben@")
    await page.get_by_role("button", name="Search").click()
    await page.get_by_role("link", name="Ben").click()
    await page.get_by_label("Role").select_option("admin")
    await page.get_by_role("button", name="Change role").click()
    await expect(page.get_by_role("status")).to_have_text("The role is changed.")
    await page.get_by_role("button", name="Disable").click()
    await expect(page.locator("h1")).to_have_text("BenDisabled")
