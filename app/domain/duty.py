"""What exactly one process does at a time, such as keeping a connection: whoever holds the lease."""

from uuid import UUID

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Text, Timestamptz
from piccolo.table import Table

from app.database import DB, sql


class Duty(Table, tablename="duties", db=DB):
    """Who does it, and until when nobody else may."""

    name = Text(primary_key=True)
    holder = UUIDColumn()
    until = Timestamptz()

    @classmethod
    async def take(cls, name: str, holder: UUID, seconds: float) -> bool:
        """Whether it is the holder's for so long from now: it was theirs, or nobody's any more."""
        rows = await sql(
            """INSERT INTO duties AS duty (name, holder, until) VALUES ($1, $2, now() + make_interval(secs => $3))
               ON CONFLICT (name) DO UPDATE SET holder = $2, until = EXCLUDED.until
               WHERE duty.holder = $2 OR duty.until < now() RETURNING name""",
            name, holder, seconds,
        )  # fmt: skip
        return bool(rows)

    @classmethod
    async def leave(cls, name: str, holder: UUID) -> None:
        """Let somebody else do it at once."""
        await sql("DELETE FROM duties WHERE name = $1 AND holder = $2", name, holder)
