"""Where the reading of a mailbox stands, and mails that are held back until an admin has looked at them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.database import sql

ID = "2026-11-27T08:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "mail that arrives"

TABLES = {
    "mail_cursors": """
        account TEXT PRIMARY KEY, history_id BIGINT NOT NULL, read_at TIMESTAMPTZ NOT NULL, watched_until TIMESTAMPTZ""",
    "held_mails": """
        id UUID PRIMARY KEY, external_id TEXT NOT NULL UNIQUE, thread TEXT NOT NULL, sender TEXT NOT NULL, subject TEXT
        NOT NULL, why TEXT NOT NULL, body TEXT NOT NULL, received_at TIMESTAMPTZ NOT NULL, status VARCHAR(255) NOT NULL,
        decided_at TIMESTAMPTZ""",
}
INDEXES = {"held_mails_sender": "held_mails (sender) WHERE status = 'blocked'"}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="parley", description=DESCRIPTION)

    async def add() -> None:
        for name, columns in TABLES.items():
            await sql(f"CREATE TABLE {name} ({columns})")
        for name, on in INDEXES.items():
            await sql(f"CREATE INDEX {name} ON {on}")

    async def drop() -> None:
        for name in reversed(TABLES):
            await sql(f"DROP TABLE {name}")

    manager.add_raw(add)
    manager.add_raw_backwards(drop)
    return manager
