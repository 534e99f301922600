"""Answers to requests that may be repeated."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.database import sql

ID = "2026-11-24T05:14:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "kept answers"
TABLE = """
CREATE TABLE kept_answers (
  id uuid PRIMARY KEY,
  "user" uuid NOT NULL REFERENCES users ON DELETE CASCADE ON UPDATE CASCADE,
  path text NOT NULL,
  key varchar(255) NOT NULL,
  body_hash text NOT NULL,
  status integer NOT NULL DEFAULT 0,
  answer text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL,
  UNIQUE ("user", path, key)
)
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="parley", description=DESCRIPTION)

    async def add() -> None:
        await sql(TABLE)
        await sql("CREATE INDEX kept_answers_created_at ON kept_answers (created_at)")

    async def drop() -> None:
        await sql("DROP TABLE kept_answers")

    manager.add_raw(add)
    manager.add_raw_backwards(drop)
    return manager
