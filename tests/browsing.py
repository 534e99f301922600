"""A browser without JavaScript, for tests: cookies, forms, redirects and streams over real HTTP.

async with Browser(server) as browser:
    await browser.sign_up("Ana")                       # or sign_in(...), or quickly: enter(ana)
    session_id = await browser.open_chat("hello")      # POST /chat, as the page's form does
    await browser.say(session_id, "and more")
    page = await browser.open(f"/chat/{session_id}")   # follows redirects; `get` and `post` don't
    async with browser.stream(session_id) as events:
        assert (await anext(events)).data
"""

import json
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from types import TracebackType
from typing import Any, Self

import httpx
import websockets
from websockets.asyncio.client import ClientConnection

from app.auth.cookies import signed_in
from app.domain.sign_in import SignIn
from app.domain.user import User
from tests.conftest import PASSWORD

# A server closes what was idle for 5 s; on a busy machine a request could leave at that very moment.
LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=2)
TRUST = ssl.create_default_context()
"""One for all clients: to read the certificates takes longer than many a test."""
ABSENT = "absent"
"""Of a header: it is not sent."""
CSRF = re.compile(r'name="csrf" value="([^"]*)"')


@dataclass(frozen=True)
class Event:
    """One event of a stream. `kind` is "message" unless the server named it."""

    kind: str
    data: str
    id: str


class Browser:
    """One browser of one person. `headers` go with every request; `client` is the httpx client beneath."""

    def __init__(self, base_url: str, *, transport: httpx.AsyncBaseTransport | None = None, **headers: str) -> None:
        self.client = httpx.AsyncClient(
            base_url=base_url,
            headers=headers,
            transport=transport,
            limits=LIMITS,
            timeout=20,
            trust_env=False,
            verify=TRUST,
        )

    async def __aenter__(self) -> Self:
        await self.client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.client.__aexit__(kind, error, trace)

    @property
    def cookies(self) -> dict[str, str]:
        """What this browser holds, by name."""
        return {cookie.name: cookie.value or "" for cookie in self.client.cookies.jar}

    def take(self, cookies: dict[str, str]) -> None:
        """Hold these cookies besides."""
        for name, value in cookies.items():
            self.forget(name)
            self.client.cookies.set(name, value, domain=self.client.base_url.host)

    def forget(self, *names: str) -> None:
        """Drop these cookies."""
        for cookie in [cookie for cookie in self.client.cookies.jar if cookie.name in names]:
            self.client.cookies.jar.clear(cookie.domain, cookie.path, cookie.name)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """The answer to a GET, redirects not followed. Underscores in header names stand for hyphens."""
        return await self.client.get(path, headers=_named(headers))

    async def open(self, path: str) -> httpx.Response:
        """The page at `path`, wherever it is found."""
        return await self.client.get(path, follow_redirects=True)

    async def post(
        self, path: str, form: dict[str, Any] | None = None, *, csrf: str | None = None, **headers: str
    ) -> httpx.Response:
        """The answer to a form with this browser's own token (or `csrf`), redirects not followed."""
        token = await self.csrf() if csrf is None else csrf
        return await self.client.post(path, data={"csrf": token, **(form or {})}, headers=_named(headers))

    async def csrf(self) -> str:
        """The token that pages give this browser in their forms."""
        return csrf_in((await self.get("/sign-in")).text)

    async def sign_up(self, name: str, email: str = "", password: str = PASSWORD) -> httpx.Response:
        """Become a member: `name`@example.com unless told otherwise."""
        return await self.post("/sign-up", {"name": name, "email": email or email_of(name), "password": password})

    async def sign_in(self, name: str, email: str = "", password: str = PASSWORD, **more: str) -> httpx.Response:
        return await self.post("/sign-in", {"email": email or email_of(name), "password": password, **more})

    async def sign_out(self) -> httpx.Response:
        return await self.post("/sign-out")

    async def enter(self, user: User) -> SignIn:
        """Be signed in as `user` at once, without the cost of a password."""
        sign_in = await SignIn.begin(user, "test")
        self.take(dict(cookie.split(";")[0].split("=", 1) for cookie in signed_in(user, sign_in)))  # type: ignore[misc]
        return sign_in

    async def open_chat(self, text: str, **fields: str) -> str:
        """Begin a conversation with these words; its id."""
        answer = await self.post("/chat", {"text": text, **fields})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].removeprefix("/chat/").partition("#")[0]

    async def say(self, session_id: str, text: str, **fields: str) -> httpx.Response:
        return await self.post(f"/chat/{session_id}/messages", {"text": text, **fields})

    @asynccontextmanager
    async def stream(self, session_id: str, query: str = "after=0", **headers: str) -> AsyncIterator[AsyncIterator[Event]]:
        """The events of a conversation's page, as they come."""
        async with self.listen(f"/chat/{session_id}/stream?{query}", **headers) as events:
            yield events

    @asynccontextmanager
    async def socket(self, session_id: str, query: str = "after=0", **headers: str) -> AsyncIterator[ClientConnection]:
        """The same by a socket, opened from one of our own pages unless `headers` say otherwise."""
        address = f"{self.client.base_url}".replace("http", "ws", 1).rstrip("/") + f"/chat/{session_id}/socket?{query}"
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"Cookie": cookie, "Origin": str(self.client.base_url).rstrip("/")} | headers
        sent = {name: value for name, value in sent.items() if value != ABSENT}
        async with websockets.connect(address, additional_headers=sent, proxy=None) as connection:
            yield connection

    @asynccontextmanager
    async def listen(self, path: str, **headers: str) -> AsyncIterator[AsyncIterator[Event]]:
        """The events of any stream."""
        asked = {"Accept": "text/event-stream", **_named(headers)}
        async with self.client.stream("GET", path, headers=asked) as answer:
            assert answer.status_code == 200, answer.status_code
            yield events_of(answer.aiter_lines())


async def events_of(lines: AsyncIterator[str]) -> AsyncIterator[Event]:
    """Server-sent events out of their lines; heartbeats and retry times left out."""
    fields: dict[str, str] = {}
    async for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
            continue
        if "data" in fields and fields.get("event") != "beat":
            yield Event(fields.get("event", "message"), fields["data"], fields.get("id", ""))
        fields = {}


def event_of(frame: str | bytes) -> Event:
    """A frame of a page's socket as the event that a stream would have brought."""
    told = json.loads(frame)
    return Event(told.get("signal", "message"), told.get("content", ""), str(told.get("revision", "")))


def csrf_in(html: str) -> str:
    """The token in a page's first form; "" if it has none."""
    found = CSRF.search(html)
    return unescape(found[1]) if found else ""


def email_of(name: str) -> str:
    return f"{name.lower()}@example.com"


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
