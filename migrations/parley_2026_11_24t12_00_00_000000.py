"""Requests and their answers, the channels of people, and what is on its way to them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.database import sql

ID = "2026-11-24T12:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "feedback, channels, deliveries"

TABLES = {
    "communication_channels": """
        id UUID PRIMARY KEY, "user" UUID NOT NULL REFERENCES users ON DELETE CASCADE, type VARCHAR(255) NOT NULL,
        address TEXT NOT NULL, status VARCHAR(255) NOT NULL DEFAULT 'active', position INTEGER NOT NULL,
        failures INTEGER NOT NULL DEFAULT 0, last_error TEXT NOT NULL DEFAULT '', last_ok_at TIMESTAMPTZ,
        created_at TIMESTAMPTZ NOT NULL DEFAULT now(), UNIQUE ("user", type, address)""",
    "channel_health": """
        key TEXT PRIMARY KEY, failures INTEGER NOT NULL DEFAULT 0, probes INTEGER NOT NULL DEFAULT 0,
        probe_at TIMESTAMPTZ, error TEXT NOT NULL DEFAULT '',
        ok_at TIMESTAMPTZ, fails BOOLEAN NOT NULL DEFAULT FALSE""",
    "feedback_requests": """
        id UUID PRIMARY KEY, code TEXT NOT NULL, session UUID NOT NULL REFERENCES chat_sessions ON DELETE CASCADE,
        asked_by UUID REFERENCES users ON DELETE SET NULL, asked_by_name TEXT NOT NULL,
        type VARCHAR(255) NOT NULL, question TEXT NOT NULL, options TEXT[] NOT NULL, context TEXT NOT NULL,
        urgency VARCHAR(255) NOT NULL, deadline TIMESTAMPTZ, "default" JSONB, needed INTEGER NOT NULL,
        channels TEXT[] NOT NULL, webhook TEXT NOT NULL, status VARCHAR(255) NOT NULL, created_at TIMESTAMPTZ NOT NULL,
        settled_at TIMESTAMPTZ""",
    "feedback_recipients": """
        id UUID PRIMARY KEY, request UUID NOT NULL REFERENCES feedback_requests ON DELETE CASCADE,
        "user" UUID NOT NULL REFERENCES users ON DELETE CASCADE, next_at TIMESTAMPTZ, reminded BOOLEAN NOT NULL,
        alarm TEXT NOT NULL, created_at TIMESTAMPTZ NOT NULL, UNIQUE (request, "user")""",
    "feedback_responses": """
        id UUID PRIMARY KEY, request UUID NOT NULL REFERENCES feedback_requests ON DELETE CASCADE,
        "user" UUID NOT NULL REFERENCES users ON DELETE CASCADE, user_name TEXT NOT NULL, channel VARCHAR(255) NOT NULL,
        value JSONB NOT NULL, comment TEXT NOT NULL, created_at TIMESTAMPTZ NOT NULL, UNIQUE (request, "user")""",
    "deliveries": """
        id UUID PRIMARY KEY, kind VARCHAR(255) NOT NULL, via TEXT NOT NULL, line TEXT NOT NULL,
        channel UUID REFERENCES communication_channels ON DELETE CASCADE, "user" UUID REFERENCES users ON DELETE CASCADE,
        request UUID, message UUID, copy_of UUID, endpoint UUID, payload JSONB NOT NULL DEFAULT '{}',
        status VARCHAR(255) NOT NULL, given_up BOOLEAN NOT NULL DEFAULT FALSE, attempt INTEGER NOT NULL DEFAULT 0,
        due_at TIMESTAMPTZ NOT NULL, lease_until TIMESTAMPTZ, fence BIGINT NOT NULL DEFAULT 0,
        doubtful BOOLEAN NOT NULL DEFAULT FALSE, check_at TIMESTAMPTZ, doubles INTEGER NOT NULL DEFAULT 0,
        external_id TEXT NOT NULL DEFAULT '', error TEXT NOT NULL DEFAULT '', created_at TIMESTAMPTZ NOT NULL,
        accepted_at TIMESTAMPTZ, seen_at TIMESTAMPTZ""",
    "delivery_attempts": """
        id UUID PRIMARY KEY, delivery UUID NOT NULL REFERENCES deliveries ON DELETE CASCADE, number INTEGER NOT NULL,
        outcome TEXT NOT NULL, error TEXT NOT NULL, ended_at TIMESTAMPTZ NOT NULL""",
}
INDEXES = {
    "communication_channels_order": 'communication_channels ("user", position)',
    "feedback_requests_session": "feedback_requests (session)",
    "feedback_requests_deadline": "feedback_requests (deadline) WHERE status = 'open'",
    "feedback_recipients_due": "feedback_recipients (next_at) WHERE next_at IS NOT NULL",
    "feedback_recipients_person": 'feedback_recipients ("user", created_at)',
    "deliveries_due": "deliveries (due_at) WHERE status IN ('due', 'uncertain')",
    "deliveries_leased": "deliveries (lease_until) WHERE status = 'sending'",
    "deliveries_line": "deliveries (line, id) WHERE status IN ('due', 'sending', 'uncertain')",
    "deliveries_doubtful": "deliveries (check_at) WHERE check_at IS NOT NULL",
    "deliveries_request": "deliveries (request)",
    "deliveries_copy": "deliveries (copy_of)",
    "delivery_attempts_of": "delivery_attempts (delivery)",
}
UNIQUE = {
    "feedback_requests_open_code": "feedback_requests (code) WHERE status = 'open'",
    "deliveries_posted_once": "deliveries (request, channel, kind) WHERE kind IN ('request', 'reminder')",
}
# Everyone has the page; their sign-up address is there from the start and waits to be confirmed.
FURNISH = """
INSERT INTO communication_channels (id, "user", type, address, status, position)
SELECT gen_random_uuid(), id, 'web', '', 'active', 0 FROM users
UNION ALL SELECT gen_random_uuid(), id, 'email', email, 'disconnected', 1 FROM users
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="parley", description=DESCRIPTION)

    async def add() -> None:
        await sql("ALTER TABLE users ADD COLUMN quiet_from TEXT NOT NULL DEFAULT ''")
        await sql("ALTER TABLE users ADD COLUMN quiet_to TEXT NOT NULL DEFAULT ''")
        for name, columns in TABLES.items():
            await sql(f"CREATE TABLE {name} ({columns})")
        for name, on in INDEXES.items():
            await sql(f"CREATE INDEX {name} ON {on}")
        for name, on in UNIQUE.items():
            await sql(f"CREATE UNIQUE INDEX {name} ON {on}")
        await sql(FURNISH)

    async def drop() -> None:
        for name in reversed(TABLES):
            await sql(f"DROP TABLE {name}")
        await sql("ALTER TABLE users DROP COLUMN quiet_from, DROP COLUMN quiet_to")

    manager.add_raw(add)
    manager.add_raw_backwards(drop)
    return manager
