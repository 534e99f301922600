"""What people do with what the app shows them: clicks, forms and commands, and what the app's answer does."""

from app.sandbox.slack import shapes
from app.sandbox.slack.answering import apply
from app.sandbox.slack.blocks import checked_view
from app.sandbox.slack.call import Refused
from app.sandbox.slack.filling import Form, action_of, elements_of, field_name, is_empty, values_of
from app.sandbox.slack.outward import Answer
from app.sandbox.slack.response_urls import ResponseUrl
from app.sandbox.slack.viewing import close, replace, show
from app.sandbox.slack.workspace import Workspace
from app.sandbox.slack.world import Json, Place, Said, View

REQUIRED = "Please complete this required field."
TROUBLE = "We had some trouble connecting. Try again?"


async def click_in_message(workspace: Workspace, user: str, place: Place, said: Said, field: str, form: Form) -> Answer:
    """Use an element of a message. LookupError if it has none called so."""
    world = workspace.world
    container = {"type": "message", "message_ts": said.ts, "channel_id": place.id, "is_ephemeral": bool(said.only_for)}
    if said.in_thread:
        container["thread_ts"] = said.thread_ts
    key = workspace.response_urls.new(place.id, user, said.ts, said.thread_ts)
    payload = _used(workspace, user, said.blocks, field, form) | {
        "container": container, "channel": {"id": place.id, "name": place.name or "directmessage"},
        "message": shapes.message(world, place, said), "response_url": f"{workspace.base_url}/response/{key}",
    }  # fmt: skip
    return await _told(workspace, user, payload)


async def click_in_view(workspace: Workspace, user: str, view: View, field: str, form: Form) -> Answer:
    """Use an element of a modal or Home tab. LookupError if it has none called so."""
    view.values = values_of(view.content["blocks"], form)
    payload = _used(workspace, user, view.content["blocks"], field, form)
    container = {"type": "view", "view_id": view.id}
    return await _told(workspace, user, payload | {"container": container, "view": shapes.view(workspace.world, view)})


async def submit(workspace: Workspace, user: str, view: View, form: Form) -> None:
    """Send a modal's form, if what must be filled in is; then what the app says happens to the modal."""
    view.values = values_of(view.content["blocks"], form)
    view.errors = dict.fromkeys(_missing(view), REQUIRED)
    if view.errors:
        return workspace.changed()
    payload = _by(workspace, user, "view_submission") | {"view": shapes.view(workspace.world, view), "response_urls": []}
    answer = await _told(workspace, user, payload)
    if answer.well:
        _answered(workspace, user, view, answer.said)


def _answered(workspace: Workspace, user: str, view: View, said: Json) -> None:
    """Let a modal close, or become what the app answers. What Slack would not take is shown as trouble."""
    try:
        match said.get("response_action"):
            case "errors":
                view.errors = {str(block): str(words) for block, words in said.get("errors", {}).items()}
                workspace.changed()
            case "update":
                replace(workspace, view, checked_view(said.get("view")))
            case "push":
                show(workspace, user, checked_view(said.get("view")), [*view.stack, view.id])
            case "clear":
                close(workspace, user)
            case _:
                close(workspace, user, only_top=True)
    except Refused:
        _note(workspace, user, TROUBLE)


async def dismiss(workspace: Workspace, user: str, view: View) -> None:
    """Close a modal without sending it; the app hears of it if it asked to."""
    close(workspace, user, only_top=True)
    if view.content.get("notify_on_close"):
        told = {"view": shapes.view(workspace.world, view), "is_cleared": False}
        await workspace.outward.interaction(_by(workspace, user, "view_closed") | told)


async def command(workspace: Workspace, user: str, place: Place, name: str, text: str) -> Answer:
    """A slash command such as "/parley", with the words after it."""
    world, who = workspace.world, workspace.world.people[user]
    key = workspace.response_urls.new(place.id, user)
    answer = await workspace.outward.command(
        {"token": world.app.verification_token, "team_id": world.team_id, "team_domain": world.team_domain,
         "channel_id": place.id, "channel_name": place.name or "directmessage", "user_id": user, "user_name": who.name,
         "command": name, "text": text, "api_app_id": world.app.id, "is_enterprise_install": "false",
         "response_url": f"{workspace.base_url}/response/{key}", "trigger_id": workspace.triggers.new(user)}
    )  # fmt: skip
    if not answer.well:
        why = "operation_timeout" if "timeout" in answer.outcome else "dispatch_failed"
        _note(workspace, user, f'{name} failed with the error "{why}"')
    elif answer.said:
        apply(workspace, ResponseUrl(place.id, user, "", "", 0.0), answer.said)
    return answer


def _used(workspace: Workspace, user: str, blocks: list[Json], field: str, form: Form) -> Json:
    """A block_actions payload, but for where it happened."""
    values = values_of(blocks, form)
    block, element = next((both for both in elements_of(blocks) if field_name(*both) == field), (None, None))
    if block is None or element is None:
        raise LookupError(field)
    choice = (form.get("choice") or [""])[0]
    action = action_of(block, element, values, choice, workspace.clock.new_ts())
    return _by(workspace, user, "block_actions") | {"state": {"values": values}, "actions": [action]}


def _by(workspace: Workspace, user: str, kind: str) -> Json:
    world = workspace.world
    return {
        "type": kind, "user": shapes.user_of_payload(world, user), "api_app_id": world.app.id,
        "token": world.app.verification_token, "trigger_id": workspace.triggers.new(user),
        "team": shapes.team_of_payload(world), "enterprise": None, "is_enterprise_install": False,
    }  # fmt: skip


def _missing(view: View) -> list[str]:
    """The blocks whose input must be filled in and is not."""
    inputs = [one for one in view.content["blocks"] if one["type"] == "input" and not one.get("optional")]
    return [
        one["block_id"]
        for one in inputs
        if is_empty(view.values.get(one["block_id"], {}).get(one["element"]["action_id"], {}))
    ]


async def _told(workspace: Workspace, user: str, payload: Json) -> Answer:
    answer = await workspace.outward.interaction(payload)
    _note(workspace, user, "" if answer.well else TROUBLE)
    return answer


def _note(workspace: Workspace, user: str, words: str) -> None:
    """What the page tells this person."""
    workspace.world.notes[user] = words
    workspace.changed()
