"""The sandbox's server, on loopback only."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import FrameType
from typing import Any

import uvicorn
from litestar import Litestar
from litestar.types import ASGIApp

from app.sandbox.doors import Doors
from app.sandbox.mail.office import Office
from app.sandbox.mail.routes import ROUTES as MAIL_ROUTES
from app.sandbox.slack.options import Options
from app.sandbox.slack.routes import ROUTES as SLACK_ROUTES
from app.sandbox.slack.streaming import end_overdue
from app.sandbox.slack.workspace import Workspace
from app.web.assets import static_file

HOST = "127.0.0.1"
MOST_BODY_BYTES = 4 * 1024 * 1024
TICK_SECONDS = 1.0


def create_sandbox(workspace: Workspace, office: Office) -> ASGIApp:
    """The application around a Slack workspace and a post office. It keeps and closes them at the end."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        app.state.slack, app.state.mail = workspace, office
        ticking = asyncio.create_task(_tick(workspace))
        try:
            yield
        finally:
            ticking.cancel()
            await workspace.close()
            await office.close()

    app = Litestar(
        route_handlers=[*SLACK_ROUTES, *MAIL_ROUTES, static_file],
        lifespan=[lifespan],
        openapi_config=None,
        request_max_body_size=MOST_BODY_BYTES,
        logging_config=None,
    )
    doors: Any = Doors(app)
    return doors  # type: ignore[no-any-return]


async def _tick(workspace: Workspace) -> None:
    """What happens by itself."""
    while True:
        await asyncio.sleep(TICK_SECONDS)
        end_overdue(workspace)


class Server(uvicorn.Server):
    """uvicorn as the sandbox runs it. Open pages are let go as soon as it is told to stop: else they would hold it up."""

    def __init__(self, options: Options, port: int) -> None:
        self.workspace = Workspace(options, f"http://{HOST}:{port}")
        self.office = Office(options.folder, f"http://{HOST}:{port}")
        configured = uvicorn.Config(
            create_sandbox(self.workspace, self.office), host=HOST, port=port, loop="uvloop", http="httptools",
            ws="websockets-sansio", ws_max_size=MOST_BODY_BYTES, timeout_graceful_shutdown=2, access_log=False,
            log_config=None, server_header=False,
            proxy_headers=False,
        )  # fmt: skip
        super().__init__(configured)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self.workspace.watchers.close()


def serve(options: Options, port: int) -> None:
    """Answer until SIGTERM or SIGINT."""
    Server(options, port).run()
