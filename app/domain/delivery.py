"""What leaves Parley: one row per thing that is to reach one address, written with its cause, sent until it has arrived."""

import asyncio
import json
import time
from datetime import timedelta
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from piccolo.columns import JSONB, Array, BigInt, Boolean, ForeignKey, Integer, Text, Timestamptz, Varchar
from piccolo.columns import UUID as UUIDColumn
from piccolo.table import Table

from app import metrics
from app.backoff import backoff_seconds
from app.clock import now
from app.database import AWAY, DB, after_commit, loaded, new_id, sql
from app.domain.channel import ChannelType, CommunicationChannel, channel_failed, channel_worked
from app.domain.channel_health import health_busy, health_failed, health_worked
from app.domain.errors import Conflict
from app.domain.ladder import DeliveryStatus
from app.domain.user import User
from app.domain.webhook_endpoint import endpoint_failed, endpoint_refused, endpoint_worked
from app.live import encode
from app.queue import nudge
from app.settings import settings

SOON_ARRIVAL, LATE_ARRIVAL = timedelta(seconds=12), timedelta(seconds=30)
SEND_SHARE = 0.8  # of the lease: a send that takes longer is cut off while nobody else can have begun one


def named(via: str) -> str:
    """What people call a way out."""
    return ChannelType(via).label if via in [*ChannelType] else via.partition(":")[0].capitalize()


class DeliveryKind(StrEnum):
    REQUEST = "request"
    REMINDER = "reminder"
    SETTLE = "settle"
    MESSAGE = "message"
    NOTICE = "notice"
    TEST = "test"
    CONFIRM = "confirm"
    LINK = "link"
    WEBHOOK = "webhook"


# What is due and first on its line, or was left by a dead worker, which is the same attempt still. Where a breaker is
# open nothing is due. This must last before anything is sent: else a send that PostgreSQL forgot would be sent again.
CLAIM = """
WITH next AS (
  SELECT d.id FROM deliveries d
  WHERE ((d.status IN ('due', 'uncertain') AND d.due_at <= now()) OR (d.status = 'sending' AND d.lease_until < now()))
    AND ($3::text = d.via OR ($3 IS NULL AND NOT EXISTS (
      SELECT FROM channel_health h WHERE h.key = d.via AND h.probe_at IS NOT NULL)))
    AND NOT EXISTS (SELECT FROM deliveries e WHERE e.line = d.line AND e.id < d.id
      AND e.status IN ('due', 'sending', 'uncertain'))
  ORDER BY d.due_at LIMIT $1 FOR UPDATE SKIP LOCKED
)
UPDATE deliveries d SET doubtful = doubtful OR status <> 'due', status = 'sending',
  attempt = attempt + CASE WHEN status = 'sending' THEN 0 ELSE 1 END,
  fence = fence + 1, lease_until = now() + make_interval(secs => $2)
FROM next WHERE d.id = next.id RETURNING d.*
"""
PROBES = """
UPDATE channel_health h SET probe_at = now() + make_interval(secs => $1) WHERE probe_at <= now() AND EXISTS (
  SELECT FROM deliveries d WHERE d.via = h.key AND (d.status IN ('due', 'uncertain') AND d.due_at <= now()
    OR d.status = 'sending' AND d.lease_until < now()))
RETURNING key
"""
# How an attempt ended. It waits for the disk: forgotten, it would hold up its line until its lease is over. Who waits for
# the outcome looks at it now; they are locked before the delivery, as everywhere.
END = """
WITH waiting AS (
  UPDATE feedback_recipients SET next_at = now() WHERE request = $3 AND "user" = $4 RETURNING id
), ended AS (
  UPDATE deliveries SET {changes}, lease_until = NULL
  WHERE id = $1 AND fence = $2 AND status = 'sending' AND (SELECT count(*) FROM waiting) >= 0 RETURNING id
), noted AS (
  INSERT INTO delivery_attempts (id, delivery, number, outcome, error, ended_at)
  SELECT $5, $1, $6, $7::text || CASE WHEN EXISTS (SELECT FROM ended) THEN '' ELSE ' too late' END, left($8, 1000), $9
)
SELECT EXISTS (SELECT FROM ended) AS held, ARRAY(SELECT id FROM waiting) AS waiting
"""


class Delivery(Table, tablename="deliveries", db=DB):
    """Something on its way to one address. `line`: what must arrive in order; `via`: what it goes through, whose breaker
    it obeys. `doubtful`: an earlier send may have arrived, so that it is looked for before anything is sent.

    Of the worker that has claimed it: `probing`, whether it is sent to see if the channel works again; `give_up_at`, on
    the clock of `time.monotonic`, when it may send no more; `waiting`, whose ladders are to be climbed at its end."""

    probing = False
    give_up_at = float("inf")
    waiting: tuple[UUID, ...] = ()

    id = UUIDColumn(primary_key=True, default=new_id)
    kind = Varchar(choices=DeliveryKind)
    via = Text()
    line = Text()
    channel = ForeignKey(CommunicationChannel, null=True, default=None)
    user = ForeignKey(User, null=True, default=None)
    request = UUIDColumn(null=True, default=None)
    message = UUIDColumn(null=True, default=None)
    copy_of = UUIDColumn(null=True, default=None)
    endpoint = UUIDColumn(null=True, default=None)
    payload = JSONB(default="{}")
    status = Varchar(choices=DeliveryStatus, default=DeliveryStatus.DUE)
    given_up = Boolean(default=False)
    attempt = Integer(default=0)
    due_at = Timestamptz()
    lease_until = Timestamptz(null=True, default=None)
    fence = BigInt(default=0)
    doubtful = Boolean(default=False)
    check_at = Timestamptz(null=True, default=None)
    doubles = Integer(default=0)
    taken_back = Array(base_column=Text(), default=list)
    external_id = Text(default="")
    error = Text(default="")
    created_at = Timestamptz()
    accepted_at = Timestamptz(null=True, default=None)
    seen_at = Timestamptz(null=True, default=None)
    replayed_at = Timestamptz(null=True, default=None)

    @property
    def told(self) -> dict[str, Any]:
        """What it is to tell besides the rows that it names."""
        payload: dict[str, Any] = json.loads(self.payload) if isinstance(self.payload, str) else self.payload
        return payload

    @classmethod
    async def put(cls, kind: DeliveryKind, channel: CommunicationChannel, **about: Any) -> None:
        """Put something on its way to a channel. A request goes to each channel once: given up, it goes on. Who looks at
        their channel waits for a test: it stands in no line."""
        delivery_id = new_id()
        alone = kind in (DeliveryKind.TEST, DeliveryKind.CONFIRM)
        line = about.get("line", delivery_id if alone else channel.id)
        at_once = channel.type == ChannelType.WEB  # the page shows what is in the database
        status = DeliveryStatus.ACCEPTED if at_once else DeliveryStatus.DUE
        rows = await sql(
            """INSERT INTO deliveries (id, kind, via, line, channel, "user", request, message, copy_of, payload, status,
                 due_at, accepted_at, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, COALESCE($13, now()),
                 CASE WHEN $12 THEN now() END, now())
               ON CONFLICT (request, channel, kind) WHERE kind IN ('request', 'reminder')
               DO UPDATE SET status = 'due', given_up = FALSE WHERE deliveries.given_up
               RETURNING id""",
            delivery_id, kind, channel.type, str(line), channel.id, channel.user, about.get("request"),
            about.get("message"), about.get("copy_of"), encode(about.get("payload", {})).decode(), status, at_once,
            about.get("due_at"),
        )  # fmt: skip
        for row in rows:
            after_commit(nudge, "deliver", row["id"])

    @classmethod
    async def test(cls, channel: CommunicationChannel) -> None:
        """Send something that says that it arrived. Conflict for a channel that is not in use, and for the page, which one
        looks at."""
        if channel.type == ChannelType.WEB or not channel.usable:
            raise Conflict("Only a channel that is on and connected can be tested.")
        await cls.put(DeliveryKind.TEST, channel)

    @classmethod
    async def claim(cls, limit: int, lease_seconds: float) -> list[Self]:
        """The right to send up to `limit` of what is due, for as long as the lease lasts. Of a channel whose breaker is
        open, one is tried when its time has come."""
        give_up_at = time.monotonic() + lease_seconds * SEND_SHARE
        probes = [row["key"] for row in await sql(PROBES, lease_seconds)]
        claimed = []
        for key in (*probes, None):
            for row in await sql(CLAIM, 1 if key else limit, lease_seconds, key):
                claimed.append(delivery := loaded(cls, row))
                delivery.probing, delivery.give_up_at = key is not None, give_up_at
        return claimed

    async def accepted(self, external_id: str, *, doubled: bool = False) -> None:
        """The other side has it, under this id. If an earlier send may still arrive, that is looked at a while later, and
        once more; at once if it is `doubled`, or this worker's lease has ended: another one may have sent it too."""
        ended = await self._end(
            "accepted", "",
            """status = 'accepted', external_id = $10, error = '', accepted_at = now(),
               check_at = CASE WHEN doubtful THEN now() + $11::interval END""",
            external_id, timedelta(0) if doubled else SOON_ARRIVAL,
        )  # fmt: skip
        if not ended:
            await sql("UPDATE deliveries SET check_at = now() WHERE id = $1", self.id)
            return
        await health_worked(self.via)
        if self.channel:
            await channel_worked(self.channel)
        if self.endpoint:
            await endpoint_worked(self.endpoint)

    async def rejected(self, why: str, *, gone: bool = False) -> None:
        """It will never go this way. `gone`: neither will anything else that goes to this endpoint."""
        await self._end("rejected", why, "status = 'rejected', error = $10", why)
        if self.endpoint:
            await endpoint_refused(self.endpoint, why, gone=gone)

    async def unavailable(self, why: str, retry_after_seconds: float | None = None) -> float:
        """Not now, and it has surely not arrived: tried again after a wait that grows, or that the other side named; in
        how many seconds."""
        named = retry_after_seconds is not None
        wait = retry_after_seconds if retry_after_seconds is not None else self._backoff_seconds()
        ended = await self._end(
            "unavailable", why,
            """status = CASE WHEN doubtful THEN 'uncertain' ELSE 'due' END, error = $10,
               due_at = now() + make_interval(secs => $11)""",
            why, wait,
        )  # fmt: skip
        if ended and named and self.probing:  # who names a time is well, only busy
            await health_busy(self.via, wait)
        return await self._failed(why, wait) if ended and not named else wait

    async def uncertain(self, why: str) -> float:
        """It may have arrived: it is looked for, before anything is sent again; in how many seconds."""
        wait = self._backoff_seconds()
        ended = await self._end(
            "uncertain", why,
            "status = 'uncertain', doubtful = TRUE, error = $10, due_at = now() + make_interval(secs => $11)",
            why, wait,
        )  # fmt: skip
        return await self._failed(why, wait) if ended else wait

    def _backoff_seconds(self) -> float:
        """Where the channel works for others, there is less to spare it."""
        return backoff_seconds(self.attempt, 2.0 if self.probing else 1.5)

    async def _failed(self, why: str, wait: float) -> float:
        if self.channel:
            await channel_failed(self.channel, why)
        if self.endpoint:
            await endpoint_failed(self.endpoint, why)
        return max(wait, await health_failed(self.via, why, settings().backoff_cap_seconds, probing=self.probing))

    async def _end(self, outcome: str, why: str, changes: str, *arguments: Any) -> bool:
        """Note how the attempt ended, apply `changes` (SQL, ours) and let the lease go, if it is still this worker's. While
        PostgreSQL is away the outcome is kept, as long as the lease."""
        about = (self.id, self.fence, self.request, self.user, new_id(), self.attempt, outcome, why, now(), *arguments)
        wait, rows = 0.1, None
        while rows is None:
            try:
                rows = await sql(END.format(changes=changes), *about)
            except AWAY:
                if time.monotonic() + (wait := wait * 2) > self.give_up_at:
                    raise
                await asyncio.sleep(wait)
        self.waiting, held = tuple(rows[0]["waiting"]), bool(rows[0]["held"])
        metrics.count("parley_delivery_attempts_total", via=self.via, outcome=outcome if held else "too late")
        return held


class DeliveryAttempt(Table, tablename="delivery_attempts", db=DB):
    """One try to send something, and how it ended."""

    id = UUIDColumn(primary_key=True, default=new_id)
    delivery = ForeignKey(Delivery, null=False)
    number = Integer()
    outcome = Text()
    error = Text(default="")
    ended_at = Timestamptz(default=now)
