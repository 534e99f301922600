"""What open pages and sockets hear. Events go through Valkey, in order per process; when Valkey is away they are lost,
and pages find the rows changed within seconds (see `Listener.lost`)."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from app.settings import settings

AWAY = (RedisError, OSError, TimeoutError)
EVERYWHERE = b"live:all"
WORKERS = b"live:workers"
MOST_WAITING = 10_000
MOST_AT_ONCE = 500
PACE_SECONDS = 0.008
PULSE_SECONDS = 5.0
log = structlog.get_logger(__name__)

Event = dict[str, Any]
encode = msgspec.json.encode
decode = msgspec.json.decode


def valkey(patience_seconds: float | None = 2) -> Redis:
    """A client with its own connections. Its calls give up after `patience_seconds`."""
    return Redis.from_url(settings().valkey_url, socket_timeout=patience_seconds, socket_connect_timeout=2)


def channel(session_id: UUID | str) -> bytes:
    """The name under which a conversation's events are published."""
    return f"live:{session_id}".encode()


@dataclass
class Sender:
    """Sends commands to Valkey in the order given, as many at once as have gathered; drops them when it is away."""

    client: Redis = field(default_factory=valkey)
    waiting: deque[tuple[tuple[Any, ...], Callable[[Any], None] | None]] = field(default_factory=deque)
    task: asyncio.Task[None] | None = None
    timer: asyncio.TimerHandle | None = None
    sent_at: float = 0.0

    def send(self, *command: Any, then: Callable[[Any], None] | None = None, patient: bool = False) -> None:
        """Queue a command; `then` gets its answer, or the error. `patient`: under load it may wait some ms, so that many
        answers' frames share a round trip. Never waits itself, never raises."""
        if len(self.waiting) < MOST_WAITING:
            self.waiting.append((command, then))
        if self.task is None or self.task.done():
            wait = self.sent_at + PACE_SECONDS - time.monotonic() if patient else 0.0
            if wait <= 0:
                self._start()
            elif self.timer is None:
                self.timer = asyncio.get_running_loop().call_later(wait, self._start)

    def _start(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._drain(), context=Context())

    async def _drain(self) -> None:
        while self.waiting:
            self.sent_at = time.monotonic()
            batch = [self.waiting.popleft() for _ in range(min(len(self.waiting), MOST_AT_ONCE))]
            pipeline = self.client.pipeline(transaction=False)
            for command, _ in batch:
                pipeline.execute_command(*command)
            try:
                answers = await pipeline.execute(raise_on_error=False)
            except AWAY as error:
                log.warning("valkey is away", events_lost=len(batch), error=repr(error))
                answers = [error] * len(batch)
            for (_, then), answer in zip(batch, answers, strict=True):
                if then:
                    then(answer)

    async def close(self) -> None:
        """Send what waits, then disconnect."""
        self._start()
        if self.task:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.task, 2)
        await self.client.aclose()


_sender: Sender | None = None


def sender() -> Sender:
    """This process's sender."""
    global _sender
    if _sender is None:
        _sender = Sender()
    return _sender


def announce(session_id: UUID, kind: str, data: Event) -> None:
    """Tell every open page and socket of a conversation."""
    sender().send("PUBLISH", channel(session_id), encode({"kind": kind, **data}))


def announce_everywhere(kind: str, data: Event) -> None:
    """Tell every process, such as that a sign-in has ended."""
    sender().send("PUBLISH", EVERYWHERE, encode({"kind": kind, **data}))


def tell_workers(kind: str, session_id: UUID) -> None:
    """Tell every worker, such as that a person pressed Stop."""
    sender().send("PUBLISH", WORKERS, encode({"kind": kind, "session": str(session_id)}))


async def close() -> None:
    """Let this process's sender go."""
    global _sender
    if _sender is not None:
        closing, _sender = _sender, None
        await closing.close()


class Listener:
    """One subscription connection for a whole process, whatever the number of its pages.

    `heard(channel, event)` is called for each event in order; `lost()` when the connection broke and something may
    have been missed: then, and about each second until it is back, ask the database. `found()` when it is heard (again)."""

    def __init__(
        self, heard: Callable[[bytes, Event], None], lost: Callable[[], None], found: Callable[[], None] = lambda: None
    ) -> None:
        self.heard, self.lost, self.found = heard, lost, found
        self.client = valkey(patience_seconds=None)
        self.pubsub: PubSub = self.client.pubsub()
        self.channels: set[bytes] = set()
        self.confirmed: dict[bytes, asyncio.Event] = {}
        self.task: asyncio.Task[None] | None = None
        self.heard_at = 0.0

    def start(self, *channels: bytes) -> None:
        """Begin to listen, to these channels from the start."""
        self.first = frozenset(channels)
        self.channels.update(channels)
        self.task = asyncio.create_task(self._listen(), context=Context())
        self.pulse = asyncio.create_task(self._feel_pulse(), context=Context())

    async def follow(self, name: bytes) -> None:
        """Hear `name` from now on; returns when Valkey has confirmed it, or after 1 s when it is away."""
        confirmed = self.confirmed.setdefault(name, asyncio.Event())
        if name not in self.channels:
            self.channels.add(name)
            with suppress(*AWAY):
                await self.pubsub.subscribe(name)
        with suppress(TimeoutError):
            await asyncio.wait_for(confirmed.wait(), 1)

    async def leave(self, name: bytes) -> None:
        """Hear no more of `name`."""
        self.channels.discard(name)
        self.confirmed.pop(name, None)
        with suppress(*AWAY):
            await self.pubsub.unsubscribe(name)

    async def stop(self) -> None:
        if self.task:
            self.task.cancel()
            self.pulse.cancel()
            await asyncio.gather(self.task, self.pulse, return_exceptions=True)
        await self.pubsub.aclose()  # type: ignore[no-untyped-call]
        await self.client.aclose()

    async def _listen(self) -> None:
        while True:
            try:
                await self.pubsub.subscribe(*self.channels)
                self.heard_at = asyncio.get_running_loop().time()
                while True:
                    message = await self.pubsub.get_message(timeout=None)  # a timeout costs each message a timer
                    if message is not None:
                        self._sort(message)
            except AWAY as error:
                log.warning("valkey is away; pages follow the database", error=repr(error))
                self.lost()
                await self.pubsub.aclose()  # type: ignore[no-untyped-call]
                self.pubsub = self.client.pubsub()
                await asyncio.sleep(1)
                self.lost()

    async def _feel_pulse(self) -> None:
        """A connection may be dead without having said so: it must answer a ping each 5 s, or it is cut."""
        while True:
            await asyncio.sleep(PULSE_SECONDS)
            silent_seconds = asyncio.get_running_loop().time() - self.heard_at
            with suppress(*AWAY, RuntimeError):
                if silent_seconds > 3 * PULSE_SECONDS and self.pubsub.connection:
                    await self.pubsub.connection.disconnect(nowait=True)
                else:
                    await self.pubsub.ping()

    def _sort(self, message: dict[str, Any]) -> None:
        self.heard_at = asyncio.get_running_loop().time()
        match message["type"]:
            case "message":
                try:
                    self.heard(message["channel"], decode(message["data"]))
                except Exception:  # one event that can't be read must not deafen the process
                    log.exception("event not understood")
            case "subscribe":
                if message["channel"] in self.first:
                    self.found()
                self.confirmed.setdefault(message["channel"], asyncio.Event()).set()
