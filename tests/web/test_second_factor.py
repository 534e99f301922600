"""The second step of signing in: it is asked for at every door, its codes count once, and nobody guesses them."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pyotp
import pytest

from app import clock
from app.auth.cookies import name
from app.database import sql
from app.domain.gate_try import GateTry
from app.domain.user import User
from tests.browsing import Browser
from tests.conftest import PASSWORD

STEP = "/sign-in/second-step"
CODES = re.compile(r"<li><code>([a-z0-9-]+)</code></li>")


def code_of(secret: str, steps_later: int = 0) -> str:
    """What the app of this secret shows."""
    return pyotp.TOTP(secret).at(clock.now(), counter_offset=steps_later)


async def turn_on(browser: Browser) -> tuple[str, list[str]]:
    """Set an authenticator app up, as its person does; its secret and the recovery codes."""
    assert (await browser.post("/account/authenticator")).headers["location"] == "/account/authenticator"
    page = await browser.get("/account/authenticator")
    assert 'src="data:image/svg+xml' in page.text
    secret = re.search(r'class="secret"><code>([A-Z2-7 ]+)</code>', page.text)[1].replace(" ", "")  # type: ignore[index]
    answer = await browser.post("/account/authenticator/confirmation", {"code": code_of(secret)})
    clock.shift(clock.shifted() + timedelta(seconds=60))  # the next code is another one
    return secret, CODES.findall(answer.text)


@pytest.fixture
async def browser(server: str, ana: User) -> AsyncIterator[Browser]:
    async with Browser(server) as browser:
        await browser.enter(ana)
        yield browser


@pytest.fixture
async def stranger(server: str) -> AsyncIterator[Browser]:
    async with Browser(server) as browser:
        yield browser


async def is_let_in(browser: Browser) -> bool:
    return (await browser.get("/chat")).status_code == 200


async def test_a_password_alone_lets_nobody_in(browser: Browser, stranger: Browser) -> None:
    secret, _ = await turn_on(browser)
    answer = await stranger.sign_in("Ana", next="/account")
    assert answer.headers["location"] == STEP
    assert not {"access", "refresh"} & stranger.cookies.keys()
    assert not await is_let_in(stranger)
    assert "One more step" in (await stranger.get(STEP)).text
    answer = await stranger.post(STEP, {"code": f" {code_of(secret)[:3]} {code_of(secret)[3:]}"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert await is_let_in(stranger)
    assert (await sql("SELECT count(*) FROM sign_ins"))[0][0] == 2


async def test_a_code_counts_once_also_for_two_at_the_same_moment(browser: Browser, server: str) -> None:
    secret, _ = await turn_on(browser)
    several = [Browser(server) for _ in range(4)]
    for one in several:
        await one.sign_in("Ana")
    tokens = [await one.csrf() for one in several]
    code = code_of(secret)
    answers = await asyncio.gather(
        *(one.post(STEP, {"code": code}, csrf=csrf) for one, csrf in zip(several, tokens, strict=True))
    )
    assert sorted(answer.status_code for answer in answers) == [303, 422, 422, 422]
    for one in several:
        await one.client.aclose()


async def test_a_clock_may_be_one_step_off_and_no_older_code_counts(browser: Browser, stranger: Browser) -> None:
    secret, _ = await turn_on(browser)
    await stranger.sign_in("Ana")
    for steps, status in [(2, 422), (-2, 422), (0, 303)]:
        assert (await stranger.post(STEP, {"code": code_of(secret, steps)})).status_code == status, steps
    await stranger.sign_in("Ana")
    assert (await stranger.post(STEP, {"code": code_of(secret, -1)})).status_code == 422, "older than the last"
    assert (await stranger.post(STEP, {"code": code_of(secret, 1)})).status_code == 303


async def test_a_recovery_code_counts_once_however_it_is_typed(browser: Browser, stranger: Browser) -> None:
    _, codes = await turn_on(browser)
    assert len(set(codes)) == 10
    for typed, status in [(codes[0].upper().replace("-", " "), 303), (codes[0], 422), (codes[1], 303), ("", 422)]:
        await stranger.sign_in("Ana")
        assert (await stranger.post(STEP, {"code": typed})).status_code == status, typed
    assert "8 of 10 left" in (await browser.get("/account")).text
    answer = await browser.post("/account/recovery-codes")
    fresh = CODES.findall(answer.text)
    assert not set(fresh) & set(codes)
    await stranger.sign_in("Ana")
    assert (await stranger.post(STEP, {"code": codes[2]})).status_code == 422, "the new ones replace the old"
    assert (await stranger.post(STEP, {"code": fresh[2]})).status_code == 303


async def test_another_persons_code_opens_nothing(browser: Browser, server: str, stranger: Browser, ben: User) -> None:
    await turn_on(browser)
    async with Browser(server) as his:
        await his.enter(ben)
        secret, codes = await turn_on(his)
    await stranger.sign_in("Ana")
    for code in (code_of(secret), codes[0]):
        assert (await stranger.post(STEP, {"code": code})).status_code == 422


async def test_half_a_sign_in_is_worth_nothing_elsewhere_later_or_after_a_change(
    browser: Browser, server: str, stranger: Browser, ana: User
) -> None:
    secret, _ = await turn_on(browser)
    await stranger.sign_in("Ana")
    half = {name("half-way"): stranger.cookies[name("half-way")]}
    async with Browser(server) as thief:
        await thief.get("/sign-in")
        thief.take(half)
        assert (await thief.post(STEP, {"code": code_of(secret)})).headers["location"] == "/sign-in"
    for brought in ("", "x", half["half-way"][:-2] + "xx"):
        stranger.take({"half-way": brought})
        assert (await stranger.get(STEP)).status_code == 303
    stranger.take(half)
    assert (await stranger.get(STEP)).status_code == 200
    await sql("UPDATE users SET disabled_at = now()")
    assert (await stranger.get(STEP)).status_code == 303
    await sql("UPDATE users SET disabled_at = NULL, password_hash = password_hash || 'x'")
    assert (await stranger.get(STEP)).status_code == 303
    await stranger.sign_in("Ben")
    clock.shift(clock.shifted() + timedelta(minutes=5, seconds=1))
    stranger.take(half)
    assert (await stranger.post(STEP, {"code": code_of(secret)})).headers["location"] == "/sign-in"


async def test_nothing_is_asked_for_until_a_first_code_has_come_back(browser: Browser, stranger: Browser) -> None:
    await browser.post("/account/authenticator")
    for wrong in ("", "000000", "x" * 90):
        assert (await browser.post("/account/authenticator/confirmation", {"code": wrong})).status_code == 422
    assert (await stranger.sign_in("Ana")).headers["location"] == "/chat"
    clock.shift(timedelta(minutes=31))
    assert (await browser.get("/account/authenticator")).status_code == 303, "a secret waits for half an hour"


async def test_who_has_not_just_signed_in_is_asked_for_the_password(browser: Browser) -> None:
    await turn_on(browser)
    clock.shift(clock.shifted() + timedelta(minutes=11))
    for path in ("/account/authenticator", "/account/authenticator/delete", "/account/recovery-codes"):
        await GateTry.forget("ana@example.com")
        for password in ("", "wrong"):
            answer = await browser.post(path, {"second_factor_password": password})
            assert answer.status_code == 422, path
            assert 'id="second_factor_password-error"' in answer.text
    assert (await sql("SELECT count(*) FROM totps"))[0][0] == 1
    answer = await browser.post("/account/authenticator/delete", {"second_factor_password": PASSWORD})
    assert answer.status_code == 303
    assert (await sql("SELECT (SELECT count(*) FROM totps) + (SELECT count(*) FROM recovery_codes)"))[0][0] == 0


async def test_a_second_one_does_not_replace_the_first(browser: Browser, stranger: Browser) -> None:
    secret, _ = await turn_on(browser)
    await browser.post("/account/authenticator")
    assert (await browser.get("/account/authenticator")).status_code == 303
    await stranger.sign_in("Ana")
    assert (await stranger.post(STEP, {"code": code_of(secret)})).status_code == 303
