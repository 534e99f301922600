"""What an entry of the log is about: the request that it answers, or the message that somebody is asked about. And where a
person's notes are found."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.database import sql

ID = "2026-11-25T16:30:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "what messages are about"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="parley", description=DESCRIPTION)

    async def add() -> None:
        await sql("ALTER TABLE messages ADD COLUMN about UUID")
        await sql("""CREATE INDEX deliveries_notices ON deliveries ("user", id) WHERE kind = 'notice' AND via = 'web'""")

    async def drop() -> None:
        await sql("DROP INDEX deliveries_notices")
        await sql("ALTER TABLE messages DROP COLUMN about")

    manager.add_raw(add)
    manager.add_raw_backwards(drop)
    return manager
