"""The cheapest reader of a stream there is, so that hundreds of them leave the machine to what is measured."""

import asyncio
import re
from collections.abc import Callable
from typing import cast
from urllib.parse import urlencode, urlsplit


class Wire(asyncio.Protocol):
    """One HTTP/1.1 request whose answer never ends; every piece of it goes to `heard`."""

    transport: asyncio.Transport

    def __init__(self, request: bytes, heard: Callable[[bytes], None]) -> None:
        self.request, self.heard = request, heard
        self.open = asyncio.get_running_loop().create_future()
        self.head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        if self.open.done():
            return self.heard(data)
        self.head += data
        head, end, rest = self.head.partition(b"\r\n\r\n")
        if not end:
            return None
        status = head.split(b"\r\n", 1)[0].decode()
        if " 200 " not in f"{status} ":
            return self.open.set_exception(RuntimeError(f"{self.request.split(b' HTTP')[0].decode()}: {status}"))
        self.open.set_result(None)
        return self.heard(rest) if rest else None

    def connection_lost(self, error: Exception | None) -> None:
        if not self.open.done():
            self.open.set_exception(error or ConnectionError("closed before it answered"))

    def close(self) -> None:
        self.transport.abort()


class Line(asyncio.Protocol):
    """A kept connection on which forms are posted, one after the other, each answered with a length."""

    transport: asyncio.Transport
    answer: asyncio.Future[int] | None = None
    rest = b""

    @classmethod
    async def open(cls, url: str) -> "Line":
        parts = urlsplit(url)
        _, line = await asyncio.get_running_loop().create_connection(cls, parts.hostname or "", parts.port or 80)
        return line

    async def post(self, path: str, headers: dict[str, str], form: dict[str, str]) -> int:
        """The status of the answer, when all of it has come."""
        body = urlencode(form).encode()
        lines = {**headers, "Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body))}
        head = f"POST {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        answer = self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(head.encode() + b"\r\n" + body)
        return await asyncio.wait_for(answer, 60)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.rest += data
        head, end, body = self.rest.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        if self.answer and end and len(body) >= (int(length[1]) if length else 0):
            self.rest = b""
            self.answer.set_result(int(head.split(b" ", 2)[1]))

    def connection_lost(self, error: Exception | None) -> None:
        if self.answer and not self.answer.done():
            self.answer.set_exception(error or ConnectionError("closed before it answered"))

    def close(self) -> None:
        self.transport.abort()


async def listen(
    url: str, heard: Callable[[bytes], None], *, headers: dict[str, str] | None = None, body: bytes | None = None
) -> Wire:
    """Open a stream (POST when there is a body) and return when its headers have come."""
    parts = urlsplit(url)
    lines = {"Host": parts.netloc, "Accept": "text/event-stream", **(headers or {})}
    if body is not None:
        lines["Content-Length"] = str(len(body))
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    head = f"{'GET' if body is None else 'POST'} {target} HTTP/1.1\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
    request = head.encode() + (body or b"")
    loop = asyncio.get_running_loop()
    _, wire = await loop.create_connection(lambda: Wire(request, heard), parts.hostname or "", parts.port or 80)
    await asyncio.wait_for(asyncio.shield(wire.open), 30)
    return wire
