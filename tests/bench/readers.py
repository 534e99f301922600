"""People at their pages: each opens a conversation, asks, and hears the answer. One class for each product."""

import asyncio
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from tests.bench.clocks import Ear, Question
from tests.bench.wire import Line, Wire, listen

OPENING_S = 30


class Reader(Protocol):
    async def open(self) -> None:
        """Be at the page, its stream connected."""

    async def ask(self, question: Question, *, close: bool = True, patience_s: float = 60) -> Ear:
        """Post the words and listen to the end of the answer."""

    async def leave(self) -> None: ...


@dataclass
class RelayReader:
    """A relay's whole page is one POST whose answer is the stream."""

    url: str

    async def open(self) -> None: ...

    async def ask(self, question: Question, *, close: bool = True, patience_s: float = 60) -> Ear:
        ear = Ear(question.mark, close)
        ear.begin()
        wire = await listen(f"{self.url}/say", ear.hear, body=question.text.encode())
        try:
            await asyncio.wait_for(ear.ended.wait(), patience_s)
        finally:
            wire.close()
        return ear

    async def leave(self) -> None: ...


@dataclass
class ChainlitReader:
    """Chainlit's page speaks Socket.IO over a WebSocket: 40 connects, 42 is an event, 2 and 3 are ping and pong."""

    url: str
    web: aiohttp.ClientSession
    ear: Ear | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self) -> None:
        address = self.url.replace("http", "ws", 1) + "/ws/socket.io/?EIO=4&transport=websocket"
        self.socket = await self.web.ws_connect(address, max_msg_size=0)
        await self.socket.receive_str()
        who = {"sessionId": str(uuid.uuid4()), "clientType": "webapp", "userEnv": "{}"}
        await self.socket.send_str(f"40{json.dumps(who)}")
        if not (answer := await self.socket.receive_str()).startswith("40"):
            raise RuntimeError(f"Chainlit refused: {answer}")
        self.hearing = asyncio.create_task(self.hear())
        await self.emit("connection_successful")
        await asyncio.wait_for(self.ready.wait(), OPENING_S)

    async def emit(self, event: str, *data: object) -> None:
        await self.socket.send_str(f"42{json.dumps([event, *data])}")

    async def hear(self) -> None:
        async for message in self.socket:
            text: str = message.data
            if text == "2":
                await self.socket.send_str("3")
            elif text.startswith('42["task_end"'):
                self.ready.set()
            elif self.ear:
                self.ear.hear(text.encode() + b"\n\n")

    async def ask(self, question: Question, *, close: bool = True, patience_s: float = 60) -> Ear:
        now = datetime.now(UTC).isoformat()
        message = {"id": str(uuid.uuid4()), "name": "User", "type": "user_message", "output": question.text}
        self.ear = Ear(question.mark, close)
        self.ear.begin()
        await self.emit("client_message", {"message": {**message, "createdAt": now}, "fileReferences": []})
        await asyncio.wait_for(self.ear.ended.wait(), patience_s)
        return self.ear

    async def leave(self) -> None:
        self.hearing.cancel()
        await self.socket.close()


CSRF = re.compile(r'<input[^>]*name="csrf"[^>]*value="([^"]+)"|<input[^>]*value="([^"]+)"[^>]*name="csrf"')


@dataclass
class Person:
    """Someone signed in to Parley, with a browser's cookies and manners."""

    url: str
    web: aiohttp.ClientSession
    csrf: str = ""

    @classmethod
    async def sign_up(cls, url: str) -> "Person":
        jar = aiohttp.CookieJar(unsafe=True)  # unsafe: cookies of a bare address
        # less than uvicorn keeps an idle connection, so that no post meets a closing one
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=3)
        person = cls(url, aiohttp.ClientSession(cookie_jar=jar, connector=connector))
        await person.read("/sign-up")
        name = f"ana{uuid.uuid4().hex[:8]}"
        email, password = f"{name}@example.org", "correct horse battery"
        status, _ = await person.post("/sign-up", name=name, email=email, password=password)
        if status not in (200, 303):
            raise RuntimeError(f"sign-up answered {status}")
        await person.read("/chat")
        return person

    async def read(self, path: str) -> str:
        async with self.web.get(self.url + path) as answer:
            page = await answer.text()
        if found := CSRF.search(page):
            self.csrf = found[1] or found[2]
        return page

    async def post(self, path: str, *, hx: bool = False, **form: str) -> tuple[int, str]:
        """The status and where it leads."""
        headers = {"Origin": self.url, "Sec-Fetch-Site": "same-origin"} | ({"HX-Request": "true"} if hx else {})
        data = {**form, "csrf": self.csrf}
        async with self.web.post(self.url + path, data=data, headers=headers, allow_redirects=False) as answer:
            await answer.read()
            return answer.status, answer.headers.get("Location") or answer.headers.get("HX-Redirect") or ""

    async def begin(self, text: str) -> str:
        """A new conversation: its path."""
        status, path = await self.post("/chat", text=text)
        if status != 303:
            raise RuntimeError(f"POST /chat answered {status}")
        return path.removeprefix(self.url)

    async def say(self, chat: str, text: str) -> None:
        status, _ = await self.post(f"{chat}/messages", hx=True, text=text, client_id=str(uuid.uuid4()))
        if status >= 400:
            raise RuntimeError(f"POST {chat}/messages answered {status}")

    async def follow(self, chat: str, heard: Callable[[bytes], None]) -> Wire:
        """Open the page's stream."""
        return await listen(f"{self.url}{chat}/stream?after=0", heard, headers=self.headers())

    def headers(self) -> dict[str, str]:
        """What htmx sends with a request of its own."""
        crumbs = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in self.cookies())
        return {"Host": urlsplit(self.url).netloc, "Cookie": crumbs, "Sec-Fetch-Site": "same-origin", "HX-Request": "true"}

    def cookies(self) -> list[Any]:
        """As Playwright wants them."""
        held = self.web.cookie_jar.filter_cookies(URL(self.url))
        return [{"name": name, "value": cookie.value, "url": self.url} for name, cookie in held.items()]

    async def leave(self) -> None:
        await self.web.close()


@dataclass
class ParleyReader:
    """A conversation of its own, already begun, with its page's stream open."""

    person: Person
    chat: str = ""
    ear: Ear = field(default_factory=lambda: Ear(b""))
    headers: dict[str, str] = field(default_factory=dict)

    async def open(self) -> None:
        first = Question("tokens=1 rate=0 first=0")
        self.chat = await self.person.begin(first.text)
        self.ear = Ear(first.mark)
        self.wire = await self.person.follow(self.chat, lambda data: self.ear.hear(data))
        self.line = await Line.open(self.person.url)
        self.headers = self.person.headers() | {"Origin": self.person.url}
        await asyncio.wait_for(self.ear.ended.wait(), OPENING_S)

    async def ask(self, question: Question, *, close: bool = True, patience_s: float = 60) -> Ear:
        self.ear = Ear(question.mark, close)
        self.ear.begin()
        form = {"text": question.text, "client_id": str(uuid.uuid4()), "csrf": self.person.csrf}
        if (status := await self.line.post(f"{self.chat}/messages", self.headers, form)) != 200:
            raise RuntimeError(f"POST {self.chat}/messages answered {status}")
        await asyncio.wait_for(self.ear.ended.wait(), patience_s)
        return self.ear

    async def leave(self) -> None:
        self.wire.close()
        self.line.close()
