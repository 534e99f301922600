"""Commits that do not each wait for the disk: what a statement has committed with `synchronous_commit` off can be read by
all at once, and work on it can begin; it is acknowledged when one flush has made it last, for all who wait together."""

import asyncio
from contextvars import Context

import asyncpg

from app.database import DB
from app.settings import settings

# A commit that does wait, of the least there is: all that was committed before it has reached the disk (or the replicas,
# as PostgreSQL is configured) when it has.
FLUSH = "SELECT pg_logical_emit_message(TRUE, 'parley', '')"


class Disk:
    """One connection, opened before anything is committed and kept for all: while it lives, PostgreSQL has not crashed in
    between, so what was committed is still there to be flushed."""

    def __init__(self) -> None:
        self.connection: asyncpg.Connection | None = None
        self.opening = asyncio.Lock()
        self.flushing = asyncio.Lock()
        self.next: asyncio.Task[None] | None = None

    async def line(self) -> "asyncpg.Connection | None":
        """To be asked for before the commit and given to `reach` after it. None within a transaction: its own end will
        wait for the disk."""
        if DB.current_transaction.get():
            return None
        if self.connection is None or self.connection.is_closed():
            async with self.opening:
                if self.connection is None or self.connection.is_closed():
                    self.connection = await asyncpg.connect(settings().database_url, timeout=5, command_timeout=30)
        return self.connection

    async def reach(self, line: "asyncpg.Connection | None") -> None:
        """When this returns, what was committed since `line` was asked for lasts. One of AWAY when it may have been lost."""
        if line is None:
            return
        if line is not self.connection:
            raise ConnectionError("the database was away in between")
        if self.next is None:
            self.next = asyncio.create_task(self._flush(line), context=Context())
        await asyncio.shield(self.next)

    async def _flush(self, line: asyncpg.Connection) -> None:
        async with self.flushing:
            self.next = None  # whoever comes from now on may have committed after this flush
            await line.execute(FLUSH)

    async def close(self) -> None:
        """Let the connection go."""
        if self.connection is not None:
            closing, self.connection = self.connection, None
            closing.terminate()


disk = Disk()
