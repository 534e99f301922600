"""Accounts elsewhere and passkeys that sign people in, and marks that count once."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.database import sql

ID = "2026-11-25T15:30:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "identities, passkeys"
TABLES = {
    "identities": """
        id UUID PRIMARY KEY, "user" UUID NOT NULL REFERENCES users ON DELETE CASCADE, provider TEXT NOT NULL,
        subject TEXT NOT NULL, email TEXT NOT NULL, verified BOOLEAN NOT NULL, linked_at TIMESTAMPTZ NOT NULL,
        last_used_at TIMESTAMPTZ, UNIQUE (provider, subject)""",
    "passkeys": """
        id UUID PRIMARY KEY, "user" UUID NOT NULL REFERENCES users ON DELETE CASCADE, credential_id TEXT NOT NULL UNIQUE,
        public_key BYTEA NOT NULL, sign_count BIGINT NOT NULL, name TEXT NOT NULL, created_at TIMESTAMPTZ NOT NULL,
        last_used_at TIMESTAMPTZ""",
    "spent_marks": "hash TEXT PRIMARY KEY, until TIMESTAMPTZ NOT NULL",
}
INDEXES = {
    "identities_user": 'identities ("user")',
    "passkeys_user": 'passkeys ("user")',
    "spent_marks_until": "spent_marks (until)",
}


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
