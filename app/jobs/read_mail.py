"""Read Parley's mailbox: each so many seconds, whatever else tells of new mail, and at once when something does. One worker
at a time."""

import asyncio
from contextlib import suppress
from typing import Any

import structlog
from saq.types import Context

from app.apart import apart
from app.channels.gmail import prepare
from app.channels.gmail_inbox import read_new
from app.channels.gmail_push import keep_watched
from app.channels.protocol import Unavailable, Uncertain
from app.database import new_id
from app.domain.duty import Duty
from app.domain.grant import Grant
from app.settings import settings

log = structlog.get_logger(__name__)
NAME = "mailbox"
LEASE_SECONDS = 60.0


async def read_mailbox() -> None:
    """Until cancelled; at once over where it can have none."""
    if not settings().has_mail:
        return
    holder = new_id()
    await prepare()
    try:
        while True:
            try:
                await apart(_read(holder), LEASE_SECONDS * 0.8)
            except (Unavailable, Uncertain) as away:
                log.info("the mailbox can't be read just now", why=str(away))
            except Exception as error:
                log.warning("could not read the mailbox", error=repr(error))
            await asyncio.sleep(settings().gmail_poll_seconds)
    finally:
        with suppress(Exception):
            await Duty.leave(NAME, holder)


async def _read(holder: Any) -> None:
    if await Grant.of("gmail") and await Duty.take(NAME, holder, LEASE_SECONDS):
        await read_new()
        await keep_watched()


async def read_mail(ctx: Context, *, row_id: str) -> None:
    """Gmail says that there is something new. Read twice it is kept once."""
    await read_new()
