"""The ways by which a person is reached, and each person's own, in the order that they prefer."""

from enum import StrEnum
from typing import Self
from uuid import UUID

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import ForeignKey, Integer, Text, Timestamptz, Varchar
from piccolo.constraints import Unique
from piccolo.table import Table

from app.clock import now
from app.database import DB, new_id, sql, transaction
from app.domain.errors import Conflict, NotFound, Unfit
from app.domain.user import User

FAILURES_UNTIL_FAILING = 3


class ChannelType(StrEnum):
    WEB = "web"
    SLACK = "slack"
    EMAIL = "email"


class ChannelStatus(StrEnum):
    ACTIVE = "active"
    FAILING = "failing"
    DISCONNECTED = "disconnected"
    OFF = "off"


class CommunicationChannel(Table, tablename="communication_channels", db=DB):
    """An address of a person. Several failures in a row make it `failing`; one that will take nothing any more is
    `disconnected` until the person mends it; `off` is their own wish."""

    id = UUIDColumn(primary_key=True, default=new_id)
    user = ForeignKey(User, null=False)
    type = Varchar(choices=ChannelType)
    address = Text()
    status = Varchar(choices=ChannelStatus, default=ChannelStatus.ACTIVE)
    position = Integer()
    failures = Integer(default=0)
    last_error = Text(default="")
    last_ok_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz(default=now)

    said_once = Unique([user, type, address])

    @classmethod
    async def of(cls, user_id: UUID) -> list[Self]:
        """A person's channels in their order. The page is always one of them."""
        return list(await cls.objects().where(cls.user == user_id).order_by(cls.position, cls.id))

    @classmethod
    async def one(cls, user_id: UUID, channel_id: UUID) -> Self:
        """That channel of that person; NotFound for any other."""
        channel = await cls.objects().get((cls.id == channel_id) & (cls.user == user_id))
        if channel is None:
            raise NotFound("There is no such channel.")
        return channel

    @classmethod
    async def add(cls, user_id: UUID, type: ChannelType, address: str, status: ChannelStatus = ChannelStatus.ACTIVE) -> Self:
        """Another address, last in the person's order. Conflict if they have it already."""
        rows = await sql(
            """INSERT INTO communication_channels (id, "user", type, address, status, position, created_at)
               SELECT $1, $2, $3, $4, $5, COALESCE(max(position) + 1, 0), $6 FROM communication_channels WHERE "user" = $2
               ON CONFLICT DO NOTHING RETURNING id""",
            new_id(), user_id, type, address, status, now(),
        )  # fmt: skip
        if not rows:
            raise Conflict("You have this address already.")
        return await cls.one(user_id, rows[0]["id"])

    @classmethod
    async def confirm(cls, user_id: UUID, email: str) -> None:
        """This address has been shown to be theirs: if it is one of their channels and waits for that, it is used now."""
        waits = (cls.user == user_id) & (cls.type == ChannelType.EMAIL) & (cls.status == ChannelStatus.DISCONNECTED)
        await cls.update({cls.status: ChannelStatus.ACTIVE, cls.last_error: ""}).where(waits & (cls.address == email))

    @classmethod
    async def reorder(cls, user_id: UUID, order: list[UUID]) -> None:
        """The person's order from now on. Unfit unless it names each of their channels once."""
        async with transaction():
            await sql("SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE", user_id)
            if sorted(order) != sorted(channel.id for channel in await cls.of(user_id)):
                raise Unfit("Name each of your channels once, in the order that you want.")
            await sql(
                """UPDATE communication_channels c SET position = o.place
                   FROM unnest($2::uuid[]) WITH ORDINALITY o(id, place)
                   WHERE c.id = o.id AND c."user" = $1""",
                user_id, order,
            )  # fmt: skip

    @property
    def usable(self) -> bool:
        return self.status in (ChannelStatus.ACTIVE, ChannelStatus.FAILING)

    async def switch(self, on: bool) -> None:
        """Use it, or leave it alone until it is switched on again. The page is always on."""
        if self.type == ChannelType.WEB:
            raise Conflict("The page always shows what waits for you.")
        await self.update_self({CommunicationChannel.status: ChannelStatus.ACTIVE if on else ChannelStatus.OFF})

    async def drop(self) -> None:
        """Forget the address. The page stays."""
        if self.type == ChannelType.WEB:
            raise Conflict("The page always shows what waits for you.")
        await self.remove()


async def channel_worked(channel_id: UUID) -> None:
    """It has taken something: it is well."""
    await sql(
        """UPDATE communication_channels SET failures = 0, last_error = '', last_ok_at = $2,
             status = CASE WHEN status = 'failing' THEN 'active' ELSE status END WHERE id = $1""",
        channel_id, now(),
    )  # fmt: skip


async def channel_failed(channel_id: UUID, error: str) -> None:
    """It could take nothing now; after three times in a row it is failing."""
    await sql(
        """UPDATE communication_channels SET failures = failures + 1, last_error = $2,
             status = CASE WHEN status = 'active' AND failures + 1 >= $3 THEN 'failing' ELSE status END WHERE id = $1""",
        channel_id, error, FAILURES_UNTIL_FAILING,
    )  # fmt: skip


async def channel_refused(channel_id: UUID, error: str) -> bool:
    """It will take nothing any more, until the person does something about it. Whether that is news."""
    rows = await sql(
        """UPDATE communication_channels SET status = 'disconnected', last_error = $2
           WHERE id = $1 AND status IN ('active', 'failing') RETURNING id""",
        channel_id, error,
    )  # fmt: skip
    return bool(rows)
