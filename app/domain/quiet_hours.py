"""The hours in which a person wants to be left alone, by the clock on their own wall."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class QuietHours:
    """From `begin` up to `end`, every day, in `zone`; over midnight where `end` is the earlier one."""

    begin: time
    end: time
    zone: ZoneInfo

    def over(self, at: datetime) -> datetime:
        """When the person may be disturbed: `at` itself, or the end of the quiet hours that it falls into (aware, UTC)."""
        local = at.astimezone(self.zone)
        if not self._within(local.time()):
            return at
        day = local.date() if local.time() < self.end else local.date() + timedelta(days=1)
        return datetime.combine(day, self.end, self.zone).astimezone(UTC)

    def next_begin(self, at: datetime) -> datetime:
        """When they begin next after `at` (aware, UTC)."""
        local = at.astimezone(self.zone)
        day = local.date() if local.time() < self.begin else local.date() + timedelta(days=1)
        return datetime.combine(day, self.begin, self.zone).astimezone(UTC)

    def _within(self, clock: time) -> bool:
        if self.begin <= self.end:
            return self.begin <= clock < self.end
        return clock >= self.begin or clock < self.end
