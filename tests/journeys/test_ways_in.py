"""Ways in besides a password, in the browser: a stand-in for Google, and Chromium's own virtual authenticator."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import expect

from app.auth.passkeys import origin
from app.domain.user import User
from tests.browsing import Browser
from tests.journeys.arrivals import Arrivals, arrivals
from tests.journeys.device import Device
from tests.journeys.test_account import finds_nothing
from tests.stub_provider import Person, StubProvider
from tests.web.test_second_factor import turn_on

KEEPER = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture
async def visit(server: str, window: Chromium, ana: User, google: StubProvider) -> AsyncIterator[Arrivals]:
    """Devices that come to a Parley where one may sign in with Google."""
    async with arrivals(server, window) as arriving:
        yield arriving


@pytest.fixture
async def visit_by_name(server: str, window: Chromium, ana: User) -> AsyncIterator[Arrivals]:
    """Devices that come by the name that passkeys need."""
    async with arrivals(origin(), window) as arriving:
        yield arriving


async def arrive_by_google(visit: Arrivals, google: StubProvider) -> Device:
    """A device that has gone to Google from the sign-in page, and come back."""
    device = await visit("")
    device.expects(f"left the origin: {google.issuer}")
    await device.open("/sign-in")
    await device.page.get_by_role("link", name="Continue with Google").click()
    return device


async def test_somebody_new_comes_by_google(visit: Arrivals, google: StubProvider) -> None:
    google.person = Person("g-cleo", "cleo@example.com", name="Cleo Marsh")
    device = await arrive_by_google(visit, google)
    await expect(device.page).to_have_url(f"{visit.url}/chat")
    await device.open("/account")
    await expect(device.page.locator("#identities li")).to_contain_text("Google · cleo@example.com")
    await expect(device.page.get_by_role("button", name="Set a password")).to_be_visible()
    await finds_nothing(device)
    device.expects("422")
    await device.page.get_by_role("link", name="Unlink").click()
    await device.page.get_by_role("button", name="Remove").click()
    await expect(device.page.get_by_role("alert")).to_contain_text("You could not sign in without it.")
    await finds_nothing(device)


async def test_an_account_is_linked_once_its_person_has_signed_in_and_said_so(
    visit: Arrivals, google: StubProvider, ana: User
) -> None:
    device = await arrive_by_google(visit, google)
    device.email = ana.email
    await expect(device.page.get_by_text("You have an account here already")).to_be_visible()
    await finds_nothing(device)
    await device.sign_in()
    await expect(device.page.locator("h1")).to_have_text("Sign in with Google?")
    await finds_nothing(device)
    await device.page.get_by_role("button", name="Link it").click()
    await expect(device.page.get_by_role("status")).to_contain_text("It is linked.")
    await device.page.get_by_role("button", name="Sign out", exact=True).first.click()
    await device.page.get_by_role("link", name="Continue with Google").click()
    await expect(device.page).to_have_url(f"{visit.url}/chat")
    await device.open("/account")
    await device.page.get_by_role("link", name="Unlink").click()
    await device.page.get_by_role("button", name="Remove").click()
    await expect(device.page.get_by_role("status")).to_contain_text("It is unlinked")


async def test_who_says_no_at_google_is_told_what_now(visit: Arrivals, google: StubProvider) -> None:
    google.denies = True
    device = await visit("")
    device.expects(f"left the origin: {google.issuer}", "422")
    await device.open("/sign-up")
    await device.page.get_by_role("link", name="Continue with Google").click()
    await expect(device.page.locator("h1")).to_have_text("Not signed in with Google")
    await finds_nothing(device)
    google.denies, google.person = False, Person("g-dan", "dan@example.com")
    await device.page.get_by_role("link", name="Try again").click()
    await expect(device.page).to_have_url(f"{visit.url}/chat")


async def with_a_keeper(device: Device) -> None:
    """Give the device something that keeps passkeys."""
    session = await device.context.new_cdp_session(device.page)
    await session.send("WebAuthn.enable")
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": KEEPER})


async def test_a_passkey_is_added_and_signs_in_alone_and_as_the_second_step(
    visit_by_name: Arrivals, server: str, ana: User
) -> None:
    device = await visit_by_name.enter(ana)
    page = device.page
    await with_a_keeper(device)
    await device.open("/account")
    await page.get_by_role("link", name="Add a passkey").click()
    await finds_nothing(device)
    await page.get_by_label("Name").fill("Ana's laptop")
    await page.get_by_label("Name").press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("The passkey is added.")
    await expect(page.locator("#passkeys li")).to_contain_text("Ana's laptop")
    await page.get_by_role("button", name="Sign out", exact=True).first.click()
    await page.get_by_role("button", name="Use a passkey").click()
    await expect(page).to_have_url(f"{visit_by_name.url}/chat")
    async with Browser(server) as elsewhere:
        await elsewhere.enter(ana)
        await turn_on(elsewhere)
    await device.open("/account")
    await expect(page.locator("#passkeys li")).to_contain_text("Last used")
    await page.get_by_role("button", name="Sign out", exact=True).first.click()
    await device.sign_in()
    await expect(page.locator("h1")).to_have_text("One more step")
    await page.get_by_role("button", name="Use a passkey instead").click()
    await expect(page).to_have_url(f"{visit_by_name.url}/chat")


async def test_without_a_passkey_it_says_so_and_where_there_can_be_none_none_is_offered(
    visit_by_name: Arrivals, server: str, ana: User
) -> None:
    device = await visit_by_name.enter(ana)
    page = device.page
    await with_a_keeper(device)
    await device.open("/sign-in")
    await page.get_by_role("button", name="Use a passkey").click()
    await expect(page.get_by_role("alert")).to_have_text(re.compile("Nothing was chosen"))
    numbers = await Arrivals(server, visit_by_name.window, visit_by_name.stack, visit_by_name.devices).enter(ana)
    await numbers.open("/sign-in")
    await expect(numbers.page.get_by_label("Password")).to_be_visible()
    await expect(numbers.page.get_by_role("button", name="Use a passkey")).to_be_hidden()
    await numbers.open("/account/passkeys/new")
    await expect(numbers.page.get_by_text("work at")).to_contain_text(visit_by_name.url)
    await expect(numbers.page.get_by_role("button", name="Create a passkey")).to_be_hidden()
