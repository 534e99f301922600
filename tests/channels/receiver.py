"""A program that webhooks are posted to: a real HTTP server that answers as it is told, and remembers what came."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

import pytest
from aiohttp import web
from standardwebhooks import Webhook as Standard

from app.channels.registry import connect
from app.channels.webhook import Webhook
from app.settings import settings


@dataclass
class Post:
    """What came, and the `request` to answer by hand."""

    path: str
    headers: dict[str, str]
    body: bytes
    request: web.Request

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.body)
        return told

    def verified(self, secret: str) -> dict[str, Any]:
        """What it tells, if the spec's own library takes it for one of this secret; WebhookVerificationError if not."""
        told: dict[str, Any] = Standard(secret).verify(self.body, self.headers)
        return told


class Receiver:
    """`answer` says, post by post, with what status it is answered; or with what response, maybe awaited."""

    def __init__(self) -> None:
        self.url = ""
        self.posts: list[Post] = []
        self.answer: Callable[[Post], Any] = lambda post: 204

    async def take(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        post = Post(request.path, headers, await request.read(), request)
        self.posts.append(post)
        answer = self.answer(post)
        if isinstance(answer, int):
            return web.Response(status=answer)
        response: web.StreamResponse = answer if isinstance(answer, web.StreamResponse) else await answer
        return response

    def events(self) -> list[str]:
        return [post.told["type"] for post in self.posts]


@asynccontextmanager
async def receiving(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Receiver]:
    """A receiver that a setting lets webhooks go to, and a worker's sender."""
    receiver, application = Receiver(), web.Application()
    application.router.add_route("*", "/{path:.*}", receiver.take)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    receiver.url = f"http://{host}:{port}/hook"
    monkeypatch.setattr(settings(), "webhook_networks", (ip_network("127.0.0.0/8"),))
    sender = Webhook()
    connect("webhook", sender)
    yield receiver
    await sender.close()
    await runner.cleanup()
