"""A sign-in on one device or by one program: the family of its refresh tokens."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Array, ForeignKey, Integer, Text, Timestamptz
from piccolo.table import Table

from app.clock import now
from app.database import DB, after_commit, loaded, new_id, sql, transaction
from app.domain import audit
from app.domain.audit import Action
from app.domain.device import device_words, hand_held
from app.domain.gate_try import GateTry
from app.domain.oauth_client import FIRST_PARTY, OAuthClient
from app.domain.scope import in_order
from app.domain.user import User
from app.live import announce_everywhere
from app.peer import peer

LASTS = timedelta(days=60)
GRACE = timedelta(seconds=10)


class SignIn(Table, tablename="sign_ins", db=DB):
    """One device, signed in, or one program that may speak for a person. Its refresh tokens are numbered; none is stored,
    each is derived from id and number. A browser's has no `scopes`, a program's has; `client` is who made it known, unless
    it is one of our own."""

    id = UUIDColumn(primary_key=True, default=new_id)
    user = ForeignKey(User, index=True)
    generation = Integer(default=0)
    rotated_at = Timestamptz(default=now)
    created_at = Timestamptz(default=now)
    last_used_at = Timestamptz(default=now)
    expires_at = Timestamptz()
    ended_at = Timestamptz(null=True, default=None)
    device = Text(default="")
    address = Text(default="")
    client = ForeignKey(OAuthClient, null=True, default=None, index=True)
    scopes = Array(base_column=Text(), null=True, default=None)

    @classmethod
    async def begin(
        cls, user: User, device: str, how: str = "", *, client_id: UUID | None = None, scopes: Iterable[str] | None = None
    ) -> "SignIn":
        """Sign `user` in on a device (its User-Agent, cut to 200 characters), or a program, which has `scopes`. `how` they
        showed who they are is for the audit trail; of somebody's program that tells what was consented to."""
        sign_in = cls(
            user=user.id, device=device[:200], address=peer().address, expires_at=now() + LASTS, client=client_id,
            scopes=None if scopes is None else in_order(scopes),
        )  # fmt: skip
        async with transaction():
            await sign_in.save()
            if client_id is None:
                await audit.note(Action.SIGNED_IN, by=user, detail=how)
                await GateTry.forget(user.email)
        return sign_in

    @classmethod
    async def rotate(cls, sign_in_id: UUID, generation: int) -> "SignIn | None":
        """The family, moved on from `generation`. Within 10 s a repeat gets the same successor; a later reuse ends the
        family (RFC 9700, 4.14.2). None: ended, expired or unknown."""
        async with transaction():
            sign_in: SignIn | None = await cls.objects().get(cls.id == sign_in_id).lock_rows("UPDATE")
            if sign_in is None or not sign_in.live(now()):
                return None
            if generation == sign_in.generation:
                sign_in.generation, sign_in.rotated_at = generation + 1, now()
            elif generation != sign_in.generation - 1 or now() - sign_in.rotated_at > GRACE:
                await sign_in.end_as_stolen()
                return None
            sign_in.last_used_at, sign_in.address = now(), peer().address or sign_in.address
            await sign_in.save([cls.generation, cls.rotated_at, cls.last_used_at, cls.address])
            return sign_in

    @classmethod
    async def person(cls, sign_in_id: UUID) -> User | None:
        """Who is signed in by this sign-in now; None when it has ended or they are disabled."""
        rows = await sql(
            """SELECT u.* FROM sign_ins s JOIN users u ON u.id = s.user
               WHERE s.id = $1 AND s.ended_at IS NULL AND s.expires_at > $2 AND u.disabled_at IS NULL""",
            sign_in_id,
            now(),
        )
        return loaded(User, rows[0]) if rows else None

    @classmethod
    async def live_among(cls, sign_in_ids: set[UUID]) -> set[UUID]:
        """Those of these sign-ins that have not ended, of people who may sign in."""
        rows = await sql(
            """SELECT s.id FROM sign_ins s JOIN users u ON u.id = s.user WHERE s.id = ANY($1) AND s.ended_at IS NULL
               AND s.expires_at > $2 AND u.disabled_at IS NULL""",
            list(sign_in_ids),
            now(),
        )
        return {row["id"] for row in rows}

    @classmethod
    async def of(cls, user: User) -> "list[SignIn]":
        """Where a person is signed in, the last used first; other people's programs are no devices."""
        live = cls.ended_at.is_null() & (cls.expires_at > now()) & cls.client.is_null()
        mine = cls.objects().where((cls.user == user.id) & live)
        return list(await mine.order_by(cls.last_used_at, ascending=False))

    @classmethod
    async def end_all(cls, user_id: UUID, *, but: UUID | None = None) -> None:
        """Sign a person out everywhere, or everywhere else; programs, too, with what is only on its way to them."""
        async with transaction():
            await sql('DELETE FROM oauth_codes WHERE "user" = $1', user_id)
            rows = await sql(
                """UPDATE sign_ins SET ended_at = $3 WHERE "user" = $1 AND id IS DISTINCT FROM $2 AND ended_at IS NULL
                   RETURNING id""",
                user_id, but, now(),
            )  # fmt: skip
            for row in rows:
                after_commit(announce_everywhere, "sign-in.ended", {"id": str(row["id"])})

    @property
    def client_id(self) -> str:
        """What the program calls itself; "" for a browser."""
        return str(self.client) if self.client else "" if self.scopes is None else FIRST_PARTY

    @property
    def device_words(self) -> str:
        return device_words(self.device)

    @property
    def hand_held(self) -> bool:
        return hand_held(self.device)

    def live(self, at: datetime) -> bool:
        return self.ended_at is None and self.expires_at > at

    async def whose(self) -> User:
        """Whose sign-in it is."""
        user: User | None = await User.objects().get(User.id == self.user)
        assert user is not None  # no row of people is ever deleted
        return user

    async def end(self, *, by: User | None = None) -> None:
        """Sign the device or the program out, unless told otherwise in its person's own name; what it has open is told."""
        async with transaction():
            await self._end()
            whose = await self.whose()
            about = whose if by and by.id != whose.id else None
            await audit.note(Action.GRANT_TAKEN_BACK if self.client else Action.SIGNED_OUT, by=by or whose, about=about)

    async def end_as_stolen(self) -> None:
        """What gives tokens came twice, so that one of two who have it is a thief."""
        async with transaction():
            await self._end()
            await audit.note(Action.TOKEN_REUSED, about=await self.whose())

    async def _end(self) -> None:
        self.ended_at = now()
        await self.save([SignIn.ended_at])
        after_commit(announce_everywhere, "sign-in.ended", {"id": str(self.id)})
