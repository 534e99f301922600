"""Socket Mode: Slack's events come over a connection that this side opens, so that no address of ours has to be public. One
worker has it at a time; when it dies, another one takes over (docs.slack.dev/apis/events-api/using-socket-mode)."""

import asyncio
from contextlib import suppress
from typing import Any

import structlog
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from app.channels.slack_client import web
from app.channels.slack_commands import answer_command
from app.channels.slack_incoming import keep_event, keep_interaction
from app.database import new_id
from app.domain.duty import Duty
from app.settings import settings

log = structlog.get_logger(__name__)
NAME = "slack socket"
LEASE_SECONDS = 10.0
LOOK_SECONDS = 2.0


async def listen_to_slack() -> None:
    """Until cancelled; at once over where the settings name no app token."""
    if not settings().slack_app_token:
        return
    holder = new_id()
    client: SocketModeClient | None = None
    try:
        while True:
            try:
                ours = await Duty.take(NAME, holder, LEASE_SECONDS)
                if ours and client is None:
                    client = await _open()
                elif not ours and client is not None:
                    await _close(client)
                    client = None
            except Exception as error:
                log.warning("could not listen to Slack", error=repr(error))
                await _close(client)
                client = None
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        await _close(client)
        with suppress(Exception):
            await Duty.leave(NAME, holder)


async def _open() -> SocketModeClient:
    client = SocketModeClient(settings().slack_app_token, web_client=web(), auto_reconnect_enabled=True)
    client.socket_mode_request_listeners.append(_heard)  # type: ignore[arg-type]
    await client.connect()  # type: ignore[no-untyped-call]
    return client


async def _close(client: SocketModeClient | None) -> None:
    if client is not None:
        with suppress(Exception):
            await client.close()  # type: ignore[no-untyped-call]


async def _heard(client: SocketModeClient, request: SocketModeRequest) -> None:
    """Acknowledge what was kept, and only that: what is not acknowledged comes again."""
    answer: dict[str, Any] = {}
    match request.type:
        case "events_api":
            await keep_event(request.payload)
        case "interactive":
            answer = await keep_interaction(request.payload)
        case "slash_commands":
            answer = await answer_command(request.payload)
    await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, answer or None))
