"""A language model that does what it is told: an OpenAI-compatible server with exact timings and failures.

    python -m tests.stub_llm --port 0          prints its base URL
    async with StubLLM() as llm: llm.base_url  the same within a test

It waits 50 ms, then writes 200 tokens at 50 a second: token n is `word(n)`. The last user message steers it, by any of
these in double brackets, several in one pair or in several:

    [[tokens=200 rate=50 first=0.05]]   how many, how many a second (0: all at once), seconds before the first
    [[say=any words]] [[echo]]          answer these words; answer the user's words without the brackets
    [[ask=choice Which day? | Monday | Friday]] an Ask in JSON instead of prose
    [[text=prose]] [[text=time]]        Markdown prose; tokens that tell when they were sent: `t<monotonic_ns> `,
                                        the first one also when the request came: `r<monotonic_ns> t<monotonic_ns> `
    [[end=7]]                           one token more, `done7` in a paragraph of its own
    [[fail=500]] [[status=429 retry_after=2]]   an error instead of an answer
    [[hang]] [[hang=10]] [[cut=10]]     say nothing; stop saying after 10 tokens; drop the connection after 10 tokens
"""

import argparse
import asyncio
import contextlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from typing import Any, Self, cast

import uvloop

from tests.stub_orders import Order, order_of

MODEL = "stub"


@dataclass
class StubLLM:
    """The server. `requests` holds every body received; `sent` the monotonic seconds of each token, by completion id;
    `ended` how each completion ended: `complete`, `cut`, `failed` or `left` (the client hung up).
    While `away` is true it answers 503."""

    host: str = "127.0.0.1"
    port: int = 0
    away: bool = False
    requests: list[dict[str, Any]] = field(default_factory=list)
    sent: dict[str, list[float]] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)
    flowing: asyncio.Event = field(default_factory=asyncio.Event)
    connections: "set[Connection]" = field(default_factory=set)

    @property
    def base_url(self) -> str:
        return f"http://{self.host}:{self.port}/v1"

    def pause(self) -> None:
        """No token leaves until `resume`."""
        self.flowing.clear()

    def resume(self) -> None:
        self.flowing.set()

    async def __aenter__(self) -> Self:
        self.flowing.set()
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(lambda: Connection(self), self.host, self.port, backlog=1024)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.close()
        for connection in list(self.connections):
            connection.transport.abort()
        await self.server.wait_closed()


class Connection(asyncio.Protocol):
    """One client: HTTP/1.1 with keep-alive, one request after another."""

    transport: asyncio.Transport

    def __init__(self, llm: StubLLM) -> None:
        self.llm = llm
        self.received = b""
        self.answering: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.llm.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.llm.connections.discard(self)
        if self.answering:
            self.answering.cancel()

    def data_received(self, data: bytes) -> None:
        self.received += data
        if self.answering is None:
            self.take_request()

    def take_request(self) -> None:
        head, end, rest = self.received.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        size = int(length[1]) if length else 0
        if not end or len(rest) < size:
            return
        self.received = rest[size:]
        method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        self.answering = asyncio.get_running_loop().create_task(self.answer(method, path, rest[:size]))

    async def answer(self, method: str, path: str, body: bytes) -> None:
        match method, path:
            case "POST", "/v1/chat/completions":
                await self.complete(json.loads(body))
            case "GET", "/v1/models":
                self.reply(200, {"object": "list", "data": [{"id": MODEL, "object": "model"}]})
            case "GET", "/log":
                self.reply(200, {"requests": len(self.llm.requests), "sent": self.llm.sent, "ended": self.llm.ended})
            case _:
                self.reply(404, {"error": {"message": f"no {method} {path} here", "type": "not_found"}})
        self.answering = None
        self.take_request()

    async def complete(self, body: dict[str, Any]) -> None:
        self.llm.requests.append(body)
        order, key = order_of(body), f"chatcmpl-{next(self.llm.numbers)}"
        self.llm.sent[key] = []
        if status := 503 if self.llm.away else order.fail or order.status:
            self.llm.ended[key] = "failed"
            more = f"Retry-After: {order.retry_after}\r\n" if order.retry_after else ""
            self.reply(status, {"error": {"message": "as you asked", "type": "stub", "code": status}}, more)
            return
        writer = Stream(self, key, body) if body.get("stream") else Whole(self, key, body)
        try:
            await self.write(order, key, writer)
        except asyncio.CancelledError:
            self.llm.ended[key] = "left"
            raise

    async def write(self, order: Order, key: str, writer: "Whole") -> None:
        """Keep to the timetable: token n is due at `first + n / rate`, however late the one before it was."""
        sent, due = self.llm.sent[key], time.monotonic() + order.first
        for n, token in enumerate(order.answer()):
            if n == order.hang:
                await asyncio.Event().wait()
            if n == order.cut:
                self.llm.ended[key] = "cut"
                return self.transport.abort()
            await self.wait_until(due + n / order.rate if order.rate else due)
            sent.append(time.monotonic())
            writer.token(token())
        self.llm.ended[key] = "complete"
        writer.finish(len(sent))

    async def wait_until(self, due: float) -> None:
        if (delay := due - time.monotonic()) > 0:
            await asyncio.sleep(delay)
        await self.llm.flowing.wait()

    def reply(self, status: int, answer: dict[str, Any], more: str = "") -> None:
        body = json.dumps(answer).encode()
        head = f"HTTP/1.1 {status} Stub\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{more}\r\n"
        self.transport.write(head.encode() + body)


class Whole:
    """An answer in one piece."""

    def __init__(self, connection: Connection, key: str, body: dict[str, Any]) -> None:
        self.connection = connection
        self.envelope = {"id": key, "created": int(time.time()), "model": body.get("model", MODEL)}
        self.usage_wanted = bool((body.get("stream_options") or {}).get("include_usage"))
        self.text = ""

    def token(self, text: str) -> None:
        self.text += text

    def finish(self, tokens: int) -> None:
        choice = {"index": 0, "message": {"role": "assistant", "content": self.text}, "finish_reason": "stop"}
        answer = {**self.envelope, "object": "chat.completion", "choices": [choice], "usage": usage(tokens)}
        self.connection.reply(200, answer)


class Stream(Whole):
    """An answer token by token, as server-sent events. The headers come with the first token."""

    HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

    def __init__(self, connection: Connection, key: str, body: dict[str, Any]) -> None:
        super().__init__(connection, key, body)
        self.envelope["object"] = "chat.completion.chunk"
        self.prefix = json.dumps(self.envelope)[:-1]
        self.pending = self.HEAD + self.event('{"role": "assistant", "content": ""}')

    def token(self, text: str) -> None:
        self.write(self.event(f'{{"content": {json.dumps(text)}}}'))

    def finish(self, tokens: int) -> None:
        last = self.event("{}", '"stop"')
        if self.usage_wanted:
            last += chunked(f"data: {json.dumps({**self.envelope, 'choices': [], 'usage': usage(tokens)})}\n\n".encode())
        self.write(last + chunked(b"data: [DONE]\n\n") + b"0\r\n\r\n")

    def event(self, delta: str, reason: str = "null") -> bytes:
        choice = f'{{"index": 0, "delta": {delta}, "finish_reason": {reason}}}'
        return chunked(f'data: {self.prefix}, "choices": [{choice}]}}\n\n'.encode())

    def write(self, data: bytes) -> None:
        self.connection.transport.write(self.pending + data)
        self.pending = b""


def chunked(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def usage(tokens: int) -> dict[str, int]:
    return {"prompt_tokens": 1, "completion_tokens": tokens, "total_tokens": tokens + 1}


async def serve(port: int) -> None:
    async with StubLLM(port=port) as llm:
        print(llm.base_url, flush=True)
        await llm.server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description="An OpenAI-compatible model that does what it is told.")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free one")
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
