"""An app as the sandbox calls it back: it checks signatures as slack_sdk does, and answers what a test wants."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from app.sandbox.slack.options import Addresses
from tests.sandbox.running import Running, running_sandbox
from tests.waiting import until

Json = dict[str, Any]


@dataclass
class Heard:
    """A request of the sandbox's."""

    kind: str
    payload: Json
    headers: dict[str, str]


@dataclass
class App:
    """`answers` are the statuses of the next requests, 200 after them; `says` is the body of each answer."""

    sandbox: Running = field(init=False)
    heard: list[Heard] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    says: Any = None

    async def hear(self, request: web.Request) -> web.Response:
        body = await request.read()
        secret = self.sandbox.secrets.signing_secret
        assert SignatureVerifier(secret).is_valid_request(body, dict(request.headers))
        kind = request.path.rpartition("/")[2]
        payload = read(kind, body.decode())
        self.heard.append(Heard(kind, payload, dict(request.headers)))
        if payload.get("type") == "url_verification":
            return web.json_response({"challenge": payload["challenge"]})
        status = self.answers.pop(0) if self.answers else 200
        return web.Response(status=status) if self.says is None else web.json_response(self.says, status=status)

    def events(self, kind: str) -> list[Json]:
        """Events of this type or subtype that it was told of."""
        told = [one.payload["event"] for one in self.heard if one.kind == "events" and "event" in one.payload]
        return [one for one in told if kind in (one["type"], one.get("subtype"))]

    async def event(self, kind: str) -> Json:
        """The last event of this type or subtype, when it comes."""
        return (await until(lambda: self.events(kind)))[-1]

    async def told(self, kind: str, count: int = 1) -> Json:
        """The payload of the last request to "interactions" or "commands", when so many have come."""
        mine = await until(lambda: (found := [one for one in self.heard if one.kind == kind])[count - 1 :] and found)
        return mine[-1].payload


def read(kind: str, body: str) -> Json:
    if kind == "events":
        return dict(json.loads(body))
    form = {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}
    return dict(json.loads(form["payload"])) if kind == "interactions" else form


@asynccontextmanager
async def listening(**options: Any) -> AsyncIterator[App]:
    """An app, with a sandbox that calls it back; a retry comes at once."""
    hearing = App()
    server = web.Application()
    server.router.add_post("/slack/{kind}", hearing.hear)
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    addresses = Addresses.of(f"http://127.0.0.1:{port}")
    async with running_sandbox(**({"addresses": addresses, "retry_scale": 0.0001} | options)) as sandbox:
        hearing.sandbox = sandbox
        yield hearing
    await runner.cleanup()
