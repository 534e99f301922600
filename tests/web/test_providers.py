"""Google and Slack: what is not believed of them, what is said when they fail, and who may come back from there."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import product
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app import clock
from app.auth import providers
from app.auth.cookies import name
from app.database import sql
from app.domain.user import User
from tests.browsing import Browser
from tests.stub_provider import Person, StubProvider
from tests.web.elsewhere import CLEO, by, identities, people, sent, who


@pytest.fixture
async def browser(server: str, ana: User) -> AsyncIterator[Browser]:
    async with Browser(server) as browser:
        yield browser


async def test_what_the_token_leaves_out_is_asked_for_and_is_about_the_same_person(
    browser: Browser, slack: StubProvider
) -> None:
    slack.person, slack.terse = CLEO, True
    assert (await by(browser, "slack")).headers["location"] == "/chat"
    assert await who(browser) == "cleo@example.com"
    await browser.sign_out()
    slack.person, slack.about = Person("g-dan", "dan@example.com"), "g-cleo"
    answer = await by(browser, "slack")
    assert (answer.status_code, "is not good" in answer.text) == (422, True)
    slack.faults["userinfo"] = 500
    assert (await by(browser, "slack")).status_code == 502
    assert await who(browser) == ""
    assert await people() == ["ana@example.com", "cleo@example.com"]


LIES: list[dict[str, Any]] = [
    {"nonce": "another"}, {"nonce": None}, {"aud": "another client"}, {"aud": ["another", "more"]}, {"aud": None},
    {"iss": "https://accounts.google.com"}, {"iss": None}, {"exp": int(time.time()) - 60}, {"exp": None}, {"sub": None},
    {"sub": 7}, {"iat": int(time.time()) + 10**6}, {"aud": ["parley-at-provider", "x"], "azp": "x"},
    {"at_hash": "of another token"},
]  # fmt: skip


async def test_a_token_that_is_not_for_us_or_not_now_is_not_believed(browser: Browser, google: StubProvider) -> None:
    google.person = CLEO
    for lies in LIES:
        google.lie(**lies)
        answer = await by(browser)
        assert (answer.status_code, "is not good" in answer.text) == (422, True), lies
    assert not {"access", "refresh"} & browser.cookies.keys()
    assert await people() == ["ana@example.com"]


async def test_a_signature_that_is_not_the_providers_is_not_believed(browser: Browser, google: StubProvider) -> None:
    google.person = CLEO
    for google.algorithm, google.signs_with in [("RS256", "another"), ("none", "k1"), ("RS512", "k1"), ("PS256", "k1")]:
        answer = await by(browser)
        assert (answer.status_code, "is not good" in answer.text) == (422, True), google.algorithm
    assert await people() == ["ana@example.com"]


UNCONFIRMED = [
    Person("g", "cleo@example.com", verified=False), Person("g", "ana@example.com", verified=False),
    Person("g", "cleo@example.com", verified="true"), Person("g", ""), Person("g", "no address"),
]  # fmt: skip


async def test_an_address_that_is_not_confirmed_there_gives_nobody_anything(
    browser: Browser, google: StubProvider, ana: User
) -> None:
    for google.person in UNCONFIRMED:
        await browser.sign_out()
        answer = await by(browser)
        assert (answer.status_code, "has not confirmed your e-mail address" in answer.text) == (422, True), google.person
        await browser.enter(ana)
        assert (await by(browser)).status_code == 422, google.person
    assert (await browser.get("/account/identities/new")).headers["location"] == "/account#identities"
    assert (await people(), await identities()) == (["ana@example.com"], [])


async def test_a_provider_that_fails_or_is_slow_is_said_in_words(
    browser: Browser, google: StubProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for endpoint, fault in product(("discovery", "token", "keys"), (500, 404, 302, 2)):
        monkeypatch.setattr(providers, "PATIENCE_SECONDS", 0.1 if fault == 2 else 10)
        google.faults = {endpoint: fault}
        answer = await by(browser)
        assert (answer.status_code, "gives no good answer just now" in answer.text) == (502, True), (endpoint, fault)
        assert 'href="/sign-in/google"' in answer.text


async def test_a_provider_that_is_gone_or_says_no_is_said_in_words(browser: Browser, google: StubProvider) -> None:
    google.denies = True
    answer = await by(browser)
    assert (answer.status_code, "was not allowed to tell" in answer.text) == (422, True)
    google.denies = False
    callback = await sent(browser)
    google.codes.clear()
    answer = await browser.get(callback)
    assert (answer.status_code, "invalid_grant" in answer.text) == (422, True)
    callback = await sent(browser)
    await google.runner.cleanup()
    assert (await browser.get(callback)).status_code == 502


async def test_a_callback_counts_once_and_in_the_browser_and_tab_that_it_was_begun_in(
    browser: Browser, server: str, google: StubProvider
) -> None:
    google.person = CLEO
    first = await sent(browser)
    second = await sent(browser)
    for wrong in (
        first,
        first.replace("state=", "state=x"),
        "/sign-in/google/callback",
        "/sign-in/google/callback?state=%ff",
    ):
        answer = await browser.get(wrong)
        assert (answer.status_code, "Start again" in answer.text) == (422, True), wrong
    async with Browser(server) as other:
        for more in ({}, {name("elsewhere"): browser.cookies[name("elsewhere")]}):
            other.take(more)
            assert (await other.get(second)).status_code == 422
    assert google.sent == [], "no code was shown to anybody"
    kept = {cookie: browser.cookies[cookie] for cookie in (name("elsewhere"), name("browser"))}
    assert (await browser.get(second)).status_code == 303
    await browser.sign_out()
    browser.take(kept)
    answer = await browser.get(second)
    assert (answer.status_code, "used already" in answer.text) == (422, True)
    assert len(google.sent) == 1


async def test_a_callback_that_comes_twice_at_once_counts_once(browser: Browser, google: StubProvider) -> None:
    google.person = CLEO
    callback = await sent(browser)
    answers = await asyncio.gather(*(browser.get(callback) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [303, 422, 422, 422, 422]
    assert len(google.sent) == 1


async def test_a_callback_is_worth_nothing_later_or_at_another_provider(
    browser: Browser, google: StubProvider, slack: StubProvider
) -> None:
    callback = await sent(browser)
    assert (await browser.get(callback.replace("google", "slack"))).status_code == 422
    clock.shift(timedelta(minutes=11))
    assert (await browser.get(callback)).status_code == 422
    assert (google.sent, slack.sent) == ([], [])


async def test_nobody_is_led_elsewhere_afterwards(browser: Browser, google: StubProvider) -> None:
    google.person = CLEO
    for wanted in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/" + "x" * 9000):
        there = (await browser.client.get("/sign-in/google", params={"next": wanted})).headers["location"]
        assert there.startswith(f"{google.issuer}/o/oauth2/v2/auth?")
        assert "evil" not in there
        async with httpx.AsyncClient(trust_env=False) as client:
            back = (await client.get(there)).headers["location"]
        assert (await browser.client.get(back)).headers["location"] == "/chat", wanted
        await browser.sign_out()


async def test_only_what_is_configured_is_offered(server: str, ana: User, google: StubProvider) -> None:
    async with Browser(server) as browser:
        for path in ("/sign-in", "/sign-up"):
            page = (await browser.get(path)).text
            assert ("with Google" in page, "with Slack" in page) == (True, False), path
        await browser.enter(ana)
        assert "Link a Google account" in (await browser.get("/account")).text
        for path in ("/sign-in/slack", "/sign-in/slack/callback?state=x&code=y", "/sign-in/nobody"):
            assert (await browser.get(path)).status_code == 404, path


async def test_neither_codes_nor_tokens_are_kept(browser: Browser, google: StubProvider) -> None:
    google.person = CLEO
    callback = await sent(browser)
    await browser.get(callback)
    state = parse_qs(urlsplit(callback).query)["state"][0]
    tables = await sql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    for (table,) in tables:
        for (row,) in await sql(f'SELECT t::text FROM "{table}" t'):
            assert not [secret for secret in (state, "code-1", "at-g-cleo", "canary-of-a-client-secret") if secret in row], (
                table
            )
