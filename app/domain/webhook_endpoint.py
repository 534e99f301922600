"""Where a program of a person is told what becomes of requests, and the secret by which it knows that it is us."""

import base64
import secrets
from datetime import timedelta
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Array, ForeignKey, Text, Timestamptz, Varchar
from piccolo.constraints import Unique
from piccolo.table import Table

from app.clock import now
from app.database import DB, loaded, new_id, sql, transaction
from app.domain import audit
from app.domain.audit import Action
from app.domain.errors import Conflict, NotFound, Unfit
from app.domain.user import User
from app.domain.webhook_address import fit_url
from app.encryption import decrypt, encrypt

MOST = 20
SECRET_BYTES = 32
OLD_SECRET_LASTS = timedelta(hours=24)
FAILS_AT_MOST = timedelta(days=3)
ONLY_SIGNS = "An endpoint without a url signs what goes to the webhook of your requests: it takes no url and no events."


class WebhookEvent(StrEnum):
    REQUESTED = "feedback.requested"
    SETTLED = "feedback.settled"
    UNREACHED = "feedback.unreached"


class WebhookStatus(StrEnum):
    ACTIVE = "active"
    DISABLED = "disabled"


class WebhookEndpoint(Table, tablename="webhook_endpoints", db=DB):
    """An address of a person's program, and the `events` it wants. The one without an address signs what goes to the
    addresses that their requests name themselves. After it has failed for three days, or said that it is gone, it is
    `disabled` until they say otherwise. For a day after a new secret the old one signs, too."""

    id = UUIDColumn(primary_key=True, default=new_id)
    user = ForeignKey(User, null=False)
    url = Text(default="")
    secret = Text(secret=True)
    old_secret = Text(default="", secret=True)
    old_until = Timestamptz(null=True, default=None)
    events = Array(base_column=Text(), default=list)
    status = Varchar(choices=WebhookStatus, default=WebhookStatus.ACTIVE)
    failing_since = Timestamptz(null=True, default=None)
    last_error = Text(default="")
    last_ok_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz(default=now)

    one_each = Unique([user, url])

    @classmethod
    async def add(cls, by: User, url: str, events: list[WebhookEvent]) -> tuple[Self, str]:
        """A new endpoint, and its secret, which is not told again. Conflict if they have it already, or twenty others;
        Unfit for an address that can't be."""
        if not url and events:
            raise Unfit(ONLY_SIGNS)
        async with transaction():
            mine = await cls._locked(by.id)
            if any(endpoint.url == url for endpoint in mine):
                raise Conflict("You have this endpoint already.")
            if len(mine) >= MOST:
                raise Conflict(f"You have {MOST} endpoints already. Remove one first.")
            endpoint = cls(id=new_id(), user=by.id, url=fit_url(url) if url else "", events=_once(events))
            secret = endpoint._new_secret()
            await endpoint.save()
            await _note(by, "added")
        return endpoint, secret

    @classmethod
    async def of(cls, user_id: UUID) -> list[Self]:
        """A person's endpoints, the oldest first."""
        return list(await cls.objects().where(cls.user == user_id).order_by(cls.id))

    @classmethod
    async def one(cls, user_id: UUID, endpoint_id: UUID) -> Self:
        """That endpoint of that person; NotFound for any other."""
        found = await cls.objects().get((cls.id == endpoint_id) & (cls.user == user_id))
        if found is None:
            raise NotFound("There is no such endpoint.")
        return found

    @classmethod
    async def active(cls, user_id: UUID, endpoint_id: UUID) -> Self:
        """The same, if something can be posted to it. Conflict for a disabled one."""
        endpoint = await cls.one(user_id, endpoint_id)
        if endpoint.status == WebhookStatus.DISABLED:
            raise Conflict("It is disabled. Make it active first.")
        return endpoint

    @classmethod
    async def for_url(cls, user_id: UUID, url: str) -> Self:
        """What posts to an address that a request of theirs names: their endpoint of this address, or else the one that has
        none, made now if need be."""
        query = """SELECT * FROM webhook_endpoints WHERE "user" = $1 AND url IN ($2, '') ORDER BY url DESC LIMIT 1"""
        if not (rows := await sql(query, user_id, url)):
            endpoint = cls(id=new_id(), user=user_id)
            endpoint._new_secret()
            await cls.insert(endpoint).on_conflict((cls.user, cls.url), "DO NOTHING")
            rows = await sql(query, user_id, url)
        return loaded(cls, rows[0])

    @property
    def secrets(self) -> list[str]:
        """What signs now, the newest first."""
        kept = [self.secret] + ([self.old_secret] if self.old_until and self.old_until > now() else [])
        return [decrypt(secret, "webhook", self.id) for secret in kept]

    async def change(
        self, *, by: User, url: str | None = None, events: list[WebhookEvent] | None = None,
        status: WebhookStatus | None = None,
    ) -> None:  # fmt: skip
        """Change what is given. Made active again, it begins anew. Conflict and Unfit as for a new one."""
        changes: dict[Any, Any] = {}
        async with transaction():
            mine = await self._locked(self.user)
            if url is not None and url != self.url:
                if any(endpoint.url == url for endpoint in mine):
                    raise Conflict("You have this endpoint already.")
                changes[WebhookEndpoint.url] = fit_url(url)
            if events is not None:
                changes[WebhookEndpoint.events] = _once(events)
            if not self.url and changes:
                raise Unfit(ONLY_SIGNS)
            if status is not None:
                changes |= {WebhookEndpoint.status: status, WebhookEndpoint.failing_since: None}
            if changes:
                await self.update_self(changes)
                await _note(by, "changed")

    async def renew_secret(self, *, by: User) -> str:
        """Another secret, not told again; for a day both sign, so that no post in between is taken for a forgery."""
        old, until = self.secret, now() + OLD_SECRET_LASTS
        secret = self._new_secret()
        changed: dict[Any, Any] = {
            WebhookEndpoint.secret: self.secret, WebhookEndpoint.old_secret: old, WebhookEndpoint.old_until: until,
        }  # fmt: skip
        async with transaction():
            await self.update_self(changed)
            await _note(by, "secret renewed")
        return secret

    async def drop(self, *, by: User) -> None:
        """Nothing goes there any more, what was on its way neither."""
        async with transaction():
            await sql("DELETE FROM deliveries WHERE endpoint = $1", self.id)
            await sql("DELETE FROM channel_health WHERE starts_with(key, $1)", self.way)
            await self.remove()
            await _note(by, "removed")

    @property
    def way(self) -> str:
        """The way out that its breaker guards; by the one without an address there are many, one for each host."""
        return f"webhook:{self.id}"

    @classmethod
    async def _locked(cls, user_id: UUID) -> list[Self]:
        """Theirs, to which nobody adds before the transaction ends."""
        await sql("SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE", user_id)
        return await cls.of(user_id)

    def _new_secret(self) -> str:
        secret = f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"
        self.secret = encrypt(secret, "webhook", self.id)
        return secret


async def _note(by: User, what: str) -> None:
    """Tell the audit trail, which keeps no address: some hold what lets one in."""
    await audit.note(Action.CHANNEL_CHANGED, by=by, detail=f"Webhook, {what}")


def _once(events: list[WebhookEvent]) -> list[str]:
    return [str(event) for event in WebhookEvent if event in events]


async def endpoint_worked(endpoint_id: UUID) -> None:
    """It took something: it is well."""
    await sql(
        "UPDATE webhook_endpoints SET failing_since = NULL, last_error = '', last_ok_at = $2 WHERE id = $1",
        endpoint_id, now(),
    )  # fmt: skip


async def endpoint_failed(endpoint_id: UUID, error: str) -> None:
    """It took nothing now; when that has been so for three days, it is disabled."""
    await sql(
        """UPDATE webhook_endpoints SET last_error = $2, failing_since = COALESCE(failing_since, $3),
             status = CASE WHEN failing_since < $4 AND url <> '' THEN 'disabled' ELSE status END WHERE id = $1""",
        endpoint_id, error, now(), now() - FAILS_AT_MOST,
    )  # fmt: skip


async def endpoint_refused(endpoint_id: UUID, error: str, *, gone: bool) -> None:
    """It will not take this one; nor, when it is `gone`, anything any more. One address of many that is gone disables
    nothing."""
    await sql(
        """UPDATE webhook_endpoints SET last_error = $2,
             status = CASE WHEN $3 AND url <> '' THEN 'disabled' ELSE status END WHERE id = $1 AND status = 'active'""",
        endpoint_id, error, gone,
    )  # fmt: skip


async def endpoints_in_trouble() -> list[Any]:
    """Rows of the ways to endpoints by which nothing gets through: whose, to which host (an address may hold what lets one
    in), after how many failures, why, and when it is tried again."""
    return await sql(
        """SELECT u.name AS person, u.id AS "user", h.failures, h.error, h.probe_at,
             COALESCE(NULLIF(split_part(h.key, ':', 3), ''), substring(e.url FROM '^[a-z]+://([^/?]+)'), '') AS host
           FROM channel_health h JOIN webhook_endpoints e ON e.id::text = split_part(h.key, ':', 2)
           JOIN users u ON u.id = e."user"
           WHERE h.key LIKE 'webhook:%' AND h.probe_at IS NOT NULL AND e.status = 'active' ORDER BY h.key"""
    )
