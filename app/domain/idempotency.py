"""Requests that are to be done once, however often they are sent: their answers, kept for a day."""

import hashlib
from datetime import timedelta
from uuid import UUID

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import ForeignKey, Integer, Text, Timestamptz, Varchar
from piccolo.constraints import Unique
from piccolo.table import Table

from app.clock import now
from app.database import DB, loaded, new_id, sql
from app.domain.errors import Unfit
from app.domain.user import User

KEPT = timedelta(hours=24)
LONGEST_KEY = 255


class KeptAnswer(Table, tablename="kept_answers", db=DB):
    """What was answered to a person's request to `path` with this Idempotency-Key; its row is written in the transaction of
    what the request did, so that neither is there without the other."""

    id = UUIDColumn(primary_key=True, default=new_id)
    user = ForeignKey(User, null=False)
    path = Text()
    key = Varchar(length=LONGEST_KEY)
    body_hash = Text(secret=True)
    status = Integer(default=0)
    answer = Text(default="", secret=True)
    created_at = Timestamptz(default=now, index=True)

    once = Unique([user, path, key])

    @classmethod
    async def claim(cls, user_id: UUID, path: str, key: str, body: bytes) -> "KeptAnswer | None":
        """Within a transaction: the answer that was given, or None, and then it is ours to give. Whoever is first makes all
        others wait here until they have committed. Unfit if the key came with another body."""
        claimed = await sql(
            """INSERT INTO kept_answers (id, "user", path, key, body_hash, status, answer, created_at)
               VALUES ($1, $2, $3, $4, $5, 0, '', $6)
               ON CONFLICT ("user", path, key) DO UPDATE SET body_hash = $5, created_at = $6
               WHERE kept_answers.created_at < $7 RETURNING id""",
            new_id(), user_id, path, fit_key(key), _hash(body), now(), now() - KEPT,
        )  # fmt: skip
        if claimed:
            return None
        query = 'SELECT * FROM kept_answers WHERE "user" = $1 AND path = $2 AND key = $3'
        kept = loaded(cls, (await sql(query, user_id, path, key))[0])
        if kept.body_hash != _hash(body):
            raise Unfit("This Idempotency-Key has come with another body before.")
        return kept

    @classmethod
    async def keep(cls, user_id: UUID, path: str, key: str, status: int, answer: str) -> None:
        """Within the same transaction: this is the answer."""
        query = 'UPDATE kept_answers SET status = $4, answer = $5 WHERE "user" = $1 AND path = $2 AND key = $3'
        await sql(query, user_id, path, key, status, answer)

    @classmethod
    async def forget_old(cls) -> None:
        """Nobody repeats a request after a day."""
        await sql("DELETE FROM kept_answers WHERE created_at < $1", now() - KEPT)


def fit_key(key: str) -> str:
    """A key as it is kept. Unfit when it is empty, long or not plain."""
    if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise Unfit(f"An Idempotency-Key has 1 to {LONGEST_KEY} plain characters.")
    return key


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
