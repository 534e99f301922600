"""Read what arrived: claim it, let the channel that it came by do what it says, note how that ended."""

import asyncio
import json
from contextvars import Context as Variables
from typing import Any

import structlog
from saq.types import Context

from app.agent.reading import read_answer
from app.channels.email_incoming import take_mail
from app.channels.protocol import Rejected, Unavailable, Uncertain
from app.channels.slack_clicks import take_interaction
from app.channels.slack_commands import take_command
from app.channels.slack_events import take_event
from app.domain.errors import Conflict, NotFound, Unfit
from app.domain.inbound import InboundEvent
from app.settings import settings

log = structlog.get_logger(__name__)
AT_ONCE = 20


async def take_in_due() -> None:
    """All that is due, in its order."""
    while claimed := await InboundEvent.claim(AT_ONCE, settings().lease_seconds):
        await asyncio.gather(*(asyncio.create_task(_take(event), context=Variables()) for event in claimed))


async def _take(event: InboundEvent) -> None:
    told: dict[str, Any] = json.loads(event.body)
    try:
        async with asyncio.timeout(settings().lease_seconds * 0.8):
            why = await _read(event.kind, told)
    except (Unavailable, Uncertain, TimeoutError) as error:
        await event.failed(str(error) or type(error).__name__, by_us=False)
    except (Rejected, NotFound, Conflict, Unfit) as error:
        await event.done(str(error))
    except Exception as error:  # whatever it is, it is tried again, and an admin can read why
        log.exception("an event could not be read", inbound=str(event.id))
        await event.failed(type(error).__name__, by_us=True)
    else:
        await event.done(why)


async def _read(kind: str, told: dict[str, Any]) -> str:
    """Do what it says; why it has no effect, if it has none."""
    match kind:
        case "event":
            return await take_event(told)
        case "mail":
            return await take_mail(told, read_answer)
        case "command":
            await take_command(told)
        case _:
            await take_interaction(told)
    return ""


async def take_in(ctx: Context, *, row_id: str) -> None:
    """Something has arrived."""
    await take_in_due()
