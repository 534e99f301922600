"""Forget what counts for a while only: answers kept in case that a request is repeated, tries at the gates, what arrived."""

import asyncio

import structlog

from app.apart import apart
from app.domain.gate_try import GateTry
from app.domain.held_mail import HeldMail
from app.domain.idempotency import KeptAnswer
from app.domain.inbound import InboundEvent

log = structlog.get_logger(__name__)
EVERY_SECONDS = 600.0


async def forget_old() -> None:
    """Look every ten minutes, until cancelled."""
    while True:
        for forget in (KeptAnswer.forget_old, GateTry.forget_old, InboundEvent.forget_old, HeldMail.forget_old):
            try:
                await apart(forget(), 60)
            except Exception as error:
                log.warning("could not forget", what=forget.__qualname__, error=repr(error))
        await asyncio.sleep(EVERY_SECONDS)
