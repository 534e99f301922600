"""Mails that nobody has acted on: it is not certain who wrote them. An admin looks at them."""

from datetime import timedelta
from enum import StrEnum
from typing import Self
from uuid import UUID

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Text, Timestamptz, Varchar
from piccolo.table import Table

from app.clock import now
from app.database import DB, loaded, new_id, sql
from app.domain.errors import Conflict, NotFound

MOST_KEPT = 1_000
KEPT = timedelta(days=30)


class HeldStatus(StrEnum):
    HELD = "held"
    RELEASED = "released"
    BLOCKED = "blocked"


class HeldMail(Table, tablename="held_mails", db=DB):
    """One such mail, with all that it held (`body`, as it came). `released`: an admin says that it is from whom it says.
    `blocked`: nothing from this sender is looked at any more."""

    id = UUIDColumn(primary_key=True, default=new_id)
    external_id = Text(unique=True)
    thread = Text()
    sender = Text()
    subject = Text()
    why = Text()
    body = Text()
    received_at = Timestamptz(default=now)
    status = Varchar(choices=HeldStatus, default=HeldStatus.HELD)
    decided_at = Timestamptz(null=True, default=None)

    @classmethod
    async def hold(cls, external_id: str, *, thread: str, sender: str, subject: str, why: str, body: str) -> None:
        """Keep it for an admin, once. Of a great many only the latest are kept."""
        await sql(
            """INSERT INTO held_mails (id, external_id, thread, sender, subject, why, body, received_at, status)
               VALUES ($1, $2, $7, $3, left($4, 200), $5, $6, now(), 'held') ON CONFLICT DO NOTHING""",
            new_id(), external_id, sender, subject, why, body, thread,
        )  # fmt: skip
        await sql(
            """DELETE FROM held_mails WHERE status = 'held' AND id < (
                 SELECT id FROM held_mails WHERE status = 'held' ORDER BY id DESC OFFSET $1 LIMIT 1)""",
            MOST_KEPT - 1,
        )  # fmt: skip

    @classmethod
    async def forget_old(cls) -> None:
        """What nobody has decided about in a month, and what blocked mails said: they are people's words."""
        await sql("DELETE FROM held_mails WHERE status <> 'blocked' AND received_at < $1", now() - KEPT)
        await sql("UPDATE held_mails SET body = '', subject = '' WHERE body <> '' AND received_at < $1", now() - KEPT)

    @classmethod
    async def standing_of(cls, external_id: str) -> HeldStatus | None:
        """What was decided about a mail that was held; None for one that was not."""
        rows = await sql("SELECT status FROM held_mails WHERE external_id = $1", external_id)
        return HeldStatus(rows[0]["status"]) if rows else None

    @classmethod
    async def is_blocked(cls, sender: str) -> bool:
        """Whether nothing from this address is looked at."""
        return bool(await sql("SELECT FROM held_mails WHERE sender = $1 AND status = 'blocked' LIMIT 1", sender))

    @classmethod
    async def listed(cls, limit: int = 100) -> list[Self]:
        """What waits for an admin, the newest first, then what was blocked."""
        query = "SELECT * FROM held_mails WHERE status <> 'released' ORDER BY status = 'blocked', id DESC LIMIT $1"
        return [loaded(cls, row) for row in await sql(query, limit)]

    @classmethod
    async def count_held(cls) -> int:
        """How many wait for an admin."""
        return int((await sql("SELECT count(*) FROM held_mails WHERE status = 'held'"))[0][0])

    @classmethod
    async def unblock(cls, mail_id: UUID) -> Self:
        """Its sender is looked at again; what was blocked waits for an admin. NotFound when there is no such mail."""
        found: Self | None = await cls.objects().get(cls.id == mail_id)
        if found is None:
            raise NotFound("There is no such mail.")
        await sql("UPDATE held_mails SET status = 'held' WHERE sender = $1 AND status = 'blocked'", found.sender)
        return found

    @classmethod
    async def decide(cls, mail_id: UUID, status: HeldStatus) -> Self:
        """What becomes of it. Conflict when it was let through already; NotFound when there is no such mail."""
        query = "UPDATE held_mails SET status = $2, decided_at = now() WHERE id = $1 AND status <> 'released' RETURNING *"
        if rows := await sql(query, mail_id, status):
            return loaded(cls, rows[0])
        if await sql("SELECT FROM held_mails WHERE id = $1", mail_id):
            raise Conflict("It was let through already.")
        raise NotFound("There is no such mail.")
