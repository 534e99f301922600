"""An answer while it is being written, shown where its conversation goes on in Slack. It is a foretaste: the delivery of the
whole answer puts right whatever becomes of this."""

import asyncio
from contextlib import suppress

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from app.channels.protocol import LiveAnswer, Rejected, Unavailable, Uncertain
from app.channels.slack_client import Refused, heard, team
from app.channels.slack_growing import NO_STREAMS, Changed, Streamed
from app.channels.slack_place import Copy, Place, Who
from app.channels.slack_writing import STREAM_OVER
from app.database import sql
from app.domain.binding import ChannelBinding
from app.domain.channel import ChannelType
from app.domain.live_copy import LiveCopy
from app.domain.mirror import catch_up

EACH_SECONDS, LOOK_SECONDS = 0.8, 0.2
# Where it is shown, and whether all that is to stand there before it does.
READY = """
SELECT c.address, NOT EXISTS (
  SELECT FROM deliveries d WHERE d.line = $2 AND d.status IN ('due', 'sending', 'uncertain')) AS ready
FROM communication_channels c WHERE c.id = $1
"""
log = structlog.get_logger(__name__)


async def follow(answer: LiveAnswer) -> None:
    """Show it where its conversation goes on in Slack, if it does, until it is over; then put the whole on its way."""
    binding = await ChannelBinding.of(answer.session_id, ChannelType.SLACK)
    if binding is None or not binding.place:
        return
    try:
        await Following(answer, binding, Place.read(binding.place)).run()
    except (Rejected, Unavailable, Uncertain, LookupError) as error:
        log.info("the rest of an answer is shown when it is whole", why=str(error))
        await answer.over.wait()
    await catch_up(binding.id)


class Following:
    """One answer in one thread."""

    def __init__(self, answer: LiveAnswer, binding: ChannelBinding, place: Place) -> None:
        self.answer, self.binding, self.place = answer, binding, place
        self.grows: Streamed | Changed | None = None

    async def run(self) -> None:
        """Until the answer is over."""
        client = await team(self.place.team)
        who = await self._ready()
        if who is None:
            return
        await self._say_status(client, "is thinking…")
        wait = LOOK_SECONDS
        while not await self._over_in(wait):
            if text := self.answer.text:
                wait = await self._show(client, who, text)
        if self.grows is None:
            await self._say_status(client, "")

    async def _ready(self) -> Who | None:
        """Wait until all that was said before stands there; who brought the conversation there. None when the answer was
        over first."""
        await catch_up(self.binding.id)
        while True:
            rows = await sql(READY, self.binding.channel, self.binding.line)
            if rows and rows[0]["ready"]:
                return Who.read(rows[0]["address"])
            if await self._over_in(LOOK_SECONDS):
                return None

    async def _over_in(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.answer.over.wait()
        return self.answer.over.is_set()

    async def _say_status(self, client: AsyncWebClient, status: str) -> None:
        """Below the thread, until something is said there. Where that can't be had it goes without."""
        with suppress(Rejected, Unavailable, Uncertain):
            channel, thread = self.place.channel, self.place.thread
            await heard(client.assistant_threads_setStatus(channel_id=channel, thread_ts=thread, status=status))

    async def _show(self, client: AsyncWebClient, who: Who, text: str) -> float:
        """Let it be read there so far; after how many seconds there may be more."""
        self.grows = self.grows or await self._begin(client, who)
        try:
            await self.grows.show(text)
        except Unavailable as away:
            return away.retry_after_seconds or EACH_SECONDS
        except Refused as refused:
            if refused.error in NO_STREAMS:
                self.grows = Changed(client, self.place, self._keep, [])
            elif refused.error in STREAM_OVER:
                self.answer.stop()  # its reader has pressed Stop there
            else:
                raise
        return EACH_SECONDS

    async def _begin(self, client: AsyncWebClient, who: Who) -> Streamed | Changed:
        """What a worker that died has left there goes on, changed."""
        left = await LiveCopy.begin(self.answer.message_id, self.binding.id)
        if left is None:
            return Streamed(client, self.place, self._keep, who)
        stamps = Copy.read(left).stamps
        if not all(stamps):
            raise LookupError("what was begun is not known")
        return Changed(client, self.place, self._keep, list(stamps))

    async def _keep(self, *stamps: str) -> None:
        """These messages are it, "" for one that is about to be posted."""
        await LiveCopy.keep(self.answer.message_id, self.binding.id, str(Copy(self.place.channel, stamps)))
