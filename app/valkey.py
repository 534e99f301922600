"""Valkey: a client for what may take its time, and a wire for what must not."""

import asyncio
from collections.abc import Callable
from typing import Any, Self, cast

import hiredis
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.settings import settings

AWAY = (RedisError, OSError, TimeoutError)


def valkey(patience_seconds: float | None = 2) -> Redis:
    """A client with its own connections. Its calls give up after `patience_seconds`."""
    return Redis.from_url(settings().valkey_url, socket_timeout=patience_seconds, socket_connect_timeout=2)


class Wire(asyncio.Protocol):
    """One connection on which commands leave at once and replies arrive as they come, in the order of the commands.

    redis-py makes the connection (address, TLS, password, database) and then lets go of it: its own way through tasks,
    locks and timers takes 0.4-1 ms for a word to another process, which a person waits for three times in each answer,
    and ~120 us of each frame. `heard(reply)`: errors of Valkey come as hiredis.ReplyError. `lost()`: nothing more comes."""

    def __init__(self, heard: Callable[[Any], None], lost: Callable[[], None]) -> None:
        self.heard, self.lost = heard, lost
        self.reader = hiredis.Reader()
        self.transport: asyncio.Transport | None = None
        self.writer: asyncio.StreamWriter | None = None

    @classmethod
    async def open(cls, heard: Callable[[Any], None], lost: Callable[[], None]) -> Self:
        """A connection to the configured Valkey. One of AWAY when there is none within 2 s."""
        connection = valkey().connection_pool.make_connection()  # type: ignore[no-untyped-call]
        connection.retry = Retry(NoBackoff(), 0)
        async with asyncio.timeout(2):
            await connection.connect()
        writer, connection._writer, connection._reader = connection._writer, None, None
        wire = cls(heard, lost)
        wire.writer = writer  # kept, since it closes its transport when it is forgotten
        wire.transport = cast(asyncio.Transport, writer.transport)
        wire.transport.set_protocol(wire)
        return wire

    @property
    def crowded(self) -> bool:
        """Whether so much waits to be sent that nobody can be reading it."""
        return self.transport is None or self.transport.get_write_buffer_size() > 8 * 1024 * 1024

    def write(self, commands: list[tuple[Any, ...]]) -> None:
        """Send commands, in one piece."""
        if self.transport is not None:
            self.transport.write(b"".join([hiredis.pack_command(command) for command in commands]))

    def close(self) -> None:
        """Let go of it; `lost` is called soon."""
        if self.transport is not None:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        self.reader.feed(data)
        while (reply := self.reader.gets()) is not False:
            self.heard(reply)

    def connection_lost(self, error: Exception | None) -> None:
        if self.transport is not None:
            self.transport = None
            self.lost()
