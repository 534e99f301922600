"""views.*: modals and Home tabs."""

from app.sandbox.slack import shapes
from app.sandbox.slack.blocks import checked_view
from app.sandbox.slack.call import Call, Refused
from app.sandbox.slack.triggers import BadTrigger
from app.sandbox.slack.viewing import homes_of, replace, show
from app.sandbox.slack.world import Json, View


async def open_one(call: Call) -> Json:
    """Show a modal to who has just done something."""
    content = checked_view(call.data("view"))
    if content["type"] != "modal":
        raise Refused("invalid_arguments")
    _need_new_external_id(call, content)
    try:
        user = call.workspace.triggers.use(call.need("trigger_id"))
    except BadTrigger as error:
        raise Refused(str(error)) from None
    return _told(call, show(call.workspace, user, content))


async def update(call: Call) -> Json:
    """Change a view that is open; with `hash` only if it is still that one."""
    found = _found(call)
    content = checked_view(call.data("view"))
    _need_hash(call, found)
    return _told(call, replace(call.workspace, found, content))


async def publish(call: Call) -> Json:
    """Set a person's Home tab."""
    content = checked_view(call.data("view"))
    if content["type"] != "home":
        raise Refused("invalid_arguments")
    user = call.person("user_id")
    if found := call.world.homes.get(user.id):
        _need_hash(call, found)
        return _told(call, replace(call.workspace, found, content))
    return _told(call, homes_of(call.workspace, user.id, content))


def _found(call: Call) -> View:
    """The view that is meant, by its id or its external id."""
    views = call.world.views | {one.id: one for one in call.world.homes.values()}
    if call.text("view_id"):
        found = views.get(call.text("view_id"))
    else:
        wanted = call.need("external_id")
        found = next((one for one in views.values() if one.content.get("external_id") == wanted), None)
    if found is None:
        raise Refused("not_found")
    return found


def _need_hash(call: Call, found: View) -> None:
    if call.text("hash") and call.text("hash") != found.hash:
        raise Refused("hash_conflict")


def _need_new_external_id(call: Call, content: Json) -> None:
    wanted = content.get("external_id")
    if wanted and any(one.content.get("external_id") == wanted for one in call.world.views.values()):
        raise Refused("duplicate_external_id")


def _told(call: Call, view: View) -> Json:
    return {"view": shapes.view(call.world, view)}
