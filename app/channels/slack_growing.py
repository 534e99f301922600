"""Messages that grow before people's eyes: a stream of Slack's own, or, where that can't be had, messages that are changed
again and again."""

import time
from collections.abc import Awaitable, Callable

from slack_sdk.web.async_client import AsyncWebClient

from app.channels.slack_client import heard
from app.channels.slack_place import Place, Who
from app.channels.slack_streaming import Escaping
from app.channels.slack_text import Said as Words
from app.channels.slack_text import messages_of
from app.channels.slack_writing import change, end_stream, post

LONGEST, LONGEST_SECONDS = 11_000, 240  # Slack ends a stream at 12,000 characters and after 5 minutes
PIECE = 4_000
CHANGE_EACH_SECONDS = 3.0
NO_STREAMS = {
    "channel_type_not_supported", "feature_not_enabled", "method_not_supported_for_channel_type",
    "missing_recipient_team_id", "missing_recipient_user_id", "missing_scope", "not_allowed_token_type", "unknown_method",
}  # fmt: skip
Keep = Callable[..., Awaitable[None]]


class Streamed:
    """Streams, one after the other, rolled before Slack's limits. `keep` is told before and after each begins."""

    def __init__(self, client: AsyncWebClient, place: Place, keep: Keep, who: Who) -> None:
        self.client, self.place, self.keep, self.who = client, place, keep, who
        self.stamps: list[str] = []
        self.escaping, self.fed, self.rest = Escaping(), 0, ""
        self.length, self.since = LONGEST, 0.0

    async def show(self, text: str) -> None:
        """Add what is new in it. What Slack doesn't take now is kept for the next time."""
        self.rest += self.escaping.feed(text[self.fed :])
        self.fed = len(text)
        while piece := self.rest[:PIECE]:
            if self.length + len(piece) > LONGEST or time.monotonic() - self.since > LONGEST_SECONDS:
                await self._begin(piece)
            else:
                await heard(
                    self.client.chat_appendStream(channel=self.place.channel, ts=self.stamps[-1], markdown_text=piece)
                )
            self.length += len(piece)
            self.rest = self.rest[len(piece) :]

    async def _begin(self, piece: str) -> None:
        if self.stamps:
            await end_stream(self.client, self.place.channel, self.stamps[-1])
        await self.keep(*self.stamps, "")
        told = await heard(
            self.client.chat_startStream(
                channel=self.place.channel, thread_ts=self.place.thread, markdown_text=piece,
                recipient_team_id=self.who.team, recipient_user_id=self.who.user,
            )
        )  # fmt: skip
        self.stamps.append(str(told["ts"]))
        self.length, self.since = 0, time.monotonic()
        await self.keep(*self.stamps)


class Changed:
    """As many messages as it needs, of which some may stand there already. Each is changed at a polite rate."""

    def __init__(self, client: AsyncWebClient, place: Place, keep: Keep, stamps: list[str]) -> None:
        self.client, self.place, self.keep, self.stamps = client, place, keep, stamps
        self.said: list[Words | None] = [None] * len(stamps)
        self.changed_at = 0.0

    async def show(self, text: str) -> None:
        """Let them say it, if it is time again."""
        if time.monotonic() - self.changed_at < CHANGE_EACH_SECONDS:
            return
        self.changed_at = time.monotonic()
        for part, words in enumerate(messages_of(text)):
            if part == len(self.stamps):
                await self.keep(*self.stamps, "")
                self.stamps.append(await post(self.client, self.place, words, None))
                self.said.append(words)
                await self.keep(*self.stamps)
            elif words != self.said[part]:
                self.stamps[part] = await change(self.client, self.place, self.stamps[part], words, None)
                self.said[part] = words
