"""A passkey: a key on a person's device or in their password manager, which signs them in without a password."""

from typing import Self
from uuid import UUID

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import BigInt, Bytea, ForeignKey, Text, Timestamptz
from piccolo.table import Table

from app.clock import now
from app.database import DB, new_id, sql, transaction
from app.domain.errors import Conflict, NotFound, Unfit
from app.domain.user import User
from app.domain.ways_in import leave_one

LONGEST_NAME = 100


class Passkey(Table, tablename="passkeys", db=DB):
    """The public half of a key. `credential_id` (base64url) names it to its device; `sign_count` is how often that says to
    have used it, 0 where it does not count."""

    id = UUIDColumn(primary_key=True, default=new_id)
    user = ForeignKey(User, null=False, index=True)
    credential_id = Text(unique=True)
    public_key = Bytea()
    sign_count = BigInt(default=0)
    name = Text()
    created_at = Timestamptz(default=now)
    last_used_at = Timestamptz(null=True, default=None)

    @classmethod
    async def add(cls, user: User, *, name: str, credential_id: str, public_key: bytes, sign_count: int) -> None:
        """Let `user` in by this key. Conflict if it is somebody's already; Unfit for a name that can't be."""
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            raise Unfit("Give it a name by which you know it again.")
        rows = await sql(
            """INSERT INTO passkeys (id, "user", credential_id, public_key, sign_count, name, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id""",
            new_id(), user.id, credential_id, public_key, sign_count, name, now(),
        )  # fmt: skip
        if not rows:
            raise Conflict("That passkey is here already.")

    @classmethod
    async def of(cls, user_id: UUID) -> list[Self]:
        """A person's own, the oldest first."""
        return list(await cls.objects().where(cls.user == user_id).order_by(cls.created_at, cls.id))

    @classmethod
    async def one(cls, user: User, passkey_id: UUID) -> Self:
        """That one of that person; NotFound for any other."""
        found = await cls.objects().get((cls.id == passkey_id) & (cls.user == user.id))
        if found is None:
            raise NotFound("There is no such passkey.")
        return found

    async def whose(self) -> User:
        """Who signs in by it."""
        user: User | None = await User.objects().get(User.id == self.user)
        assert user is not None  # no row of people is ever deleted
        return user

    async def take(self, sign_count: int) -> bool:
        """Count a use of it, unless the device's own count says that there is a copy (WebAuthn, 6.1.1). The one statement
        decides between two that come at once."""
        rows = await sql(
            """UPDATE passkeys SET sign_count = $2, last_used_at = $3
               WHERE id = $1 AND (sign_count < $2 OR (sign_count = 0 AND $2 = 0)) RETURNING id""",
            self.id,
            sign_count,
            now(),
        )
        return bool(rows)

    async def drop(self) -> None:
        """Let nobody in by it any more. Conflict if its person has no other way in."""
        async with transaction():
            await leave_one(self.user, but=self.id)
            await self.remove()
