"""Indexes that the tables can't say themselves."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.database import sql

ID = "2026-11-22T12:50:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "indexes"

INDEXES = {
    "messages_changed": "messages (session, revision)",
    "messages_queued": "messages (session) WHERE status = 'queued'",
    "chat_sessions_latest": "chat_sessions (owner, updated_at DESC)",
    "agent_states_due": "agent_states (due_at) WHERE status = 'queued'",
    "agent_states_leased": "agent_states (lease_until) WHERE status IN ('thinking', 'responding')",
}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="parley", description=DESCRIPTION)

    async def create() -> None:
        for name, definition in INDEXES.items():
            await sql(f"CREATE INDEX {name} ON {definition}")

    async def drop() -> None:
        for name in INDEXES:
            await sql(f"DROP INDEX {name}")

    manager.add_raw(create)
    manager.add_raw_backwards(drop)
    return manager
