"""Every route, found by walking them: whose forms it takes, whom it lets in, what it shows of others
(promises.md, security 3 and 4)."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import uuid4

import pytest
import websockets
from litestar.routes import HTTPRoute

from app.api.problems import speaks_json
from app.auth.tokens import proof
from app.database import sql
from app.domain.user import User
from app.main import create_app
from app.settings import settings
from tests.browsing import Browser

OPEN = {
    ("GET", "/"), ("GET", "/sign-up"), ("POST", "/sign-up"), ("GET", "/sign-in"), ("POST", "/sign-in"),
    ("GET", "/sign-in/second-step"), ("POST", "/sign-in/second-step"), ("POST", "/sign-in/second-step/passkey"),
    ("POST", "/sign-in/second-step/passkey/challenge"), ("POST", "/sign-in/passkey"), ("POST", "/sign-in/passkey/challenge"),
    ("GET", "/sign-in/{provider_name:str}"), ("GET", "/sign-in/{provider_name:str}/callback"),
    ("GET", "/new-password"), ("POST", "/new-password"), ("GET", "/forgotten-password"), ("POST", "/forgotten-password"),
    ("POST", "/sign-out"), ("POST", "/theme"), ("GET", "/health/live"), ("GET", "/health/ready"), ("GET", "/{path:path}"),
    ("GET", "/oauth/authorize"), ("GET", "/static/{version_asked:str}/{path:path}"), ("GET", "/schema"),
    ("GET", "/schema/{path:str}"), ("GET", "/metrics"), ("GET", "/r/{token:str}"), ("POST", "/r/{token:str}"),
    ("GET", "/unsubscribe/{token:str}"), ("POST", "/unsubscribe/{token:str}"),
}  # fmt: skip
"""What a stranger may ask for, each reviewed: the gates, the look, whether it works, what is the same for all: files, and
how programs ask; what sealed links are for; what a program wants, which is checked before they are asked to sign in; and
numbers, which go only to a program on this machine or an admin's token."""
FORM = "application/x-www-form-urlencoded"
ONE_CLICK = "/unsubscribe/{token:str}"
"""Mail programs post here, from elsewhere and with no token: the link alone says who, and all it does is to send no more."""


@cache
def routes() -> list[tuple[str, str]]:
    """Every method and path that browsers use, but for what Litestar itself answers to OPTIONS. Those of programs are
    walked in tests/api/test_problems.py."""
    walked = [route for route in create_app().routes if isinstance(route, HTTPRoute)]
    found = [route for route in walked if not speaks_json(route.path)]
    return [(method, route.path) for route in found for method in sorted(set(route.methods) - {"OPTIONS"})]


def filled(path: str, session_id: object, message_id: object) -> str:
    known = path.replace("{message_id:uuid}", str(message_id)).replace("{path:path}", "/x")
    return re.sub(r"{\w+:str}", "x", re.sub(r"{\w+:uuid}", str(session_id), known)).replace("//", "/")


@dataclass
class Said:
    """A conversation of ana's with one message that waits."""

    browser: Browser
    session_id: str
    message_id: str
    csrf: str


@pytest.fixture
async def said(server: str, ana: User) -> AsyncIterator[Said]:
    async with Browser(server) as browser:
        await browser.enter(ana)
        session_id = await browser.open_chat("hello")
        message_id = (await sql("SELECT id FROM messages"))[0]["id"]
        yield Said(browser, session_id, str(message_id), await browser.csrf())


def test_the_list_of_open_routes_is_true() -> None:
    assert set(routes()) >= OPEN, "take what is gone off the list"
    assert len(routes()) > len(OPEN)


def forged_tokens(others: str, browsers: str, sign_in_id: str) -> dict[str, bytes]:
    """Bodies of forms whose token is not this person's, by what is wrong."""
    return {
        "none": b"text=x", "nothing at all": b"", "empty": b"csrf=", "ben's": f"csrf={others}".encode(),
        "a stranger's": f"csrf={browsers}".encode(), "short": b"csrf=x", "long": b"csrf=" + b"x" * 10_000,
        "of a browser named like the sign-in": f"csrf={proof('csrf of a browser', sign_in_id)}".encode(),
        "not ASCII": "csrf=é".encode(), "NUL": b"csrf=%00", "half a surrogate": b"csrf=%ED%A0%80",
        "no UTF-8": b"csrf=%ff\xfe",
        "twice": b"csrf=x&csrf=y", "named oddly": b"csrf%00=x&CSRF=y&csrf[]=z", "garbage": b"&&=&%&%%=\xff",
    }  # fmt: skip


async def test_no_form_takes_a_token_that_is_not_this_persons(server: str, said: Said, ben: User) -> None:
    async with Browser(server) as other, Browser(server) as stranger:
        await other.enter(ben)
        sign_in_id = (await sql("SELECT s.id FROM sign_ins s JOIN chat_sessions c ON c.owner = s.user"))[0]["id"]
        tokens = forged_tokens(await other.csrf(), await stranger.csrf(), str(sign_in_id))
        own = said.csrf.encode()
        for method, path in routes():
            if method == "GET" or path == ONE_CLICK:
                continue
            where = filled(path, said.session_id, said.message_id)

            async def send(content: bytes, where: str = where, method: str = method, **headers: str) -> int:
                answer = await said.browser.client.request(
                    method, where, content=content, headers={"Content-Type": FORM} | headers
                )
                return answer.status_code

            assert {what: await send(body) for what, body in tokens.items()} == dict.fromkeys(tokens, 403), path
            for kind in ("text/plain", "application/json", "", "x", "multipart/form-data; boundary="):
                assert await send(b"csrf=" + own, **{"Content-Type": kind}) in (400, 403), (path, kind)
            as_file = await said.browser.client.request(method, where, files={"csrf": own})
            assert as_file.status_code == 403, path
    assert await counts() == (1, 1, 0), "nothing of it was done"


def foreign_places() -> list[dict[str, str]]:
    base, port = settings().base_url, settings().port
    origins = ["null", "", "https://evil.example", f"{base}.evil.example", f"{base}0", f"http://evil.example:{port}",
               f"http://localhost.evil.example:{port}",
               f"https://127.0.0.1:{port}", "http://127.0.0.1", "file://", "é"]  # fmt: skip
    sites = ["cross-site", "same-site", "", "SAME-ORIGIN", "same-origin, none"]
    return [{"Origin": origin} for origin in origins] + [{"Sec-Fetch-Site": site} for site in sites]


async def test_no_form_is_taken_from_a_page_elsewhere(said: Said) -> None:
    for method, path in routes():
        if method == "GET" or path == ONE_CLICK:
            continue
        where = filled(path, said.session_id, said.message_id)
        for headers in foreign_places():
            sent = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
            answer = await said.browser.client.request(method, where, data={"csrf": said.csrf}, headers=sent)
            assert answer.status_code == 403, (path, headers)
    assert await counts() == (1, 1, 0)


async def test_every_form_is_taken_from_our_own_pages(said: Said, ana: User) -> None:
    own = [{"Origin": settings().base_url, "Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"},
           {"Origin": f"http://localhost:{settings().port}"}]  # fmt: skip
    for method, path in routes():
        if method == "GET" or path == ONE_CLICK:
            continue
        for headers in own:
            await sql("DELETE FROM gate_tries")
            csrf = await said.browser.csrf()
            where = filled(path, said.session_id, said.message_id)
            answer = await said.browser.client.request(method, where, data={"csrf": csrf, "theme": "dark"}, headers=headers)
            assert answer.status_code in (201, 303, 404, 409, 422) or path == "/oauth/authorize", (path, headers)
            assert answer.status_code not in (401, 403), (path, headers)
            if path == "/sign-out":
                await said.browser.enter(ana)


async def counts() -> tuple[int, int, int]:
    """Conversations, messages as they were said, and sign-ins that have ended."""
    row = (await sql(
        """SELECT (SELECT count(*) FROM chat_sessions), (SELECT count(*) FROM messages WHERE text = 'hello'),
                  (SELECT count(*) FROM sign_ins WHERE ended_at IS NOT NULL)"""
    ))[0]  # fmt: skip
    return tuple(row)  # type: ignore[return-value]


async def test_every_route_refuses_a_stranger_unless_it_is_open(server: str, said: Said) -> None:
    async with Browser(server) as stranger:
        csrf = await stranger.csrf()
        for method, path in routes():
            where = filled(path, said.session_id, said.message_id)
            answer = await stranger.client.request(method, where, data={"csrf": csrf} if method != "GET" else None)
            if (method, path) in OPEN:
                assert "/sign-in?next" not in answer.headers.get("location", ""), (method, path)
            else:
                assert answer.status_code == 303, (method, path)
                assert answer.headers["location"].startswith("/sign-in?next="), (method, path)
            assert "hello" not in answer.text
            by_htmx = await stranger.client.request(
                method, where, data={"csrf": csrf} if method != "GET" else None, headers={"HX-Request": "true"}
            )
            assert "hello" not in by_htmx.text
    assert await counts() == (1, 1, 0)


async def test_a_stranger_gets_no_stream(server: str, said: Said) -> None:
    async with Browser(server) as stranger:
        answer = await stranger.get(f"/chat/{said.session_id}/stream", Accept="text/event-stream")
        assert (answer.status_code, answer.content) == (401, b"")


async def test_what_is_another_persons_looks_like_what_does_not_exist(server: str, said: Said, ben: User) -> None:
    async with Browser(server) as other:
        await other.enter(ben)
        own, csrf = await other.open_chat("mine"), await other.csrf()
        for method, path in routes():
            if "{session_id" not in path:
                continue
            pairs = [((said.session_id, said.message_id), (uuid4(), uuid4()))]
            if "{message_id" in path:
                pairs.append(((own, said.message_id), (own, uuid4())))
            for foreign, unknown in pairs:
                seen = [await look(other, method, filled(path, *ids), csrf) for ids in (foreign, unknown)]
                assert seen[0] == seen[1], (method, path)
                assert seen[0][0] == 404, (method, path)
    assert await counts() == (2, 1, 0)


async def look(browser: Browser, method: str, path: str, csrf: str) -> tuple[int, bytes, dict[str, Any]]:
    """All that an answer tells, but for what is new each time."""
    data = {"csrf": csrf, "text": "taken over"} if method != "GET" else None
    answer = await browser.client.request(method, path, data=data)
    headers = {name: value for name, value in answer.headers.items() if name not in ("date", "x-request-id")}
    return answer.status_code, answer.content, headers


async def test_nothing_answers_a_websocket(server: str, said: Said) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in said.browser.cookies.items())
    for path in ("/chat", f"/chat/{said.session_id}/socket", f"/chat/{said.session_id}/stream", "/nowhere"):
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with (
                asyncio.timeout(5),
                websockets.connect(
                    f"{server.replace('http', 'ws')}{path}",
                    additional_headers={"Cookie": cookie},
                    origin="https://evil.example",
                ),
            ):  # type: ignore[arg-type]
                pass
        assert refused.value.response.status_code in (403, 404)


async def test_a_token_outlives_renewal_but_not_its_sign_in(said: Said, ana: User) -> None:
    assert (await said.browser.post("/chat", {"text": "x"}, csrf=said.csrf)).status_code == 303
    await said.browser.sign_out()
    await said.browser.enter(ana)
    assert (await said.browser.post("/chat", {"text": "x"}, csrf=said.csrf)).status_code == 403
