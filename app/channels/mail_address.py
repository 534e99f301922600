"""The address to which a mail is answered: it says which delivery the answer is about, and only we can make it."""

from base64 import b32decode, b32encode
from binascii import Error
from datetime import timedelta
from uuid import UUID

from app.clock import now
from app.database import loaded, sql
from app.domain.delivery import Delivery
from app.encryption import is_marked, mark

PURPOSE = "answer by mail"
LASTS = timedelta(days=60)
MARK_BYTES, ID_BYTES = 8, 16
LONGEST_LOCAL = 64  # RFC 5321, 4.5.3.1.1


class NotOurs(Exception):
    """The address says that it is one of those, and isn't, or is no longer good."""


def reply_address(box: str, delivery_id: UUID) -> str:
    """Where an answer to this delivery goes: `box` with a tag, which its provider leaves in it. `box` itself where that
    would be too long."""
    local, _, domain = box.partition("@")
    tag = b32encode(delivery_id.bytes + mark(delivery_id.bytes, PURPOSE)[:MARK_BYTES]).decode().rstrip("=").lower()
    tagged = f"{local}+{tag}"
    return f"{tagged}@{domain}" if len(tagged) <= LONGEST_LOCAL else box


async def answered_delivery(box: str, addresses: list[str]) -> Delivery | None:
    """The delivery that a mail to these addresses answers; None if it names none. NotOurs if it pretends to."""
    local, _, domain = box.lower().partition("@")
    tags = [
        name.removeprefix(f"{local}+")
        for name, _, at in (address.lower().partition("@") for address in addresses)
        if at == domain and name.startswith(f"{local}+")
    ]
    if not tags:
        return None
    rows = await sql("SELECT * FROM deliveries WHERE id = $1 AND created_at > $2", _named(tags[0]), now() - LASTS)
    if not rows:
        raise NotOurs("It answers something that is too long ago.")
    return loaded(Delivery, rows[0])


def _named(tag: str) -> UUID:
    try:
        told = b32decode(tag.upper() + "=" * (-len(tag) % 8))
    except (Error, ValueError):
        told = b""
    named, brought = told[:ID_BYTES], told[ID_BYTES:]
    if len(told) != ID_BYTES + MARK_BYTES or not is_marked(named, brought, PURPOSE):
        raise NotOurs("The address that it was sent to is not one that we gave anybody.")
    return UUID(bytes=named)
