"""The page, Slack and mail beside each other: what nobody answers there is asked here, and every copy says how it ended."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import Page, expect

from tests.conftest import PASSWORD
from tests.journeys.arrivals import SIZE, Arrivals, arrivals
from tests.journeys.axe import finds_nothing, violations
from tests.journeys.device import Device
from tests.journeys.test_asked import photograph
from tests.journeys.test_slack_beside import slack_of
from tests.parley import Parley, home
from tests.stub_llm import StubLLM
from tests.waiting import until


@pytest.fixture(scope="module")
async def beside(stub: StubLLM) -> AsyncIterator[Parley]:
    """A Parley with the Slack and the mailboxes that `make run` brings, and little patience."""
    provider = {"llm_provider": "openai-compatible", "llm_base_url": stub.base_url, "llm_model": "stub"}
    with home() as folder:
        async with Parley(folder, sandbox="true", escalate_after_seconds="2", **provider) as parley:
            yield parley


@pytest.fixture
async def arrive(beside: Parley, stub: StubLLM, window: Chromium) -> AsyncIterator[Arrivals]:
    stub.resume()
    async with arrivals(beside.url, window) as arriving:
        yield arriving


async def mailbox_of(device: Device) -> Page:
    """The same person's mailbox, their address confirmed."""
    context = await device.page.context.browser.new_context(viewport=SIZE)  # type: ignore[union-attr,arg-type]
    page = await context.new_page()
    await page.goto((await device.http.get("/sandbox/mail")).headers["location"])
    await page.get_by_role("link", name="Is this your address?").click()
    link = await page.frame_locator("iframe").get_by_role("link", name="Yes, it is mine").get_attribute("href")
    path = str(link).removeprefix(device.url)
    await device.http.get(path)
    assert (await device.http.post(path)).status_code == 303
    return page


async def answer_by_mail(page: Page, subject: str, words: str) -> None:
    await page.get_by_role("link", name=re.compile(re.escape(subject))).first.click()
    await page.get_by_label("Your reply").fill(words)
    await page.get_by_role("button", name="Reply", exact=True).click()


async def token_of(device: Device) -> dict[str, str]:
    form = {"grant_type": "password", "client_id": "parley", "username": device.email, "password": PASSWORD}
    told = (await device.http.client.post("/oauth/token", data=form)).json()
    return {"Authorization": f"Bearer {told['access_token']}"}


async def test_the_pages_around_mail_are_for_everybody(arrive: Arrivals) -> None:
    device = await arrive("Eve")  # the first one, so an admin
    mail = await mailbox_of(device)
    address = mail.url.partition("?")[0]
    await mail.goto(f"{address}?box=stranger@elsewhere.example")
    await mail.get_by_label("Subject").fill("An offer")
    await mail.get_by_label("Your mail").fill("Let me in")
    await mail.get_by_role("button", name="Send").click()
    for path, words in (
        ("/admin/gmail", "ends after seven days"), ("/admin/mails", "stranger@elsewhere.example"),
        ("/admin/channels", "held back"),
    ):  # fmt: skip
        await device.open(path)
        await comes(device, words)
        await photograph(device, path.rpartition("/")[2])
        await finds_nothing(device)
    stranger = await arrive("")
    await stranger.open("/forgotten-password")
    await photograph(stranger, "forgotten-password")
    await finds_nothing(stranger)


async def comes(device: Device, words: str) -> None:
    """These words stand there, at the latest when the page was opened anew."""

    async def there() -> bool:
        await device.page.reload()
        return words in await device.page.locator("main").inner_text()

    await until(there, every=0.5)


async def test_asked_in_slack_then_by_mail_answered_with_a_word_and_seen_everywhere(arrive: Arrivals) -> None:
    device = await arrive("Fay")
    slack = await slack_of(device, "Fay")
    mail = await mailbox_of(device)
    api, bearer = device.http.client, await token_of(device)

    async def all_channels() -> list[str]:
        items = (await api.get("/api/channels", headers=bearer)).json()["items"]
        by_type = {one["type"]: one["id"] for one in items if one["status"] == "active"}
        return [by_type[type] for type in ("slack", "email", "web")] if len(by_type) == 3 else []

    order: list[str] = await until(all_channels)
    assert (await api.put("/api/channels", headers=bearer, json={"order": order})).status_code == 200
    asked = await api.post(
        "/api/feedback", headers=bearer, json={"type": "approval", "question": "Shall we paint it green?"}
    )
    request_id = asked.json()["id"]
    await device.open(f"/feedback/{request_id}")
    in_slack = slack.locator(".said", has_text="Shall we paint it green?").last
    await expect(in_slack.get_by_role("button", name="Approve")).to_be_visible()
    await expect(mail.get_by_role("link", name=re.compile("paint it green"))).to_be_visible(timeout=20_000)
    await answer_by_mail(mail, "Shall we paint it green?", "Yes, please.")
    await expect(in_slack).to_contain_text("Approved by Fay by e-mail", timeout=20_000)
    await expect(in_slack.get_by_role("button", name="Approve")).to_have_count(0)
    await expect(device.page.locator("main")).to_contain_text("Approved by Fay by e-mail")
    told = (await api.get(f"/api/feedback/{request_id}", headers=bearer)).json()
    assert told["status"] == "answered"
    link = await mail.frame_locator("iframe").get_by_role("link", name="Approve").get_attribute("href")
    await device.open(str(link).removeprefix(device.url))
    await expect(device.page.locator("main")).to_contain_text("Approved by Fay by e-mail")


async def test_a_scanner_that_opens_every_link_decides_nothing(arrive: Arrivals) -> None:
    device = await arrive("Gil")
    mail = await mailbox_of(device)
    api, bearer = device.http.client, await token_of(device)
    body = {"type": "approval", "question": "Shall it stay?", "channels": ["email"]}
    request_id = (await api.post("/api/feedback", headers=bearer, json=body)).json()["id"]
    await mail.get_by_role("link", name=re.compile("Shall it stay")).click()
    await mail.get_by_role("button", name="Open every link").click()
    await expect(mail.get_by_role("status")).to_contain_text("links were opened")
    assert (await api.get(f"/api/feedback/{request_id}", headers=bearer)).json()["status"] == "open"


async def test_a_conversation_by_mail_is_seen_on_the_page_and_back(arrive: Arrivals) -> None:
    device = await arrive("Hal")
    mail = await mailbox_of(device)
    await mail.get_by_role("link", name="Write a mail").click()
    await mail.get_by_label("Subject").fill("Our garden")
    await mail.get_by_label("Your mail").fill("Hello [[say=Good morning]]\n\n-- \nHal")
    await mail.get_by_role("button", name="Send").click()
    await mail.get_by_role("link", name="Re: Our garden").click()
    await expect(mail.frame_locator("iframe").locator("body")).to_contain_text("Good morning")
    assert not await violations(mail)
    await device.open("/chat")
    await device.page.get_by_role("link", name="Our garden").first.click()
    await expect(device.page.locator("#log")).to_contain_text("Good morning")
    await device.connected()
    await expect(device.said("Hello")).not_to_contain_text("--")
    await answer_by_mail(mail, "Re: Our garden", "And now? [[say=By mail again]]")
    await device.is_answered("By mail again")
    await device.page.locator(".channel-switch").get_by_role("button", name="Page").click()
    await expect(device.page.locator("#log")).to_contain_text("From now on here on the page")
    await device.say("Only here [[say=Just you and me]]")
    await device.is_answered("Just you and me")
    assert "Just you and me" not in await mail.content()
    await device.holds_nothing_twice()
