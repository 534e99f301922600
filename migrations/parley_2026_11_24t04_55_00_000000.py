"""People who leave, and invitations."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.database import sql

ID = "2026-11-24T04:55:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "leaving and being invited"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="parley", description=DESCRIPTION)

    async def add() -> None:
        await sql("ALTER TABLE users ADD COLUMN left_at TIMESTAMPTZ, ADD COLUMN erased_at TIMESTAMPTZ")
        await sql(
            """CREATE TABLE invitations (
                 id UUID PRIMARY KEY, email TEXT NOT NULL UNIQUE, token_hash TEXT NOT NULL UNIQUE,
                 by UUID NOT NULL REFERENCES users ON DELETE CASCADE, created_at TIMESTAMPTZ NOT NULL,
                 expires_at TIMESTAMPTZ NOT NULL)"""
        )

    async def drop() -> None:
        await sql("ALTER TABLE users DROP COLUMN left_at, DROP COLUMN erased_at")
        await sql("DROP TABLE invitations")

    manager.add_raw(add)
    manager.add_raw_backwards(drop)
    return manager
