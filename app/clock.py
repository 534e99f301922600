"""The one clock. Tests move it; leases between machines go by PostgreSQL's clock instead."""

from datetime import UTC, datetime, timedelta

_shift = timedelta()


def now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC) + _shift


def iso(at: datetime) -> str:
    """A time as programs are told it: ISO 8601, in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def shifted() -> timedelta:
    """How far tests have moved it."""
    return _shift


def shift(by: timedelta) -> None:
    """Move the clock of this process, for tests; `timedelta()` sets it right again."""
    global _shift
    _shift = by
