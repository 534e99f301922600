"""The world of mail in its file."""

import secrets
from pathlib import Path

from app.sandbox.keeping import Keeper, write
from app.sandbox.mail.world import MailWorld, new_id

FILE = "mail.json"
OURS = "parley@sandbox.example"


def read_or_begin(folder: Path | None) -> MailWorld:
    """The mail that is kept in `folder`; a new world, kept at once, if there is none."""
    if folder and (file := folder / FILE).exists():
        return MailWorld.model_validate_json(file.read_bytes())
    world = MailWorld(
        client_id=f"{new_id()}.apps.sandbox.example", client_secret=f"sandbox-{secrets.token_hex(16)}", ours=OURS
    )
    world.mailbox(OURS, "Parley")
    if folder:
        write(world, folder / FILE)
    return world


def keeper_of(world: MailWorld, folder: Path | None) -> Keeper:
    """What keeps it there."""
    return Keeper(world, folder / FILE if folder else None)
