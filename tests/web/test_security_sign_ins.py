"""What a sign-in is on a browser: fresh ids, tight cookies, and an end that every open page hears of at once
(promises.md, security 1 and 2)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import timedelta

import httpx
import pytest

from app import clock, database
from app.auth.cookies import name
from app.auth.tokens import read_access
from app.database import sql
from app.domain.sign_in import GRACE, SignIn
from app.domain.user import User
from app.main import Server, create_app, create_asgi
from app.rooms import house
from app.settings import settings
from tests.browsing import Browser, Event
from tests.conftest import free_port
from tests.waiting import until

HTTPS = "https://parley.example.com"


@pytest.fixture
async def second_server(server: str) -> AsyncIterator[str]:
    """A second web process's inside: its own connection to Valkey, its own rooms."""
    app, port = create_app(), free_port()
    running = Server(app, port=port)
    running.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(running.serve())
    await until(lambda: running.started)
    yield f"http://127.0.0.1:{port}"
    app.state.house.end_streams()
    running.should_exit = True
    with suppress(asyncio.CancelledError):
        await task
    await database.connect()  # its end closed this process's


@pytest.fixture
def https(monkeypatch: pytest.MonkeyPatch, migrated: None) -> Callable[[], Browser]:
    """Browsers that come by https, as through a proxy."""
    monkeypatch.setattr(settings(), "base_url", HTTPS)
    transport = httpx.ASGITransport(create_asgi())  # type: ignore[arg-type]
    return lambda: Browser(HTTPS, transport=transport)


class Listening:
    """An open page's stream. `ended` after how it ended: with a word, or without."""

    def __init__(self, browser: Browser, session_id: str) -> None:
        self.events: list[Event] = []
        self.task = asyncio.create_task(self._listen(browser, session_id))

    async def _listen(self, browser: Browser, session_id: str) -> None:
        async with browser.stream(session_id) as events:
            async for event in events:
                self.events.append(event)

    async def is_open(self) -> None:
        await until(lambda: self.events)

    async def ends(self, within_seconds: float) -> None:
        await asyncio.wait_for(self.task, within_seconds)
        assert self.events[-1].kind == "signed-out"


async def at_all(server: str, second_server: str, ana: User) -> tuple[Browser, Browser, Browser, list[Listening]]:
    """Ana's browser at two processes, and another device of hers; a page open in each."""
    first, second, device = Browser(server), Browser(second_server), Browser(second_server)
    await first.enter(ana)
    await device.enter(ana)
    session_id = await first.open_chat("hello")
    second.take(first.cookies)
    listening = [Listening(browser, session_id) for browser in (first, second, device)]
    for one in listening:
        await one.is_open()
    return first, second, device, listening


async def test_signing_out_ends_the_streams_of_that_sign_in_on_every_process_within_a_second(
    server: str, second_server: str, ana: User
) -> None:
    first, second, device, (here, there, other) = await at_all(server, second_server, ana)
    assert (await first.sign_out()).status_code == 303
    await asyncio.gather(here.ends(1), there.ends(1))
    assert not other.task.done(), "another device stays"
    await device.sign_out()
    await other.ends(1)
    for browser in (first, second, device):
        await browser.client.aclose()


async def test_a_stolen_refresh_cookie_ends_the_streams_too(server: str, second_server: str, ana: User) -> None:
    first, second, device, (here, there, other) = await at_all(server, second_server, ana)
    stolen = first.cookies["refresh"]
    clock.shift(timedelta(minutes=11))
    assert (await first.get("/chat")).status_code == 200
    clock.shift(timedelta(minutes=11) + 2 * GRACE)
    async with Browser(server) as thief:
        thief.take({"refresh": stolen})
        assert (await thief.get("/chat")).status_code == 303
    await asyncio.gather(here.ends(1), there.ends(1))
    await device.sign_out()
    await other.ends(1)
    for browser in (first, second, device):
        await browser.client.aclose()


@pytest.mark.parametrize(
    "change", ["sign_ins SET ended_at = now()", "sign_ins SET expires_at = now()", "users SET disabled_at = now()"]
)
async def test_a_stream_asks_each_minute_whether_its_person_is_still_signed_in(
    server: str, ana: User, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    assert house.CHECK_SECONDS <= 60
    monkeypatch.setattr(house, "CHECK_SECONDS", 0.2)
    async with Browser(server) as browser:
        await browser.enter(ana)
        listening = Listening(browser, await browser.open_chat("hello"))
        await listening.is_open()
        await asyncio.sleep(0.5)
        assert not listening.task.done(), "who is signed in stays connected"
        await sql(f"UPDATE {change}")  # nobody is told
        await listening.ends(5)


async def test_signing_in_gives_a_new_id_and_a_planted_one_is_dead(server: str, ana: User, ben: User) -> None:
    async with Browser(server) as victim, Browser(server) as attacker:
        await attacker.enter(ben)
        planted = attacker.cookies
        victim.take(planted | {"browser": "a-mark-that-the-attacker-chose"})
        assert (await victim.sign_in("Ana")).status_code == 303
        assert read_access(victim.cookies["access"]) != read_access(planted["access"])
        assert "Ana" in (await victim.get("/chat")).text
        assert (await attacker.get("/chat")).status_code == 303, "what was planted opens nothing"
        assert (await attacker.post("/chat", {"text": "x"}, csrf=await victim.csrf())).status_code == 403


async def test_each_sign_in_is_another_and_the_one_before_it_on_this_browser_ends(server: str, ana: User) -> None:
    async with Browser(server) as browser:
        for _ in range(2):
            await browser.sign_in("Ana")
        rows = await sql("SELECT id, ended_at IS NULL AS live FROM sign_ins ORDER BY id")
        assert [row["live"] for row in rows] == [False, True]


async def test_signing_up_ends_a_planted_sign_in(server: str, ana: User) -> None:
    async with Browser(server) as browser:
        await browser.enter(ana)
        assert (await browser.sign_up("Ben")).status_code == 303
        assert (await sql("SELECT count(*) FROM sign_ins WHERE ended_at IS NULL"))[0][0] == 1
        assert "Ben" in (await browser.get("/chat")).text


def attributes(answer: httpx.Response) -> dict[str, set[str]]:
    """What stands behind each cookie that an answer sets."""
    found = {}
    for cookie in answer.headers.get_list("set-cookie"):
        pair, *more = cookie.split("; ")
        found[pair.partition("=")[0]] = set(more)
    return found


async def test_cookies_on_loopback_have_plain_names_and_no_script_reads_them(server: str, ana: User) -> None:
    async with Browser(server) as browser:
        answers = [
            await browser.get("/sign-in"),
            await browser.sign_in("Ana"),
            await browser.post("/theme", {"theme": "dark"}),
        ]
        for cookie, expected in (("browser", 0), ("access", 1), ("refresh", 1), ("theme", 2)):
            assert attributes(answers[expected])[cookie] == {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=5184000"}, cookie
        gone = attributes(await browser.sign_out())
        assert gone["access"] == gone["refresh"] == {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=0"}


async def test_cookies_by_https_are_secure_and_bound_to_the_host(https: Callable[[], Browser], ana: User) -> None:
    async with https() as browser:
        answers = [
            await browser.get("/sign-in"),
            await browser.sign_in("Ana"),
            await browser.post("/theme", {"theme": "dark"}),
        ]
        assert [answer.status_code for answer in answers] == [200, 303, 303]
        for cookie, expected in (("browser", 0), ("access", 1), ("refresh", 1), ("theme", 2)):
            more = attributes(answers[expected])[f"__Host-{cookie}"]
            assert more == {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=5184000", "Secure"}, cookie
        assert all(answer.headers["strict-transport-security"] for answer in answers)
        assert (await browser.get("/chat")).status_code == 200
        plain = {"access": browser.cookies[name("access")], "refresh": browser.cookies[name("refresh")]}
    async with https() as planted:
        planted.take(plain)
        assert (await planted.get("/chat")).status_code == 303, "a name that a neighbour could set is not read"


async def test_by_https_only_our_own_https_pages_post(https: Callable[[], Browser], ana: User) -> None:
    async with https() as browser:
        await browser.sign_in("Ana")
        for origin in ("http://parley.example.com", "http://127.0.0.1:8000", "http://localhost", "https://example.com"):
            assert (await browser.post("/chat", {"text": "x"}, Origin=origin)).status_code == 403, origin
        assert (await browser.post("/chat", {"text": "x"}, Origin=HTTPS)).status_code == 303


async def test_a_sign_in_knows_its_device_in_few_words(server: str, ana: User) -> None:
    async with Browser(server, **{"User-Agent": "x" * 5000}) as browser:
        await browser.sign_in("Ana")
    assert [sign_in.device for sign_in in await SignIn.objects()] == ["x" * 200]
