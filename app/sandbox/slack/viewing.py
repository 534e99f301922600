"""Modals and Home tabs as people have them before them."""

import secrets

from app.sandbox.slack.workspace import Workspace
from app.sandbox.slack.world import Json, View, new_id


def show(workspace: Workspace, user: str, content: Json, stack: list[str] | None = None) -> View:
    """Put a modal before somebody; `stack` are those that stay below it."""
    world = workspace.world
    if not stack:
        close(workspace, user)
    view = View(id=new_id("V"), user=user, content=content, hash=_hash(workspace), stack=stack or [])
    world.views[view.id] = view
    world.shown[user] = view.id
    workspace.changed()
    return view


def replace(workspace: Workspace, view: View, content: Json) -> View:
    """Change a view in place. What was filled in stays where the same fields are still there."""
    blocks = {one["block_id"] for one in content["blocks"]}
    view.content, view.hash, view.errors = content, _hash(workspace), {}
    view.values = {block: values for block, values in view.values.items() if block in blocks}
    workspace.changed()
    return view


def homes_of(workspace: Workspace, user: str, content: Json) -> View:
    """A person's first Home tab."""
    view = View(id=new_id("V"), user=user, content=content, hash=_hash(workspace))
    workspace.world.homes[user] = view
    workspace.changed()
    return view


def shown(workspace: Workspace, user: str) -> View | None:
    """The modal that somebody has before them."""
    return workspace.world.views.get(workspace.world.shown.get(user, ""))


def close(workspace: Workspace, user: str, *, only_top: bool = False) -> None:
    """Take modals away: all of them, or the one on top."""
    world = workspace.world
    top = world.views.pop(world.shown.pop(user, ""), None)
    if top and only_top and top.stack:
        world.shown[user] = top.stack[-1]
    elif top:
        for below in top.stack:
            world.views.pop(below, None)
    workspace.changed()


def _hash(workspace: Workspace) -> str:
    return f"{int(workspace.clock.now())}.{secrets.token_hex(4)}"
