"""Response URLs: for half an hour after a click or a command, the app may answer it five times without a token."""

import secrets
from dataclasses import dataclass

from app.sandbox.slack.clock import Clock

LASTS_SECONDS = 30 * 60.0
MOST_USES = 5


@dataclass
class ResponseUrl:
    """What an answer belongs to: where and to whom, and the message that was clicked in, if one was."""

    place: str
    user: str
    message_ts: str
    thread_ts: str
    until: float
    uses: int = 0


class ResponseUrls:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[str, ResponseUrl] = {}

    def new(self, place: str, user: str, message_ts: str = "", thread_ts: str = "") -> str:
        """The key that ends the address."""
        key = secrets.token_urlsafe(18)
        self._known[key] = ResponseUrl(place, user, message_ts, thread_ts, self._clock.now() + LASTS_SECONDS)
        return key

    def use(self, key: str) -> ResponseUrl | str:
        """What it belongs to, or Slack's error: "invalid_url", "expired_url", "used_url"."""
        found = self._known.get(key)
        if found is None:
            return "invalid_url"
        if self._clock.now() > found.until:
            return "expired_url"
        if found.uses >= MOST_USES:
            return "used_url"
        found.uses += 1
        return found
