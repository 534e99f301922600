"""Saying, changing and taking back: what it does to a conversation, and the events that the app is told."""

from typing import Any

from app.sandbox.slack import shapes
from app.sandbox.slack.workspace import Workspace
from app.sandbox.slack.world import Json, Place, Said


def say(workspace: Workspace, place: Place, said: Said) -> Said:
    """Put a message into a conversation. An ephemeral one is no event."""
    head = place.said.get(said.thread_ts)
    if head and not said.only_for:
        head.thread_ts = head.ts
    place.said[said.ts] = said
    if said.by_app and said.thread_ts:
        place.statuses.pop(said.thread_ts, None)  # a status ends with the answer
    if not said.only_for:
        _tell_of_new(workspace, place, said)
    workspace.changed()
    return said


def _tell_of_new(workspace: Workspace, place: Place, said: Said) -> None:
    event = _event(place, shapes.message(workspace.world, place, said), said.ts)
    workspace.tell(event, f"{place.scope}:history", place)
    mention = f"<@{workspace.world.app.bot_user}>"
    if mention in said.text and not said.by_app and not place.is_im:
        mentioned = {name: value for name, value in event.items() if name != "channel_type"}
        workspace.tell(mentioned | {"type": "app_mention"}, "app_mentions:read", place)


def change(workspace: Workspace, place: Place, said: Said, **what: Any) -> Said:
    """Change a message in place; the app is told what it was, and is."""
    before = shapes.message(workspace.world, place, said)
    for name, value in what.items():
        setattr(said, name, value)
    if not said.only_for:
        tell_changed(workspace, place, said, before)
    workspace.changed()
    return said


def tell_changed(workspace: Workspace, place: Place, said: Said, before: Json) -> None:
    after = shapes.message(workspace.world, place, said)
    event = {"type": "message", "subtype": "message_changed", "message": after, "previous_message": before, "hidden": True}
    workspace.tell(_event(place, event, workspace.new_ts()), f"{place.scope}:history", place)


def remove(workspace: Workspace, place: Place, said: Said) -> None:
    """Take a message back. While it has replies, a gravestone holds its thread."""
    before = shapes.message(workspace.world, place, said)
    if place.replies(said.ts):
        said.deleted, said.text, said.blocks, said.metadata = True, "", [], None
    else:
        del place.said[said.ts]
    if not said.only_for:
        event = {"type": "message", "subtype": "message_deleted", "deleted_ts": said.ts, "previous_message": before,
                 "hidden": True}  # fmt: skip
        workspace.tell(_event(place, event, workspace.new_ts()), f"{place.scope}:history", place)
    workspace.changed()


def _event(place: Place, event: Json, ts: str) -> Json:
    return {"ts": ts} | event | {"channel": place.id, "channel_type": place.kind, "event_ts": ts}
