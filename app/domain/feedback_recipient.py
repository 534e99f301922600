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
from app.database import DB, after_commit, loaded, new_id, sql, transaction
from app.domain import ladder
from app.domain.channel import ChannelStatus, ChannelType, CommunicationChannel
from app.domain.delivery import Delivery, DeliveryKind
from app.domain.errors import NotFound
from app.domain.people import names_of
from app.domain.quiet_hours import QuietHours
from app.domain.user import User
from app.domain.webhook_endpoint import WebhookEvent
from app.domain.webhook_event import tell_webhooks
from app.live import announce_everywhere
from app.settings import settings

if TYPE_CHECKING:
    from app.domain.feedback import FeedbackRequest


HELD = timedelta(seconds=10)
# What is forgotten of these two, and of all steps but the last, is done again: it need not wait for the disk.
DUE = """
UPDATE feedback_recipients SET next_at = $3 WHERE id IN (
  SELECT id FROM feedback_recipients WHERE next_at <= $1 ORDER BY next_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED)
RETURNING id, set_config('synchronous_commit', 'off', TRUE)
"""
LOCK_REQUEST = """
SELECT *, set_config('synchronous_commit', 'off', TRUE) FROM feedback_requests
WHERE id = (SELECT request FROM feedback_recipients WHERE id = $1) FOR NO KEY UPDATE
"""
# A channel whose next probe may be made is worth a try; a person's own may still be failing.
STANDING = """
SELECT c.*, COALESCE(h.probe_at > now(), FALSE) OR c.status = 'failing' AS failing, h.probe_at, d.status AS sent, d.attempt,
  d.due_at, d.lease_until, d.accepted_at, d.given_up AND c.status IN ('active', 'failing') AS given_up,
  u.quiet_from, u.quiet_to, u.time_zone, u.disabled_at IS NOT NULL OR u.left_at IS NOT NULL AS gone
FROM communication_channels c JOIN users u ON u.id = c.user
LEFT JOIN deliveries d ON d.channel = c.id AND d.request = $2 AND d.kind = 'request'
LEFT JOIN channel_health h ON h.key = c.type
WHERE c.user = $1 ORDER BY c.position, c.id
"""
MAY_ANSWER = """
SELECT count(*) FROM feedback_recipients p JOIN users u ON u.id = p."user" WHERE p.request = $1 AND (
  (p.delegated_to IS NULL AND u.disabled_at IS NULL AND u.left_at IS NULL)
  OR EXISTS (SELECT FROM feedback_responses a WHERE a.request = p.request AND a."user" = p."user"))
"""


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
        """Those whose ladder is to be looked at now. No other worker is given them for a while."""
        rows = await sql(DUE, at := now(), limit, at + HELD)
        return [row["id"] for row in rows]

    @classmethod
    async def climb(cls, recipient_id: UUID) -> None:
        """Do what is to be done now for this person's request, and note when to look again."""
        from app.domain.feedback import FeedbackRequest

        async with transaction():  # locks are taken in one order everywhere: request, recipient, delivery
            asked = await sql(LOCK_REQUEST, recipient_id)
            recipient = await sql("SELECT * FROM feedback_recipients WHERE id = $1 FOR NO KEY UPDATE", recipient_id)
            if asked and recipient:
                await loaded(cls, recipient[0]).take_steps(loaded(FeedbackRequest, asked[0]))

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
            standing, channels = await self._ladder(request)
            if self.alarm and ladder.unreached(standing, at) is None:
                await self.update_self({FeedbackRecipient.alarm: ""})
            step = ladder.next_step(standing, at)
            match step:
                case ladder.Wait(until):
                    return await self._look_again(until)
                case ladder.Post(channel):  # once for each, also when it comes again after it was given up
                    await Delivery.put(DeliveryKind.REQUEST, channels[channel], request=request.id)
                case ladder.GiveUp(channel):
                    await self._give_up(request, channel)
                case ladder.Remind(channel):
                    await self._remind(request, channels[channel])
                case ladder.Alarm(why):
                    await self.update_self({FeedbackRecipient.alarm: why})
                    await tell_webhooks(WebhookEvent.UNREACHED, request.id)
                case ladder.Expire():
                    await sql("SET LOCAL synchronous_commit TO DEFAULT")  # people are told
                    await request.expire()
        raise AssertionError("a ladder that never comes to rest")

    async def _answered(self) -> bool:
        """Whether this person has answered, and others are still waited for."""
        query = 'SELECT FROM feedback_responses WHERE request = $1 AND "user" = $2'
        return bool(await sql(query, self.request, self.user))

    async def _ladder(self, request: "FeedbackRequest") -> tuple[ladder.Ladder, dict[UUID, CommunicationChannel]]:
        """All that decides the next step, as it stands now, and the person's channels."""
        rows = await sql(STANDING, self.user, request.id)
        wanted = request.channels or list(ChannelType)
        rungs = tuple(
            _rung(row)
            for row in rows
            if row["sent"] or row["type"] == ChannelType.WEB or (row["type"] in wanted and _counts(row))
        )
        quiet = quiet_between(rows[0]["quiet_from"], rows[0]["quiet_to"], rows[0]["time_zone"]) if rows else None
        gone = bool(rows and rows[0]["gone"])
        needed = not gone or (await sql(MAY_ANSWER, request.id))[0][0] < request.needed
        standing = ladder.Ladder(
            rungs, self.created_at, timedelta(seconds=settings().escalate_after_seconds), request.urgent,
            request.deadline, quiet, self.reminded, bool(self.alarm), gone, needed,
        )  # fmt: skip
        return standing, {row["id"]: loaded(CommunicationChannel, row) for row in rows}

    async def _give_up(self, request: "FeedbackRequest", channel_id: UUID) -> None:
        await sql(
            """UPDATE deliveries SET status = 'rejected', given_up = TRUE WHERE request = $1 AND channel = $2
               AND kind = 'request' AND status = 'due'""",
            request.id, channel_id,
        )  # fmt: skip

    async def _remind(self, request: "FeedbackRequest", channel: CommunicationChannel) -> None:
        await Delivery.put(DeliveryKind.REMINDER, channel, request=request.id)
        await self.update_self({FeedbackRecipient.reminded: True})
        after_commit(announce_everywhere, "inbox.changed", {"person": str(self.user), "request": str(self.request)})

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
        await sql("UPDATE feedback_recipients SET next_at = $2 WHERE id = $1", self.id, self.next_at)


def _counts(row: Any) -> bool:
    """Whether a channel that was not used yet is a rung: it can be, or it is broken, which is as if it had refused this."""
    return row["status"] in (ChannelStatus.ACTIVE, ChannelStatus.FAILING) or _broken(row)


def _broken(row: Any) -> bool:
    return row["status"] == ChannelStatus.DISCONNECTED and bool(row["last_error"])


def _rung(row: Any) -> ladder.Rung:
    status = ladder.DeliveryStatus(row["sent"]) if row["sent"] else None
    if status is None and _broken(row):
        status = ladder.DeliveryStatus.REJECTED
    ready = row["lease_until"] if status == ladder.DeliveryStatus.SENDING else row["due_at"]
    return ladder.Rung(
        row["id"], ChannelType(row["type"]), bool(row["failing"]), status, row["attempt"] or 0, ready, row["probe_at"],
        row["accepted_at"], bool(row["given_up"]),
    )  # fmt: skip


def quiet_hours(user: User) -> QuietHours | None:
    """When this person wants to be left alone; None for never."""
    return quiet_between(user.quiet_from, user.quiet_to, user.time_zone)


def quiet_between(start: str, end: str, zone: str | None) -> QuietHours | None:
    if not start or not end or start == end:
        return None
    return QuietHours(time.fromisoformat(start), time.fromisoformat(end), ZoneInfo(zone or "UTC"))
