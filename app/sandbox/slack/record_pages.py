"""For tests and for the page: what stands and was called, the faults, and the clock."""

import json
from typing import Any

from litestar import Request, Response, get, post

from app.sandbox.faults import Faults
from app.sandbox.slack.people import join
from app.sandbox.slack.workspace import Workspace
from app.sandbox.slack.world import Json

AnyRequest = Request[Any, Any, Any]


@get("/sandbox/slack/record")
async def show_record(request: AnyRequest) -> Response[bytes]:
    """Every message with its metadata, every call with its time and outcome, and everything sent to the app."""
    workspace: Workspace = request.app.state.slack
    messages = [
        one.model_dump() | {"channel": place.id} for place in workspace.world.places.values() for one in place.said.values()
    ]
    views = [one.model_dump() for one in workspace.world.views.values()]
    homes = {user: one.model_dump() for user, one in workspace.world.homes.items()}
    return _json({"messages": messages, "views": views, "homes": homes, "faults": workspace.faults.model_dump(),
                  "now": workspace.clock.now()} | workspace.record.as_json())  # fmt: skip


@post("/sandbox/slack/faults", status_code=200)
async def order_faults(request: AnyRequest) -> Response[bytes]:
    """Let calls go wrong from now on, as the JSON says; `{}` ends it."""
    workspace: Workspace = request.app.state.slack
    try:
        workspace.faults = Faults.model_validate_json(await request.body())
    except ValueError as error:
        return _json({"error": str(error)}, 422)
    workspace.watchers.tell()
    return _json(workspace.faults.model_dump())


@post("/sandbox/slack/clock", status_code=200)
async def move_clock(request: AnyRequest) -> Response[bytes]:
    """Move the workspace's clock by `shift_seconds` more."""
    workspace: Workspace = request.app.state.slack
    workspace.clock.shift(float(json.loads(await request.body())["shift_seconds"]))
    return _json({"now": workspace.clock.now()})


@post("/sandbox/slack/disconnect", status_code=200)
async def refresh_sockets(request: AnyRequest) -> Response[bytes]:
    """Bid Socket Mode's connections to be replaced, as Slack does every few hours; `warn_seconds` before it ends them."""
    workspace: Workspace = request.app.state.slack
    given = json.loads(await request.body() or b"{}")
    await workspace.sockets.refresh(warn_seconds=float(given.get("warn_seconds", 0)))
    return _json({})


@post("/sandbox/slack/verification", status_code=200)
async def verify_address(request: AnyRequest) -> Response[bytes]:
    """Send `url_verification` to the events' address; whether it answered rightly."""
    workspace: Workspace = request.app.state.slack
    return _json({"verified": await workspace.outward.verify()})


@post("/sandbox/slack/people", status_code=200)
async def add_person(request: AnyRequest) -> Response[bytes]:
    """Somebody who has this `email` there, with it confirmed; new, under this `name`, if nobody has."""
    workspace: Workspace = request.app.state.slack
    given = json.loads(await request.body())
    return _json({"team": workspace.world.team_id, "user": join(workspace, str(given["name"]), str(given["email"]))})


def _json(told: Json, status: int = 200) -> Response[bytes]:
    return Response(json.dumps(told).encode(), status_code=status, media_type="application/json")
