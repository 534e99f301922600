"""A sign-in is renewed unnoticed, and a stolen one ends (promises.md, security 6)."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from app import clock
from app.auth.cookies import signed_in
from app.auth.tokens import refresh_token
from app.database import sql
from app.domain.sign_in import GRACE, LASTS, SignIn
from app.domain.user import User
from tests.browsing import Browser
from tests.waiting import until

EXPIRED = timedelta(minutes=11)


async def generation(sign_in: SignIn) -> int:
    return (await sql("SELECT generation FROM sign_ins WHERE id = $1", sign_in.id))[0]["generation"]


async def test_fifty_at_once_get_one_successor(ana: User) -> None:
    begun = await SignIn.begin(ana, "")
    renewed = await asyncio.gather(*(SignIn.rotate(begun.id, 0) for _ in range(50)))
    assert {sign_in.generation for sign_in in renewed if sign_in} == {1}
    assert all(renewed)
    assert await SignIn.person(begun.id)


async def test_a_repeat_is_answered_for_ten_seconds_and_then_ends_the_family(ana: User) -> None:
    begun = await SignIn.begin(ana, "")
    await SignIn.rotate(begun.id, 0)
    clock.shift(GRACE - timedelta(seconds=1))
    repeated = await SignIn.rotate(begun.id, 0)
    assert repeated
    assert repeated.generation == 1
    clock.shift(GRACE + timedelta(seconds=1))
    assert await SignIn.rotate(begun.id, 0) is None
    assert await SignIn.rotate(begun.id, 1) is None, "the successor has ended too"
    assert await SignIn.person(begun.id) is None, "and so have its access tokens"


async def test_two_generations_back_is_no_repeat(ana: User) -> None:
    begun = await SignIn.begin(ana, "")
    await SignIn.rotate(begun.id, 0)
    await SignIn.rotate(begun.id, 1)
    assert await SignIn.rotate(begun.id, 0) is None
    assert await SignIn.person(begun.id) is None


async def test_a_sign_in_ends_sixty_days_after_it_began_however_often_it_was_renewed(ana: User) -> None:
    begun = await SignIn.begin(ana, "")
    for day in range(0, 60, 10):
        clock.shift(timedelta(days=day))
        assert await SignIn.rotate(begun.id, day // 10)
    clock.shift(LASTS + timedelta(seconds=1))
    assert await SignIn.rotate(begun.id, 6) is None
    assert await SignIn.person(begun.id) is None


async def test_a_page_and_a_form_with_an_expired_access_cookie_are_renewed_and_done(server: str, ana: User) -> None:
    async with Browser(server) as browser:
        sign_in = await browser.enter(ana)
        csrf, before = await browser.csrf(), browser.cookies
        clock.shift(EXPIRED)
        assert (await browser.get("/chat")).status_code == 200
        first = browser.cookies
        clock.shift(EXPIRED * 2)
        answer = await browser.post("/chat", {"text": "hello"}, csrf=csrf)
        assert answer.status_code == 303
        assert "hello" in (await browser.get(answer.headers["location"])).text
        assert len({cookies["refresh"] for cookies in (before, first, browser.cookies)}) == 3
        assert len({cookies["access"] for cookies in (before, first, browser.cookies)}) == 3
    assert await generation(sign_in) == 2


async def test_thirty_requests_at_once_with_an_expired_access_cookie_are_all_done(server: str, ana: User) -> None:
    async with Browser(server) as browser:
        sign_in = await browser.enter(ana)
        csrf, cookies = await browser.csrf(), browser.cookies
        clock.shift(EXPIRED)
        sent = "; ".join(f"{name}={value}" for name, value in cookies.items())

        async def ask(n: int) -> httpx.Response:
            async with httpx.AsyncClient(base_url=server, headers={"Cookie": sent}, trust_env=False, timeout=20) as client:
                return await (
                    client.post("/chat", data={"text": f"words {n}", "csrf": csrf}) if n % 2 else client.get("/chat")
                )

        answers = await asyncio.gather(*(ask(n) for n in range(30)))
    assert [answer.status_code for answer in answers] == [200, 303] * 15
    assert len({answer.cookies["refresh"] for answer in answers}) == 1
    assert await generation(sign_in) == 1


@pytest.mark.parametrize("path", ["/chat", "/nowhere", "/chat/01a20357-01ae-7452-b86f-d5c716779e62", "/chat?x=%ff"])
async def test_a_renewed_sign_in_reaches_the_browser_whatever_the_answer(server: str, ana: User, path: str) -> None:
    async with Browser(server) as browser:
        await browser.enter(ana)
        for asked in (1, 2):
            clock.shift(EXPIRED * asked)
            answer = await (browser.get(path) if asked == 1 else browser.client.post("/chat", data={"csrf": "forged"}))
            assert answer.status_code in (200, 403, 404)
            assert {"access", "refresh"} <= set(answer.cookies), f"{answer.status_code}: lost, it would end as a stolen one"


async def test_a_copied_refresh_cookie_signs_the_thief_and_the_person_out(server: str, ana: User) -> None:
    async with Browser(server) as browser, Browser(server) as thief:
        await browser.enter(ana)
        thief.take({"refresh": browser.cookies["refresh"]})
        clock.shift(EXPIRED)
        assert (await browser.get("/chat")).status_code == 200
        clock.shift(EXPIRED + GRACE * 2)
        assert (await thief.get("/chat")).status_code == 303
        answer = await browser.get("/chat")
        assert answer.headers["location"] == "/sign-in?next=/chat"
        assert "access" not in browser.cookies, "the cookies of an ended sign-in are taken away"


async def out(browser: Browser) -> bool:
    return (await browser.get("/chat")).status_code == 303


async def test_a_disabled_person_is_out_at_once(server: str, ana: User, ben: User) -> None:
    async with Browser(server) as browser:
        sign_in = await browser.enter(ben)
        assert (await browser.get("/chat")).status_code == 200
        await ben.disable()
        await until(lambda: out(browser), 1)
        browser.take({"refresh": refresh_token(sign_in.id, 0)})
        assert (await browser.get("/chat")).status_code == 303
        assert (await browser.sign_in("Ben")).status_code == 422


async def test_signing_out_ends_the_tokens_too(server: str, ana: User) -> None:
    async with Browser(server) as browser:
        sign_in = await browser.enter(ana)
        kept = browser.cookies
        assert (await browser.sign_out()).headers["location"] == "/sign-in"
        assert not {"access", "refresh"} & set(browser.cookies)
        browser.take(kept)
        assert (await browser.get("/chat")).status_code == 303
        browser.take(dict(cookie.split(";")[0].split("=", 1) for cookie in signed_in(ana, sign_in)))  # type: ignore[misc]
        assert (await browser.get("/chat")).status_code == 303
