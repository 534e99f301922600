"""`Idempotency-Key`: a POST that is repeated with the same key is done once, and answered the same."""

from typing import Any

from litestar import Request
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from app.auth.bearer import Caller
from app.database import transaction
from app.domain.idempotency import KeptAnswer

JSON = [(b"content-type", b"application/json")]


class Idempotent(ASGIMiddleware):
    """Does what a POST asks for in one transaction with its answer, which is sent when that has committed. Only what went
    well is kept; what failed is done anew. Answers that are `secret` are not kept."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        request: Request[Any, Any, Any] = Request(scope, receive, send)
        key = request.headers.get("idempotency-key")
        if request.method != "POST" or key is None or scope["route_handler"].opt.get("secret"):
            return await next_app(scope, receive, send)
        who: Caller = scope["state"]["caller"]
        answer = Answer()
        # Before the transaction: reading a large body makes the connection go on in this context, and with it each later
        # request of the same client.
        body = await request.body()
        try:
            async with transaction():
                place = (who.user.id, scope["path"], key)
                if kept := await KeptAnswer.claim(*place, body):
                    answer.repeat(kept)
                else:
                    await next_app(scope, receive, answer.hear)
                    answer.must_be_well()
                    await KeptAnswer.keep(*place, answer.status, answer.body.decode())
        except Failed:
            pass
        for message in answer.messages:
            await send(message)


class Failed(Exception):
    """It was answered with an error: nothing of it is to last."""


class Answer:
    """An answer that is not sent yet."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.status = 0

    @property
    def body(self) -> bytes:
        return b"".join(one["body"] for one in self.messages if one["type"] == "http.response.body")

    async def hear(self, message: Message) -> None:
        """What the handler answers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        self.messages.append(message)

    def must_be_well(self) -> None:
        if not 200 <= self.status < 300:
            raise Failed

    def repeat(self, kept: KeptAnswer) -> None:
        """Answer as before."""
        self.messages.append({"type": "http.response.start", "status": kept.status, "headers": JSON})
        self.messages.append({"type": "http.response.body", "body": kept.answer.encode(), "more_body": False})
