"""Which copies of a delivery were taken back: named before they are, so that a death in between counts none twice."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.database import sql

ID = "2026-11-25T16:40:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "copies taken back"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="parley", description=DESCRIPTION)

    async def add() -> None:
        await sql("ALTER TABLE deliveries ADD COLUMN taken_back TEXT[] NOT NULL DEFAULT '{}'")

    async def drop() -> None:
        await sql("ALTER TABLE deliveries DROP COLUMN taken_back")

    manager.add_raw(add)
    manager.add_raw_backwards(drop)
    return manager
