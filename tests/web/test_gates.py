"""The gates, when somebody guesses (promises.md, 18): how many tries get on, and what everybody is told."""

import asyncio
import os
import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

import httpx
import pytest

from app.auth.reset import reset_url
from app.database import sql
from app.domain.user import User
from app.settings import settings
from app.valkey import valkey
from tests.browsing import Browser, csrf_in
from tests.conftest import PASSWORD
from tests.web.test_second_factor import STEP, code_of, turn_on
from tests.web_processes import web_processes

TRIES = 1000 if os.environ.get("WHOLE_RUNS") else 100
ADDRESSES = 50
AT_ONCE = 20
NAMES = {"known": "ana@example.com", "unknown": "eve@example.com"}


@pytest.fixture
async def browser(server: str, ana: User) -> AsyncIterator[Browser]:
    async with Browser(server) as browser:
        yield browser


async def fail(browser: Browser, times: int = 5, name: str = "Ana") -> None:
    for _ in range(times):
        assert (await browser.sign_in(name, password="wrong")).status_code == 422


async def test_the_sign_in_says_when_to_come_back_and_keeps_the_address(browser: Browser, ana: User) -> None:
    await fail(browser)
    refused = await browser.sign_in("Ana", next="/account")
    assert refused.status_code == 429
    seconds = int(refused.headers["retry-after"])
    assert 20 < seconds <= 30
    assert f"Try again in {seconds} seconds." in refused.text
    assert {refused.headers[f"ratelimit-{name}"] for name in ("limit", "remaining")} == {"5", "0"}
    assert 'value="ana@example.com"' in refused.text
    assert 'name="next" value="/account"' in refused.text
    assert PASSWORD not in refused.text
    assert "access" not in browser.cookies, "also the right password waits"
    assert await sql("SELECT FROM sign_ins") == []


async def test_the_second_step_counts_too(browser: Browser, server: str, ana: User) -> None:
    async with Browser(server) as owner:
        await owner.enter(ana)
        secret, _ = await turn_on(owner)
    for _ in range(4):  # the password alone makes nothing forgotten
        assert (await browser.sign_in("Ana")).headers["location"] == STEP
        assert (await browser.post(STEP, {"code": "000000"})).status_code == 422
    assert (await browser.post(STEP, {"code": "000000"})).status_code == 422
    refused = await browser.post(STEP, {"code": code_of(secret)})
    assert (refused.status_code, "Try again in" in refused.text) == (429, True)
    assert int(refused.headers["retry-after"]) <= 30
    assert (await browser.sign_in("Ana")).status_code == 429


async def test_who_guesses_at_an_open_page_waits_as_well(browser: Browser, ana: User) -> None:
    await browser.enter(ana)
    for _ in range(5):
        assert (await browser.post("/account/password", {"present": "wrong", "password": PASSWORD})).status_code == 422
    for path, field in (("/account/password", "present"), ("/account/leaving", "password")):
        refused = await browser.post(path, {field: PASSWORD})
        assert refused.status_code == 429, path
        assert refused.headers["retry-after"]
    assert (await browser.get("/chat")).status_code == 200


async def test_an_eleventh_account_from_one_place_has_to_wait(
    server: str, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "sign_ups_per_hour", 2)
    async with Browser(server) as browser:
        for name in ("Ana", "Ben"):
            assert (await browser.post("/sign-up", {"name": name, "password": "short"})).status_code == 422, "a slip is free"
            assert (await browser.sign_up(name)).status_code == 303
            await browser.sign_out()
        refused = await browser.sign_up("Cleo")
    assert (refused.status_code, "Try again in 60 minutes." in refused.text) == (429, True)
    assert 'value="cleo@example.com"' in refused.text
    assert 3500 < int(refused.headers["retry-after"]) <= 3600
    assert len(await sql("SELECT FROM users")) == 2


async def test_passwords_are_not_chosen_by_links_all_the_time(
    browser: Browser, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "sign_ups_per_hour", 1)
    for status, words in ((303, ""), (429, "That was done often from here. Try again in 60 minutes.")):
        user = await User.by_email("ana@example.com")
        assert user
        link = reset_url(user)
        form = {"token": link.partition("token=")[2], "password": f"{PASSWORD} {status}"}
        answer = await browser.post("/new-password", form, csrf=csrf_in((await browser.get(link)).text))
        assert (answer.status_code, words in answer.text) == (status, True)


class Guesser:
    """Many addresses behind one proxy, that try two names at two processes."""

    def __init__(self, clients: list[Browser], csrf: str) -> None:
        self.clients, self.csrf = clients, csrf
        self.statuses: dict[str, Counter[int]] = {kind: Counter() for kind in NAMES}
        self.took: dict[tuple[str, int], list[float]] = {}
        self.looks: dict[str, set[tuple[str, ...]]] = {kind: set() for kind in NAMES}

    async def guess(self, number: int) -> None:
        kind = ("known", "unknown")[number % 2]
        form = {"email": NAMES[kind], "password": f"guess {number}"}
        began = time.perf_counter()
        answer = await self.clients[number // 2 % len(self.clients)].post(
            "/sign-in", form, csrf=self.csrf, X_Forwarded_For=f"198.51.100.{number // 2 % ADDRESSES}"
        )
        self.took.setdefault((kind, answer.status_code), []).append(time.perf_counter() - began)
        self.statuses[kind][answer.status_code] += 1
        self.looks[kind].add(look(answer, NAMES[kind]))


def look(answer: httpx.Response, name: str) -> tuple[str, ...]:
    """All that tells two answers apart, but for the name that was typed and the seconds that go by."""
    text = re.sub(r"in (\d+ seconds|a second|\d+ minutes)", "in a while", answer.text.replace(name, "somebody"))
    return (str(answer.status_code), text, *sorted(set(answer.headers) - {"date", "x-request-id", "content-length"}))


@pytest.mark.sized
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("costly")
async def test_tries_from_fifty_addresses_never_get_above_the_limit(ana: User) -> None:
    async with web_processes(2, trusted_proxies="127.0.0.1") as urls, AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Browser(url)) for url in urls]
        guesser = Guesser(clients, await clients[0].csrf())
        clients[1].take(clients[0].cookies)
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(number: int) -> None:
            async with gate:
                await guesser.guess(number)
            if number == TRIES // 2:
                client = valkey()
                await client.flushall()
                await client.aclose()

        await asyncio.gather(*(one(number) for number in range(TRIES)))
    for kind, statuses in guesser.statuses.items():
        assert statuses.total() == statuses[422] + statuses[429] == TRIES / 2, kind
        assert statuses[422] == len(await counted(NAMES[kind])) >= 5, kind
    assert guesser.looks["known"] == guesser.looks["unknown"]
    assert len(guesser.looks["known"]) == 2, "one refusal, and one request to wait"
    for status in (422, 429):
        known, unknown = (median(guesser.took[kind, status]) for kind in NAMES)
        assert 1 / 3 < known / unknown < 3, (status, known, unknown)
    assert {row["address"] for row in await sql("SELECT address FROM audit_entries WHERE action = 'sign-in-failed'")} <= {
        f"198.51.100.{number}" for number in range(ADDRESSES)
    }


async def counted(name: str) -> list[datetime]:
    """When tries of a name got on; each after the first five at least as late as it had to be."""
    from app.domain.gate_try import _hashed

    rows = await sql("SELECT created_at FROM gate_tries WHERE name = $1 ORDER BY created_at", _hashed(name))
    times: list[datetime] = [row["created_at"] for row in rows]
    for number, (before, at) in enumerate(pairwise(times[4:])):
        assert at - before >= timedelta(seconds=30 * 2**number)
    return times
