"""API keys: what a person gives a program of their own, so that it need not sign in."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Self
from uuid import UUID

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Array, ForeignKey, Text, Timestamptz
from piccolo.table import Table

from app.clock import now
from app.database import DB, after_commit, loaded, new_id, sql, transaction
from app.domain import audit
from app.domain.audit import Action
from app.domain.errors import NotFound
from app.domain.oauth_client import fit_name
from app.domain.scope import Scope, fit_scopes
from app.domain.user import User
from app.live import announce_everywhere
from app.peer import peer

PREFIX = "parley_"  # so that it is known for a key where one is leaked
NOTED = timedelta(minutes=1)
MOST_NETWORKS = 100


class ApiKey(Table, tablename="api_keys", db=DB):
    """A key, of which only the hash is kept: with its 256 random bits it needs no slow one. `networks` are the latest that
    it came from."""

    id = UUIDColumn(primary_key=True, default=new_id)
    user = ForeignKey(User, null=False, index=True)
    name = Text()
    hash = Text(unique=True, secret=True)
    scopes = Array(base_column=Text(), default=list)
    created_at = Timestamptz(default=now)
    last_used_at = Timestamptz(null=True, default=None)
    networks = Array(base_column=Text(), default=list)

    @classmethod
    async def make(cls, user: User, *, name: str, scopes: Iterable[str]) -> str:
        """A new key that speaks for `user`; it is not told again. Unfit says what is wrong."""
        key = PREFIX + secrets.token_urlsafe(32)
        kept = cls(user=user.id, name=fit_name(name), hash=_hash(key), scopes=fit_scopes(scopes, user))
        async with transaction():
            await kept.save()
            await audit.note(Action.KEY_MADE, by=user, detail=f"{kept.name} ({', '.join(kept.scopes)})")
        return key

    @classmethod
    async def holder(cls, key: str) -> tuple[User, UUID, frozenset[Scope]] | None:
        """Whom a key speaks for, its id, and what it is for; None when it was removed, never was, or they are disabled."""
        rows = await sql(
            """SELECT u.*, k.id AS key_id, k.name AS key_name, k.scopes, k.last_used_at, k.networks
               FROM api_keys k JOIN users u ON u.id = k."user" WHERE k.hash = $1 AND u.disabled_at IS NULL""",
            _hash(key),
        )
        if not rows:
            return None
        row, user = rows[0], loaded(User, rows[0])
        if row["last_used_at"] is None or row["last_used_at"] < now() - NOTED or peer().network not in row["networks"]:
            await cls._note_use(row["key_id"], row["key_name"], user)
        return user, row["key_id"], frozenset(map(Scope, row["scopes"]))

    @classmethod
    async def _note_use(cls, key_id: UUID, name: str, user: User) -> None:
        """Once a minute that it is used, and once for each network that it comes from."""
        async with transaction():
            await sql("UPDATE api_keys SET last_used_at = $2 WHERE id = $1", key_id, now())
            new = await sql(
                """UPDATE api_keys SET networks = (array_append(networks, $2))[greatest(1, cardinality(networks) + 2 - $3):]
                   WHERE id = $1 AND $2 <> ALL(networks) RETURNING id""",
                key_id, peer().network, MOST_NETWORKS,
            )  # fmt: skip
            if new:
                await audit.note(Action.KEY_AT_NEW_ADDRESS, about=user, detail=name)

    @classmethod
    async def live_among(cls, key_ids: set[UUID]) -> set[UUID]:
        """Those of these keys that are still there, of people who may come in."""
        rows = await sql(
            """SELECT k.id FROM api_keys k JOIN users u ON u.id = k."user"
               WHERE k.id = ANY($1) AND u.disabled_at IS NULL AND u.left_at IS NULL""",
            list(key_ids),
        )
        return {row["id"] for row in rows}

    @classmethod
    async def of(cls, user: User) -> list[Self]:
        """A person's keys, the latest first."""
        return list(await cls.objects().where(cls.user == user.id).order_by(cls.created_at, ascending=False))

    @classmethod
    async def take_back(cls, user: User, key_id: UUID) -> None:
        """The key opens nothing any more, and what it has open ends. NotFound if it is none of theirs."""
        async with transaction():
            gone = await cls.delete().where((cls.id == key_id) & (cls.user == user.id)).returning(cls.name)
            if not gone:
                raise NotFound("There is no such key.")
            await audit.note(Action.KEY_REMOVED, by=user, detail=gone[0]["name"])
            after_commit(announce_everywhere, "key.revoked", {"id": str(key_id)})


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()
