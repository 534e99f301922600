"""How a stream ends: by the app, by a person, or by itself after five minutes."""

from app.sandbox.slack import shapes, speaking
from app.sandbox.slack.workspace import Workspace
from app.sandbox.slack.world import Place, Said

LASTS_SECONDS = 300.0


def ends_itself(workspace: Workspace, said: Said) -> bool:
    """Whether its time is over."""
    return said.streaming == "in_progress" and workspace.clock.now() - said.streaming_since >= LASTS_SECONDS


def end(workspace: Workspace, place: Place, said: Said) -> None:
    """It grows no more; the app is told what it came to."""
    before = shapes.message(workspace.world, place, said)
    said.streaming = "completed"
    speaking.tell_changed(workspace, place, said, before)
    workspace.changed()


def end_overdue(workspace: Workspace) -> None:
    """End all whose time is over."""
    for place in workspace.world.places.values():
        for said in list(place.said.values()):
            if ends_itself(workspace, said):
                end(workspace, place, said)
