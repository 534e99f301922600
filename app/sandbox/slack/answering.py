"""What the app says through a response URL, or as the answer to a command."""

import json
from typing import Any

from litestar import Request, Response, post
from litestar.params import FromPath

from app.sandbox.slack import speaking
from app.sandbox.slack.blocks import checked
from app.sandbox.slack.call import Refused
from app.sandbox.slack.response_urls import ResponseUrl
from app.sandbox.slack.workspace import Workspace
from app.sandbox.slack.world import Json, Said


@post("/response/{key:str}", status_code=200)
async def respond(request: Request[Any, Any, Any], key: FromPath[str]) -> Response[bytes]:
    """Answer a click or a command: "ok", or why not."""
    workspace: Workspace = request.app.state.slack
    found = workspace.response_urls.use(key)
    if isinstance(found, str):
        return Response(json.dumps({"ok": False, "error": found}).encode(), status_code=404)
    try:
        said = json.loads(await request.body())
        apply(workspace, found, said if isinstance(said, dict) else {})
    except ValueError:
        return Response(b"invalid_payload", status_code=400)
    except Refused as error:
        return Response(error.error.encode(), status_code=400)
    return Response(b"ok", media_type="text/plain")


def apply(workspace: Workspace, found: ResponseUrl, said: Json) -> None:
    """Do what an answer asks for: take back or change what was clicked in, or say something new. Refused for bad blocks."""
    place = workspace.world.places[found.place]
    original = place.said.get(found.message_ts)
    if said.get("delete_original") and original:
        return speaking.remove(workspace, place, original)
    words = {"text": str(said.get("text") or ""), "blocks": checked(said.get("blocks"))}
    if not (words["text"] or words["blocks"]):
        raise Refused("no_text")
    if said.get("replace_original") and original:
        speaking.change(workspace, place, original, edited_ts=workspace.new_ts(), **words)
        return None
    everybody = said.get("response_type") == "in_channel"
    thread_ts = str(said.get("thread_ts") or (found.thread_ts if not everybody else ""))
    new = Said(
        ts=workspace.new_ts(), user=workspace.world.app.bot_user, by_app=True, thread_ts=thread_ts,
        subtype="bot_message" if everybody else "", only_for="" if everybody else found.user, **words,
    )  # fmt: skip
    speaking.say(workspace, place, new)
    return None
