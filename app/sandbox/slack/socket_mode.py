"""Where Socket Mode is entered, with a ticket of apps.connections.open."""

from contextlib import suppress
from typing import Any

from litestar import WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect

from app.sandbox.slack.sockets import Connection
from app.sandbox.slack.workspace import Workspace


@websocket("/link")
async def link(socket: WebSocket[Any, Any, Any]) -> None:
    """A connection of the app's, for as long as either end wants."""
    workspace: Workspace = socket.app.state.slack
    if not workspace.sockets.admits(str(socket.query_params.get("ticket", ""))):
        await socket.close(4001, "link_disabled")
        return
    await socket.accept()

    async def end() -> None:
        with suppress(WebSocketDisconnect, RuntimeError):
            await socket.close()

    connection = Connection(socket.send_text, end)
    await workspace.sockets.opened(connection, workspace.world.app.id)
    try:
        while True:
            connection.acknowledge(await socket.receive_text())
    except (WebSocketDisconnect, ValueError):
        pass
    finally:
        workspace.sockets.left(connection)
