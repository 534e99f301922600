"""An authenticator app as a second factor: codes of six digits that change every 30 s (RFC 6238)."""

from datetime import timedelta
from typing import Self
from uuid import UUID

import pyotp
from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import BigInt, ForeignKey, Text, Timestamptz
from piccolo.table import Table

from app.clock import now
from app.database import DB, new_id, sql
from app.domain.user import User
from app.encryption import Undecipherable, decrypt, encrypt, renewed

STEP_SECONDS = 30
STEPS_OFF = 1  # a phone's clock may be this many steps away
TO_CONFIRM = timedelta(minutes=30)


class Totp(Table, tablename="totps", db=DB):
    """A person's authenticator app; it counts once a first code has confirmed it. `last_step` is the time step of the
    newest code that was taken: none is taken twice."""

    id = UUIDColumn(primary_key=True, default=new_id)
    user = ForeignKey(User, null=False, unique=True)
    secret = Text(secret=True)
    created_at = Timestamptz(default=now)
    confirmed_at = Timestamptz(null=True, default=None)
    last_step = BigInt(default=0)

    @classmethod
    async def begin(cls, user: User) -> None:
        """Make a secret for `user` to put into their app, in place of one that they never confirmed."""
        kept = encrypt(pyotp.random_base32(), "totp", user.id)
        await sql(
            """INSERT INTO totps (id, "user", secret, created_at, last_step) VALUES ($1, $2, $3, $4, 0)
               ON CONFLICT ("user") DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at, last_step = 0
               WHERE totps.confirmed_at IS NULL""",
            new_id(), user.id, kept, now(),
        )  # fmt: skip

    @classmethod
    async def to_confirm(cls, user: User) -> Self | None:
        """The one that `user` began within the last half hour and has not confirmed."""
        recent = cls.created_at > now() - TO_CONFIRM
        return await cls.objects().get((cls.user == user.id) & cls.confirmed_at.is_null() & recent)

    @classmethod
    async def of(cls, user_id: UUID) -> Self | None:
        """The one that `user_id` signs in with."""
        return await cls.objects().get((cls.user == user_id) & cls.confirmed_at.is_not_null())

    async def confirm(self, code: str) -> bool:
        """Count from now on, if this is a code of it."""
        taken = await self.take(code)
        if taken:
            self.confirmed_at = now()
            await self.save([Totp.confirmed_at])
        return taken

    async def take(self, code: str) -> bool:
        """Whether this is a code of now, or one step off, newer than any that was taken. The one statement decides
        between two who bring the same code at once."""
        step = self._step_of(code)
        if step is None:
            return False
        kept = renewed(self.secret, "totp", self.user)
        rows = await sql(
            "UPDATE totps SET last_step = $2, secret = $3 WHERE id = $1 AND last_step < $2 RETURNING id", self.id, step, kept
        )
        return bool(rows)

    def address(self, account: str) -> str:
        """The `otpauth://` address that an app reads from a QR code."""
        return pyotp.TOTP(self.plain_secret).provisioning_uri(name=account, issuer_name="Parley")

    @property
    def plain_secret(self) -> str:
        return decrypt(self.secret, "totp", self.user)

    def _step_of(self, code: str) -> int | None:
        try:
            generator = pyotp.TOTP(self.plain_secret)
        except Undecipherable:
            return None
        current = int(now().timestamp()) // STEP_SECONDS
        steps = range(current - STEPS_OFF, current + STEPS_OFF + 1)
        return next((step for step in steps if pyotp.utils.strings_equal(generator.generate_otp(step), code)), None)
