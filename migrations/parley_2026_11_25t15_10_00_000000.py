"""Programs that speak for people: OAuth clients, their codes and grants, and API keys."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.database import sql

ID = "2026-11-25T15:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "programs and API keys"

TABLES = {
    "oauth_clients": """
        id UUID PRIMARY KEY, owner UUID NOT NULL REFERENCES users ON DELETE CASCADE, name TEXT NOT NULL,
        redirect_uris TEXT[] NOT NULL, scopes TEXT[] NOT NULL, created_at TIMESTAMPTZ NOT NULL""",
    "oauth_codes": """
        id UUID PRIMARY KEY, "user" UUID NOT NULL REFERENCES users ON DELETE CASCADE,
        client UUID NOT NULL REFERENCES oauth_clients ON DELETE CASCADE, hash TEXT NOT NULL UNIQUE,
        redirect_uri TEXT NOT NULL, challenge TEXT NOT NULL, scopes TEXT[] NOT NULL, created_at TIMESTAMPTZ NOT NULL,
        sign_in UUID REFERENCES sign_ins ON DELETE CASCADE""",
    "api_keys": """
        id UUID PRIMARY KEY, "user" UUID NOT NULL REFERENCES users ON DELETE CASCADE, name TEXT NOT NULL,
        hash TEXT NOT NULL UNIQUE, scopes TEXT[] NOT NULL, created_at TIMESTAMPTZ NOT NULL, last_used_at TIMESTAMPTZ,
        networks TEXT[] NOT NULL""",
}
INDEXES = {
    "oauth_clients_owner": "oauth_clients (owner)",
    "oauth_codes_user": 'oauth_codes ("user")',
    "oauth_codes_client": "oauth_codes (client)",
    "oauth_codes_created_at": "oauth_codes (created_at)",
    "oauth_codes_sign_in": "oauth_codes (sign_in)",
    "api_keys_user": 'api_keys ("user")',
    "sign_ins_client": "sign_ins (client) WHERE client IS NOT NULL",
}
# A grant goes with its program: without the one that it names it would pass for a person's own.
OF_A_PROGRAM = "ADD COLUMN client UUID REFERENCES oauth_clients ON DELETE CASCADE, ADD COLUMN scopes TEXT[]"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="parley", description=DESCRIPTION)

    async def add() -> None:
        for name, columns in TABLES.items():
            await sql(f"CREATE TABLE {name} ({columns})")
        await sql(f"ALTER TABLE sign_ins {OF_A_PROGRAM}")
        for name, on in INDEXES.items():
            await sql(f"CREATE INDEX {name} ON {on}")

    async def drop() -> None:
        await sql("ALTER TABLE sign_ins DROP COLUMN client, DROP COLUMN scopes")
        for name in reversed(TABLES):
            await sql(f"DROP TABLE {name}")

    manager.add_raw(add)
    manager.add_raw_backwards(drop)
    return manager
