"""Requests that are sensitive: answered only by somebody who is signed in."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.database import sql

ID = "2026-11-27T09:30:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "sensitive requests"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="parley", description=DESCRIPTION)

    async def add() -> None:
        await sql("ALTER TABLE feedback_requests ADD COLUMN sensitive BOOLEAN NOT NULL DEFAULT FALSE")

    async def drop() -> None:
        await sql("ALTER TABLE feedback_requests DROP COLUMN sensitive")

    manager.add_raw(add)
    manager.add_raw_backwards(drop)
    return manager
