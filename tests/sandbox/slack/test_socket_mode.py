"""Socket Mode, with the real client at the other end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from app.sandbox.slack import people
from app.sandbox.slack.interactions import command
from tests.sandbox.listening import App
from tests.sandbox.running import Running
from tests.sandbox.slack.test_web_api import error_of
from tests.waiting import until


@asynccontextmanager
async def connected(sandbox: Running, says: Any = None) -> AsyncIterator[list[SocketModeRequest]]:
    """What a client hears that acknowledges everything, commands with `says`."""
    heard: list[SocketModeRequest] = []

    async def hear(client: Any, request: SocketModeRequest) -> None:
        heard.append(request)
        payload = says if request.type == "slash_commands" else None
        await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload=payload))

    client = SocketModeClient(sandbox.secrets.app_token, web_client=sandbox.client, ping_interval=0.2)
    client.socket_mode_request_listeners.append(hear)  # type: ignore[arg-type]
    await client.connect()
    await until(lambda: sandbox.workspace.sockets.any_open)
    try:
        yield heard
    finally:
        await client.close()


async def test_events_go_to_the_socket_while_one_is_open(app: App) -> None:
    sandbox, ana = app.sandbox, app.sandbox.secrets.people["ana"]
    async with connected(sandbox) as heard:
        people.write(sandbox.workspace, ana, sandbox.place("ana"), "Hello")
        await until(lambda: heard)
        assert (heard[0].type, heard[0].payload["event"]["text"]) == ("events_api", "Hello")
        await until(lambda: sandbox.workspace.record.sent)
    assert [(one.way, one.outcome) for one in sandbox.workspace.record.sent] == [("socket", "ok")]
    assert not app.heard
    await until(lambda: not sandbox.workspace.sockets.any_open)
    people.write(sandbox.workspace, ana, sandbox.place("ana"), "Still there?")
    assert (await app.event("message"))["text"] == "Still there?"


async def test_an_acknowledgement_carries_the_answer(sandbox: Running) -> None:
    ana, place = sandbox.secrets.people["ana"], sandbox.place("ana")
    async with connected(sandbox, says={"text": "Here I am"}) as heard:
        await command(sandbox.workspace, ana, place, "/parley", "hello")
        assert heard[0].accepts_response_payload
    assert [one.text for one in place.said.values()] == ["Here I am"]


async def test_a_client_that_is_bid_to_come_back_does(sandbox: Running) -> None:
    async with connected(sandbox) as heard:
        await sandbox.workspace.sockets.refresh(warn_seconds=0.2)
        await until(lambda: sandbox.workspace.sockets.any_open)
        people.write(sandbox.workspace, sandbox.secrets.people["ana"], sandbox.place("ana"), "Hello")
        await until(lambda: heard)


async def test_a_ticket_is_good_once_and_only_for_the_apps_token(sandbox: Running) -> None:
    assert await error_of(sandbox.client.apps_connections_open(app_token=sandbox.secrets.bot_token)) == "missing_scope"
    url = (await sandbox.client.apps_connections_open(app_token=sandbox.secrets.app_token))["url"]
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(url) as socket:
            assert (await socket.receive_json())["type"] == "hello"
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)
