"""Where a conversation goes on outside: a thread in Slack, a mail thread. It shows the log, and what is said there is said
in the conversation."""

from datetime import timedelta
from typing import Self
from uuid import UUID

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import BigInt, ForeignKey, Text, Timestamptz, Varchar
from piccolo.constraints import Unique
from piccolo.table import Table

from app.clock import now
from app.database import DB, loaded, new_id, sql
from app.domain.channel import ChannelType, CommunicationChannel
from app.domain.session import ChatSession

SOON = timedelta(minutes=10)


class ChannelBinding(Table, tablename="channel_bindings", db=DB):
    """A conversation's place outside; `channel` is that of the person who brought it there. `place`: what the provider calls
    it, None until what begins it has arrived. `revision`: up to which change of the log everything is on its way there."""

    id = UUIDColumn(primary_key=True, default=new_id)
    session = ForeignKey(ChatSession, null=False)
    channel = ForeignKey(CommunicationChannel, null=False)
    type = Varchar(choices=ChannelType)
    place = Text(null=True, default=None)
    revision = BigInt(default=0)
    created_at = Timestamptz(default=now)

    one_each = Unique([session, type])
    one_conversation = Unique([type, place])

    @classmethod
    async def bind(
        cls, session: ChatSession, channel: CommunicationChannel, place: str | None, *, revision: int = 0
    ) -> Self | None:
        """Let a conversation go on there; None if it has such a place already, or the place is another one's. What changed
        up to `revision` isn't shown there."""
        rows = await sql(
            """INSERT INTO channel_bindings (id, session, channel, type, place, revision, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING *""",
            new_id(), session.id, channel.id, channel.type, place, revision, now(),
        )  # fmt: skip
        return loaded(cls, rows[0]) if rows else None

    @classmethod
    async def at(cls, type: ChannelType, place: str) -> Self | None:
        """Which conversation goes on at this place."""
        rows = await sql("SELECT * FROM channel_bindings WHERE type = $1 AND place = $2", type, place)
        return loaded(cls, rows[0]) if rows else None

    @classmethod
    async def on_line(cls, line: str) -> Self | None:
        """Whose `line` it is; None for any other."""
        rows = await sql("SELECT * FROM channel_bindings WHERE 'binding ' || id = $1", line)
        return loaded(cls, rows[0]) if rows else None

    @classmethod
    async def of(cls, session_id: UUID, type: ChannelType) -> Self | None:
        """Where a conversation goes on by this type of channel."""
        rows = await sql("SELECT * FROM channel_bindings WHERE session = $1 AND type = $2", session_id, type)
        return loaded(cls, rows[0]) if rows else None

    @classmethod
    async def placed(cls, binding_id: UUID, place: str) -> None:
        """What begins it has arrived there."""
        await sql(
            """UPDATE channel_bindings b SET place = $2 WHERE id = $1 AND place IS NULL
               AND NOT EXISTS (SELECT FROM channel_bindings o WHERE o.type = b.type AND o.place = $2)""",
            binding_id, place,
        )  # fmt: skip

    @classmethod
    async def begins(cls, type: ChannelType, address: str) -> bool:
        """Whether a place is about to be known where a conversation goes on with whoever is reached at this address."""
        rows = await sql(
            """SELECT FROM channel_bindings b JOIN communication_channels c ON c.id = b.channel
               JOIN deliveries d ON d.payload ->> 'begins' = b.id::text AND d.line = 'binding ' || b.id
                 AND d.status IN ('due', 'sending', 'uncertain', 'accepted')
               WHERE b.type = $1 AND b.place IS NULL AND c.address = $2 AND b.created_at > $3""",
            type, address, now() - SOON,
        )  # fmt: skip
        return bool(rows)

    @property
    def line(self) -> str:
        """What stands there arrives in order."""
        return f"binding {self.id}"
