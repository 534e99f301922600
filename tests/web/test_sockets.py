"""A page may hear by a socket what it would by its stream: nothing lost, nothing twice, and nobody else hears it
(promises.md, 11 and security 1)."""

import asyncio
import gc
import os
import random
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import UUID, uuid4

import pytest
import websockets
from websockets.asyncio.client import ClientConnection

from app import frames
from app.agent.turn import Answers
from app.database import sql
from app.domain.user import User
from app.rooms.house import House
from app.rooms.outbox import MOST_BYTES_WAITING
from app.valkey import valkey
from tests.browsing import ABSENT, Browser, event_of
from tests.open_page import OpenPage
from tests.stub_llm import StubLLM
from tests.waiting import until


@pytest.fixture
async def browser(server: str, ana: User) -> AsyncIterator[Browser]:
    async with Browser(server) as browser:
        await browser.enter(ana)
        yield browser


def house() -> House:
    """The server's."""
    return next(one for one in gc.get_objects() if type(one) is House and not one.closing)


async def hear(connection: ClientConnection, page: OpenPage) -> str:
    """Swap in the next frame; what it changed."""
    while (event := event_of(await connection.recv())).kind == "beat":
        pass
    assert event.kind == "message"
    page.hear(event)
    return event.data


async def test_a_socket_shows_what_the_stream_shows(browser: Browser, worker: Answers, llm: StubLLM) -> None:
    session_id = await browser.open_chat("[[tokens=30 rate=60]]")
    by_socket, by_stream = OpenPage(), OpenPage()
    async with asyncio.timeout(20), browser.socket(session_id) as connection:
        while not by_socket.done:
            await hear(connection, by_socket)
    async with browser.stream(session_id) as events:
        async for event in events:
            by_stream.hear(event)
            if by_stream.done and by_stream.title:
                break
    assert by_socket.words() == by_stream.words() == " ".join(f"tok{n}" for n in range(30))
    assert list(by_socket.articles) == list(by_stream.articles)
    assert by_socket.title == by_stream.title


@pytest.mark.sized
@pytest.mark.parametrize("emptied", [False, True], ids=["valkey kept", "valkey emptied"])
async def test_a_socket_cut_at_every_frame_is_byte_identical(
    browser: Browser, worker: Answers, llm: StubLLM, monkeypatch: pytest.MonkeyPatch, emptied: bool
) -> None:
    monkeypatch.setattr(frames, "INTERVAL_SECONDS", 0)
    tokens = 1500 if os.environ.get("WHOLE_RUNS") else 150
    expected = " ".join(f"tok{n}" for n in range(tokens))
    session_id = await browser.open_chat(f"[[tokens={tokens} rate=40]]")
    page, cuts, chance = OpenPage(), 0, random.Random(11)
    client = valkey()
    async with asyncio.timeout(110):
        while not page.done:
            await one_growth(browser, session_id, page, expected)
            cuts += 1
            if emptied and chance.random() < 0.2:
                await client.flushall()
    await client.aclose()
    assert cuts >= tokens / 12.5, "each growth was a cut"
    assert page.words() == expected
    assert [article.count("<article") for article in page.articles.values()] == [1, 1]


async def one_growth(browser: Browser, session_id: str, page: OpenPage, expected: str) -> None:
    """Hear until the answer has grown, then break off."""
    async with browser.socket(session_id, f"after=0&revision={page.last_id}") as connection:
        while not page.done:
            grown = ".open" in await hear(connection, page)
            if 'data-author="agent"' in list(page.articles.values() or [""])[-1] and not page.done:
                assert expected.startswith(page.words())
            if grown:
                connection.transport.abort()
                return


async def the_rest(connection: ClientConnection) -> list[str]:
    """What comes until it is closed."""
    kinds: list[str] = []
    with suppress(websockets.ConnectionClosed):
        while True:
            kinds.append(event_of(await connection.recv()).kind)
    return kinds


async def refusal(browser: Browser, session_id: str, **headers: str) -> int:
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with browser.socket(session_id, **headers):
            pass
    assert b"hello" not in (refused.value.response.body or b"")
    assert "default-src 'self'" in refused.value.response.headers["Content-Security-Policy"]
    return refused.value.response.status_code


async def test_it_opens_to_our_own_pages_only(browser: Browser) -> None:
    session_id = await browser.open_chat("hello")
    foreign = [
        "https://evil.example",
        "null",
        "",
        ABSENT,
        f"{browser.client.base_url}".rstrip("/") + ".evil.example",
        "file://",
    ]
    assert {origin: await refusal(browser, session_id, Origin=origin) for origin in foreign} == dict.fromkeys(foreign, 403)
    async with asyncio.timeout(5), browser.socket(session_id) as connection:
        while "hello" not in event_of(await connection.recv()).data:
            pass


async def test_it_opens_to_nobody_else(server: str, browser: Browser, ben: User) -> None:
    session_id = await browser.open_chat("hello")
    async with Browser(server) as other:
        await other.enter(ben)
        assert [await refusal(other, where) for where in (session_id, str(uuid4()))] == [404, 404]
        await sql("""UPDATE users SET left_at = now() WHERE id = $1""", ben.id)
    async with Browser(server) as stranger, Browser(server) as leaving:
        await leaving.enter(ben)
        for nobody in (stranger, leaving):
            async with nobody.socket(session_id) as connection:
                assert await the_rest(connection) == ["signed-out"]
            assert connection.close_code == 4401


@pytest.mark.parametrize("heard", [True, False], ids=["heard of", "found by looking each minute"])
async def test_signing_out_closes_it(browser: Browser, monkeypatch: pytest.MonkeyPatch, heard: bool) -> None:
    session_id = await browser.open_chat("hello")
    if not heard:
        monkeypatch.setattr("app.rooms.house.CHECK_SECONDS", 0.5)
    async with browser.socket(session_id) as connection:
        await connection.recv()
        if heard:
            await browser.sign_out()
        else:
            await sql("UPDATE sign_ins SET ended_at = now()")
        async with asyncio.timeout(1 if heard else 5):
            assert (await the_rest(connection))[-1] == "signed-out"
    assert connection.close_code == 4401


async def test_what_it_says_does_nothing(browser: Browser) -> None:
    session_id = await browser.open_chat("hello")
    async with browser.socket(session_id) as connection:
        for frame in ('{"type": "message", "text": "x"}', "x", b"\xff", '{"type": "stop"}', "y" * 100_000):
            await connection.send(frame)
        await browser.say(session_id, "by the form")
        async with asyncio.timeout(5):
            while "by the form" not in event_of(await connection.recv()).data:
                pass
    assert [row["text"] for row in await sql("SELECT text FROM messages ORDER BY seq")] == ["hello", "by the form"]


@pytest.mark.parametrize("way", ["stream", "socket"])
async def test_who_has_missed_much_is_told_all_of_it(browser: Browser, way: str) -> None:
    session_id, page = await browser.open_chat("hello"), OpenPage()
    for n in range(8):
        await browser.say(session_id, f"{n} " + "x" * 99_000)
    async with asyncio.timeout(20):
        if way == "socket":
            async with browser.socket(session_id) as connection:
                while not page.status:
                    await hear(connection, page)
        else:
            async with browser.stream(session_id) as events:
                while not page.status:
                    page.hear(await anext(events))
    assert len(page.articles) == 9
    assert sum(map(len, page.articles.values())) > MOST_BYTES_WAITING


@pytest.mark.parametrize("why", ["it is behind", "its sign-in has ended"])
@pytest.mark.parametrize("way", ["stream", "socket"])
async def test_who_reads_nothing_is_cut_off(browser: Browser, way: str, why: str) -> None:
    session_id = await browser.open_chat("hello")
    with sockets.socket() as reader:
        reader.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
        reader.connect((browser.client.base_url.host, browser.client.base_url.port))
        reader.sendall(request(browser, f"/chat/{session_id}/{way}", way))
        boxes = (await until(lambda: house().rooms.get(UUID(session_id)))).expected
        (box,) = await until(lambda: list(boxes))

        def behind() -> bool:
            box.put(box.language.event("x" * 60_000))
            return box.ended if why == "it is behind" else box.size > 300_000

        await until(behind, 30)
        if not box.ended:
            await browser.sign_out()
        await until(lambda: not boxes, 5)
        reader.setblocking(False)
        with suppress(ConnectionResetError):
            await asyncio.wait_for(read_to_the_end(reader), 5)


async def read_to_the_end(reader: sockets.socket) -> None:
    while await asyncio.get_running_loop().sock_recv(reader, 65536):
        pass


def request(browser: Browser, path: str, way: str) -> bytes:
    """The request that opens a page's stream or socket, as bytes."""
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    origin = str(browser.client.base_url).rstrip("/")
    lines = [f"GET {path}?after=0 HTTP/1.1", f"Host: {origin.partition('//')[2]}", f"Cookie: {cookie}", f"Origin: {origin}"]
    if way == "socket":
        lines += ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]  # fmt: skip
    return "\r\n".join([*lines, "", ""]).encode()
