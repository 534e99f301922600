"""One person who is asked: where their request stands on its way to them."""

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Boolean, ForeignKey, LazyTableReference, Text, Timestamptz
from piccolo.constraints import Unique
from piccolo.table import Table

from app.clock import now
from app.database import DB, loaded, new_id, sql, transaction
from app.domain import ladder
from app.domain.channel import ChannelStatus, ChannelType, CommunicationChannel
from app.domain.delivery import Delivery, DeliveryKind
from app.domain.errors import NotFound
from app.domain.people import names_of
from app.domain.quiet_hours import QuietHours
from app.domain.user import User
from app.domain.webhook_endpoint import WebhookEvent
from app.domain.webhook_event import tell_webhooks
from app.settings import settings

if TYPE_CHECKING:
    from app.domain.feedback import FeedbackRequest


class FeedbackRecipient(Table, tablename="feedback_recipients", db=DB):
    """`next_at`: when its ladder is to be looked at again. `alarm`: why the person may not have been reached. Who is
    `delegated_to` has been asked in their place."""

    id = UUIDColumn(primary_key=True, default=new_id)
    request: ForeignKey[Any] = ForeignKey(
        LazyTableReference("FeedbackRequest", module_path="app.domain.feedback"), null=False
    )
    user = ForeignKey(User, null=False)
    next_at = Timestamptz(null=True, default=None)
    reminded = Boolean(default=False)
    alarm = Text(default="")
    delegated_to = ForeignKey(User, null=True, default=None)
    delegated_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz(default=now)

    asked_once = Unique([request, user])

    @classmethod
    async def of(cls, *request_ids: UUID) -> list[Self]:
        """All who were asked, also those who have handed it on."""
        query = "SELECT * FROM feedback_recipients WHERE request = ANY($1) ORDER BY created_at, id"
        return [loaded(cls, row) for row in await sql(query, request_ids)]

    @classmethod
    async def one(cls, request_id: UUID, user_id: UUID) -> Self:
        """This person's place in a request. NotFound unless they were asked."""
        found = await cls.objects().get((cls.request == request_id) & (cls.user == user_id))
        if found is None:
            raise NotFound("There is no such request.")
        return found

    async def handed_on(self) -> str:
        """To whom, in words."""
        return f"Handed on to {(await names_of([self.delegated_to]))[0]}."

    @classmethod
    async def due(cls, limit: int) -> list[UUID]:
        """Those whose ladder is to be looked at now."""
        rows = await sql("SELECT id FROM feedback_recipients WHERE next_at <= $1 ORDER BY next_at LIMIT $2", now(), limit)
        return [row["id"] for row in rows]

    @classmethod
    async def climb(cls, recipient_id: UUID) -> None:
        """Do what is to be done now for this person's request, and note when to look again."""
        from app.domain.feedback import FeedbackRequest

        async with transaction():  # locks are taken in one order everywhere: request, recipient, delivery
            asked = await sql("SELECT request FROM feedback_recipients WHERE id = $1", recipient_id)
            if asked:
                request = await FeedbackRequest.locked(asked[0]["request"])
                rows = await sql("SELECT * FROM feedback_recipients WHERE id = $1 FOR NO KEY UPDATE", recipient_id)
                await loaded(cls, rows[0]).take_steps(request)

    async def take_steps(self, request: "FeedbackRequest") -> None:
        """Step by step, until there is something to wait for. Needs the row's lock."""
        at = now()
        for _ in range(20):
            if not request.open:
                await request.settle_copies()
                return await self._look_again(None)
            if self.delegated_to:
                await self.settle_copies()
                return await self._look_again(None)
            if await self._answered():
                return await self._look_again(None)
            standing = await self._ladder(request)
            if self.alarm and ladder.unreached(standing) is None:
                await self.update_self({FeedbackRecipient.alarm: ""})
            step = ladder.next_step(standing, at)
            match step:
                case ladder.Wait(until):
                    return await self._look_again(until)
                case ladder.Post(channel):
                    await self._post(request, channel)
                case ladder.GiveUp(channel):
                    await self._give_up(request, channel)
                case ladder.Remind(channel):
                    await self._remind(request, channel)
                case ladder.Alarm(why):
                    await self.update_self({FeedbackRecipient.alarm: why})
                    await tell_webhooks(WebhookEvent.UNREACHED, request.id)
                case ladder.Expire():
                    await request.expire()
        raise AssertionError("a ladder that never comes to rest")

    async def _answered(self) -> bool:
        """Whether this person has answered, and others are still waited for."""
        query = 'SELECT FROM feedback_responses WHERE request = $1 AND "user" = $2'
        return bool(await sql(query, self.request, self.user))

    async def _ladder(self, request: "FeedbackRequest") -> ladder.Ladder:
        """All that decides the next step, as it stands now."""
        rows = await sql(
            """SELECT c.id, c.type, c.status AS channel_status, h.probe_at IS NOT NULL OR c.status = 'failing' AS failing,
                 d.status, d.attempt, d.due_at, d.lease_until, d.accepted_at,
                 d.given_up AND c.status IN ('active', 'failing') AS given_up
               FROM communication_channels c
               LEFT JOIN deliveries d ON d.channel = c.id AND d.request = $2 AND d.kind = 'request'
               LEFT JOIN channel_health h ON h.key = c.type
               WHERE c.user = $1 ORDER BY c.position, c.id""",
            self.user, request.id,
        )  # fmt: skip
        wanted = request.channels or list(ChannelType)
        usable = (ChannelStatus.ACTIVE, ChannelStatus.FAILING)
        rungs = tuple(
            _rung(row)
            for row in rows
            if row["status"] or (row["channel_status"] in usable and row["type"] in wanted) or row["type"] == ChannelType.WEB
        )
        user = await User.objects().get(User.id == self.user)
        assert user is not None
        return ladder.Ladder(
            rungs, self.created_at, timedelta(seconds=settings().escalate_after_seconds), request.urgent,
            request.deadline, quiet_hours(user), self.reminded, bool(self.alarm),
        )  # fmt: skip

    async def _post(self, request: "FeedbackRequest", channel_id: UUID) -> None:
        """Put it on its way; once for each channel, also when it comes again after it was given up."""
        channel = await CommunicationChannel.one(self.user, channel_id)
        await Delivery.put(DeliveryKind.REQUEST, channel, request=request.id)

    async def _give_up(self, request: "FeedbackRequest", channel_id: UUID) -> None:
        await sql(
            """UPDATE deliveries SET status = 'rejected', given_up = TRUE WHERE request = $1 AND channel = $2
               AND kind = 'request' AND status = 'due'""",
            request.id, channel_id,
        )  # fmt: skip

    async def _remind(self, request: "FeedbackRequest", channel_id: UUID) -> None:
        channel = await CommunicationChannel.one(self.user, channel_id)
        if channel.type != ChannelType.WEB:
            await Delivery.put(DeliveryKind.REMINDER, channel, request=request.id)
        await self.update_self({FeedbackRecipient.reminded: True})

    async def settle_copies(self) -> None:
        """Let what was posted to somebody who has handed it on say so; once for each."""
        for row in await sql(
            """SELECT d.id, d.channel FROM deliveries d WHERE d.request = $1 AND d."user" = $2 AND d.kind = 'request'
               AND d.via <> 'web' AND d.status IN ('accepted', 'seen')
               AND NOT EXISTS (SELECT FROM deliveries s WHERE s.copy_of = d.id AND s.kind = 'settle')""",
            self.request, self.user,
        ):  # fmt: skip
            channel = await CommunicationChannel.one(self.user, row["channel"])
            await Delivery.put(
                DeliveryKind.SETTLE, channel, request=self.request, copy_of=row["id"], payload={"handed_on": True}
            )

    async def _look_again(self, at: datetime | None) -> None:
        """What is on its way tells when it ends; it is not to be asked all the time."""
        self.next_at = max(at, now() + timedelta(seconds=1)) if at else None
        await self.save([FeedbackRecipient.next_at])


def _rung(row: Any) -> ladder.Rung:
    status = ladder.DeliveryStatus(row["status"]) if row["status"] else None
    ready = row["lease_until"] if status == ladder.DeliveryStatus.SENDING else row["due_at"]
    return ladder.Rung(
        row["id"], ChannelType(row["type"]), bool(row["failing"]), status, row["attempt"] or 0, ready, row["accepted_at"],
        bool(row["given_up"]),
    )  # fmt: skip


def quiet_hours(user: User) -> QuietHours | None:
    """When this person wants to be left alone; None for never."""
    if not user.quiet_from or not user.quiet_to or user.quiet_from == user.quiet_to:
        return None
    zone = ZoneInfo(user.time_zone or "UTC")
    return QuietHours(time.fromisoformat(user.quiet_from), time.fromisoformat(user.quiet_to), zone)
