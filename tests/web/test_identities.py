"""Signing in with Google and Slack: who gets an account, and whose is linked to which."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app import clock
from app.auth.cookies import name
from app.auth.first_visitor import first_sign_up_url
from app.database import sql
from app.domain.channel import ChannelStatus, ChannelType, CommunicationChannel
from app.domain.identity import Identity
from app.domain.invitation import Invitation
from app.domain.totp import Totp
from app.domain.user import Role, User
from app.jobs.erase_who_left import erase_all
from app.settings import Signup, settings
from tests.browsing import Browser
from tests.conftest import PASSWORD
from tests.stub_provider import Person, StubProvider
from tests.web.elsewhere import CLEO, by, identities, people, who
from tests.web.test_second_factor import turn_on

CONFIRM = "/account/identities/new"


@pytest.fixture
async def browser(server: str, ana: User) -> AsyncIterator[Browser]:
    async with Browser(server) as browser:
        yield browser


@pytest.mark.parametrize("which", ["google", "slack"])
async def test_somebody_new_gets_an_account_and_can_be_written_to(
    browser: Browser, google: StubProvider, slack: StubProvider, which: str
) -> None:
    google.person = slack.person = CLEO
    answer = await by(browser, which, "?next=/feedback")
    assert (answer.status_code, answer.headers["location"]) == (303, "/feedback")
    assert await who(browser) == "cleo@example.com"
    cleo = await User.by_email("cleo@example.com")
    assert cleo is not None
    assert (cleo.name, cleo.role, cleo.password_hash) == ("Cleo Marsh", Role.MEMBER, None)
    assert await identities() == [("cleo@example.com", which, "g-cleo")]
    statuses = {one.type: one.status for one in await CommunicationChannel.of(cleo.id)}
    assert statuses == {ChannelType.WEB: ChannelStatus.ACTIVE, ChannelType.EMAIL: ChannelStatus.ACTIVE}
    await browser.sign_out()
    assert (await by(browser, which)).headers["location"] == "/chat"
    assert await people() == ["ana@example.com", "cleo@example.com"]


async def test_an_account_there_is_known_by_its_id_whatever_its_address_becomes(
    browser: Browser, google: StubProvider
) -> None:
    google.person = CLEO
    await by(browser)
    await browser.sign_out()
    google.person = Person(CLEO.subject, "Cleo@elsewhere.example", verified=False)
    assert (await by(browser)).headers["location"] == "/chat"
    assert await who(browser) == "cleo@example.com"
    (kept,) = await Identity.objects()
    assert (kept.email, kept.verified) == ("cleo@elsewhere.example", False)


async def test_one_persons_id_in_two_slack_teams_is_two_people(browser: Browser, slack: StubProvider) -> None:
    slack.person = Person("U1", "cleo@example.com", team="T1")
    await by(browser, "slack")
    await browser.sign_out()
    slack.person = Person("U1", "dan@example.com", team="T2")
    await by(browser, "slack")
    assert await who(browser) == "dan@example.com"
    assert [subject for _, _, subject in await identities()] == ["T1/U1", "T2/U1"]


async def test_nobody_is_linked_before_they_have_signed_in_and_confirmed(
    browser: Browser, google: StubProvider, ana: User
) -> None:
    answer = await by(browser)
    assert answer.headers["location"] == f"/sign-in?next={CONFIRM}"
    page = await browser.get(answer.headers["location"])
    assert "You have an account here already" in page.text
    assert 'value="ana@example.com"' in page.text
    assert (await browser.get(CONFIRM)).headers["location"].startswith("/sign-in?next=")
    wrong = await browser.sign_in("Ana", password="not her password", next=CONFIRM)
    assert "You have an account here already" in wrong.text
    assert (await browser.sign_in("Ana", next=CONFIRM)).headers["location"] == CONFIRM
    assert await identities() == [], "signing in alone links nothing"
    asked = await browser.get(CONFIRM)
    assert "<strong>ana@example.com</strong> will sign you in" in asked.text
    assert await identities() == [], "neither does looking"
    assert (await browser.post("/account/identities")).headers["location"].endswith("#identities")
    assert await identities() == [("ana@example.com", "google", "1")]
    await browser.sign_out()
    assert (await by(browser)).headers["location"] == "/chat"
    assert await who(browser) == "ana@example.com"
    email = next(one for one in await CommunicationChannel.of(ana.id) if one.type == ChannelType.EMAIL)
    assert email.status == ChannelStatus.ACTIVE


async def test_who_is_signed_in_links_several_and_shows_who_they_are_when_that_is_not_fresh(
    browser: Browser, google: StubProvider, ana: User
) -> None:
    await browser.enter(ana)
    for number, email in enumerate(("ana@private.example", "ana@work.example")):
        google.person = Person(f"g{number}", email)
        assert (await by(browser, query="?next=/account")).headers["location"] == CONFIRM
        clock.shift(clock.shifted() + timedelta(minutes=11 * number))
        if number:
            assert (await by(browser)).headers["location"] == CONFIRM
            for password in ("", "not hers"):
                answer = await browser.post("/account/identities", {"identity_password": password})
                assert (answer.status_code, 'id="identity_password-error"' in answer.text) == (422, True)
        assert (await browser.post("/account/identities", {"identity_password": PASSWORD})).status_code == 303
    assert [subject for *_, subject in await identities()] == ["g0", "g1"]
    page = (await browser.get("/account")).text
    assert "ana@private.example" in page
    assert "ana@work.example" in page
    email = next(one for one in await CommunicationChannel.of(ana.id) if one.type == ChannelType.EMAIL)
    assert email.status == ChannelStatus.DISCONNECTED, "another address proves nothing about this one"


async def test_what_is_to_be_linked_is_worth_nothing_in_another_browser_or_later(
    browser: Browser, server: str, google: StubProvider, ben: User
) -> None:
    await by(browser)
    kept = browser.cookies[name("linking")]
    async with Browser(server) as other:
        await other.get("/sign-in")
        await other.enter(ben)
        other.take({name("linking"): kept})
        assert (await other.get(CONFIRM)).headers["location"] == "/account#identities"
        assert (await other.post("/account/identities")).headers["location"] == "/account#identities"
    await browser.sign_in("Ana")
    clock.shift(timedelta(minutes=11))
    assert (await browser.post("/account/identities", {"identity_password": PASSWORD})).status_code == 303
    assert await identities() == []


async def test_an_address_of_somebody_else_here_is_not_linked(
    browser: Browser, google: StubProvider, ana: User, ben: User
) -> None:
    google.person = Person("g-ben", "ben@example.com")
    await browser.enter(ana)
    await by(browser)
    answer = await browser.post("/account/identities")
    assert (answer.status_code, "another account here" in answer.text) == (422, True)
    await browser.sign_out()
    await by(browser)
    await browser.sign_in("Ben")
    assert (await browser.post("/account/identities")).status_code == 303
    await browser.sign_out()
    await browser.enter(ana)
    answer = await by(browser)
    assert (answer.status_code, "signs somebody else in here" in answer.text) == (422, True)
    assert await who(browser) == "ana@example.com"
    assert await identities() == [("ben@example.com", "google", "g-ben")]


async def test_a_second_step_is_asked_for_here_too(browser: Browser, google: StubProvider, ana: User) -> None:
    await browser.enter(ana)
    await by(browser)
    await browser.post("/account/identities")
    await turn_on(browser)
    await browser.sign_out()
    assert (await by(browser, query="?next=/feedback")).headers["location"] == "/sign-in/second-step"
    assert await who(browser) == ""
    assert await Totp.of(ana.id)


@pytest.mark.parametrize(("signup", "invited", "joins"), [
    (Signup.INVITE, "", False), (Signup.INVITE, "Cleo@example.com", True), (Signup.INVITE, "dan@example.com", False),
    (Signup.CLOSED, "cleo@example.com", False), (Signup.OPEN, "", True),
])  # fmt: skip
async def test_somebody_new_joins_only_as_the_rules_of_signing_up_allow(
    browser: Browser,
    google: StubProvider,
    ana: User,
    monkeypatch: pytest.MonkeyPatch,
    signup: Signup,
    invited: str,
    joins: bool,
) -> None:
    if invited:
        await Invitation.make(invited, ana)
    monkeypatch.setattr(settings(), "signup", signup)
    google.person = CLEO
    answer = await by(browser)
    assert answer.status_code == (303 if joins else 422)
    assert await people() == ["ana@example.com"] + ["cleo@example.com"] * joins
    assert joins or "cleo@example.com has no account here." in answer.text
    assert await Invitation.waiting() == [] or not joins


async def test_the_first_visitor_becomes_admin_by_the_link_that_was_printed(
    server: str, db: None, google: StubProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "host", "0.0.0.0")
    monkeypatch.setattr(settings(), "signup", Signup.INVITE)
    google.person = CLEO
    async with Browser(server) as browser:
        assert (await by(browser)).status_code == 422
        page = (await browser.get(first_sign_up_url().removeprefix(settings().base_url))).text
        link = page.partition('href="/sign-in/google?key=')[2].partition('"')[0]
        assert (await by(browser, query=f"?key={link}")).status_code == 303
    assert [(user.email, user.role) for user in await User.objects()] == [("cleo@example.com", Role.ADMIN)]


async def test_whose_account_was_closed_gets_in_by_no_door(browser: Browser, google: StubProvider, ben: User) -> None:
    google.person = CLEO
    await by(browser)
    cleo = await User.by_email("cleo@example.com")
    assert cleo is not None
    await cleo.disable()
    for person in (CLEO, Person("g-another", "cleo@example.com")):
        google.person = person
        assert (await by(browser)).status_code == 422
    assert len(await people()) == 3


async def test_the_last_way_in_stays(browser: Browser, google: StubProvider, ana: User) -> None:
    google.person = CLEO
    await by(browser)
    (kept,) = await Identity.objects()
    removal = f"/account/identities/{kept.id}/delete"
    answer = await browser.post(removal)
    assert (answer.status_code, "You could not sign in without it." in answer.text) == (422, True)
    await browser.post("/account/password", {"password": PASSWORD})
    clock.shift(timedelta(minutes=11))
    assert 'name="removal_password"' in (await browser.get(removal.removesuffix("/delete"))).text
    assert (await browser.post(removal)).status_code == 422, "nobody changes this at somebody's screen"
    async with Browser(settings().base_url) as other:
        await other.enter(ana)
        for answer in (await other.get(removal.removesuffix("/delete")), await other.post(removal)):
            assert answer.status_code == 404
    assert (await browser.post(removal, {"removal_password": PASSWORD})).status_code == 303
    assert await identities() == []


async def test_two_that_are_unlinked_at_once_leave_one(browser: Browser, google: StubProvider) -> None:
    google.person = CLEO
    await by(browser)
    google.person = Person("g-cleo-2", "cleo@elsewhere.example")
    await by(browser)
    await browser.post("/account/identities")
    csrf = await browser.csrf()
    both = [f"/account/identities/{one.id}/delete" for one in await Identity.objects()]
    answers = await asyncio.gather(*(browser.post(path, csrf=csrf) for path in both))
    assert sorted(answer.status_code for answer in answers) == [303, 422]
    assert len(await identities()) == 1


async def test_export_and_erasure_take_them_along(browser: Browser, google: StubProvider) -> None:
    google.person = CLEO
    await by(browser)
    told = (await browser.get("/account/export")).json()
    assert [(one["provider"], one["subject"], one["email"]) for one in told["identities"]] == [
        ("google", "g-cleo", "cleo@example.com")
    ]
    assert (await browser.post("/account/leaving")).status_code == 200
    await by(browser)
    assert (await browser.get("/chat")).headers["location"] == "/account/leaving", "who comes back may stay"
    clock.shift(timedelta(days=7, seconds=1))
    await erase_all()
    assert await identities() == []
    assert (await sql("SELECT count(*) FROM users WHERE email LIKE 'cleo%'"))[0][0] == 0
