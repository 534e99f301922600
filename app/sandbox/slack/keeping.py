"""A workspace in a file: read at the start, written a moment after a change and at the end, whole or not at all."""

import asyncio
import os
from pathlib import Path

from app.sandbox.slack.beginning import begin, secrets_of
from app.sandbox.slack.options import Secrets
from app.sandbox.slack.world import World

FILE = "slack.json"
QUIET_SECONDS = 0.5
OURS_ALONE = 0o600


def read_or_begin(folder: Path | None) -> World:
    """The workspace that is kept in `folder`; a new one, kept at once, if there is none."""
    if folder and (file := folder / FILE).exists():
        return World.model_validate_json(file.read_bytes())
    world = begin()
    if folder:
        write(world, folder)
    return world


def write(world: World, folder: Path) -> None:
    """Keep it as it is now."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file, new = folder / FILE, folder / f"{FILE}.new"
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OURS_ALONE), "w") as stream:
        stream.write(world.model_dump_json())
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(file)


def secrets_in(folder: Path) -> Secrets:
    """The secrets of the workspace that is kept in `folder`, which begins if there is none: for who starts both sides."""
    return secrets_of(read_or_begin(folder))


class Keeper:
    """Writes a world down when it has changed; nothing without a folder."""

    def __init__(self, world: World, folder: Path | None) -> None:
        self.world = world
        self.folder = folder
        self._due: asyncio.TimerHandle | None = None

    def changed(self) -> None:
        if self.folder and self._due is None:
            self._due = asyncio.get_running_loop().call_later(QUIET_SECONDS, self.keep)

    def keep(self) -> None:
        """Write now what has not been written."""
        if self._due and self.folder:
            self._due.cancel()
            self._due = None
            write(self.world, self.folder)
