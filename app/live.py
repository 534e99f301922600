"""What open pages and sockets hear. Events go through Valkey, in order per process; when Valkey is away they are lost,
and pages find the rows changed within seconds (see `Listener.lost`)."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from typing import Any
from uuid import UUID

import msgspec
import structlog

from app.valkey import AWAY, Wire

EVERYWHERE = b"live:all"
WORKERS = b"live:workers"
MOST_WAITING = 10_000
PACE_SECONDS = 0.008
PULSE_SECONDS = 5.0
SILENCE_SECONDS = 2.0
log = structlog.get_logger(__name__)

Event = dict[str, Any]
Answered = Callable[[Any], None]
encode = msgspec.json.encode
decode = msgspec.json.decode


def channel(session_id: UUID | str) -> bytes:
    """The name under which a conversation's events are published."""
    return f"live:{session_id}".encode()


class Sender:
    """Sends commands to Valkey in the order given and drops them when it is away. Never waits, never raises."""

    def __init__(self) -> None:
        self.wire: Wire | None = None
        self.opening: asyncio.Task[None] | None = None
        self.waiting: list[tuple[Any, ...]] = []
        self.expected: deque[Answered | None] = deque()  # who wants the reply to each command, sent or waiting
        self.timer: asyncio.TimerHandle | None = None
        self.sent_at = self.heard_at = 0.0

    def send(self, *command: Any, then: Answered | None = None, patient: bool = False) -> None:
        """Send a command; `then` gets its reply, or the error. `patient`: it may wait some ms for company, so that under
        load many answers' frames share a packet."""
        now = time.monotonic()
        if not self.expected:
            self.heard_at = now
        if len(self.expected) >= MOST_WAITING:
            return
        self.waiting.append(command)
        self.expected.append(then)
        wait = self.sent_at + PACE_SECONDS - now if patient else 0.0
        if wait <= 0:
            self.flush()
        elif self.timer is None:
            self.timer = asyncio.get_running_loop().call_later(wait, self.flush)

    def flush(self) -> None:
        """Send what waits."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if self.wire is None:
            if self.opening is None:
                self.opening = asyncio.create_task(self._open(), context=Context())
            return
        self.sent_at = time.monotonic()
        if self.sent_at - self.heard_at > SILENCE_SECONDS or self.wire.crowded:
            self.wire.close()
        else:
            waiting, self.waiting = self.waiting, []
            self.wire.write(waiting)

    async def _open(self) -> None:
        try:
            self.wire = await Wire.open(self._heard, self._lost)
            self.heard_at = time.monotonic()
        except AWAY as error:
            self._lost(error)
        else:
            self.flush()
        finally:
            self.opening = None

    def _heard(self, reply: Any) -> None:
        self.heard_at = time.monotonic()
        if then := self.expected.popleft():
            then(reply)

    def _lost(self, error: Exception | None = None) -> None:
        """What was not answered is dropped: it may have arrived, so it is not sent again."""
        self.wire = None
        lost = list(self.expected)
        self.expected.clear()
        self.waiting.clear()
        if lost:
            log.warning("valkey is away", events_lost=len(lost), error=repr(error))
        for then in lost:
            if then:
                then(error or ConnectionError())

    async def close(self) -> None:
        """Send what waits, hear its replies for at most 2 s, then disconnect."""
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                if self.waiting:
                    self.flush()
                while self.expected:  # noqa: ASYNC110 - once, at the end
                    await asyncio.sleep(0.005)
        if self.opening:
            self.opening.cancel()
        if self.wire:
            self.wire.close()


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


def tell_workers(kind: str, session_id: UUID, then: Answered | None = None) -> None:
    """Tell every worker, such as that a person pressed Stop. `then` gets how many heard it, or the error."""
    sender().send("PUBLISH", WORKERS, encode({"kind": kind, "session": str(session_id)}), then=then)


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
        self.wire: Wire | None = None
        self.channels: set[bytes] = set()
        self.confirmed: dict[bytes, asyncio.Event] = {}
        self.tasks: list[asyncio.Task[None]] = []
        self.broken = asyncio.Event()
        self.heard_at = 0.0

    def start(self, *channels: bytes) -> None:
        """Begin to listen, to these channels from the start."""
        self.first = frozenset(channels)
        self.channels.update(channels)
        self.tasks = [asyncio.create_task(work(), context=Context()) for work in (self._listen, self._feel_pulse)]

    async def follow(self, name: bytes) -> None:
        """Hear `name` from now on; returns when Valkey has confirmed it, or after 1 s when it is away."""
        confirmed = self.confirmed.setdefault(name, asyncio.Event())
        if name not in self.channels:
            self.channels.add(name)
            self._write("SUBSCRIBE", name)
        with suppress(TimeoutError):
            await asyncio.wait_for(confirmed.wait(), 1)

    def leave(self, name: bytes) -> None:
        """Hear no more of `name`."""
        self.channels.discard(name)
        self.confirmed.pop(name, None)
        self._write("UNSUBSCRIBE", name)

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        if self.wire:
            self.wire.close()

    async def _listen(self) -> None:
        while True:
            try:
                self.broken.clear()
                self.heard_at = time.monotonic()
                self.wire = await Wire.open(self._sort, self.broken.set)
                self._write("SUBSCRIBE", *self.channels)
                await self.broken.wait()
            except AWAY as error:
                log.warning("valkey is away; pages follow the database", error=repr(error))
            self.wire = None
            self.lost()
            await asyncio.sleep(1)
            self.lost()

    async def _feel_pulse(self) -> None:
        """A connection may be dead without having said so: it must answer a ping each 5 s, or it is cut."""
        while True:
            await asyncio.sleep(PULSE_SECONDS)
            if self.wire and time.monotonic() - self.heard_at > 3 * PULSE_SECONDS:
                self.wire.close()
            self._write("PING")

    def _write(self, *command: Any) -> None:
        if self.wire:
            self.wire.write([command])

    def _sort(self, reply: Any) -> None:
        self.heard_at = time.monotonic()
        match reply:
            case [b"message", name, data]:
                try:
                    self.heard(name, decode(data))
                except Exception:  # one event that can't be read must not deafen the process
                    log.exception("event not understood")
            case [b"subscribe", name, _]:
                if name in self.first:
                    self.found()
                self.confirmed.setdefault(name, asyncio.Event()).set()
