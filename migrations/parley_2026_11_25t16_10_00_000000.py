"""Requests that are asked together or handed on, and where programs are told of them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.database import sql

ID = "2026-11-25T16:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "batches, delegation, webhooks"
TABLES = {
    "webhook_endpoints": """
        id UUID PRIMARY KEY, "user" UUID NOT NULL REFERENCES users ON DELETE CASCADE, url TEXT NOT NULL,
        secret TEXT NOT NULL, old_secret TEXT NOT NULL DEFAULT '', old_until TIMESTAMPTZ, events TEXT[] NOT NULL,
        status VARCHAR(255) NOT NULL DEFAULT 'active', failing_since TIMESTAMPTZ, last_error TEXT NOT NULL DEFAULT '',
        last_ok_at TIMESTAMPTZ, created_at TIMESTAMPTZ NOT NULL, UNIQUE ("user", url)""",
}
COLUMNS = {
    "feedback_requests": {"batch": "UUID"},
    "feedback_recipients": {
        "delegated_to": "UUID REFERENCES users ON DELETE SET NULL",
        "delegated_at": "TIMESTAMPTZ",
    },
}
INDEXES = {
    "feedback_requests_batch": "feedback_requests (batch) WHERE batch IS NOT NULL",
    "feedback_requests_asked_by": "feedback_requests (asked_by, id)",
    "deliveries_endpoint": "deliveries (endpoint, id) WHERE endpoint IS NOT NULL",
}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="parley", description=DESCRIPTION)

    async def add() -> None:
        for name, columns in TABLES.items():
            await sql(f"CREATE TABLE {name} ({columns})")
        for table, added in COLUMNS.items():
            for name, kind in added.items():
                await sql(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")
        for name, on in INDEXES.items():
            await sql(f"CREATE INDEX {name} ON {on}")

    async def drop() -> None:
        for name in INDEXES:
            await sql(f"DROP INDEX {name}")
        for table, added in COLUMNS.items():
            for name in added:
                await sql(f"ALTER TABLE {table} DROP COLUMN {name}")
        for name in TABLES:
            await sql(f"DROP TABLE {name}")

    manager.add_raw(add)
    manager.add_raw_backwards(drop)
    return manager
