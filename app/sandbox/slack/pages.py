"""The page where people use the workspace, and its stream."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.response import Stream

from app.sandbox.slack import people
from app.sandbox.slack.looking import HOME, Look, context, parts, swapped
from app.sandbox.slack.showing import page
from app.sandbox.slack.workspace import Workspace

AnyRequest = Request[Any, Any, Any]
BEAT_SECONDS = 15.0
PAUSE_SECONDS = 0.1


@get(["/", "/sandbox/slack"])
async def show_workspace(request: AnyRequest) -> Response[bytes]:
    """The workspace as one person sees it. Looking at the app tells it so, as in Slack."""
    workspace: Workspace = request.app.state.slack
    look = Look.of(workspace, request.query_params)
    if look.at == HOME:
        people.open_app(workspace, look.user, "home")
    elif (place := look.place(workspace)) and place.is_im and not look.thread:
        people.open_app(workspace, look.user, "messages")
    return page("sandbox/show.html", workspace, **context(workspace, look))


@get("/sandbox/slack/stream")
async def stream_workspace(request: AnyRequest) -> Stream:
    """The parts of the page that change, as they do."""
    workspace: Workspace = request.app.state.slack
    return Stream(_changes(workspace, Look.of(workspace, request.query_params)), media_type="text/event-stream")


async def _changes(workspace: Workspace, look: Look) -> AsyncIterator[bytes]:
    bell = workspace.watchers.join()
    known: dict[str, str] = {}
    try:
        while not workspace.watchers.closed:
            now = parts(workspace, look)
            for name in [one for one in now if known.get(one) != now[one]]:
                yield swapped(name, now[name])
            known = now
            await asyncio.sleep(PAUSE_SECONDS)
            while not await _rings(bell):
                yield b": beat\n\n"
            bell.clear()
    finally:
        workspace.watchers.leave(bell)


async def _rings(bell: asyncio.Event) -> bool:
    """Whether something changes before it is time for a sign of life."""
    try:
        async with asyncio.timeout(BEAT_SECONDS):
            return await bell.wait()
    except TimeoutError:
        return False


@get("/archives/{channel:str}/{name:str}")
async def find_message(request: AnyRequest, channel: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """Where a permalink leads."""
    workspace: Workspace = request.app.state.slack
    ts = f"{name[1:-6]}.{name[-6:]}"
    place = workspace.world.places.get(channel)
    thread = str(request.query_params.get("thread_ts", ""))
    user = next((one for one in place.members if one != workspace.world.app.bot_user), "") if place else ""
    look = Look.of(workspace, {"as": user, "in": channel, "thread": thread})
    return Response(b"", status_code=302, headers={"Location": f"{look.url()}#m-{ts}"})
