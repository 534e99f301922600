"""A world in a file: written a moment after a change and at the end, whole or not at all."""

import asyncio
import os
import time
from pathlib import Path

from pydantic import BaseModel

QUIET_SECONDS = 0.5
SHARE = 20  # a world that has grown large is written less often: writing takes a twentieth of the time at most
OURS_ALONE = 0o600


def write(world: BaseModel, file: Path) -> None:
    """Keep it as it is now."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = file.with_name(f"{file.name}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OURS_ALONE), "w") as stream:
        stream.write(world.model_dump_json())
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(file)


class Keeper:
    """Writes a world down when it has changed; nothing without a file."""

    def __init__(self, world: BaseModel, file: Path | None) -> None:
        self.world = world
        self.file = file
        self._due: asyncio.TimerHandle | None = None
        self._takes_seconds = 0.0

    def changed(self) -> None:
        if self.file and self._due is None:
            wait = max(QUIET_SECONDS, self._takes_seconds * SHARE)
            self._due = asyncio.get_running_loop().call_later(wait, self.keep)

    def keep(self) -> None:
        """Write now what has not been written."""
        if self._due and self.file:
            self._due.cancel()
            self._due = None
            began = time.monotonic()
            write(self.world, self.file)
            self._takes_seconds = time.monotonic() - began
