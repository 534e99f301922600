"""A sign-in on one device: the family of its refresh tokens."""

from datetime import datetime, timedelta
from uuid import UUID

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import ForeignKey, Integer, Text, Timestamptz
from piccolo.table import Table

from app.clock import now
from app.database import DB, after_commit, loaded, new_id, sql, transaction
from app.domain import audit
from app.domain.audit import Action
from app.domain.device import device_words, hand_held
from app.domain.gate_try import GateTry
from app.domain.user import User
from app.live import announce_everywhere
from app.peer import peer

LASTS = timedelta(days=60)
GRACE = timedelta(seconds=10)


class SignIn(Table, tablename="sign_ins", db=DB):
    """One device, signed in. Its refresh tokens are numbered; none is stored, each is derived from id and number."""

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

    @classmethod
    async def begin(cls, user: User, device: str, how: str = "") -> "SignIn":
        """Sign `user` in on a device (its User-Agent, cut to 200 characters). `how` they showed who they are is for the
        audit trail."""
        sign_in = cls(user=user.id, device=device[:200], address=peer().address, expires_at=now() + LASTS)
        async with transaction():
            await sign_in.save()
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
                await sign_in._end()
                await audit.note(Action.TOKEN_REUSED, about=await sign_in.whose())
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
        """Where a person is signed in, the last used first."""
        mine = cls.objects().where((cls.user == user.id) & cls.ended_at.is_null() & (cls.expires_at > now()))
        return list(await mine.order_by(cls.last_used_at, ascending=False))

    @classmethod
    async def end_all(cls, user_id: UUID, *, but: UUID | None = None) -> None:
        """Sign a person out everywhere, or everywhere else."""
        async with transaction():
            rows = await sql(
                """UPDATE sign_ins SET ended_at = $3 WHERE "user" = $1 AND id IS DISTINCT FROM $2 AND ended_at IS NULL
                   RETURNING id""",
                user_id, but, now(),
            )  # fmt: skip
            for row in rows:
                after_commit(announce_everywhere, "sign-in.ended", {"id": str(row["id"])})

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
        """Sign the device out, unless told otherwise in its person's own name; its open pages are told."""
        async with transaction():
            await self._end()
            whose = await self.whose()
            about = whose if by and by.id != whose.id else None
            await audit.note(Action.SIGNED_OUT, by=by or whose, about=about)

    async def _end(self) -> None:
        self.ended_at = now()
        await self.save([SignIn.ended_at])
        after_commit(announce_everywhere, "sign-in.ended", {"id": str(self.id)})
