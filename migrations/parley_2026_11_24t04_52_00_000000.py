"""A conversation that was deleted is hidden."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.database import sql

ID = "2026-11-24T04:52:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "when a conversation was deleted"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="parley", description=DESCRIPTION)

    async def add() -> None:
        await sql("ALTER TABLE chat_sessions ADD COLUMN deleted_at timestamptz")

    async def drop() -> None:
        await sql("ALTER TABLE chat_sessions DROP COLUMN deleted_at")

    manager.add_raw(add)
    manager.add_raw_backwards(drop)
    return manager
