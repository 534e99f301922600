"""A person's time zone, and where a device was last used from."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.database import sql

ID = "2026-11-24T04:40:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "time zone of a person, address of a sign-in"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="parley", description=DESCRIPTION)

    async def add() -> None:
        await sql("ALTER TABLE users ADD COLUMN time_zone TEXT NOT NULL DEFAULT ''")
        await sql("ALTER TABLE sign_ins ADD COLUMN address TEXT NOT NULL DEFAULT ''")

    async def drop() -> None:
        await sql("ALTER TABLE users DROP COLUMN time_zone")
        await sql("ALTER TABLE sign_ins DROP COLUMN address")

    manager.add_raw(add)
    manager.add_raw_backwards(drop)
    return manager
