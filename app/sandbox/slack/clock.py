"""The time of a workspace, which tests can move."""

import time


class Clock:
    """Seconds since 1970 as floats. Signatures go by the real time instead: whoever checks them has not moved."""

    def __init__(self, last_ts: str = "") -> None:
        self._shift_seconds = 0.0
        self._last_ts = int(last_ts.replace(".", "") or 0)

    def now(self) -> float:
        return time.time() + self._shift_seconds

    def shift(self, seconds: float) -> None:
        """Move it by so much more."""
        self._shift_seconds += seconds

    def new_ts(self) -> str:
        """A message's ts: unique, growing, also after those from before a restart."""
        self._last_ts = max(int(self.now() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"
