"""How much anyone may do: so many writes in any 60 s, ten times as many reads, counted together over all processes."""

import asyncio
import math
import time
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.clock import shifted
from app.live import sender
from app.settings import settings

WINDOW_SECONDS = 60
READS_FOR_A_WRITE = 10
PATIENCE_SECONDS = 0.5
AWAY_SECONDS = 3.0
MOST_REMEMBERED = 10_000

# One round trip, by Valkey's clock alone: the times of what was let through in the last 60 s, oldest first.
# -> {whether this one may, how many there are now, us until the oldest of them leaves}
ASK = """
local at = redis.call('TIME')
local now, window, limit = at[1] * 1000000 + at[2] + ARGV[2], ARGV[3] * 1000000, tonumber(ARGV[1])
local oldest = redis.call('LINDEX', KEYS[1], 0)
while oldest and oldest + window <= now do
  redis.call('LPOP', KEYS[1])
  oldest = redis.call('LINDEX', KEYS[1], 0)
end
local count = redis.call('LLEN', KEYS[1])
if count >= limit then return {0, count, oldest + window - now} end
redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
redis.call('EXPIRE', KEYS[1], ARGV[3])
return {1, count + 1, (oldest or now) + window - now}
"""


class Kind(StrEnum):
    WRITE = "write"
    READ = "read"


@dataclass(frozen=True)
class Verdict:
    """Whether one more may, and how it stands: `reset_seconds` until the next place is free."""

    allowed: bool
    limit: int
    remaining: int
    reset_seconds: int

    @property
    def retry_after_seconds(self) -> int:
        """When to come back; 0 for what was let through."""
        return 0 if self.allowed else self.reset_seconds

    @property
    def soon(self) -> str:
        """When to come back, in words."""
        seconds = self.retry_after_seconds
        if seconds > 90:
            return f"in {math.ceil(seconds / 60)} minutes"
        return "in a second" if seconds == 1 else f"in {seconds} seconds"

    @property
    def headers(self) -> dict[str, str]:
        """As an answer carries it: RateLimit-*, and Retry-After on a refusal (RFC 9110, 10.2.3)."""
        told = {"Limit": self.limit, "Remaining": self.remaining, "Reset": self.reset_seconds}
        retry = {} if self.allowed else {"Retry-After": str(self.retry_after_seconds)}
        return {f"RateLimit-{name}": str(value) for name, value in told.items()} | retry


class TooMany(Exception):
    """More than the limit; `verdict` says when there is room again."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__("over the limit")
        self.verdict = verdict


async def admit(kind: Kind, who: UUID) -> Verdict:
    """Count one write or read of a person. TooMany when it is over the limit; then it doesn't count."""
    verdict = await allow(kind, who)
    if not verdict.allowed:
        raise TooMany(verdict)
    return verdict


async def allow(kind: Kind, who: UUID) -> Verdict:
    """Count one write or read of a person if it is within the limit. While Valkey is away each process counts its share."""
    key, limit = f"limit:{kind}:{who}", _limit(kind)
    reply = await _ask(key, limit)
    if reply is None:
        return _own.allow(key, max(1, limit // settings().web_processes))
    allowed, count, us = reply
    if allowed:
        _own.note(key)
    return Verdict(bool(allowed), limit, max(0, limit - count), max(1, math.ceil(us / 1e6)))


def _limit(kind: Kind) -> int:
    writes = settings().rate_per_minute
    return writes if kind == Kind.WRITE else writes * READS_FOR_A_WRITE


async def _ask(key: str, limit: int) -> list[int] | None:
    """What Valkey says; None while it is away, which is found out once and not waited for again."""
    global _away_until
    if _away_until:
        _look_again()
        return None
    answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    shift_us = round(shifted().total_seconds() * 1e6)
    sender().send("EVAL", ASK, 1, key, limit, shift_us, WINDOW_SECONDS, then=lambda reply: _settle(answered, reply))
    await asyncio.wait([answered], timeout=PATIENCE_SECONDS)
    if not answered.done():  # maybe it was this process that was busy: what has come meanwhile is read first
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    reply = answered.result() if answered.done() else None
    if isinstance(reply, list):
        return reply
    _away_until = time.monotonic() + AWAY_SECONDS
    return None


def _look_again() -> None:
    """Ask every 3 s whether it is back; nobody waits for the answer."""
    global _away_until
    if (at := time.monotonic()) >= _away_until:
        _away_until = at + AWAY_SECONDS
        sender().send("PING", then=_back)


def _back(reply: Any) -> None:
    global _away_until
    if not isinstance(reply, Exception):
        _away_until = 0.0


def _settle(answered: "asyncio.Future[Any]", reply: Any) -> None:
    if not answered.done():
        answered.set_result(reply)


class OwnLog:
    """What this process itself has let through in the last 60 s, so that Valkey's going away opens nothing."""

    def __init__(self) -> None:
        self.times: dict[str, deque[float]] = {}

    def allow(self, key: str, limit: int) -> Verdict:
        at = self._now()
        kept = self._recent(key, at)
        allowed = len(kept) < limit
        if allowed:
            self.note(key)
        oldest = self.times[key][0] if key in self.times else at
        return Verdict(allowed, limit, max(0, limit - len(kept) - allowed), max(1, math.ceil(oldest + WINDOW_SECONDS - at)))

    def note(self, key: str) -> None:
        if len(self.times) > MOST_REMEMBERED:
            at = self._now()
            self.times = {key: kept for key, kept in self.times.items() if kept[-1] + WINDOW_SECONDS > at}
        self._recent(key, self._now())
        self.times.setdefault(key, deque()).append(self._now())

    def _recent(self, key: str, at: float) -> deque[float]:
        kept = self.times.get(key, deque())
        while kept and kept[0] + WINDOW_SECONDS <= at:
            kept.popleft()
        return kept

    def _now(self) -> float:
        return time.monotonic() + shifted().total_seconds()


_own = OwnLog()
_away_until = 0.0
