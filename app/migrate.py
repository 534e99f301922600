"""Bring the database up to date, one process at a time."""

import contextlib
import io

import asyncpg
from piccolo.apps.migrations.commands.forwards import run_forwards
from piccolo.apps.migrations.tables import Migration

from app.domain.piccolo_app import MIGRATIONS
from app.settings import settings

LOCK = 0x7061726C6579  # "parley"


class MigrationError(Exception):
    """A migration failed; nothing of it was applied."""


async def migrate() -> list[str]:
    """Apply the migrations that are missing, under an advisory lock. Returns their ids. MigrationError says what failed."""
    guard = await asyncpg.connect(settings().database_url)
    try:
        await guard.execute("SELECT pg_advisory_lock($1)", LOCK)
        missing = await pending()
        if missing:
            said = io.StringIO()  # Piccolo reports to the terminal
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                result = await run_forwards("parley")
            if not result.success or await pending():
                raise MigrationError(said.getvalue())
        return missing
    finally:
        await guard.close()


async def pending() -> list[str]:
    """Ids of the migrations that the database still lacks."""
    await Migration.create_table(if_not_exists=True)
    applied = set(await Migration.select(Migration.name).where(Migration.app_name == "parley").output(as_list=True))
    return [name for name in sorted(known()) if name not in applied]


def known() -> list[str]:
    """Ids of all migrations that this version brings."""
    found = (path.read_text().split('ID = "', 1) for path in MIGRATIONS.glob("parley_*.py"))
    return [rest[1].split('"', 1)[0] for rest in found]
