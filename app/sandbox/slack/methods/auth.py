"""auth.*, and apps.connections.open."""

from app.sandbox.slack.call import Call, Refused
from app.sandbox.slack.world import Json


async def test(call: Call) -> Json:
    """Whose token this is."""
    world, token = call.world, call.token
    one = world.people[token.user]
    told = {"url": f"{call.workspace.base_url}/", "team": world.team_name, "user": one.name, "team_id": world.team_id,
            "user_id": one.id, "is_enterprise_install": False}  # fmt: skip
    return told | ({"bot_id": world.app.bot_id} if token.kind == "bot" else {})


async def revoke(call: Call) -> Json:
    """End this token; the app is told, while it has another."""
    if call.flag("test"):
        return {"revoked": False}
    call.token.state = "revoked"
    kind = "bot" if call.token.kind == "bot" else "oauth"
    call.workspace.tell({"type": "tokens_revoked", "tokens": {kind: [call.token.user]}})
    call.workspace.changed()
    return {"revoked": True}


async def open_connection(call: Call) -> Json:
    """Where Socket Mode may be entered, once."""
    if call.token.kind != "app":
        raise Refused("not_allowed_token_type")
    ticket = call.workspace.sockets.new_ticket()
    address = call.workspace.base_url.replace("http", "ws", 1)
    return {"url": f"{address}/link/?ticket={ticket}&app_id={call.world.app.id}"}
