"""Codes on paper for the day when the second factor is lost: each signs in once."""

import hashlib
import secrets
from uuid import UUID

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import ForeignKey, Text, Timestamptz
from piccolo.table import Table

from app.clock import now
from app.database import DB, new_id, sql, transaction
from app.domain.user import User

HOW_MANY = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
GROUPS, GROUP = 4, 4


class RecoveryCode(Table, tablename="recovery_codes", db=DB):
    """One of a person's codes; only its hash is kept. With 79 random bits it needs no slow hash, and it still works when
    the secret keys are lost."""

    id = UUIDColumn(primary_key=True, default=new_id)
    user = ForeignKey(User, null=False, index=True)
    hash = Text(secret=True)
    created_at = Timestamptz(default=now)
    used_at = Timestamptz(null=True, default=None)

    @classmethod
    async def make_new(cls, user: User) -> list[str]:
        """Ten codes in place of all former ones. They are shown now and never again."""
        codes = ["-".join(_word() for _ in range(GROUPS)) for _ in range(HOW_MANY)]
        async with transaction():
            await cls.delete().where(cls.user == user.id)
            await cls.insert(*(cls(user=user.id, hash=_hash(user.id, code)) for code in codes))
        return codes

    @classmethod
    async def take(cls, user_id: UUID, code: str) -> bool:
        """Whether this is a code of theirs that nobody has used; from now on it is used."""
        rows = await sql(
            """UPDATE recovery_codes SET used_at = $3 WHERE "user" = $1 AND hash = $2 AND used_at IS NULL RETURNING id""",
            user_id,
            _hash(user_id, code),
            now(),
        )
        return bool(rows)

    @classmethod
    async def left(cls, user: User) -> int:
        """How many still work."""
        left: int = await cls.count().where((cls.user == user.id) & cls.used_at.is_null())
        return left


def _word() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(GROUP))


def _hash(user_id: UUID, code: str) -> str:
    """However it is typed: spaces, hyphens and capitals make no difference."""
    letters = "".join(letter for letter in code.lower() if letter in LETTERS)
    return hashlib.sha256(f"{user_id} {letters}".encode()).hexdigest()
