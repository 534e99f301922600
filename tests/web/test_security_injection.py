"""What comes in a header, a name or an address leads nowhere else and adds nothing (promises.md, security 14)."""

import asyncio
import re
from collections.abc import AsyncIterator
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from app.database import sql
from app.domain.user import User
from tests.browsing import Browser
from tests.conftest import PASSWORD

SPOOFED = [
    ("Host", "evil.example"), ("Host", "evil.example:666"), ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "127.0.0.1, evil.example"), ("X-Forwarded-Port", "666"),
    ("X-Forwarded-Prefix", "/evil.example"), ("Forwarded", "host=evil.example;proto=https"),
    ("X-Original-URL", "/evil.example"), ("X-Rewrite-URL", "/evil.example"), ("X-HTTP-Method-Override", "POST"),
    ("X-Real-IP", "evil.example"),
]  # fmt: skip
ELSEWHERE = [
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example",
    "https:evil.example",
    "javascript:alert(1)", "data:text/html,x", "/\t/evil.example", "/\n/evil.example", "\t//evil.example",
    " //evil.example",
    "//evil.example/%2f..", "/\r\nLocation: //evil.example", "/%0d%0aSet-Cookie: a=b", "/..//evil.example",
    "/.//evil.example", "evil.example", "@evil.example", ".evil.example", "/\u2028/evil.example", "//[", "/чат",
    "/\ufffd", "?x", "#x",
    "/\x00/x",
]  # fmt: skip


@pytest.fixture
async def browser(server: str, ana: User) -> AsyncIterator[Browser]:
    async with Browser(server) as browser:
        await browser.enter(ana)
        yield browser


def told(answer: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
    """All that an answer tells, but for what is new each time."""
    headers = {name: value for name, value in answer.headers.multi_items() if name not in ("date", "x-request-id")}
    return answer.status_code, answer.content, headers


async def test_no_header_of_a_proxy_changes_what_is_answered(server: str, browser: Browser) -> None:
    session_id = await browser.open_chat("hello")
    csrf = await browser.csrf()
    async with Browser(server) as stranger:
        await stranger.csrf()
        for who in (browser, stranger):
            for path in ("/", "/chat", f"/chat/{session_id}", "/sign-in", "/sign-up", "/nowhere"):
                plain = told(await who.get(path))
                for header in SPOOFED:
                    assert told(await who.client.get(path, headers=[header])) == plain, (path, header)
        plain = told(await browser.post("/theme", {"theme": "dark"}, csrf=csrf))
        for header in SPOOFED:
            answer = await browser.client.post("/theme", data={"theme": "dark", "csrf": csrf}, headers=[header])
            assert told(answer) == plain, header


async def test_a_sign_in_by_way_of_a_spoofed_host_sets_the_same_cookies(server: str, ana: User) -> None:
    async with Browser(server) as browser:
        form = {"email": ana.email, "password": PASSWORD, "csrf": await browser.csrf()}
        answer = await browser.client.post("/sign-in", data=form, headers=SPOOFED[3:8])
        assert (answer.status_code, answer.headers["location"]) == (303, "/chat")
        for cookie in answer.headers.get_list("set-cookie"):
            assert re.fullmatch(r"\w+=[\w.-]*; Max-Age=\d+; Path=/; HttpOnly; SameSite=Lax", cookie)


async def test_signing_in_leads_nowhere_else(server: str, ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    async def quickly(password: str, kept: str | None) -> bool:
        return True

    monkeypatch.setattr("app.auth.passwords.matches", quickly)
    async with Browser(server) as browser:
        for back in [*ELSEWHERE, "/chat?x=1#y"]:
            shown = await browser.client.get("/sign-in", params={"next": back})
            hidden = re.search(r'name="next" value="([^"]*)"', shown.text)
            places = [hidden[1]] if hidden else []
            answer = await browser.sign_in("Ana", next=back)
            assert answer.status_code == 303, back
            for place in [*places, answer.headers["location"]]:
                assert urlsplit(urljoin(server, place.replace("\\", "/"))).netloc == urlsplit(server).netloc, back
                assert place.isprintable()
            assert answer.headers["location"].isascii()
            assert "a" not in answer.cookies
        assert answer.headers["location"] == "/chat?x=1#y"


async def test_no_other_redirect_leads_elsewhere(server: str, browser: Browser) -> None:
    csrf = await browser.csrf()
    async with Browser(server) as stranger:
        for back in ELSEWHERE:
            sent = [(b"Referer", back.encode("utf-8", "replace").translate(None, b"\r\n\0").strip())]
            answer = await browser.client.post("/theme", data={"csrf": csrf, "theme": "dark"}, headers=sent)
            assert answer.status_code == 303, back
            assert urlsplit(urljoin(server, answer.headers["location"])).netloc == urlsplit(server).netloc, back
            asked = [(b"HX-Request", b"true"), (b"HX-Current-URL", sent[0][1])]
            refused = await stranger.client.get("/chat", headers=asked)
            assert refused.status_code == 204, back
            assert urlsplit(urljoin(server, refused.headers["hx-redirect"])).netloc == urlsplit(server).netloc, back
            assert refused.headers["hx-redirect"].startswith("/sign-in")


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\0", "\x0b", "\u2028", "\x85"])
async def test_a_line_break_in_a_name_or_address_is_refused(server: str, ana: User, break_: str) -> None:
    injected = f"x{break_}Set-Cookie: a=b"
    async with Browser(server) as browser:
        form = {"name": "Ben", "email": "ben@example.com", "password": PASSWORD}
        csrf = await browser.csrf()
        for field in ("name", "email"):
            value = injected if field == "name" else f"ben@example.com{break_}x"
            answer = await browser.post("/sign-up", form | {field: value}, csrf=csrf)
            assert answer.status_code == 422, field
            assert "a" not in answer.cookies
        assert (await browser.post("/sign-in", {"email": injected, "password": "x"}, csrf=csrf)).status_code in (400, 422)
        await browser.enter(ana)
        session_id = await browser.open_chat("hello")
        for client_id in (injected, f"abcdefgh{break_}", 'abcdefgh" onload="x', "../../../x", "é" * 8):
            answer = await browser.say(session_id, "x", client_id=client_id)
            assert answer.status_code == 422, repr(client_id)
    assert (await sql("SELECT count(*) FROM messages"))[0][0] == 1
    assert (await sql("SELECT count(*) FROM users"))[0][0] == 1


async def test_a_conversation_is_opened_with_a_fit_client_id_or_not_at_all(browser: Browser) -> None:
    answer = await browser.post("/chat", {"text": "x", "client_id": "<b>x</b>"})
    assert answer.status_code == 422
    assert (await sql("SELECT count(*) FROM chat_sessions"))[0][0] == 0


@pytest.mark.parametrize(
    "last", [b"5\rSet-Cookie: a=b", b"5\r\n Set-Cookie: a=b", b"5\nSet-Cookie: a=b", b"\xff\xfe", b"\x00"]
)
async def test_a_last_event_id_adds_no_header_and_no_event(server: str, browser: Browser, last: bytes) -> None:
    session_id = await browser.open_chat("hello")
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    head = f"GET /chat/{session_id}/stream?after=0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: {cookie}\r\n".encode()
    answer = await raw(server, head + b"Last-Event-ID: " + last + b"\r\n\r\n")
    assert answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 400"))
    assert b"a=b" not in answer


async def raw(server: str, request: bytes) -> bytes:
    """What the server says to these bytes, up to the first half second of silence."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(server).port)
    writer.write(request)
    answer = b""
    try:
        while data := await asyncio.wait_for(reader.read(65536), 0.5):
            answer += data
    except TimeoutError:
        pass
    writer.close()
    return answer


async def test_a_name_is_shown_as_it_was_written(server: str, ana: User) -> None:
    name = "<script>alert(1)</script>\"'&{{7*7}}"
    async with Browser(server) as browser:
        await browser.sign_up(name, "odd@example.com")
        page = (await browser.get(f"/chat/{await browser.open_chat('hello')}")).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&amp;{{7*7}}" in page
