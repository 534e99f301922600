"""Invitations: who may join while Parley is not open to all."""

import secrets
from datetime import timedelta
from hashlib import sha256
from typing import Self

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import ForeignKey, Text, Timestamptz
from piccolo.table import Table

from app.clock import now
from app.database import DB, new_id, transaction
from app.domain import audit
from app.domain.audit import Action
from app.domain.errors import Conflict, NotFound
from app.domain.user import User

LASTS = timedelta(days=7)


class Invitation(Table, tablename="invitations", db=DB):
    """A person who may make an account, once, with this address. Only a hash of the link's token is kept; a row that was
    used or taken back is gone."""

    id = UUIDColumn(primary_key=True, default=new_id)
    email = Text(unique=True)
    token_hash = Text(unique=True, secret=True)
    by = ForeignKey(User, null=False)
    created_at = Timestamptz(default=now)
    expires_at = Timestamptz()

    @classmethod
    async def make(cls, email: str, by: User) -> str:
        """Invite an address; the link's token, which is not told again. An earlier link for it ends. Conflict if it has an
        account."""
        token, email = secrets.token_urlsafe(24), email.lower()
        async with transaction():
            if await User.exists().where(User.email == email):
                raise Conflict("This address has an account already.")
            await cls.delete().where(cls.email == email)
            await cls(email=email, token_hash=_hash(token), by=by.id, expires_at=now() + LASTS).save()
            await audit.note(Action.INVITED, by=by, about=email)
        return token

    @classmethod
    async def find(cls, token: str) -> Self | None:
        """The invitation of a link, while it is good."""
        return await cls.objects().get((cls.token_hash == _hash(token)) & (cls.expires_at > now())) if token else None

    @classmethod
    async def of(cls, email: str) -> Self | None:
        """The invitation of an address, while it is good."""
        return await cls.objects().get((cls.email == email) & (cls.expires_at > now()))

    @classmethod
    async def waiting(cls) -> list[Self]:
        """Those that were not used yet, the latest first."""
        return list(await cls.objects().where(cls.expires_at > now()).order_by(cls.created_at, ascending=False))

    async def use(self) -> None:
        """Spend it, within the transaction that makes the account. Conflict if somebody was faster."""
        table = type(self)
        if not await table.delete().where(table.id == self.id).returning(table.id):
            raise Conflict("This invitation has been used. Ask for another one.")

    @classmethod
    async def take_back(cls, invitation_id: object, by: User) -> None:
        """Let it be used no more. NotFound if there is none."""
        async with transaction():
            gone = await cls.delete().where(cls.id == invitation_id).returning(cls.email)
            if not gone:
                raise NotFound("There is no such invitation.")
            await audit.note(Action.INVITATION_TAKEN_BACK, by=by, about=gone[0]["email"])


def _hash(token: str) -> str:
    return sha256(token.encode(errors="replace")).hexdigest()
