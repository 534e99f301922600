"""Send what is due: claim, let the channel send it, record how that ended."""

import asyncio
import contextvars
import time

import structlog
from saq.types import Context

from app.channels.letters import letter_of
from app.channels.protocol import Channel, Letter, Rejected, Unavailable, Uncertain
from app.channels.registry import channel_for
from app.database import AWAY
from app.domain.channel_health import fails_on_purpose
from app.domain.coming_back import disconnect
from app.domain.delivery import Delivery, DeliveryKind, named
from app.domain.feedback_recipient import FeedbackRecipient
from app.settings import settings

log = structlog.get_logger(__name__)
AT_ONCE = 40
ASKS = (DeliveryKind.REQUEST, DeliveryKind.REMINDER)
PACE_SECONDS = 0.02  # between two looks of one worker, so that under load a claim takes several
OWN_WAIT_SECONDS = 60  # a wait that is not longer is kept to by a clock of ours; all are found by the look of each second


class Post:
    """The sending of one worker: it takes what is due whenever it is told to look, as much as it can carry."""

    def __init__(self) -> None:
        self.under_way: set[asyncio.Task[float | None]] = set()
        self.looking: asyncio.Task[None] | None = None
        self.again = False
        self.leaving = False
        self.looked_at = 0.0

    def look(self) -> None:
        """There may be something due."""
        self.again = not self.leaving
        if self.again and (self.looking is None or self.looking.done()):
            self.looking = asyncio.create_task(self._look(), context=contextvars.Context())

    async def begin_due(self) -> None:
        """Look although nobody said so."""
        self.look()

    async def _look(self) -> None:
        while self.again and (room := AT_ONCE - len(self.under_way)) > 0:
            await asyncio.sleep(self.looked_at + PACE_SECONDS - time.monotonic())
            if self.leaving:
                return
            self.again, self.looked_at = False, time.monotonic()
            try:
                claimed = await Delivery.claim(room, settings().lease_seconds)
            except AWAY as error:
                log.warning("could not claim deliveries", error=repr(error))
                return
            for delivery in claimed:
                task = asyncio.create_task(carry(delivery), context=contextvars.Context())
                self.under_way.add(task)
                task.add_done_callback(self._carried)

    def _carried(self, task: asyncio.Task[float | None]) -> None:
        self.under_way.discard(task)
        if task.cancelled():
            return
        if error := task.exception():
            log.warning("a delivery was left to its lease", error=repr(error))
        elif (wait := task.result()) is not None and wait < OWN_WAIT_SECONDS:
            asyncio.get_running_loop().call_later(wait, self.look)
        self.look()

    async def leave(self) -> None:
        """Finish what is under way, and begin no more."""
        self.leaving, self.again = True, False
        await asyncio.gather(*filter(None, [self.looking, *self.under_way]), return_exceptions=True)


async def carry(delivery: Delivery) -> float | None:
    """Send one claimed delivery, record how that ended, and let those whose request it is take their next steps. In how
    many seconds it is due again, if it is."""
    wait = await _send(delivery)
    for recipient_id in delivery.waiting:
        await FeedbackRecipient.climb(recipient_id)
    return wait


async def _send(delivery: Delivery) -> float | None:
    channel = channel_for(delivery.via)
    if await fails_on_purpose(delivery.via):
        return await delivery.unavailable("An admin makes it fail on purpose.")
    if channel is None:
        return await delivery.unavailable(f"{named(delivery.via)} is not set up here.")
    try:
        letter = await letter_of(delivery)
        if letter.outcome and delivery.kind in ASKS and not delivery.doubtful:
            raise Rejected("Settled before it was sent.")
        async with asyncio.timeout(delivery.give_up_at - time.monotonic()):
            arrived = await _arrived_before(delivery, channel, letter)
            external_id = arrived[0] if arrived else await channel.send(letter)
    except Rejected as rejected:
        await delivery.rejected(str(rejected), gone=rejected.gone)
        if rejected.gone and delivery.channel:
            await disconnect(delivery.channel, str(rejected))
    except Unavailable as unavailable:
        return await delivery.unavailable(str(unavailable), unavailable.retry_after_seconds)
    except Uncertain as uncertain:
        return await delivery.uncertain(str(uncertain))
    except TimeoutError:
        return await delivery.uncertain("No reply in time.")
    else:
        await delivery.accepted(external_id, doubled=len(arrived) > 1)
    return None


async def _arrived_before(delivery: Delivery, channel: Channel, letter: Letter) -> list[str]:
    """Where an earlier send may have arrived: the ids of its copies at the other side."""
    return await channel.find(letter) if delivery.doubtful else []


async def deliver(ctx: Context, *, row_id: str) -> None:
    """Something is due: the job ends at once, so that SAQ's concurrency bounds nothing."""
    post: Post = ctx["post"]  # type: ignore[typeddict-item]
    post.look()
