"""The ways by which a person is reached, and each person's own, in the order that they prefer."""

from enum import StrEnum
from typing import Self
from uuid import UUID

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import ForeignKey, Integer, Text, Timestamptz, Varchar
from piccolo.constraints import Unique
from piccolo.table import Table

from app.clock import now
from app.database import DB, after_commit, new_id, sql, transaction
from app.domain import audit
from app.domain.audit import Action
from app.domain.email_address import is_address
from app.domain.errors import Conflict, NotFound, Unfit
from app.domain.user import User
from app.queue import nudge

FAILURES_UNTIL_FAILING = 3
MOST_CHANNELS = 20
ALWAYS_THERE = "The page always shows what waits for you."


class ChannelType(StrEnum):
    WEB = "web"
    SLACK = "slack"
    EMAIL = "email"

    @property
    def label(self) -> str:
        return {"web": "Page", "slack": "Slack", "email": "E-mail"}[self]


class ChannelStatus(StrEnum):
    ACTIVE = "active"
    FAILING = "failing"
    DISCONNECTED = "disconnected"
    OFF = "off"


class CommunicationChannel(Table, tablename="communication_channels", db=DB):
    """An address of a person. Several failures in a row make it `failing`; one that will take nothing any more is
    `disconnected` until the person mends it; `off` is their own wish. `label`: what people call an address that is made of
    ids."""

    id = UUIDColumn(primary_key=True, default=new_id)
    user = ForeignKey(User, null=False)
    type = Varchar(choices=ChannelType)
    address = Text()
    label = Text(default="")
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
    async def way_to(cls, user_id: UUID, type: ChannelType) -> Self | None:
        """Where a person can be reached by this type: the first such channel of their order that is in use."""
        return next((channel for channel in await cls.of(user_id) if channel.type == type and channel.usable), None)

    @classmethod
    async def types_of(cls, user_id: UUID) -> list[ChannelType]:
        """By what a person can be reached."""
        usable = {channel.type for channel in await cls.of(user_id) if channel.usable}
        return [type for type in ChannelType if type in usable]

    @classmethod
    async def add(
        cls, user_id: UUID, type: ChannelType, address: str, status: ChannelStatus = ChannelStatus.ACTIVE, label: str = ""
    ) -> Self:
        """Another address, last in the person's order. Conflict if they have it already."""
        rows = await sql(
            """INSERT INTO communication_channels (id, "user", type, address, status, position, created_at, label)
               SELECT $1, $2, $3, $4, $5, COALESCE(max(position) + 1, 0), $6, $7
               FROM communication_channels WHERE "user" = $2
               ON CONFLICT DO NOTHING RETURNING id""",
            new_id(), user_id, type, address, status, now(), label,
        )  # fmt: skip
        if not rows:
            raise Conflict("You have this address already.")
        return await cls.one(user_id, rows[0]["id"])

    @classmethod
    async def add_email(cls, user: User, address: str) -> Self:
        """Another e-mail address, which waits to be confirmed. Unfit if it is none, Conflict if they have it already."""
        address = address.strip().lower()
        if not is_address(address):
            raise Unfit("That is no e-mail address.")
        async with transaction():
            await _lock_order(user.id)
            if len(await cls.of(user.id)) >= MOST_CHANNELS:
                raise Conflict(f"You have {MOST_CHANNELS} channels. Remove one first.")
            channel = await cls.add(user.id, ChannelType.EMAIL, address, ChannelStatus.DISCONNECTED)
            await channel.note("added", by=user)
        return channel

    @classmethod
    async def confirm(cls, user_id: UUID, email: str) -> None:
        """This address has been shown to be theirs: if it is one of their channels and waits for that, it is used now."""
        waits = (cls.user == user_id) & (cls.type == ChannelType.EMAIL) & (cls.status == ChannelStatus.DISCONNECTED)
        async with transaction():
            found = cls.update({cls.status: ChannelStatus.ACTIVE, cls.last_error: "", cls.failures: 0})
            if await found.where(waits & (cls.address == email)).returning(cls.id):
                await look_again(user_id)

    @classmethod
    async def reorder(cls, user_id: UUID, order: list[UUID]) -> None:
        """The person's order from now on. Unfit unless it names each of their channels once."""
        async with transaction():
            await _lock_order(user_id)
            if sorted(order) != sorted(channel.id for channel in await cls.of(user_id)):
                raise Unfit("Name each of your channels once, in the order that you want.")
            await sql(
                """UPDATE communication_channels c SET position = o.place
                   FROM unnest($2::uuid[]) WITH ORDINALITY o(id, place)
                   WHERE c.id = o.id AND c."user" = $1""",
                user_id, order,
            )  # fmt: skip
            await look_again(user_id)

    async def move(self, places: int) -> None:
        """So many places on in the person's order, or back where that is negative; no further than to its end."""
        async with transaction():
            await _lock_order(self.user)
            order = [channel.id for channel in await self.of(self.user)]
            at = order.index(self.id)
            order.insert(max(0, at + places), order.pop(at))
            await self.reorder(self.user, order)

    @property
    def name(self) -> str:
        """What people call the address."""
        return str(self.label or self.address)

    @property
    def usable(self) -> bool:
        return self.status in (ChannelStatus.ACTIVE, ChannelStatus.FAILING)

    async def switch(self, on: bool, *, by: User) -> None:
        """Use it, or leave it alone until it is switched on again; what was to be asked there goes another way. Conflict for
        the page, which is always on, and for an address that has to be confirmed first."""
        if self.type == ChannelType.WEB:
            raise Conflict(ALWAYS_THERE)
        if self.status == ChannelStatus.DISCONNECTED:
            raise Conflict("It has to be connected first.")
        async with transaction():
            rows = await sql(
                """UPDATE communication_channels SET status = $2, failures = 0
                   WHERE id = $1 AND status = ANY($3) RETURNING id""",
                self.id, *((ChannelStatus.ACTIVE, ["off"]) if on else (ChannelStatus.OFF, ["active", "failing"])),
            )  # fmt: skip
            if rows:
                await self.note("switched on" if on else "switched off", by=by)
                await look_again(self.user)
            if rows and not on:
                await self._call_back(["due"], "The channel was switched off.", may_return=True)

    async def reconnect(self) -> None:
        """It takes things again."""
        async with transaction():
            await sql(
                """UPDATE communication_channels SET status = 'active', failures = 0, last_error = ''
                   WHERE id = $1 AND status = 'disconnected'""",
                self.id,
            )
            await look_again(self.user)

    async def drop(self, *, by: User) -> None:
        """Forget the address; what was to go there goes another way. What went there is still told of."""
        if self.type == ChannelType.WEB:
            raise Conflict(ALWAYS_THERE)
        async with transaction():
            await self.note("removed", by=by)
            await look_again(self.user)
            await self._call_back(["due", "uncertain"], "The address was removed.")
            await self.remove()

    async def _call_back(self, statuses: list[str], why: str, *, may_return: bool = False) -> None:
        """What has not left yet does not leave; of what `may_return`, only what asks the person something."""
        await sql(
            """UPDATE deliveries SET status = 'rejected', error = $3, check_at = NULL, given_up = $4
               WHERE channel = $1 AND status = ANY($2) AND (NOT $4 OR kind IN ('request', 'reminder'))""",
            self.id, statuses, why, may_return,
        )  # fmt: skip

    async def note(self, what: str, *, by: User) -> None:
        """Tell the audit trail, which keeps no address."""
        about = await User.objects().get(User.id == self.user) if by.id != self.user else None
        await audit.note(Action.CHANNEL_CHANGED, by=by, about=about, detail=f"{ChannelType(self.type).label}, {what}")


async def look_again(user_id: UUID) -> None:
    """What waits for this person may go another way now: let each ladder be looked at."""
    rows = await sql(
        """UPDATE feedback_recipients p SET next_at = now() FROM feedback_requests r
           WHERE r.id = p.request AND r.status = 'open' AND p."user" = $1 RETURNING p.id""",
        user_id,
    )
    for row in rows:
        after_commit(nudge, "climb", row["id"])


async def ask_no_more(user_id: UUID) -> None:
    """Their account is closed: what has not left for this person stays here, and comes again if they come back."""
    await look_again(user_id)
    for channel in await CommunicationChannel.of(user_id):
        await channel._call_back(["due"], "The account was closed.", may_return=True)


async def _lock_order(user_id: UUID) -> None:
    """Whoever changes the same person's list meanwhile waits for the end of this transaction."""
    await sql("SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE", user_id)


async def channel_worked(channel_id: UUID) -> None:
    """It has taken something: it is well. Noted again only where that says more than 5 s ago."""
    await sql(
        """UPDATE communication_channels SET failures = 0, last_error = '', last_ok_at = $2,
             status = CASE WHEN status = 'failing' THEN 'active' ELSE status END
           WHERE id = $1 AND (failures > 0 OR status = 'failing' OR last_ok_at IS NULL
             OR last_ok_at < $2::timestamptz - interval '5 s')
           RETURNING set_config('synchronous_commit', 'off', TRUE)""",
        channel_id, now(),
    )  # fmt: skip


async def channel_failed(channel_id: UUID, error: str) -> None:
    """It could take nothing now; after three times in a row it is failing. An address that still waits to be confirmed is no
    worse for it."""
    await sql(
        """UPDATE communication_channels SET failures = failures + 1, last_error = $2,
             status = CASE WHEN status = 'active' AND failures + 1 >= $3 THEN 'failing' ELSE status END
           WHERE id = $1 AND status <> 'disconnected' RETURNING set_config('synchronous_commit', 'off', TRUE)""",
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
