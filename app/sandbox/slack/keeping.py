"""The workspace in its file."""

from pathlib import Path

from app.sandbox.keeping import Keeper, write
from app.sandbox.slack.beginning import begin, secrets_of
from app.sandbox.slack.options import Secrets
from app.sandbox.slack.world import World

FILE = "slack.json"


def read_or_begin(folder: Path | None) -> World:
    """The workspace that is kept in `folder`; a new one, kept at once, if there is none."""
    if folder and (file := folder / FILE).exists():
        return World.model_validate_json(file.read_bytes())
    world = begin()
    if folder:
        write(world, folder / FILE)
    return world


def secrets_in(folder: Path) -> Secrets:
    """The secrets of the workspace that is kept in `folder`, which begins if there is none: for who starts both sides."""
    return secrets_of(read_or_begin(folder))


def keeper_of(world: World, folder: Path | None) -> Keeper:
    """What keeps it there."""
    return Keeper(world, folder / FILE if folder else None)
