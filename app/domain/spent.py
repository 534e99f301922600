"""What counts once: a mark that was brought back to us, such as the state of a sign-in elsewhere or a challenge."""

from datetime import timedelta
from hashlib import sha256

from piccolo.columns import Text, Timestamptz
from piccolo.table import Table

from app.clock import now
from app.database import DB, sql


class SpentMark(Table, tablename="spent_marks", db=DB):
    """A mark that was used. Its hash is kept for as long as it would have been good, then it is forgotten."""

    hash = Text(primary_key=True)
    until = Timestamptz(index=True)


async def spend(mark: str, lasts: timedelta) -> bool:
    """Whether this is the first time that `mark` is used. The one statement decides between two who bring it at once."""
    await sql("DELETE FROM spent_marks WHERE until < $1", now())
    rows = await sql(
        "INSERT INTO spent_marks (hash, until) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING hash",
        sha256(mark.encode()).hexdigest(),
        now() + lasts,
    )
    return bool(rows)
