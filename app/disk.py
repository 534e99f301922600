"""Commits that do not each wait for the disk: what a statement has committed with `synchronous_commit` off can be read by
all at once, and work on it can begin; it is acknowledged when one flush has made it last, for all who wait together."""

import asyncio
from contextlib import suppress
from contextvars import Context
from types import TracebackType
from typing import Self

import asyncpg

from app.database import DB
from app.settings import settings

# A commit that does wait, of the least there is: all that was committed before it has reached the disk (or the replicas,
# as PostgreSQL is configured) when it has.
FLUSH = "SELECT pg_logical_emit_message(TRUE, 'parley', '')"
GATHER_SECONDS = 0.004
"""How long a flush waits for those who are about to commit: as long as they would wait for the end of this one."""


class Disk:
    """One connection, opened before anything is committed and kept for all: while it lives, PostgreSQL has not crashed in
    between, so what was committed is still there to be flushed."""

    def __init__(self) -> None:
        self.connection: asyncpg.Connection | None = None
        self.opening = asyncio.Lock()
        self.flushing = asyncio.Lock()
        self.next: asyncio.Task[None] | None = None
        self.writing = 0
        self.written = asyncio.Event()

    async def line(self) -> "asyncpg.Connection":
        """The connection, opened if need be."""
        if self.connection is None or self.connection.is_closed():
            async with self.opening:
                if self.connection is None or self.connection.is_closed():
                    self.connection = await asyncpg.connect(settings().database_url, timeout=5, command_timeout=30)
        return self.connection

    async def flush(self, line: asyncpg.Connection) -> None:
        """Make last what was committed while this was the line."""
        if line is not self.connection:
            raise ConnectionError("the database was away in between")
        if self.next is None:
            self.next = asyncio.create_task(self._flush(line), context=Context())
        await asyncio.shield(self.next)

    async def _flush(self, line: asyncpg.Connection) -> None:
        async with self.flushing:
            if self.writing:
                with suppress(TimeoutError):
                    async with asyncio.timeout(GATHER_SECONDS):
                        await self.written.wait()
            self.next = None  # whoever comes from now on may have committed after this flush
            await line.execute(FLUSH)

    async def close(self) -> None:
        """Let the connection go."""
        if self.connection is not None:
            closing, self.connection = self.connection, None
            closing.terminate()


class Commit:
    """Around a statement that commits by itself: `early` is whether it need not wait for the disk, which `last` then does.
    Within a transaction it isn't, since that one's own end will wait."""

    def __init__(self) -> None:
        self.line: asyncpg.Connection | None = None

    @property
    def early(self) -> bool:
        return self.line is not None

    async def __aenter__(self) -> Self:
        if not DB.current_transaction.get():
            self.line = await disk.line()
            disk.writing += 1
            disk.written.clear()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        if self.line:
            disk.writing -= 1
            if not disk.writing:
                disk.written.set()

    async def last(self) -> None:
        """When this returns, what was committed lasts. One of AWAY when it may have been lost."""
        if self.line:
            await disk.flush(self.line)


disk = Disk()
