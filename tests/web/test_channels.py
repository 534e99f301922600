"""The channels page, without a script: each form does what it says, for one's own channels only."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from app import clock
from app.database import sql
from app.domain.channel import CommunicationChannel
from app.domain.confirmation import confirm_url
from app.domain.user import User
from tests.browsing import Browser
from tests.channels.engine import ask, at_rest, reached_by, work_until
from tests.channels.fickle import Fickle


@pytest.fixture
async def browser(server: str, ana: User) -> AsyncIterator[Browser]:
    async with Browser(server) as browser:
        await browser.enter(ana)
        yield browser


async def page_of(browser: Browser) -> str:
    return (await browser.get("/channels")).text


def rows(html: str) -> list[str]:
    """The channels as the page tells of them, in its order."""
    found = re.findall(r'<li class="channel".*?</li>', html, re.S)
    return [" ".join(re.sub(r"<[^>]*>", " ", row).split()) for row in found]


async def slack_of(user: User) -> CommunicationChannel:
    return next(channel for channel in await CommunicationChannel.of(user.id) if channel.type == "slack")


async def test_a_new_person_has_the_page_and_their_own_address(browser: Browser) -> None:
    page, mail = rows(await page_of(browser))
    assert "Everything that waits for you stands here at once." in page
    assert "ana@example.com" in mail
    assert "not confirmed yet" in mail
    assert 'href="/channels" data-command="Channels"' in (await browser.get("/chat")).text


async def test_order_and_state_are_changed_by_forms(browser: Browser, ana: User) -> None:
    await reached_by(ana, slack=Fickle())
    slack = await slack_of(ana)
    answer = await browser.post(f"/channels/{slack.id}/place", {"to": "down"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/channels#channel-{slack.id}")
    assert "Slack" in rows(await page_of(browser))[1]
    await browser.post(f"/channels/{slack.id}/state", {"state": "off"})
    assert "Slack is off: nothing goes there." in rows(await page_of(browser))[1]
    await browser.post(f"/channels/{slack.id}/state", {"state": "on"})
    assert "ready, not used yet" in rows(await page_of(browser))[1]
    for path, form in (("place", {"to": "left"}), ("state", {"state": "?"}), ("place", {})):
        assert (await browser.post(f"/channels/{slack.id}/{path}", form)).status_code == 422


async def test_a_test_says_how_it_went(browser: Browser, ana: User) -> None:
    mood = "down"
    await reached_by(ana, slack=Fickle(lambda: mood))
    slack = await slack_of(ana)
    await browser.post(f"/channels/{slack.id}/test")
    html = await page_of(browser)
    assert "Test is on its way" in html
    assert 'hx-trigger="every 2s"' in html, "the page looks again by itself"
    await work_until(tried_once)
    assert "Test not sent yet: 500" in await page_of(browser)
    mood = "well"
    await work_until(at_rest)
    html = await page_of(browser)
    assert "Test sent" in html
    assert "Slack answered" in html
    assert "every 2s" in html, "what the test means for the channel may be noted a moment after its end"
    clock.shift(timedelta(seconds=6))
    assert "every 2s" not in await page_of(browser)


async def test_a_test_does_not_wait_for_what_waits(browser: Browser, ana: User) -> None:
    moods = iter(["down"])
    slack = Fickle(lambda: next(moods, "well"))
    await reached_by(ana, slack=slack)
    await ask(ana)
    await work_until(tried_once)
    await sql("UPDATE deliveries SET due_at = now() + interval '1 h' WHERE via = 'slack'")
    await browser.post(f"/channels/{(await slack_of(ana)).id}/test")
    await work_until(the_test_has_arrived)
    assert [letter.kind for letter in slack.copies.values()] == ["test"]


async def tried_once() -> bool:
    return bool(await sql("SELECT FROM deliveries WHERE attempt > 0 AND status = 'due'"))


async def the_test_has_arrived() -> bool:
    return bool(await sql("SELECT FROM deliveries WHERE kind = 'test' AND status = 'accepted'"))


async def test_what_a_channel_suffers_from_stands_there_in_words(browser: Browser, ana: User) -> None:
    await reached_by(ana, slack=Fickle(), email=Fickle())
    await sql("UPDATE communication_channels SET status = 'disconnected', last_error = 'Ended <b>.' WHERE type = 'slack'")
    await sql("INSERT INTO channel_health (key, failures, probe_at, error) VALUES ('email', 9, now(), 'Mail is away.')")
    html = await page_of(browser)
    assert "Slack is disconnected: Ended &lt;b&gt;." in html
    assert "can’t be reached from here at the moment: Mail is away." in html


async def test_an_address_is_added_confirmed_and_removed(browser: Browser, ana: User) -> None:
    answer = await browser.post("/channels", {"address": "nonsense"})
    assert answer.status_code == 422
    assert "That is no e-mail address." in answer.text
    assert 'value="nonsense"' in answer.text
    answer = await browser.post("/channels", {"address": "ana@work.example"})
    assert answer.status_code == 303
    assert "Follow the link" in (await browser.get(answer.headers["location"])).text
    mail = next(one for one in await CommunicationChannel.of(ana.id) if one.address == "ana@work.example")
    again = await browser.post(f"/channels/{mail.id}/confirmation")
    assert (again.status_code, "on its way already" in again.text) == (409, True)
    link = confirm_url(mail)
    assert "ana@work.example" in (await browser.get(link)).text
    assert not (await CommunicationChannel.one(ana.id, mail.id)).usable, "looking at it confirms nothing"
    assert (await browser.post(link)).status_code == 303
    assert (await CommunicationChannel.one(ana.id, mail.id)).usable
    assert "confirmed already" in (await browser.get(link)).text
    assert "Remove this channel?" in (await browser.get(f"/channels/{mail.id}")).text
    assert (await browser.post(f"/channels/{mail.id}/delete")).status_code == 303
    assert "ana@work.example" not in await page_of(browser)
    assert (await browser.get(link)).status_code == 404


async def test_who_is_not_signed_in_confirms_after_signing_in(browser: Browser, server: str, ana: User, ben: User) -> None:
    mail = await CommunicationChannel.add_email(ana, "ana@work.example")
    path = confirm_url(mail).removeprefix(server)
    async with Browser(server) as stranger, Browser(server) as bens:
        answer = await stranger.get(path)
        assert answer.status_code == 303
        assert f'name="next" value="{path}"' in (await stranger.get(answer.headers["location"])).text
        await bens.enter(ben)
        assert (await bens.get(path)).status_code == 404
        assert (await bens.post(path)).status_code == 404


async def test_quiet_hours_are_kept_and_the_preview_follows(browser: Browser, ana: User) -> None:
    await reached_by(ana, slack=Fickle())
    form = {"begin": "22:00", "end": "08:00", "time_zone": "Asia/Kolkata"}
    assert (await browser.post("/channels/quiet-hours", form)).status_code == 303
    html = await page_of(browser)
    assert 'value="22:00"' in html
    assert "<option selected>Asia/Kolkata</option>" in html
    assert "would wait until 08:00; if urgent: Slack now." in html
    wrong = await browser.post("/channels/quiet-hours", form | {"end": ""})
    assert wrong.status_code == 422
    assert "two different times" in wrong.text
    assert (await browser.post("/channels/quiet-hours", {"time_zone": ""})).status_code == 303
    assert "would wait" not in await page_of(browser)


@pytest.mark.parametrize("path", ["place", "state", "test", "confirmation", "delete"])
async def test_anothers_channel_looks_like_none(browser: Browser, ben: User, path: str) -> None:
    await reached_by(ben, slack=Fickle())
    theirs, form = await slack_of(ben), {"to": "up", "state": "off"}
    foreign = await browser.post(f"/channels/{theirs.id}/{path}", form)
    unknown = await browser.post(f"/channels/{UUID(int=7)}/{path}", form)
    assert (foreign.status_code, foreign.text) == (unknown.status_code, unknown.text)
    assert foreign.status_code == 404
    assert (await browser.get(f"/channels/{theirs.id}")).status_code == 404
    assert (await slack_of(ben)).status == "active"
