"""PostgreSQL: Piccolo's engine and registry, transactions, and what happens after they commit."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import uuid_utils
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction
from piccolo.table import Table

from app.settings import settings

AWAY = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection cut in the middle of an operation
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    TimeoutError,
)
"""What is raised while PostgreSQL can't be reached; whoever waits for it tries again."""


class Transaction(PostgresTransaction):
    """Piccolo's, but a begin or commit that fails (the database went away) still gives its connection back."""

    async def __aenter__(self) -> PostgresTransaction:
        if self._parent is not None:
            return self._parent
        self.connection = await self.get_connection()  # type: ignore[no-untyped-call]
        self.transaction = self.connection.transaction()
        try:
            await self.begin()  # type: ignore[no-untyped-call]
        except BaseException:
            await self._let_go()
            raise
        self.context = self.engine.current_transaction.set(self)
        return self

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> bool:
        if self._parent:
            return error is None
        try:
            await (self.rollback() if error else self.commit())  # type: ignore[no-untyped-call]
        except AWAY:
            if error is None:
                raise
        finally:
            self.engine.current_transaction.reset(self.context)
            await self._let_go()
        return error is None

    async def _let_go(self) -> None:
        if self.engine.pool:
            await self.engine.pool.release(self.connection)
        else:
            await self.connection.close()


class Engine(PostgresEngine):
    async def check_version(self) -> None:
        """Piccolo asks the server for its version when this module is imported; `parley doctor` does it when asked."""

    def transaction(self, allow_nested: bool = True) -> Transaction:
        return Transaction(engine=self, allow_nested=allow_nested)


class Connection(asyncpg.Connection):  # type: ignore[misc]
    """Keeps nothing from one use to the next, so that giving it back costs no round trip."""

    def get_reset_query(self) -> str:
        return ""


DB = Engine(config={"dsn": settings().database_url, "command_timeout": 30})

AfterCommit = Callable[..., None]
_after: ContextVar[list[tuple[AfterCommit, tuple[Any, ...]]] | None] = ContextVar("after_commit", default=None)


def new_id() -> UUID:
    """A UUIDv7: unique, and sorted by the time it was made."""
    return UUID(bytes=uuid_utils.uuid7().bytes)


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """All or nothing. Within another transaction it joins that one. What was given to `after_commit` runs once the
    outermost has committed, and not at all when it hasn't."""
    if DB.current_transaction.get():
        yield
        return
    after: list[tuple[AfterCommit, tuple[Any, ...]]] = []
    token = _after.set(after)
    try:
        async with DB.transaction():
            yield
    finally:
        _after.reset(token)
    for call, arguments in after:
        call(*arguments)


@asynccontextmanager
async def attempt() -> AsyncIterator[None]:
    """Within a transaction, what fails in here can be made up for: else PostgreSQL takes nothing more after an error."""
    current = DB.current_transaction.get()
    if current:
        async with current.connection.transaction():
            yield
    else:
        yield


def after_commit(call: AfterCommit, *arguments: Any) -> None:
    """Call `call(*arguments)` when the current transaction has committed; now if there is none. It must not raise: the
    rows are the truth."""
    after = _after.get()
    if after is None:
        call(*arguments)
    else:
        after.append((call, arguments))


async def sql(query: str, *arguments: Any) -> list[Any]:
    """Rows of a raw query with $1, $2, ...; in the current transaction if there is one. For locks, upserts and windows."""
    current = DB.current_transaction.get()
    if current:
        return list(await current.connection.fetch(query, *arguments))
    assert DB.pool is not None
    async with DB.pool.acquire() as connection:
        return list(await connection.fetch(query, *arguments))


T = TypeVar("T", bound=Table)


def loaded(table: type[T], row: Mapping[str, Any]) -> T:
    """A table's object from a row of raw SQL that holds all its columns, and maybe others. It goes past Piccolo's
    constructor, which asks every column for its default: 80 us for each of a page's 60 messages."""
    made = table.__new__(table)
    made.__dict__.update({name: row[name] for name in _columns(table)}, _exists_in_db=True, _was_created=None)
    return made


@cache
def _columns(table: type[Table]) -> list[str]:
    return [column._meta.name for column in table._meta.columns]


async def connect() -> None:
    """Open this process's pool of connections. More of them would only wait for a processor, each with its own caches."""
    most = max(8, 4 * (os.cpu_count() or 1))
    if DB.pool is None:
        await DB.start_connection_pool(
            min_size=0, max_size=most, connection_class=Connection,
            server_settings={"plan_cache_mode": "force_generic_plan"},  # planned once, not anew in the first five uses
        )  # fmt: skip


async def disconnect() -> None:
    """Close the pool; connections still busy after 2 s are cut."""
    if DB.pool is not None:
        pool, DB.pool = DB.pool, None
        try:
            async with asyncio.timeout(2):
                await pool.close()
        except TimeoutError:
            pool.terminate()
