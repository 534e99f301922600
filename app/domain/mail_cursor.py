"""How far a mailbox has been read."""

from datetime import datetime
from typing import Self

from piccolo.columns import BigInt, Text, Timestamptz
from piccolo.table import Table

from app.database import DB, loaded, sql


class MailCursor(Table, tablename="mail_cursors", db=DB):
    """`history_id`: the provider's own count of changes, up to which all is kept here; `read_at`: when that was so.
    `watched_until`: how long the provider tells us by itself of what is new."""

    account = Text(primary_key=True)
    history_id = BigInt()
    read_at = Timestamptz()
    watched_until = Timestamptz(null=True, default=None)

    @classmethod
    async def of(cls, account: str) -> Self | None:
        """That of a mailbox; None for one that was never read."""
        rows = await sql("SELECT * FROM mail_cursors WHERE account = $1", account)
        return loaded(cls, rows[0]) if rows else None

    @classmethod
    async def move(cls, account: str, history_id: int) -> None:
        """All up to here is kept already. It never goes back."""
        await sql(
            """INSERT INTO mail_cursors AS c (account, history_id, read_at) VALUES ($1, $2, now())
               ON CONFLICT (account) DO UPDATE SET history_id = greatest(c.history_id, $2), read_at = now()""",
            account, history_id,
        )  # fmt: skip

    @classmethod
    async def watched(cls, account: str, until: datetime) -> None:
        """So long the provider tells us by itself."""
        await sql("UPDATE mail_cursors SET watched_until = $2 WHERE account = $1", account, until)

    @classmethod
    async def begin_again(cls, account: str, history_id: int) -> None:
        """The provider counts from somewhere else: it knows our place no longer."""
        await cls.move(account, history_id)
        await sql("UPDATE mail_cursors SET history_id = $2 WHERE account = $1", account, history_id)
