"""Take in the Slack workspace whose token the settings name, as soon as Slack answers."""

import asyncio
from itertools import count

import structlog

from app.backoff import backoff_seconds
from app.channels.slack_workspace import adopt_token

log = structlog.get_logger(__name__)


async def join_slack() -> None:
    """Over when it is done, or there is none."""
    for attempt in count(1):
        try:
            return await adopt_token()
        except Exception as error:
            log.warning("Slack does not let us in", error=str(error), attempt=attempt)
            await asyncio.sleep(backoff_seconds(attempt))
