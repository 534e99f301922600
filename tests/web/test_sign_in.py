"""Signing in and out, and what a guesser learns: nothing."""

import re
import time
from collections.abc import AsyncIterator
from statistics import median

import pytest

from app.database import sql
from app.domain.gate_try import GateTry
from app.domain.user import User
from tests.browsing import Browser
from tests.conftest import PASSWORD

WRONG = "another battery staple"
PAIRS = 7


@pytest.fixture
async def browser(server: str, ana: User) -> AsyncIterator[Browser]:
    async with Browser(server) as browser:
        yield browser


async def test_who_signs_in_is_where_they_wanted_to_be(browser: Browser) -> None:
    page = await browser.open("/chat?x=1")
    assert page.url.path == "/sign-in"
    assert 'name="next" value="/chat"' in page.text
    answer = await browser.sign_in("Ana", next="/chat")
    assert (answer.status_code, answer.headers["location"]) == (303, "/chat")
    assert (await browser.open("/")).url.path == "/chat"


async def test_an_address_is_the_same_however_it_is_written(browser: Browser) -> None:
    assert (await browser.sign_in("", " ANA@Example.com ")).status_code == 303


@pytest.mark.usefixtures("costly")
async def test_known_and_unknown_names_look_and_take_the_same(browser: Browser) -> None:
    csrf = await browser.csrf()
    looks: dict[str, set[tuple[int, str, tuple[str, ...]]]] = {"ana": set(), "eve": set()}
    took: dict[str, list[float]] = {"ana": [], "eve": []}
    for _ in range(PAIRS):
        for who in looks:
            await GateTry.forget(f"{who}@example.com")
            began = time.perf_counter()
            form = {"email": f"{who}@example.com", "password": WRONG}
            answer = await browser.post("/sign-in", form, csrf=csrf)
            took[who].append(time.perf_counter() - began)
            names = tuple(sorted(name for name in answer.headers if name not in ("date", "x-request-id")))
            looks[who].add((answer.status_code, answer.text.replace(f"{who}@", "somebody@"), names))
    assert looks["ana"] == looks["eve"]
    assert len(looks["ana"]) == 1
    ratio = median(took["ana"]) / median(took["eve"])
    assert 1 / 3 < ratio < 3, f"without a hash to try, an unknown name would take a tenth ({ratio:.2f})"


async def test_a_wrong_password_is_not_told_apart_from_a_wrong_name(browser: Browser) -> None:
    for email, password in (("ana@example.com", WRONG), ("eve@example.com", PASSWORD), ("", ""), ("ana@example.com", "")):
        answer = await browser.post("/sign-in", {"email": email, "password": password})
        assert answer.status_code == 422
        assert "belong together" in answer.text
        assert "access" not in answer.cookies
        assert password == "" or password not in answer.text
    assert (await sql("SELECT count(*) FROM sign_ins"))[0][0] == 0


async def test_a_password_counts_to_its_last_letter(server: str, browser: Browser) -> None:
    for password in (PASSWORD[:-1], f"{PASSWORD} ", f" {PASSWORD}", PASSWORD.upper()):
        assert (await browser.sign_in("Ana", password=password)).status_code == 422


async def test_odd_words_sign_nobody_in(browser: Browser) -> None:
    csrf = await browser.csrf()
    for email, password in (("a\0b", "x"), ("x" * 150_000, "x"), ("é@é", "x" * 150_000), ("ana@example.com", "\0")):
        assert (await browser.post("/sign-in", {"email": email, "password": password}, csrf=csrf)).status_code in (400, 422)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    content = f"csrf={csrf}&email=%ED%A0%80&password=%ED%A0%80".encode()
    assert (await browser.client.post("/sign-in", content=content, headers=form)).status_code in (400, 422)
    far_too_long = {"email": "ana@example.com", "password": "x" * 250_000}
    assert (await browser.post("/sign-in", far_too_long, csrf=csrf)).status_code == 422


async def test_signing_out_by_a_form_of_an_older_sign_in_does_nothing(browser: Browser, ana: User) -> None:
    await browser.enter(ana)
    older = await browser.csrf()
    await browser.enter(ana)
    assert (await browser.post("/sign-out", csrf=older)).status_code == 403
    assert (await browser.get("/chat")).status_code == 200


async def test_a_get_signs_nobody_out(browser: Browser, ana: User) -> None:
    await browser.enter(ana)
    assert (await browser.get("/sign-out")).status_code in (404, 405)
    assert (await browser.get("/chat")).status_code == 200


async def test_the_forms_of_an_error_page_work(browser: Browser, ana: User) -> None:
    await browser.enter(ana)
    for path in ("/nowhere", "/chat/x"):
        page = await browser.get(path)
        token = re.search(r'name="csrf" value="([^"]+)"', page.text)
        assert token
        assert (await browser.post("/theme", {"theme": "dark"}, csrf=token[1])).status_code == 303, path
    async with Browser(str(browser.client.base_url)) as stranger:
        token = re.search(r'name="csrf" value="([^"]+)"', (await stranger.get("/chat/x")).text)
        assert token
        assert (await stranger.post("/theme", {"theme": "dark"}, csrf=token[1])).status_code == 303
