"""Socket Mode: connections that the app opened, and envelopes that it acknowledges (docs.slack.dev, "Using Socket Mode")."""

import asyncio
import json
import random
import secrets
from collections.abc import Awaitable, Callable
from uuid import uuid4

from app.sandbox.slack.clock import Clock
from app.sandbox.slack.world import Json

TICKET_SECONDS = 30.0
MOST_CONNECTIONS = 10
LASTS_SECONDS = 18_060


class Connection:
    """One that is open. What is asked through it is answered by acknowledgements, in any order."""

    def __init__(self, send: Callable[[str], Awaitable[None]], close: Callable[[], Awaitable[None]]) -> None:
        self.send = send
        self.close = close
        self._asked: dict[str, asyncio.Future[Json]] = {}

    async def ask(self, envelope: Json) -> Json:
        """The payload of its acknowledgement. ConnectionError if the connection ends before."""
        name = str(uuid4())
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._asked[name] = answer
        try:
            await self.send(json.dumps({"envelope_id": name, **envelope}))
            return await answer
        finally:
            self._asked.pop(name, None)

    def acknowledge(self, text: str) -> None:
        said = json.loads(text)
        answer = self._asked.get(said.get("envelope_id"))
        if answer and not answer.done():
            answer.set_result(said.get("payload") or {})

    def lost(self) -> None:
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(ConnectionError("the socket was closed"))


class Sockets:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tickets: dict[str, float] = {}
        self._open: list[Connection] = []

    @property
    def any_open(self) -> bool:
        return bool(self._open)

    def new_ticket(self) -> str:
        """What opens one connection, within half a minute."""
        ticket = secrets.token_urlsafe(24)
        self._tickets[ticket] = self._clock.now()
        return ticket

    def admits(self, ticket: str) -> bool:
        made_at = self._tickets.pop(ticket, None)
        return made_at is not None and self._clock.now() - made_at < TICKET_SECONDS and len(self._open) < MOST_CONNECTIONS

    async def opened(self, connection: Connection, app_id: str) -> None:
        """Greet it, and send through it from now on."""
        self._open.append(connection)
        hello = {
            "type": "hello", "num_connections": len(self._open), "connection_info": {"app_id": app_id},
            "debug_info": {"host": "sandbox", "build_number": 1, "approximate_connection_time": LASTS_SECONDS},
        }  # fmt: skip
        await connection.send(json.dumps(hello))

    def left(self, connection: Connection) -> None:
        if connection in self._open:
            self._open.remove(connection)
        connection.lost()

    async def ask(self, envelope: Json) -> Json:
        """Through any one that is open. ConnectionError if none is, or it ends before it answers."""
        if not self._open:
            raise ConnectionError("no socket is open")
        return await random.choice(self._open).ask(envelope)  # noqa: S311 - any will do

    async def refresh(self, *, warn_seconds: float = 0.0) -> None:
        """Bid all connections open now to be replaced: a warning, some time to do so, then the end."""
        leaving = list(self._open)
        for reason, wait in (("warning", warn_seconds), ("refresh_requested", 0.0)):
            for one in leaving:
                if one in self._open:
                    await one.send(json.dumps({"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}))
            await asyncio.sleep(wait)
        for one in leaving:
            self.left(one)
            await one.close()

    async def close(self) -> None:
        for one in list(self._open):
            self.left(one)
            await one.close()
