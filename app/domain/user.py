"""A person with an account."""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Text, Timestamptz, Varchar
from piccolo.table import Table

from app.clock import now
from app.database import DB, after_commit, loaded, new_id, sql, transaction
from app.domain import audit
from app.domain.audit import Action
from app.domain.errors import Conflict, NotFound, Unfit
from app.live import announce_everywhere
from app.settings import settings

if TYPE_CHECKING:
    from app.domain.session import ChatSession
    from app.domain.sign_in import SignIn

LONGEST_NAME = 200
LEAVING_LASTS = timedelta(days=7)
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


class Role(StrEnum):
    ADMIN = "admin"
    MEMBER = "member"


class User(Table, tablename="users", db=DB):
    """A person. `email` is kept in lower case and is unique; `time_zone` is an IANA name, or "" for the device's own;
    quiet hours are "HH:MM", or "" for none."""

    id = UUIDColumn(primary_key=True, default=new_id)
    name = Text()
    email = Text(unique=True)
    password_hash = Text(null=True, default=None, secret=True)
    role = Varchar(choices=Role, default=Role.MEMBER)
    created_at = Timestamptz(default=now)
    disabled_at = Timestamptz(null=True, default=None)
    time_zone = Text(default="")
    quiet_from = Text(default="")
    quiet_to = Text(default="")
    left_at = Timestamptz(null=True, default=None)
    erased_at = Timestamptz(null=True, default=None)

    @classmethod
    async def sign_up(cls, *, name: str, email: str, password_hash: str | None, only_first: bool = False) -> "User":
        """Add a person; the very first becomes admin. Conflict if the address is taken, or if `only_first` and they
        aren't the first."""
        async with transaction():
            await sql("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE")  # two first visitors at once: one is the first
            first = not await cls.exists()
            if only_first and not first:
                raise Conflict("Somebody has signed up first. Ask them for an invitation.")
            if await cls.exists().where(cls.email == email.lower()):
                raise Conflict("This address has an account already.")
            user = cls(
                name=name,
                email=email.lower(),
                password_hash=password_hash,
                role=Role.ADMIN if first else Role.MEMBER,
            )
            await user.save()
            await user.furnish()
            await audit.note(Action.JOINED, by=user, detail=user.role)
        return user

    async def furnish(self) -> None:
        """Give a new person the page and their own address as channels; the address waits to be confirmed, by a mail if
        there is a way to send one."""
        from app.domain.channel import ChannelStatus, ChannelType, CommunicationChannel
        from app.domain.confirmation import ask_to_confirm

        await CommunicationChannel.add(self.id, ChannelType.WEB, "")
        address = await CommunicationChannel.add(self.id, ChannelType.EMAIL, self.email, ChannelStatus.DISCONNECTED)
        if settings().has_mail:
            await ask_to_confirm(address)

    @classmethod
    async def nobody_yet(cls) -> bool:
        """Whether the first visitor is still to come."""
        return not await cls.exists()

    @classmethod
    async def by_email(cls, email: str) -> "User | None":
        return await cls.objects().get((cls.email == email.lower()) & cls.disabled_at.is_null())

    async def describe(self, *, name: str, time_zone: str) -> None:
        """Be called this, and see times in this zone. Unfit for a name or zone that can't be."""
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            raise Unfit("Tell us what to call you.")
        if time_zone and time_zone not in zones():
            raise Unfit("There is no such time zone.")
        await self._change({User.name: name, User.time_zone: time_zone})

    async def keep_quiet(self, begin: str, end: str, time_zone: str) -> None:
        """Want to be left alone between these times ("HH:MM", both "" for never), by the clock of this zone."""
        from app.domain.channel import look_again

        if (begin or end) and not (CLOCK.fullmatch(begin) and CLOCK.fullmatch(end) and begin != end):
            raise Unfit("Quiet hours begin and end at two different times, such as 22:00 and 08:00.")
        if time_zone and time_zone not in zones():
            raise Unfit("There is no such time zone.")
        async with transaction():
            await self._change({User.quiet_from: begin, User.quiet_to: end, User.time_zone: time_zone})
            await look_again(self.id)

    async def choose_password(self, password_hash: str, *, on: UUID | None) -> None:
        """Sign in with this password from now on. Every other sign-in than the one `on` this device ends. Conflict if the
        one that it is to replace was replaced already."""
        from app.domain.sign_in import SignIn

        async with transaction():
            kept = await sql("SELECT password_hash FROM users WHERE id = $1 FOR UPDATE", self.id)
            if not kept or kept[0][0] != self.password_hash:
                raise Conflict("Another password was chosen just now. Sign in with that one.")
            await self._change({User.password_hash: password_hash})
            await SignIn.end_all(self.id, but=on)
            await audit.note(Action.PASSWORD_CHANGED, by=self, detail="" if on else "by a link")

    async def disable(self, *, by: "User | None" = None) -> None:
        """Let this person in no more; open pages end, and no sign-in of theirs comes back when they are let in again.
        Conflict for the last admin."""
        async with transaction():
            await self._close({User.disabled_at: now()})
            await audit.note(Action.DISABLED, by=by, about=self)

    async def enable(self, *, by: "User | None" = None) -> None:
        """Let them in again."""
        if self.erased_at:
            raise Conflict("This account was erased.")
        async with transaction():
            await self._open_again({User.disabled_at: None})
            await audit.note(Action.ENABLED, by=by, about=self)

    async def become(self, role: Role, *, by: "User | None" = None) -> None:
        """Take a role. Conflict when it would leave Parley without an admin."""
        async with transaction():
            if role != Role.ADMIN:
                await self._leave_an_admin()
            await self._change({User.role: role})
            await audit.note(Action.ROLE_CHANGED, by=by, about=self, detail=role)

    async def leave(self) -> None:
        """Be signed out everywhere, and be erased when the grace is over. Conflict for the last admin."""
        async with transaction():
            await self._close({User.left_at: now()})
            await audit.note(Action.LEFT, by=self)

    async def stay(self) -> None:
        """Have changed one's mind within the grace."""
        async with transaction():
            await self._open_again({User.left_at: None})
            await audit.note(Action.STAYED, by=self)

    @property
    def erased_from(self) -> datetime | None:
        """When a person who has left will be erased."""
        return self.left_at + LEAVING_LASTS if self.left_at else None

    async def _close(self, values: dict[Any, Any]) -> None:
        """They are signed out everywhere and asked nothing; who waits for them learns it."""
        from app.domain.channel import ask_no_more
        from app.domain.sign_in import SignIn

        await self._leave_an_admin()
        await self._change(values)
        await SignIn.end_all(self.id)
        await ask_no_more(self.id)

    async def _open_again(self, values: dict[Any, Any]) -> None:
        """What waits for them is asked."""
        from app.domain.channel import look_again

        await self._change(values)
        await look_again(self.id)

    async def _leave_an_admin(self) -> None:
        """Conflict if nobody else could look after Parley. Two admins who go at once are asked one after the other."""
        await sql("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE")
        here = (User.role == Role.ADMIN) & User.disabled_at.is_null() & User.left_at.is_null()
        if self.role == Role.ADMIN and not await User.exists().where(here & (User.id != self.id)):
            raise Conflict("There is no other admin. Make somebody else an admin first.")

    async def _change(self, values: dict[Any, Any]) -> None:
        """Every process is told, so that none goes on with what it remembers."""
        await self.update_self(values)
        after_commit(announce_everywhere, "person.changed", {"id": str(self.id)})

    @property
    def zone(self) -> ZoneInfo:
        """The zone to show times in, where the device doesn't say."""
        return ZoneInfo(self.time_zone or "UTC")

    async def session(self, session_id: UUID) -> "ChatSession":
        """The person's conversation of this id; NotFound for any other."""
        from app.domain.session import ChatSession

        # Asked with nearly every request: written out, it takes a third of the time that building the query does.
        rows = await sql(
            "SELECT * FROM chat_sessions WHERE id = $1 AND owner = $2 AND deleted_at IS NULL", session_id, self.id
        )
        if not rows:
            raise NotFound("There is no such conversation.")
        return loaded(ChatSession, rows[0])

    async def sign_in(self, sign_in_id: UUID) -> "SignIn":
        """The person's sign-in of this id; NotFound for any other, and for one that has ended."""
        from app.domain.sign_in import SignIn

        found = await SignIn.objects().get((SignIn.id == sign_in_id) & (SignIn.user == self.id) & SignIn.ended_at.is_null())
        if found is None:
            raise NotFound("There is no such device.")
        return found

    async def sessions(self, limit: int = 100) -> "list[ChatSession]":
        """The person's conversations, the latest first."""
        from app.domain.session import ChatSession

        mine = ChatSession.objects().where((ChatSession.owner == self.id) & ChatSession.deleted_at.is_null())
        return list(await mine.order_by(ChatSession.updated_at, ascending=False).limit(limit))


@cache
def zones() -> tuple[str, ...]:
    """The names of time zones that a person may choose, sorted: places, and UTC."""
    places = (name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/", "US/")))
    return ("UTC", *sorted(places))
