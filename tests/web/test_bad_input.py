"""Whatever is sent gets a clear answer: no 5xx, but 503 while the database is away."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from app.auth import present
from app.database import DB, sql
from app.domain.session import ChatSession
from app.domain.user import User
from tests.browsing import Browser
from tests.web.test_security_routes import ONE_CLICK, filled, routes

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
UNKNOWN = "01a20357-01ae-7452-b86f-d5c716779e62"


@pytest.fixture
async def browser(server: str, ana: User) -> AsyncIterator[Browser]:
    async with Browser(server) as browser:
        await browser.enter(ana)
        yield browser


@pytest.fixture
async def session_id(browser: Browser, ana: User) -> str:
    return str((await ChatSession.open(ana)).id)


@pytest.mark.parametrize(
    ("text", "status"),
    [("", 422), (" \n\t\u3000", 422), ("x", 303), ("x" * 100_000, 303), ("x" * 100_001, 422), ("x\r\n" * 50_000, 303),
     ("a\0b", 422), ("😀" * 100_000, 413), ("é" * 100_000, 303), ("\ufffe\u202e\x1b[31m", 303)],
    ids=["empty", "blank", "one", "longest", "too long", "line ends", "NUL", "over a megabyte", "two bytes each",
    "odd"],
)  # fmt: skip
async def test_what_may_be_said(browser: Browser, session_id: str, text: str, status: int) -> None:
    csrf = await browser.csrf()
    for path in ("/chat", f"/chat/{session_id}/messages"):
        answer = await browser.post(path, {"text": text}, csrf=csrf)
        assert answer.status_code == status
        kept = await sql("SELECT text FROM messages ORDER BY id DESC LIMIT 1")
        assert [row["text"] for row in kept] == ([text.replace("\r\n", "\n")] if status == 303 else [])
        by_htmx = await browser.post(path, {"text": text}, csrf=csrf, HX_Request="true")
        assert by_htmx.status_code == (status if status != 303 else 204 if path == "/chat" else 200)
        if status != 303:
            assert 0 < len(by_htmx.text) < 1000, "a piece that says what is wrong"


@pytest.mark.parametrize(
    "text", [b"%ED%A0%80", b"%ff%fe", b"\xff\xfe", b"%", b"%zz", b"a;b", b"%F0%9F%98", b"x&text=y", b"x&%00=y", b"a%3"]
)
async def test_text_that_is_no_utf_8_is_answered_and_never_kept_as_such(
    browser: Browser, session_id: str, text: bytes
) -> None:
    content = b"csrf=" + (await browser.csrf()).encode() + b"&text=" + text
    answer = await browser.client.post(f"/chat/{session_id}/messages", content=content, headers=FORM)
    assert answer.status_code in (303, 400, 422)
    page = await browser.get(f"/chat/{session_id}")
    assert page.status_code == 200
    page.content.decode()


async def test_ids_and_numbers_that_are_none(browser: Browser, session_id: str) -> None:
    odd_ids = [
        "x",
        "1",
        "%00",
        "%ff",
        "..",
        "%2e%2e",
        f"{session_id}x",
        session_id[:-1],
        "0" * 36,
        UNKNOWN,
        "a" * 5000,
        "é",
        "'--",
    ]
    for odd in odd_ids:
        for method, path in routes():
            if "{session_id" in path:
                answer = await send(browser, method, filled(path, odd, odd))
                assert answer.status_code in (303, 404, 405), (method, path, odd)


NUMBERS = [
    "x", "", "1.5", "1e3", "0x1", "١", "null", "-", "1,2", "%00", "%ff", "9" * 20, "9" * 5000, str(2**31), str(2**63),
    "-1", "0", "2147483647", "-2147483649",
]  # fmt: skip


async def test_places_in_the_log_that_are_none(browser: Browser, session_id: str) -> None:
    for number in NUMBERS:
        answer = await browser.get(f"/chat/{session_id}?before={number}")
        assert answer.status_code in (200, 400), number


async def test_a_stream_from_a_place_that_is_none(browser: Browser, session_id: str) -> None:
    for number in NUMBERS:
        for name in ("after", "revision"):
            status, begins = await stream_of(browser, f"/chat/{session_id}/stream?{name}={number}")
            assert status in (200, 400), (name, number)
            assert status == 400 or b"#agent-status" in begins, f"{name}={number} ends at once: a page would ask for ever"


async def stream_of(browser: Browser, path: str) -> tuple[int, bytes]:
    """How a stream begins, up to the agent's status."""
    begins = b""
    async with browser.client.stream("GET", path) as answer:
        try:
            async with asyncio.timeout(5):
                async for data in answer.aiter_raw():
                    begins += data
                    if answer.status_code != 200 or b"#agent-status" in begins:
                        break
        except (TimeoutError, httpx.HTTPError):
            pass
        return answer.status_code, begins


async def send(browser: Browser, method: str, path: str, **form: Any) -> httpx.Response:
    if method == "GET":
        return await browser.get(path)
    return await browser.post(path, form)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "HEAD", "OPTIONS", "FOO", "get", "post"])
async def test_odd_methods(browser: Browser, session_id: str, method: str) -> None:
    for path in (
        "/",
        "/chat",
        f"/chat/{session_id}",
        f"/chat/{session_id}/messages",
        "/nowhere",
        "/health/live",
        "/static/x/y",
    ):
        answer = await browser.client.request(method, path)
        assert answer.status_code in (200, 204, 303, 400, 403, 404, 405), path
    assert (await sql("SELECT count(*) FROM messages"))[0][0] == 0


def parts(csrf: str, text: str, end: str = "--x--\r\n") -> bytes:
    head = "Content-Disposition: form-data; name="
    return f'--x\r\n{head}"csrf"\r\n\r\n{csrf}\r\n--x\r\n{head}"text"\r\n\r\n{text}\r\n{end}'.encode()


async def test_multipart_forms_whole_and_broken(browser: Browser, session_id: str) -> None:
    csrf, where = await browser.csrf(), f"/chat/{session_id}/messages"
    kind = "multipart/form-data; boundary="

    async def post(content: bytes, content_type: str) -> int:
        sent = [(b"Content-Type", content_type.encode("latin-1"))]
        return (await browser.client.post(where, content=content, headers=sent)).status_code

    assert await post(parts(csrf, "hello"), f"{kind}x") == 303
    head = b'--x\r\nContent-Disposition: form-data; name="csrf"'
    broken = [
        b"", b"garbage", b"--x", b"--x\r\n", b"--x--", head, head + b"\r\n\r\n",
        b"--x\r\nContent-Disposition\r\n\r\n",
        b"--x\r\n\r\n\r\n--x--\r\n", parts(csrf, "hello", end=""), b"--x\r\n" * 10_000, b"\xff" * 1000,
        b'--x\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n\xff\r\n--x--\r\n',
        head + b"; filename=" + b"a" * 99_999,
    ]  # fmt: skip
    for content in broken:
        for boundary in ("x", '"x', "", "x" * 300, "é", 'x"; charset=utf-16'):
            assert await post(content, f"{kind}{boundary}") in (400, 403, 413, 422), (content[:50], boundary)
        assert await post(content, "multipart/form-data") in (400, 403), content[:50]
    a_file = {"text": ("x.txt", b"hello")}
    assert (await browser.client.post(where, data={"csrf": csrf}, files=a_file)).status_code == 422
    assert (await sql("SELECT count(*) FROM messages"))[0][0] == 1


async def test_what_is_over_a_megabyte_is_refused(server: str, browser: Browser, session_id: str) -> None:
    csrf = await browser.csrf()

    async def in_pieces() -> AsyncIterator[bytes]:
        yield f"csrf={csrf}&text=".encode()
        for _ in range(40):
            yield b"x" * 50_000

    big = {"csrf": csrf, "text": "x" * 2_000_000}
    async with Browser(server) as stranger:
        for who, path in (
            (browser, f"/chat/{session_id}/messages"),
            (browser, "/chat"),
            (stranger, "/sign-in"),
            (stranger, "/chat"),
        ):
            assert (await who.client.post(path, data=big)).status_code == 413, path
            assert (await who.client.post(path, content=in_pieces(), headers=FORM)).status_code == 413, path
            assert (await who.client.post(path, data={"csrf": csrf}, files={"text": b"x" * 2_000_000})).status_code == 413, (
                path
            )
    assert (await sql("SELECT count(*) FROM messages"))[0][0] == 0
    assert (await browser.say(session_id, "still here")).status_code == 303


async def test_a_form_of_another_kind_is_refused(browser: Browser, session_id: str) -> None:
    content = f"text=x&csrf={await browser.csrf()}".encode()
    for kind in ("application/json", "text/plain", "", "x", "application/x-www-form-urlencoded, text/plain", "image/png"):
        answer = await browser.client.post(f"/chat/{session_id}/messages", content=content, headers={"Content-Type": kind})
        assert answer.status_code == 403, kind
    for kind in ("APPLICATION/X-WWW-FORM-URLENCODED", "application/x-www-form-urlencoded; charset=nonsense"):
        answer = await browser.client.post(f"/chat/{session_id}/messages", content=content, headers={"Content-Type": kind})
        assert answer.status_code == 303, kind


async def test_odd_headers_and_cookies(server: str, browser: Browser) -> None:
    odd = [
        b"",
        b"\xff\xfe",
        b"[" * 5000,
        b"x" * 15_000,
        b"http://[",
        b"%00",
        b'{"a": 1}',
        b";;;=;",
        b"access=; refresh=..",
        b"0" * 300,
    ]
    names = [
        b"Host", b"Cookie", b"Origin", b"Referer", b"HX-Current-URL", b"Accept", b"Accept-Encoding",
        b"Last-Event-ID", b"Range",
        b"User-Agent", b"HX-Request", b"If-None-Match", b"Content-Type", b"X-Request-Id", b"HX-Target",
    ]  # fmt: skip
    async with Browser(server) as stranger:
        for name in names:
            for value in odd:
                for path in ("/chat", "/sign-in", "/nowhere"):
                    answer = await stranger.client.get(path, headers=[(name, value), (b"HX-Request", b"true")])
                    assert answer.status_code in (200, 204, 303, 400, 404), (name, value[:20], path)
    for name in ("access", "refresh", "browser", "theme"):
        for value in odd:
            answer = await browser.client.get("/sign-in", headers=[(b"Cookie", name.encode() + b"=" + value)])
            assert answer.status_code == 200, (name, value[:20])


async def test_without_the_database_every_page_says_so_and_works_again_when_it_is_back(
    browser: Browser, session_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    csrf = await browser.csrf()
    present.set_hearing(False)  # else some pages would do without the database for the seconds that it remembers people
    without_it = {"/health/live", "/static/{version_asked:str}/{path:path}"}
    with monkeypatch.context() as gone:
        gone.setattr(DB, "pool", asyncpg.create_pool("postgresql://x@127.0.0.1:1/x", min_size=0))
        for method, path in routes():
            for by_htmx in ("true", "false"):
                data = {"csrf": csrf, "text": "x"} if method != "GET" else None
                where = filled(path, session_id, session_id)
                answer = await browser.client.request(method, where, data=data, headers={"HX-Request": by_htmx})
                if path in without_it or (method, path) == (
                    "POST",
                    ONE_CLICK,
                ):  # a link that is none is none without it, too
                    assert answer.status_code in (200, 404), path
                else:
                    assert answer.status_code == 503, (method, path)
                    assert int(answer.headers["retry-after"]) > 0, (method, path)
                    assert path == "/health/ready" or "Traceback" not in answer.text
    assert (await browser.get(f"/chat/{session_id}")).status_code == 200
    assert (await browser.say(session_id, "back again")).status_code == 303
