"""A sandbox in the test's own process, and what tests do with one.

async with running_sandbox(addresses=Addresses.of(parley)) as slack:
    slack.client                      a slack_sdk client with the bot's token
    slack.workspace.clock.shift(300)  its time
    slack.secrets                     what the app has to know
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from app.sandbox.mail.office import Office
from app.sandbox.server import Server
from app.sandbox.slack.options import Options, Secrets
from app.sandbox.slack.workspace import Workspace
from app.sandbox.slack.world import Place
from tests.conftest import free_port


@dataclass
class Running:
    """A sandbox that answers at `base_url`."""

    workspace: Workspace
    base_url: str
    office: Office

    @property
    def api_url(self) -> str:
        return f"{self.base_url}/api/"

    @property
    def secrets(self) -> Secrets:
        return self.workspace.secrets

    @property
    def client(self) -> AsyncWebClient:
        return self.client_with(self.secrets.bot_token)

    def client_with(self, token: str) -> AsyncWebClient:
        """A client with this token, that tries everything once."""
        return AsyncWebClient(token=token, base_url=self.api_url, retry_handlers=[], timeout=10)

    def place(self, name: str = "general") -> Place:
        """A channel by its name, or the app's conversation with a person by theirs."""
        found = self.workspace.world.named(name)
        return found or self.workspace.world.im_of(self.secrets.people[name])


@asynccontextmanager
async def running_sandbox(**options: Any) -> AsyncIterator[Running]:
    """A sandbox with these of app/sandbox/slack/options.py, on a free port, without limits unless a `rate` is given."""
    port = free_port()
    server = Server(Options(**({"rate": 10_000.0} | options)), port)
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup()  # not serve(): it would look every 0.1 s whether it is to end, and take over signals
    try:
        yield Running(server.workspace, f"http://127.0.0.1:{port}", server.office)
    finally:
        server.workspace.watchers.close()
        await _stop(server)


async def _stop(server: Server) -> None:
    """What uvicorn's own end does, without its waits."""
    for listening in server.servers:
        listening.close()
    for connection in list(server.server_state.connections):
        connection.shutdown()
    await server.lifespan.shutdown()
