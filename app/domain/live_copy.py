"""What shows an answer outside while it is being written. The delivery of the whole answer makes it that, in its place."""

from uuid import UUID

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import ForeignKey, Text
from piccolo.table import Table

from app.database import DB, new_id, sql
from app.domain.binding import ChannelBinding
from app.domain.message import Message


class LiveCopy(Table, tablename="live_copies", db=DB):
    """Of one answer at one place. `external_id`: what it is called there, "" while that is not known."""

    id = UUIDColumn(primary_key=True, default=new_id)
    message = ForeignKey(Message, null=False)
    binding = ForeignKey(ChannelBinding, null=False)
    external_id = Text(default="")

    @classmethod
    async def begin(cls, message_id: UUID, binding_id: UUID) -> str | None:
        """Say, before it is sent, that something will be there; what was left there by a worker that died, None for
        nothing. LookupError if it is not being written any more."""
        rows = await sql(
            """WITH known AS (SELECT external_id FROM live_copies WHERE message = $2 AND binding = $3),
               new AS (
                 INSERT INTO live_copies (id, message, binding, external_id)
                 SELECT $1, $2, $3, '' FROM messages WHERE id = $2 AND status = 'streaming'
                 ON CONFLICT (message, binding) DO NOTHING RETURNING id)
               SELECT (SELECT external_id FROM known) AS known, EXISTS (SELECT FROM new) AS new""",
            new_id(), message_id, binding_id,
        )  # fmt: skip
        if not rows[0]["new"] and rows[0]["known"] is None:
            raise LookupError("it is not being written any more")
        known: str | None = rows[0]["known"]
        return known

    @classmethod
    async def keep(cls, message_id: UUID, binding_id: UUID, external_id: str) -> None:
        """It is there under this id."""
        await sql(
            "UPDATE live_copies SET external_id = $3 WHERE message = $1 AND binding = $2",
            message_id,
            binding_id,
            external_id,
        )
