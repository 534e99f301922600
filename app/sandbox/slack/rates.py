"""How often what may be called: a message a second and channel, and Slack's tiers, by token buckets."""

import math
from dataclasses import dataclass

TIERS_PER_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100}


@dataclass
class _Bucket:
    level: float
    at: float


class Rates:
    """`rate` is messages per second and channel; a tier's calls per minute are multiplied by it."""

    def __init__(self, rate: float, burst: int) -> None:
        self.rate = rate
        self.burst = burst
        self._buckets: dict[str, _Bucket] = {}

    def message(self, channel: str, now: float) -> int:
        """Seconds to wait before this message may be posted; 0 if it may now, and then it counts."""
        return self._take(f"message {channel}", self.rate, self.burst, now)

    def call(self, method: str, tier: int, now: float) -> int:
        """The same for a call of a method of this tier."""
        per_minute = TIERS_PER_MINUTE[tier] * self.rate
        return self._take(method, per_minute / 60, max(per_minute, self.burst), now)

    def _take(self, name: str, per_second: float, most: float, now: float) -> int:
        bucket = self._buckets.setdefault(name, _Bucket(most, now))
        bucket.level = min(most, bucket.level + max(0.0, now - bucket.at) * per_second)
        bucket.at = now
        if bucket.level >= 1:
            bucket.level -= 1
            return 0
        return max(1, math.ceil((1 - bucket.level) / per_second))
