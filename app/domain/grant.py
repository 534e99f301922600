"""What a provider lets us do in one of its accounts: a Slack workspace, a mailbox. Its tokens are kept encrypted."""

import json
from datetime import datetime, timedelta
from typing import Any, Self

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Array, ForeignKey, Text, Timestamptz
from piccolo.constraints import Unique
from piccolo.table import Table

from app.clock import now
from app.database import DB, loaded, new_id, sql
from app.domain.user import User
from app.encryption import decrypt, encrypt

RENEW_BEFORE = timedelta(minutes=10)


class Grant(Table, tablename="grants", db=DB):
    """`account`: which one it is at the provider, such as a team's id. `ended_at`, `why`: it lets us do nothing any more."""

    id = UUIDColumn(primary_key=True, default=new_id)
    provider = Text()
    account = Text()
    name = Text()
    secret = Text(secret=True)
    scopes = Array(base_column=Text(), default=list)
    expires_at = Timestamptz(null=True, default=None)
    granted_by = ForeignKey(User, null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)
    why = Text(default="")
    created_at = Timestamptz(default=now)

    once = Unique([provider, account])

    @classmethod
    async def keep(
        cls, provider: str, account: str, name: str, tokens: dict[str, Any], *, scopes: list[str],
        expires_at: datetime | None = None, by: User | None = None,
    ) -> None:  # fmt: skip
        """Keep what was granted; it takes the place of an earlier grant for the same account."""
        await sql(
            """INSERT INTO grants (id, provider, account, name, secret, scopes, expires_at, granted_by, why, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', $9)
               ON CONFLICT (provider, account) DO UPDATE SET name = $4, secret = $5, scopes = $6, expires_at = $7,
                 granted_by = COALESCE($8, grants.granted_by), ended_at = NULL, why = ''""",
            new_id(), provider, account, name, encrypt(json.dumps(tokens), "grant", provider, account), scopes, expires_at,
            by.id if by else None, now(),
        )  # fmt: skip

    @classmethod
    async def of(cls, provider: str) -> list[Self]:
        """All for a provider, the oldest first."""
        return [loaded(cls, row) for row in await sql("SELECT * FROM grants WHERE provider = $1 ORDER BY id", provider)]

    @classmethod
    async def find(cls, provider: str, account: str, *, lock: bool = False) -> Self | None:
        """The one for an account, also one that has ended. `lock`: nobody else renews it before the transaction ends."""
        query = f"SELECT * FROM grants WHERE provider = $1 AND account = $2 {'FOR UPDATE' if lock else ''}"  # noqa: S608
        rows = await sql(query, provider, account)
        return loaded(cls, rows[0]) if rows else None

    @property
    def tokens(self) -> dict[str, Any]:
        """What was granted. Undecipherable when its key has gone."""
        kept: dict[str, Any] = json.loads(decrypt(self.secret, "grant", self.provider, self.account))
        return kept

    @property
    def due(self) -> bool:
        """Whether it ends soon, so that it is to be renewed."""
        return self.expires_at is not None and self.expires_at < now() + RENEW_BEFORE

    @classmethod
    async def end(cls, provider: str, account: str, why: str) -> bool:
        """It lets us do nothing any more; whether that is new."""
        rows = await sql(
            """UPDATE grants SET ended_at = now(), why = $3 WHERE provider = $1 AND account = $2 AND ended_at IS NULL
               RETURNING id""",
            provider, account, why,
        )  # fmt: skip
        return bool(rows)
