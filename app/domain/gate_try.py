"""Tries at the gates: whoever guesses has to wait, longer each time. PostgreSQL counts, so that neither another process nor
a Valkey that was emptied begins anew."""

from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from math import ceil
from typing import Self

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Text, Timestamptz, Varchar
from piccolo.table import Table

from app.clock import now, shifted
from app.database import DB, new_id, sql, transaction
from app.limits import TooMany, Verdict
from app.peer import peer
from app.settings import settings

OF_A_NAME = 5
OF_AN_ADDRESS = 20
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
REMEMBERED = timedelta(days=1)
HOUR = timedelta(hours=1)
NAMELESS = ""


class Gate(StrEnum):
    SIGN_IN = "sign-in"
    SIGN_UP = "sign-up"
    NEW_PASSWORD = "new-password"  # noqa: S105 - no secret


class GateTry(Table, tablename="gate_tries", db=DB):
    """A try to sign in that has not succeeded (yet), or what was done at another gate. `name` is a hash of the e-mail
    address that was typed, since some type their password there, "" where none was; `address` is the network that it came
    from."""

    id = UUIDColumn(primary_key=True, default=new_id)
    gate = Varchar(choices=Gate)
    name = Text(secret=True)
    address = Text()
    created_at = Timestamptz()

    @classmethod
    async def sign_in(cls, email: str | None) -> Self:
        """Count a try to sign in as `email`, known or not, before anything is checked: of many at once no more get on than
        may. Remove it when it was right. TooMany while those before it make this name or this network wait; then it
        doesn't count. None: it tells whose it is only when it is right, as a passkey does; the network alone waits."""
        name = NAMELESS if email is None else _hashed(email)
        async with _at_once():
            at = await _alone(Gate.SIGN_IN, peer().network, *([name] if name else []))
            await cls._may_sign_in(name, at)
            return await cls._add(Gate.SIGN_IN, name, at)

    @classmethod
    async def foresee_sign_in(cls, email: str | None) -> None:
        """TooMany if a try to sign in would have to wait now; nothing is counted."""
        await cls._may_sign_in(NAMELESS if email is None else _hashed(email), now())

    @classmethod
    async def _may_sign_in(cls, name: str, at: datetime) -> None:
        of_name = await cls._times(Gate.SIGN_IN, "name", name, at - REMEMBERED) if name else []
        of_address = await cls._times(Gate.SIGN_IN, "address", peer().network, at - REMEMBERED)
        free_at, most = max((_free_at(of_name, OF_A_NAME), OF_A_NAME), (_free_at(of_address, OF_AN_ADDRESS), OF_AN_ADDRESS))
        _check(free_at, at, most)

    @classmethod
    async def pass_by(cls, gate: Gate) -> None:
        """Count what somebody does at another gate, ten times an hour from one network at most: TooMany then."""
        most = settings().sign_ups_per_hour
        async with _at_once():
            at = await _alone(gate, peer().network)
            times = await cls._times(gate, "address", peer().network, at - HOUR)
            _check(times[-most] + HOUR if len(times) >= most else at, at, most)
            await cls._add(gate, "", at)

    @classmethod
    async def forget(cls, email: str) -> None:
        """Somebody has signed in as `email`: what failed before was them."""
        await sql("DELETE FROM gate_tries WHERE gate = $1 AND name = $2", Gate.SIGN_IN, _hashed(email))

    @classmethod
    async def forget_old(cls) -> None:
        """A day later nothing counts any more."""
        await sql("DELETE FROM gate_tries WHERE created_at < $1", now() - REMEMBERED)

    @classmethod
    async def _times(cls, gate: Gate, column: str, value: str, since: datetime) -> list[datetime]:
        query = (
            f"SELECT created_at FROM gate_tries WHERE gate = $1 AND {column} = $2 AND created_at > $3 ORDER BY created_at"  # noqa: S608
        )
        return [row["created_at"] for row in await sql(query, gate, value, since)]

    @classmethod
    async def _add(cls, gate: Gate, name: str, at: datetime) -> Self:
        made = cls(gate=gate, name=name, address=peer().network, created_at=at)
        await made.save()
        return made


def _at_once() -> AbstractAsyncContextManager[None]:
    """A transaction of its own: an outer one could undo what was counted, and would keep others waiting for its end."""
    assert DB.current_transaction.get() is None, "count before a transaction begins"
    return transaction()


async def _alone(gate: Gate, *counted: str) -> datetime:
    """Wait until nobody else counts any of these; the time by PostgreSQL's clock, which all processes share."""
    locks = sorted(int.from_bytes(sha256(f"{gate} {one}".encode()).digest()[:8], signed=True) for one in counted)
    query = "SELECT pg_advisory_xact_lock(key), clock_timestamp() AS at FROM unnest($1::bigint[]) key"
    at: datetime = (await sql(query, locks))[-1]["at"] + shifted()
    return at


def _free_at(times: list[datetime], free: int) -> datetime:
    """When the next try may be, after failures at these times: at once for the first few, then later and later."""
    if len(times) < free:
        return datetime.min.replace(tzinfo=UTC)
    return times[-1] + min(LONGEST_WAIT, FIRST_WAIT * (1 << min(len(times) - free, 10)))


def _check(free_at: datetime, at: datetime, most: int) -> None:
    if free_at > at:
        raise TooMany(Verdict(False, most, 0, ceil((free_at - at).total_seconds())))


def _hashed(email: str) -> str:
    return sha256(email.strip().lower().encode(errors="replace")).hexdigest()
