"""What people do by themselves: write, change, take back, open the app's Home, remove the app."""

from itertools import chain, count
from uuid import uuid4

from app.sandbox.slack import mrkdwn, shapes, speaking
from app.sandbox.slack.streaming import end
from app.sandbox.slack.workspace import Workspace
from app.sandbox.slack.world import Json, Person, Place, Said, new_id


def join(workspace: Workspace, real_name: str, email: str) -> str:
    """The id of who has this address there; somebody new, in every channel, if nobody has."""
    world = workspace.world
    for one in world.people.values():
        if one.email == email and not one.is_bot:
            return one.id
    name = _handle(real_name, {one.name for one in world.people.values()})
    new = Person(id=new_id("U"), name=name, real_name=real_name, email=email, email_confirmed=True)
    world.people[new.id] = new
    for place in world.places.values():
        if place.kind == "channel":
            place.members.append(new.id)
    world.im_of(new.id)
    workspace.changed()
    return new.id


def _handle(real_name: str, taken: set[str]) -> str:
    """A short name that nobody has yet."""
    first = "".join(letter for letter in real_name.lower().partition(" ")[0] if letter.isalnum()) or "somebody"
    names = chain([first], (f"{first}{number}" for number in count(2)))
    return next(name for name in names if name not in taken)


def write(workspace: Workspace, user: str, place: Place, text: str, thread_ts: str = "") -> Said:
    """Say something as people type it: @names become mentions, addresses links."""
    typed = mrkdwn.typed(workspace.world, text)
    said = Said(
        ts=workspace.new_ts(), user=user, text=typed, blocks=[mrkdwn.as_rich_text(typed)], thread_ts=thread_ts,
        client_msg_id=str(uuid4()),
    )  # fmt: skip
    return speaking.say(workspace, place, said)


def edit(workspace: Workspace, place: Place, said: Said, text: str) -> None:
    typed = mrkdwn.typed(workspace.world, text)
    speaking.change(workspace, place, said, text=typed, blocks=[mrkdwn.as_rich_text(typed)], edited_ts=workspace.new_ts())


def take_back(workspace: Workspace, place: Place, said: Said) -> None:
    speaking.remove(workspace, place, said)


def stop_stream(workspace: Workspace, place: Place, said: Said) -> None:
    """End what the app is still writing."""
    if said.streaming == "in_progress":
        end(workspace, place, said)


def open_app(workspace: Workspace, user: str, tab: str) -> None:
    """Look at the app's "home" or its "messages"; the app is told each time."""
    event: Json = {"type": "app_home_opened", "user": user, "channel": workspace.world.im_of(user).id, "tab": tab,
             "event_ts": workspace.clock.new_ts()}  # fmt: skip
    if tab == "home" and (view := workspace.world.homes.get(user)):
        event["view"] = shapes.view(workspace.world, view)
    workspace.tell(event)


def uninstall(workspace: Workspace) -> None:
    """Remove the app from the workspace: its tokens end, and it is told so."""
    world = workspace.world
    if not world.installed:
        return
    users = sorted({one.user for one in world.tokens.values() if one.kind == "user" and one.state == "good"})
    workspace.tell({"type": "tokens_revoked", "tokens": {"oauth": users, "bot": [world.app.bot_user]}})
    workspace.tell({"type": "app_uninstalled"})
    for token in world.tokens.values():
        if token.kind != "app" and token.state == "good":
            token.state = "inactive"
    world.homes.clear()
    workspace.changed()
