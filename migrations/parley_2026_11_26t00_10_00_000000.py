"""What arrives from providers, where conversations go on there, what we may do there, and whose turn it is to listen."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.database import sql

ID = "2026-11-26T00:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "what arrives"

TABLES = {
    "inbound_events": """
        id UUID PRIMARY KEY, provider TEXT NOT NULL, external_id TEXT NOT NULL, kind TEXT NOT NULL, line TEXT NOT NULL,
        body TEXT NOT NULL, received_at TIMESTAMPTZ NOT NULL, due_at TIMESTAMPTZ NOT NULL, attempt INTEGER NOT NULL,
        lease_until TIMESTAMPTZ, processed_at TIMESTAMPTZ, error TEXT NOT NULL, UNIQUE (provider, external_id)""",
    "channel_bindings": """
        id UUID PRIMARY KEY, session UUID NOT NULL REFERENCES chat_sessions ON DELETE CASCADE,
        channel UUID NOT NULL REFERENCES communication_channels ON DELETE CASCADE, type VARCHAR(255) NOT NULL,
        place TEXT, revision BIGINT NOT NULL, created_at TIMESTAMPTZ NOT NULL,
        UNIQUE (session, type), UNIQUE (type, place)""",
    "live_copies": """
        id UUID PRIMARY KEY, message UUID NOT NULL REFERENCES messages ON DELETE CASCADE,
        binding UUID NOT NULL REFERENCES channel_bindings ON DELETE CASCADE, external_id TEXT NOT NULL,
        UNIQUE (message, binding)""",
    "grants": """
        id UUID PRIMARY KEY, provider TEXT NOT NULL, account TEXT NOT NULL, name TEXT NOT NULL, secret TEXT NOT NULL,
        scopes TEXT[] NOT NULL, expires_at TIMESTAMPTZ, granted_by UUID REFERENCES users ON DELETE SET NULL,
        ended_at TIMESTAMPTZ, why TEXT NOT NULL, created_at TIMESTAMPTZ NOT NULL, UNIQUE (provider, account)""",
    "duties": "name TEXT PRIMARY KEY, holder UUID NOT NULL, until TIMESTAMPTZ NOT NULL",
}
INDEXES = {
    "inbound_events_due": "inbound_events (due_at) WHERE processed_at IS NULL",
    "inbound_events_line": "inbound_events (line, id) WHERE processed_at IS NULL",
    "inbound_events_processed": "inbound_events (processed_at)",
    "channel_bindings_channel": "channel_bindings (channel)",
    "communication_channels_address": "communication_channels (type, address)",
    "deliveries_copies": "deliveries (via, external_id) WHERE external_id <> ''",
    "deliveries_message": "deliveries (message) WHERE message IS NOT NULL",
}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="parley", description=DESCRIPTION)

    async def add() -> None:
        for name, columns in TABLES.items():
            await sql(f"CREATE TABLE {name} ({columns})")
        await sql("ALTER TABLE communication_channels ADD COLUMN label TEXT NOT NULL DEFAULT ''")
        for name, on in INDEXES.items():
            await sql(f"CREATE INDEX {name} ON {on}")

    async def drop() -> None:
        for name in ("communication_channels_address", "deliveries_copies", "deliveries_message"):
            await sql(f"DROP INDEX {name}")
        await sql("ALTER TABLE communication_channels DROP COLUMN label")
        for name in reversed(TABLES):
            await sql(f"DROP TABLE {name}")

    manager.add_raw(add)
    manager.add_raw_backwards(drop)
    return manager
