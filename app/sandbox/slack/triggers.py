"""Trigger ids: for three seconds after a person did something, the app may once show that person a modal."""

import secrets

from app.sandbox.slack.clock import Clock


class BadTrigger(Exception):
    """The trigger can't be used; the text is Slack's error."""


class Triggers:
    def __init__(self, clock: Clock, lasts_seconds: float) -> None:
        self._clock = clock
        self._lasts_seconds = lasts_seconds
        self._known: dict[str, tuple[str, float]] = {}
        self._used: set[str] = set()

    def new(self, user: str) -> str:
        made = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**13)}.{secrets.token_hex(16)}"
        self._known[made] = (user, self._clock.now())
        return made

    def use(self, trigger: str) -> str:
        """Whose it is, once. BadTrigger if it is none, used already, or too old."""
        if trigger not in self._known:
            raise BadTrigger("invalid_trigger_id")
        if trigger in self._used:
            raise BadTrigger("exchanged_trigger_id")
        user, made_at = self._known[trigger]
        if self._clock.now() - made_at > self._lasts_seconds:
            raise BadTrigger("expired_trigger_id")
        self._used.add(trigger)
        return user
