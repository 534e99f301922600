"""Bring the database up to date, one process at a time. Piccolo itself is loaded only when there is something to do."""

import contextlib
import io
import os
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg

from app.settings import settings

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"
LOCK = 0x7061726C6579  # "parley"
Fetch = Callable[[str], Awaitable[list[Any]]]


class MigrationError(Exception):
    """A migration failed; nothing of it was applied."""


async def migrate() -> list[str]:
    """Apply the migrations that are missing, under an advisory lock. Returns their ids. MigrationError says what failed."""
    guard = await asyncpg.connect(settings().database_url)
    try:
        await guard.execute("SELECT pg_advisory_lock($1)", LOCK)
        missing = await pending(guard.fetch)
        if missing:
            await _apply()
            if await pending(guard.fetch):
                raise MigrationError("Migrations were applied, and yet some are missing.")
        return missing
    finally:
        await guard.close()


async def pending(fetch: Fetch) -> list[str]:
    """Ids of the migrations that the database still lacks."""
    try:
        applied = {row["name"] for row in await fetch("SELECT name FROM migration WHERE app_name = 'parley'")}
    except asyncpg.UndefinedTableError:
        applied = set()
    return [name for name in known() if name not in applied]


@cache
def known() -> list[str]:
    """Ids of all migrations that this version brings, in order."""
    found = (path.read_text().split('ID = "', 1) for path in MIGRATIONS.glob("parley_*.py"))
    return sorted(rest[1].split('"', 1)[0] for rest in found)


async def _apply() -> None:
    from piccolo.apps.migrations.commands.forwards import run_forwards

    os.environ["PICCOLO_CONF"] = "app.domain.piccolo_app"

    said = io.StringIO()  # Piccolo reports to the terminal
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        result = await run_forwards("parley")
    if not result.success:
        raise MigrationError(said.getvalue())
