"""No bytes that come in by HTTP make a 5xx, and what is too large is refused as that (promises.md, 19)."""

import asyncio
import os
import random
import re
from collections import Counter
from contextlib import suppress

import httpx
import pytest
from litestar.routes import HTTPRoute
from structlog.testing import capture_logs

from app.domain.user import User
from app.main import create_app
from tests.browsing import Browser
from tests.programs import Program
from tests.raw_requests import TEN_MEGABYTES, Known, Raw
from tests.waiting import until

SEED = 19
REQUESTS = 10_000 if os.environ.get("WHOLE_RUNS") else 1_000
AT_ONCE = 8
FINAL = ("/sign-out", "/account", "/oauth", "/admin")
"""Doors after which the rest would be asked by a stranger."""


def routes() -> list[tuple[str, str]]:
    found = [route for route in create_app().routes if isinstance(route, HTTPRoute) and not route.path.startswith(FINAL)]
    there = [(method, route.path) for route in found for method in sorted(route.methods)]
    return [("GET", "/nowhere"), ("POST", "/api/nowhere"), *there]


async def answer_to(url: httpx.URL, request: bytes) -> int:
    """The status of what is answered; 0 when the connection is closed without."""
    reader, writer = await asyncio.open_connection(url.host, url.port)
    sending = asyncio.create_task(send(writer, request))
    line = b""
    with suppress(ConnectionError):
        line = await asyncio.wait_for(reader.readline(), 20)
    sending.cancel()
    writer.transport.abort()
    return int(line.split()[1]) if line else 0


async def send(writer: asyncio.StreamWriter, request: bytes) -> None:
    with suppress(ConnectionError):  # it may be refused before it is whole
        writer.write(request)
        await writer.drain()


@pytest.mark.sized
async def test_no_bytes_make_a_server_error(server: str, ana: User) -> None:
    async with Browser(server) as browser, Program(server, ana) as program:
        await browser.enter(ana)
        ids = [await browser.open_chat("hello") for _ in range(12)]  # some of them may be deleted
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        raw = Raw(random.Random(SEED), routes(), Known(cookie, program.token, await browser.csrf(), ids))
        url, statuses = httpx.URL(server), Counter[int]()
        requests = iter([raw.request(url.netloc.decode()) for _ in range(REQUESTS)])

        async def ask_on() -> None:
            for request in requests:
                status = await answer_to(url, request)
                statuses[status] += 1
                assert 200 <= status < 500, (SEED, status, request[:1000])

        await asyncio.gather(*(ask_on() for _ in range(AT_ONCE)))
        assert (await browser.get("/chat")).status_code == 200, "still there, and still signed in"
    print(dict(statuses))
    assert {200, 303, 400, 401, 403, 404, 405} <= set(statuses), "they came in by every door"


async def test_ten_megabytes_are_too_large_wherever_a_body_is_taken(server: str, ana: User) -> None:
    async with Browser(server) as browser, Program(server, ana) as program:
        paths = (await program.get("/schema/openapi.json")).json()["paths"]
        told = [(method, path, one) for path, item in paths.items() for method, one in item.items()]
        taking = [(method, path) for method, path, one in told if "requestBody" in one]
        assert len(taking) >= 4
        for method, path in taking:
            where = re.sub(r"{\w+}", (await program.open()).rpartition("/")[2], path)
            answer = await program.client.request(method, where, content=b'"' + b"x" * TEN_MEGABYTES + b'"')
            assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json"), where
        await browser.enter(ana)
        big = await browser.post("/chat", {"text": "x" * TEN_MEGABYTES})
        assert (big.status_code, big.headers["content-type"]) == (413, "text/html; charset=utf-8")


@pytest.mark.parametrize("path", ["/sign-in", "/api/sessions"])
async def test_who_goes_away_while_sending_is_no_failure_of_ours(server: str, ana: User, path: str) -> None:
    url = httpx.URL(server)
    async with Program(server, ana) as program:
        head = [
            f"POST {path} HTTP/1.1", f"Host: {url.host}:{url.port}", "Content-Length: 100",
            f"Content-Type: application/{'json' if path.startswith('/api') else 'x-www-form-urlencoded'}",
        ]  # fmt: skip
        if path.startswith("/api"):
            head.append(f"Authorization: Bearer {program.token}")
        with capture_logs() as logs:
            _, writer = await asyncio.open_connection(url.host, url.port)
            writer.write("\r\n".join([*head, "", "text="]).encode())
            await asyncio.sleep(0.2)
            writer.transport.abort()
            told = await until(lambda: [one for one in logs if one.get("path") == path])
    assert [one["status"] for one in told] == [400]
    assert not [one for one in logs if one["log_level"] == "error"]
