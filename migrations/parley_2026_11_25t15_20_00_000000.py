"""The audit trail, and tries at the gates."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.database import sql

ID = "2026-11-25T15:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "audit trail, tries at the gates"

TABLES = {
    "audit_entries": """
        id UUID PRIMARY KEY, action VARCHAR(255) NOT NULL, by UUID, by_name TEXT NOT NULL, about UUID,
        about_name TEXT NOT NULL, address TEXT NOT NULL, device TEXT NOT NULL, detail TEXT NOT NULL,
        created_at TIMESTAMPTZ NOT NULL""",
    "gate_tries": """
        id UUID PRIMARY KEY, gate VARCHAR(255) NOT NULL, name TEXT NOT NULL, address TEXT NOT NULL,
        created_at TIMESTAMPTZ NOT NULL""",
}
INDEXES = {
    "audit_entries_latest": "audit_entries (created_at, id)",
    "audit_entries_by": "audit_entries (by)",
    "audit_entries_about": "audit_entries (about)",
    "gate_tries_name": "gate_tries (gate, name, created_at)",
    "gate_tries_address": "gate_tries (gate, address, created_at)",
}
# Erasing a person empties words and nothing else, and only where it says that this is what it does.
ONLY_GROWS = """
CREATE FUNCTION audit_entries_only_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND current_setting('parley.erasing', true) = 'on' THEN
    IF to_jsonb(NEW) - '{by_name,about_name,address,device,detail}'::text[]
         = to_jsonb(OLD) - '{by_name,about_name,address,device,detail}'::text[]
       AND NEW.by_name IN ('', OLD.by_name) AND NEW.about_name IN ('', OLD.about_name)
       AND NEW.address IN ('', OLD.address) AND NEW.device IN ('', OLD.device) AND NEW.detail IN ('', OLD.detail)
    THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'the audit trail only grows' USING ERRCODE = 'integrity_constraint_violation';
END $$
"""
TRIGGERS = {
    "audit_entries_stay": "BEFORE UPDATE OR DELETE ON audit_entries FOR EACH ROW",
    "audit_entries_are_never_emptied": "BEFORE TRUNCATE ON audit_entries FOR EACH STATEMENT",
}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="parley", description=DESCRIPTION)

    async def add() -> None:
        for name, columns in TABLES.items():
            await sql(f"CREATE TABLE {name} ({columns})")
        for name, on in INDEXES.items():
            await sql(f"CREATE INDEX {name} ON {on}")
        await sql(ONLY_GROWS)
        for name, when in TRIGGERS.items():
            await sql(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION audit_entries_only_grow()")

    async def drop() -> None:
        for name in TABLES:
            await sql(f"DROP TABLE {name}")
        await sql("DROP FUNCTION audit_entries_only_grow")

    manager.add_raw(add)
    manager.add_raw_backwards(drop)
    return manager
