"""Second factors: authenticator apps and recovery codes."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.database import sql

ID = "2026-11-24T04:57:41:000000"
VERSION = "1.38.0"
DESCRIPTION = "authenticator apps and recovery codes"

TABLES = {
    "totps": """
        id UUID PRIMARY KEY, "user" UUID NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE, secret TEXT NOT NULL,
        created_at TIMESTAMPTZ NOT NULL, confirmed_at TIMESTAMPTZ, last_step BIGINT NOT NULL DEFAULT 0""",
    "recovery_codes": """
        id UUID PRIMARY KEY, "user" UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE, hash TEXT NOT NULL,
        created_at TIMESTAMPTZ NOT NULL, used_at TIMESTAMPTZ, UNIQUE ("user", hash)""",
}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="parley", description=DESCRIPTION)

    async def make() -> None:
        for table, columns in TABLES.items():
            await sql(f"CREATE TABLE {table} ({columns})")

    async def drop() -> None:
        for table in TABLES:
            await sql(f"DROP TABLE {table}")

    manager.add_raw(make)
    manager.add_raw_backwards(drop)
    return manager
