"""A channel that is removed leaves its deliveries; replayed and dead deliveries; measures for the system page."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.database import sql

ID = "2026-11-25T16:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "kept deliveries, measures"
KEY = "deliveries_channel_fkey FOREIGN KEY (channel) REFERENCES communication_channels"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="parley", description=DESCRIPTION)

    async def add() -> None:
        await sql("ALTER TABLE deliveries DROP CONSTRAINT deliveries_channel_fkey")
        await sql(f"ALTER TABLE deliveries ADD CONSTRAINT {KEY} ON DELETE SET NULL, ADD COLUMN replayed_at TIMESTAMPTZ")
        await sql("CREATE INDEX deliveries_dead ON deliveries (id) WHERE status = 'dead'")
        await sql("CREATE INDEX deliveries_channel ON deliveries (channel, id)")
        await sql("CREATE INDEX deliveries_accepted ON deliveries (accepted_at)")
        await sql("CREATE INDEX feedback_requests_open ON feedback_requests (created_at) WHERE status = 'open'")
        await sql(
            """CREATE TABLE measures (id UUID PRIMARY KEY, kind VARCHAR(255) NOT NULL, seconds REAL[] NOT NULL,
               at TIMESTAMPTZ NOT NULL)"""
        )
        await sql("CREATE INDEX measures_at ON measures (at)")

    async def drop() -> None:
        await sql("DROP TABLE measures")
        for name in ("deliveries_dead", "deliveries_channel", "deliveries_accepted", "feedback_requests_open"):
            await sql(f"DROP INDEX {name}")
        await sql("ALTER TABLE deliveries DROP CONSTRAINT deliveries_channel_fkey, DROP COLUMN replayed_at")
        await sql(f"ALTER TABLE deliveries ADD CONSTRAINT {KEY} ON DELETE CASCADE")

    manager.add_raw(add)
    manager.add_raw_backwards(drop)
    return manager
