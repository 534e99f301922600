"""Who a person is elsewhere: the account at Google or Slack by which they sign in here."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Boolean, ForeignKey, Text, Timestamptz
from piccolo.constraints import Unique
from piccolo.table import Table

from app.clock import now
from app.database import DB, new_id, sql, transaction
from app.domain.channel import CommunicationChannel
from app.domain.errors import Conflict, NotFound
from app.domain.user import User
from app.domain.ways_in import leave_one


@dataclass(frozen=True)
class Told:
    """What a provider says of somebody. `subject` is theirs for ever there; the address may change."""

    provider: str
    subject: str
    email: str
    verified: bool
    name: str


class Identity(Table, tablename="identities", db=DB):
    """A person's account at a provider, and its address as that told it last."""

    id = UUIDColumn(primary_key=True, default=new_id)
    user = ForeignKey(User, null=False, index=True)
    provider = Text()
    subject = Text()
    email = Text()
    verified = Boolean()
    linked_at = Timestamptz(default=now)
    last_used_at = Timestamptz(null=True, default=None)

    one_person = Unique([provider, subject])

    @classmethod
    async def link(cls, user: User, told: Told) -> None:
        """Let who `told` is about sign in as `user`. An address that was proven by it can be written to. Conflict if they
        are somebody's already, or their address is that of another account."""
        async with transaction():
            if await User.exists().where((User.email == told.email) & (User.id != user.id)):
                raise Conflict("Its address is that of another account here.")
            rows = await sql(
                """INSERT INTO identities (id, "user", provider, subject, email, verified, linked_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id""",
                new_id(), user.id, told.provider, told.subject, told.email, told.verified, now(),
            )  # fmt: skip
            if not rows:
                raise Conflict("It signs somebody in here already.")
            if told.verified:
                await CommunicationChannel.confirm(user.id, told.email)

    @classmethod
    async def known(cls, told: Told) -> Self | None:
        """The one that this is, with its address as it is now."""
        rows = await sql(
            """UPDATE identities SET email = $3, verified = $4, last_used_at = $5 WHERE provider = $1 AND subject = $2
               RETURNING id""",
            told.provider, told.subject, told.email, told.verified, now(),
        )  # fmt: skip
        return await cls.objects().get(cls.id == rows[0]["id"]) if rows else None

    @classmethod
    async def of(cls, user: User) -> list[Self]:
        """A person's own, the oldest first."""
        return list(await cls.objects().where(cls.user == user.id).order_by(cls.linked_at, cls.id))

    @classmethod
    async def one(cls, user: User, identity_id: UUID) -> Self:
        """That one of that person; NotFound for any other."""
        found = await cls.objects().get((cls.id == identity_id) & (cls.user == user.id))
        if found is None:
            raise NotFound("There is no such account.")
        return found

    async def whose(self) -> User:
        """Who signs in by it."""
        user: User | None = await User.objects().get(User.id == self.user)
        assert user is not None  # no row of people is ever deleted
        return user

    async def unlink(self) -> None:
        """Let nobody in by it any more. Conflict if its person has no other way in."""
        async with transaction():
            await leave_one(self.user, but=self.id)
            await self.remove()
