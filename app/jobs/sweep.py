"""Look each minute whether all that was promised holds, and mend what does not."""

import asyncio

import structlog

from app import metrics
from app.apart import apart
from app.domain.astray import astray
from app.domain.dead_letters import bury
from app.domain.feedback_recipient import FeedbackRecipient
from app.domain.measure import forget_measures
from app.domain.overdue import all_due

log = structlog.get_logger(__name__)
EVERY_SECONDS = 60.0


async def sweep() -> None:
    """Look each minute, until cancelled. One look that breaks keeps no other."""
    while True:
        for look in (bring_back, bury, tell_of_late, forget_measures):
            try:
                await apart(look(), 50)
            except Exception as error:
                log.warning("could not sweep", look=look.__qualname__, error=repr(error))
        await asyncio.sleep(EVERY_SECONDS)


async def bring_back() -> None:
    """Let the ladder be climbed where nothing brings a request to its person any more; each is counted."""
    for recipient_id in await astray():
        await FeedbackRecipient.climb(recipient_id)
        if not await astray(recipient_id):
            metrics.count("parley_requests_mended_total")
            log.error("a request was astray and is on its way again", recipient=str(recipient_id))


async def tell_of_late() -> None:
    """What is due and was not done."""
    for one in await all_due():
        if one.late:
            log.error("what is due is not done", kind=one.kind, late=one.late, oldest_seconds=round(one.oldest_seconds))
